"""`trialwright simulate` from the outside: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from trialwright import simulate
from trialwright.cli import main
from trialwright.cli.open_trial import agreement
from trialwright.cli.simulate_tables import screen
from trialwright.design import Scenario
from trialwright.protocol import load, read_document
from trialwright.results import Result, Results

TINY = Path(__file__).parents[2] / "studies" / "tiny"
EXACT = ("--exact", "--trials", "60", "--jobs", "2")
KEY = "final/PFS/ITT/new v standard/log-rank z"


@pytest.fixture
def run(capsys):
    """Run the command on the made-up trial; return its exit code, standard output and standard error."""

    def run(*arguments, study=TINY / "protocol.yaml"):
        code = main(["simulate", str(study), *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def grid(tmp_path):
    def grid(text):
        path = tmp_path / "grid.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return grid


def replays(n, seed=1, first=0, **values):
    scenario = read_document(TINY / "scenario.yaml", Scenario).with_values(values)
    return simulate.many(load(TINY / "protocol.yaml"), scenario, n, seed, first=first)


def printed(out):
    return {row["result"]: row for row in json.loads(out)}


def test_exact_prints_the_numbers_of_the_replays(run):
    code, out, err = run(*EXACT, "--json", "--seed", 7, "--first", 20)
    assert (code, err) == (0, "")
    found, expected = printed(out), replays(60, seed=7, first=20)
    assert list(found) == list(expected.values)
    mean, error = expected.mean(KEY)
    assert (found[KEY]["mean"], found[KEY]["mc_error"]) == pytest.approx((mean, error), rel=1e-12)
    assert found[KEY]["median"] in expected.values[KEY]
    assert found["final/OS/ITT/new/median"]["q95"] is None, "a median not reached is infinite, which JSON cannot hold"


def test_a_table_names_its_columns_and_what_it_leaves_out(run):
    code, out, err = run(*EXACT)
    assert (code, err) == (0, "")
    assert all(word in out for word in ("estimable", "MC error", KEY, "60 trials", "more numbers with --json or --out"))
    assert "baseline" not in out


def test_raw_has_a_row_for_every_trial_of_every_point(run, grid, tmp_path):
    raw = tmp_path / "raw.parquet"
    path = grid("each:\n  progression.new.hazard.0: [0.08, 0.2]\n")
    assert run(*EXACT, "--grid", path, "--raw", raw, "--first", 5)[0] == 0
    frame = pl.read_parquet(raw)
    assert frame["trial"].to_list() == [*range(5, 65)] * 2
    for value, part in zip(
        (0.08, 0.2), frame.partition_by("progression.new.hazard.0", maintain_order=True), strict=True
    ):
        expected = replays(60, first=5, **{"progression.new.hazard.0": value}).values
        assert all(np.array_equal(part[key].to_numpy(), expected[key], equal_nan=True) for key in expected)


def test_tables_of_a_grid_hold_its_values(run, grid, tmp_path):
    out = tmp_path / "out"
    path = grid("points:\n  - {scans.missed: 0}\n  - {scans.missed: 0.3}\n")
    assert run(*EXACT, "--grid", path, "--out", out)[0] == 0
    frame = pl.read_csv(out / "points.csv")
    assert frame["scans.missed"].unique().sort().to_list() == [0, 0.3]
    assert frame.height == 2 * len(replays(50).values)
    assert pl.read_parquet(out / "points.parquet").columns == frame.columns
    assert len(json.loads((out / "points.json").read_text(encoding="utf-8"))) == frame.height
    manifest = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    assert manifest["points"] == [{"scans.missed": 0}, {"scans.missed": 0.3}]
    assert (manifest["first"], manifest["trials"]) == (0, 60)


def test_the_same_command_in_the_same_folder_reads_what_it_wrote(run, tmp_path):
    first = run(*EXACT, "--out", tmp_path / "out", "--json")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "units").iterdir()}
    code, out, err = run(*EXACT, "--out", tmp_path / "out", "--json")
    assert (code, out) == first[:2] and first[2] == ""
    assert re.fullmatch(r"(\d+) of \1 units of work are taken over from an earlier run of the same command\n", err)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "units").iterdir()} == written


@pytest.mark.parametrize("other", [("--seed", "2"), ("--trials", "61"), ("--first", "1")], ids=lambda other: other[0])
def test_a_folder_of_another_run_is_refused(run, tmp_path, other):
    run(*EXACT, "--out", tmp_path / "out")
    code, _, err = run(*EXACT, *other, "--out", tmp_path / "out")
    assert code == 2 and "holds a sweep of another grid, seed or number of trials" in err


def test_processes_print_what_threads_print(run):
    assert run(*EXACT, "--json") == run(*EXACT, "--processes", "--json")


def test_open_writes_one_trial_in_full_and_finds_it_the_same(run, tmp_path):
    code, out, err = run("--exact", "--open", 3, "--out", tmp_path / "trial", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["trial"], found["seed"], found["different"]) == (3, 1, [])
    assert found["same"] == len(replays(1, first=3).values)
    data = simulate.trial(load(TINY / "protocol.yaml"), read_document(TINY / "scenario.yaml", Scenario), 1, 3)
    manifest = json.loads((tmp_path / "trial" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data sha256"] == data.hash
    allocations = pl.read_csv(tmp_path / "trial" / "tables" / "allocations.csv")
    assert allocations.height == data.tables["allocations"].height


def test_open_writes_the_trial_that_the_kernel_counted(run, tmp_path):
    code, out, err = run("--open", 3, "--out", tmp_path / "trial", "--json")
    assert (code, err) == (0, "")
    looks = json.loads(out)["looks"]
    taken = [look for look in looks if look["on"]]
    assert taken and all(look["same"] for look in taken)
    times = pl.read_csv(tmp_path / "trial" / "derived" / f"look {taken[0]['look']}" / "times.csv")
    assert times["event"].sum() == taken[0]["events"]


def test_open_leaves_a_folder_that_is_there(run, tmp_path):
    code, _, err = run("--open", 3, "--out", tmp_path)
    assert code == 2 and "exists already as a folder" in err
    code, _, err = run("--open", 3)
    assert code == 2 and "name the folder with --out" in err


def result(value, statistic="rate"):
    problem = None if value is not None else "nobody"
    return Results((Result("final", "PFS", "ITT", "A", statistic, value, problem=problem),))


@pytest.mark.parametrize(
    "counted, full, same",
    [
        (0.5, result(0.5), True),
        (0.5, result(0.5 + 1e-12), True),
        (0.5, result(0.5001), False),
        (math.inf, result(None), True),
        (math.nan, result(None), True),
        (0.5, result(None), False),
        (math.nan, Results(()), True),
        (0.5, Results(()), False),
    ],
)
def test_agreement_tells_every_number_that_differs(counted, full, same):
    agree, differ = agreement({"final/PFS/ITT/A/rate": counted}, full)
    assert (agree, len(differ)) == ((1, 0) if same else (0, 1))
    assert same or differ[0].startswith("final/PFS/ITT/A/rate: ")


def test_a_term_that_nobody_had_was_counted_as_none():
    key = "final/AE/SAF/A/grade 3 or higher/rash"
    assert agreement({key: 0.0}, Results(())) == (1, [])
    assert agreement({key: 0.1}, Results(()))[0] == 0


@pytest.mark.parametrize(
    "text, told",
    [
        (
            "each:\n  scans.mised: [0]\n",
            "grid.yaml:2:3: each.scans.mised: 'scans.mised' is no field of this grid; did you mean",
        ),
        ("each:\n  patients: [90]\n", "'patients' is no field of this grid"),
        ("of: planned\npoints: [{}]\n", "with --exact, of must be scenario"),
        ("each:\n  scans.missed: [2]\n", "the point with scans.missed 2 cannot be simulated"),
    ],
)
def test_a_grid_that_cannot_be_used_is_told_with_its_line(run, grid, text, told):
    code, out, err = run(*EXACT, "--grid", grid(text))
    assert (code, out) == (2, "") and told in err


@pytest.mark.parametrize(
    "options, told",
    [
        (("--scheduler", "tcp://127.0.0.1:9", "--processes"), "--scheduler has its own workers"),
        (("--accrual", "12"), "--exact simulates the scenario's"),
        (("--open", "3", "--out", "trial", "--raw", "r.parquet"), "--open writes one trial of the scenario"),
        (("--out", str(TINY)), "holds files, but none of a sweep"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, options, told):
    code, out, err = run(*EXACT, *options)
    assert (code, out) == (2, "") and told in err


def test_a_scheduler_that_is_not_there_is_one_message(run, monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    monkeypatch.setattr("trialwright.simulate.scheduler.WAIT_SECONDS", 0.2)
    code, out, err = run("--exact", "--trials", "60", "--scheduler", "tcp://127.0.0.1:9")
    assert (code, out) == (2, "")
    assert err.startswith("error: no Dask scheduler answered at tcp://127.0.0.1:9 within 0.2 seconds")
    assert "dask scheduler" in err and "Traceback" not in err


def test_stopping_without_a_folder_says_that_nothing_is_kept(run, monkeypatch):
    def stopped(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("trialwright.simulate.run_sweep", stopped)
    code, _, err = run(*EXACT)
    assert code == 130 and err.startswith("stopped: nothing is kept; name a folder with --out")


@pytest.fixture
def planned(tmp_path):
    """The made-up trial planned with a power that its patients can give."""
    folder = tmp_path / "planned"
    shutil.copytree(TINY, folder)
    text = (folder / "protocol.yaml").read_text(encoding="utf-8")
    assert text.count("power: 0.8") == 1
    (folder / "protocol.yaml").write_text(text.replace("power: 0.8", "power: 0.6"), encoding="utf-8")
    return folder / "protocol.yaml"


PLANNED = ("--control-median", "6", "--accrual", "20")
DESIGN = ("--trials", "3000", "--seed", "3")


def test_the_design_of_the_scenario_and_the_planned_one_are_those_of_the_library(run, planned):
    code, out, err = run(*DESIGN, *PLANNED, "--json", study=planned)
    assert (code, err) == (0, "")
    protocol, scenario = load(planned), read_document(TINY / "scenario.yaml", Scenario)
    plans = [simulate.designed(protocol, scenario), simulate.as_planned(protocol, control_median=6, accrual=20)]
    rows = json.loads(out)
    assert [row["of"] for row in rows] == ["scenario", "planned"]
    for row, plan in zip(rows, plans, strict=True):
        card = simulate.simulate_design(plan, 3000, 3, hazard_ratios=True).summary()
        assert (row["above_any"], row["above_any_mc_error"]) == (card.above_any.value, card.above_any.se)
        assert row["other_tail"] == card.other_tail.value
        for number, look in enumerate(card.looks, 1):
            assert row[f"look {number} above"] == look.above.value
            assert row[f"look {number} never_reached"] == look.never_reached.value
            assert row[f"look {number} time_mean"] == look.time.mean
            assert row[f"look {number} events_q95"] == look.events.quantiles[-1]
            assert row[f"look {number} bias"] == look.bias


def test_a_table_of_designs_has_a_line_for_each_look(run, planned):
    code, out, err = run(*DESIGN, *PLANNED, study=planned)
    assert (code, err) == (0, "")
    assert "averaged over the trials that took the look, whether or not" in out
    assert all(
        word in out for word in ("1: scenario", "2: planned", "1, 2", "2, 1", "stops above", "not taken", "3,000")
    )


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("arguments", [(*DESIGN, *PLANNED), EXACT])
def test_a_narrow_screen_loses_no_digit(run, planned, monkeypatch, arguments, columns):
    wide = run(*arguments, study=planned)[1]
    monkeypatch.setattr("trialwright.cli.simulate_tables.screen", lambda: Console(width=columns))
    narrow = run(*arguments, study=planned)[1]
    numbers = {word for word in re.split(r"[\s│┃]+", wide) if re.fullmatch(r"[(+−-]*\d[\d.,]*[%)]?", word)}
    assert len(numbers) > 20 and numbers <= set(re.split(r"[\s│┃]+", narrow))
    assert "…" not in narrow and max(len(line) for line in narrow.splitlines() if line[0] in "┏│") <= columns


def test_a_terminal_too_narrow_for_any_table_gets_longer_lines(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    assert screen().width == 60
    monkeypatch.setenv("COLUMNS", "90")
    assert screen().width == 90


def test_a_grid_of_designs_sets_fields_and_numbers_of_the_scenario(run, grid, tmp_path):
    path = grid("points:\n  - {hazard_ratio: 1}\n  - {hazard_ratio: 0.5, progression.standard.hazard.0: 0.3}\n")
    raw = tmp_path / "raw.parquet"
    code, out, _ = run(*DESIGN, "--grid", path, "--json", "--raw", raw, "--first", 9)
    null, effect = json.loads(out)
    assert code == 0
    assert null["supposed_hazard_ratio"] == 1 and effect["supposed_hazard_ratio"] == pytest.approx(0.5)
    assert null["above_any"] + 0.2 < effect["above_any"]
    frame = pl.read_parquet(raw)
    assert frame["trial"].to_list() == [*range(9, 3009)] * 2
    protocol, scenario = load(TINY / "protocol.yaml"), read_document(TINY / "scenario.yaml", Scenario)
    plan = simulate.with_design_fields(simulate.designed(protocol, scenario), {"hazard_ratio": 1})
    expected = simulate.simulate_design(plan, 3000, 3, first=9)
    assert np.array_equal(frame["look 2 z"].to_numpy()[:3000], expected.z[:, 1], equal_nan=True)


def test_designs_are_the_same_from_threads_and_processes_and_in_pieces(run, grid, planned, tmp_path):
    path = grid("of: planned\neach:\n  hazard_ratio: [0.6, 1]\n  scan_every: [null, 2]\n")
    plain = run(*DESIGN, *PLANNED, "--grid", path, "--json", study=planned)
    assert plain[0] == 0
    assert run(*DESIGN, *PLANNED, "--grid", path, "--json", "--processes", "--jobs", 2, study=planned) == plain
    assert run(*DESIGN, *PLANNED, "--grid", path, "--json", "--out", tmp_path / "out", study=planned) == plain


@pytest.mark.parametrize(
    "options, told",
    [
        (("--control-median", "6"), "a planned trial needs --accrual"),
        (("--accrual", "12"), "control_median must be given in months"),
    ],
)
def test_a_planned_trial_needs_its_suppositions(run, options, told):
    code, out, err = run(*DESIGN, *options)
    assert (code, out) == (2, "") and told in err


def test_a_point_that_is_no_trial_is_told_with_its_line(run, grid):
    code, out, err = run(*DESIGN, "--grid", grid("points:\n  - {hazard_ratio: 1}\n  - {patients: 2}\n"))
    assert (code, out) == (2, "")
    assert "grid.yaml:3:5: points.1: the point with patients 2 cannot be simulated" in err
