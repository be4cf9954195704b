"""`trialwright rehearse` from the outside: what it writes, that it repeats itself, and how it says no."""

from __future__ import annotations

import errno
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trialwright.cli import main
from trialwright.protocol import load, protocol_hash
from trialwright.records import TABLES

TINY = Path(__file__).parents[1] / "studies" / "tiny"
PALMIRA_AGAIN = ("palmira", "--seed", "20190405", "--replays", "12")

Run = Callable[..., tuple[int, str, str]]
Copied = Callable[..., Path]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; return its exit code, standard output and standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["rehearse", *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Copy the made-up trial and change some text of its files: ``copied(protocol={"old": "new"})``."""

    def copied(**changes: dict[str, str]) -> Path:
        folder = tmp_path / "copied"
        shutil.copytree(TINY, folder)
        for name, texts in changes.items():
            path = folder / f"{name}.yaml"
            text = path.read_text(encoding="utf-8")
            for old, new in texts.items():
                assert old in text
                text = text.replace(old, new, 1)
            path.write_text(text, encoding="utf-8")
        return folder / "protocol.yaml"

    return copied


@pytest.fixture(scope="module")
def palmira(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rehearsed(tmp_path_factory.mktemp("palmira") / "new" / "out", *PALMIRA_AGAIN)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rehearsed(tmp_path_factory.mktemp("tiny") / "out", str(TINY / "protocol.yaml"), "--replays", "40")


def rehearsed(out: Path, *arguments: str) -> Path:
    assert main(["rehearse", *arguments, "--out", str(out)]) == 0
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# what is written


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_a_rehearsal_writes_report_results_tables_figures_and_manifest(
    name: str, request: pytest.FixtureRequest
) -> None:
    out = request.getfixturevalue(name)
    written = files(out)
    assert {"report.html", "results.csv", "results.json", "manifest.json"} <= set(written)
    assert {f"tables/{table}.csv" for table in TABLES} == {path for path in written if path.startswith("tables/")}
    assert any(path.startswith("figures/") and path.endswith(".svg") for path in written)
    assert all(written.values())
    assert [path.name for path in out.parent.iterdir()] == [out.name], "no partial folder may stay behind"


@pytest.mark.parametrize(("name", "study"), [("palmira", "palmira"), ("tiny", str(TINY / "protocol.yaml"))])
def test_the_manifest_names_what_the_rehearsal_was_made_from(
    name: str, study: str, request: pytest.FixtureRequest
) -> None:
    manifest = json.loads(files(request.getfixturevalue(name))["manifest.json"])
    assert manifest["virtual patients"] is True
    assert manifest["study"] == name
    assert manifest["protocol sha256"] == protocol_hash(load(study))
    assert all(re.fullmatch("[0-9a-f]{64}", manifest[f"{kind} sha256"]) for kind in ("scenario", "claims", "data"))
    assert {"trialwright", "numpy", "polars", "python"} <= set(manifest["versions"])
    assert set(manifest["cut-offs"]) == {"first", "final"}


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_results_and_tables_tell_of_the_same_patients(name: str, request: pytest.FixtureRequest) -> None:
    written = files(request.getfixturevalue(name))
    results = json.loads(written["results.json"])
    subjects = {line.split(",")[0] for line in written["tables/allocations.csv"].decode().splitlines()[1:]}
    assert {who for set_ in results["subjects"].values() for who in set_} >= subjects
    randomized = next(row for row in results["rows"] if row["key"] == "final/flow/screened/all/randomized")
    assert randomized["value"] == len(subjects) == load_size(name)
    assert len(written["results.csv"].decode().splitlines()) == len(results["rows"]) + 1


def load_size(name: str) -> int:
    return load("palmira" if name == "palmira" else TINY / "protocol.yaml").design.enrollment


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_the_report_is_complete_in_itself_and_says_that_patients_are_virtual(
    name: str, request: pytest.FixtureRequest
) -> None:
    page = files(request.getfixturevalue(name))["report.html"].decode()
    assert page.lower().count("virtual patients") >= 3
    assert not re.search(r"<(script|link|img|iframe)\b", page)
    assert load("palmira" if name == "palmira" else TINY / "protocol.yaml").identification.acronym in page


def test_the_command_ends_with_published_beside_rehearsed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = run(TINY / "protocol.yaml", "--replays", "5", "--out", tmp_path / "out")
    assert code == 0
    assert "data cut-off final: 2026-06-30" in out
    assert "Median PFS, exampletinib" in out
    assert "Virtual patients, seed 1." in out and "report.html" in out.replace("\n", "")
    assert [line for line in err.splitlines() if "5 fast replays" in line]


def test_without_claims_and_without_replays_there_is_still_a_report(run: Run, copied: Copied, tmp_path: Path) -> None:
    protocol = copied()
    (protocol.parent / "claims.yaml").unlink()
    code, out, _ = run(protocol, "--replays", "0", "--out", tmp_path / "out")
    assert code == 0
    assert "Median PFS" not in out
    assert json.loads(files(tmp_path / "out")["manifest.json"])["claims sha256"] is None


def test_scenario_and_claims_may_lie_elsewhere(run: Run, copied: Copied, tmp_path: Path) -> None:
    protocol = copied()
    for name in ("scenario", "claims"):
        (protocol.parent / f"{name}.yaml").rename(tmp_path / f"other-{name}.yaml")
    options = [part for name in ("scenario", "claims") for part in (f"--{name}", tmp_path / f"other-{name}.yaml")]
    assert run(protocol, "--replays", "3", "--out", tmp_path / "out", *options)[0] == 0


def test_a_cut_that_is_never_reached_is_told_and_left_out(run: Run, copied: Copied, tmp_path: Path) -> None:
    protocol = copied(
        protocol={"endpoint: PFS, events: 30}": "endpoint: PFS, events: 60}"},
        scenario={"hazard: [0.1025, 0.09]": "hazard: [0.001, 0.001]"},
    )
    code, out, _ = run(protocol, "--replays", "3", "--out", tmp_path / "out")
    assert code == 0
    assert "data cut-off first: not reached in this virtual trial" in out
    assert json.loads(files(tmp_path / "out")["manifest.json"])["cut-offs"]["first"] == "not reached"
    rows = json.loads(files(tmp_path / "out")["results.json"])["rows"]
    assert {row["cut"] for row in rows} == {"final"}


# the same again


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_patients(palmira: Path, tmp_path: Path) -> None:
    again = rehearsed(tmp_path / "again", *PALMIRA_AGAIN)
    assert files(again) == files(palmira)
    other = rehearsed(tmp_path / "other", "palmira", "--seed", "7", "--replays", "12")
    one, two = (files(folder) for folder in (palmira, other))
    assert set(one) == set(two)
    assert {name for name in ("results.json", "tables/answers.csv", "report.html") if one[name] == two[name]} == set()


def test_the_number_of_replays_does_not_change_the_trial(tiny: Path, tmp_path: Path) -> None:
    few = rehearsed(tmp_path / "few", str(TINY / "protocol.yaml"), "--replays", "2")
    one, two = files(tiny), files(few)
    assert {name for name in one if one[name] != two[name]} == {"report.html", "manifest.json"}


# how it says no


def refused(run: Run, out: Path, *arguments: str | Path) -> str:
    """Return the message of a run that must end with 2, in one message, leaving nothing behind."""
    before = sorted(out.parent.iterdir())
    code, shown, err = run(*arguments, "--replays", "3", "--out", out)
    assert (code, shown) == (2, ""), err
    assert sorted(out.parent.iterdir()) == before
    assert "Traceback" not in err
    (told,) = re.findall(r"^error: (?s:.*)", err, re.MULTILINE)
    return str(told)


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "results").mkdir()
    yield tmp_path / "results" / "out"


def test_an_existing_folder_is_left_alone_unless_told_otherwise(run: Run, out: Path) -> None:
    out.mkdir()
    (out / "precious.txt").write_text("precious")
    assert f"{out} exists already as a folder" in refused(run, out, TINY / "protocol.yaml")
    code, _, err = run(TINY / "protocol.yaml", "--replays", "3", "--out", out, "--replace")
    assert code == 2 and "was not written by trialwright" in err
    assert files(out) == {"precious.txt": b"precious"}
    (out / "precious.txt").unlink()
    for _ in range(2):
        code, _, err = run(TINY / "protocol.yaml", "--replays", "3", "--out", out, "--replace")
        assert code == 0, err
    assert "report.html" in files(out)


def test_a_file_in_the_place_of_the_folder_is_never_replaced(run: Run, out: Path) -> None:
    out.write_text("precious")
    assert f"{out} exists already as a file" in refused(run, out, TINY / "protocol.yaml")
    assert f"{out} exists already as a file" in refused(run, out, TINY / "protocol.yaml", "--replace")
    assert out.read_text() == "precious"


def test_an_unknown_study_is_told_with_those_there_are(run: Run, out: Path) -> None:
    assert re.search(r"no study 'palmyra' ships with trialwright; .*palmira", refused(run, out, "palmyra"))


PROTOCOL_FAULTS: list[tuple[dict[str, str], str]] = [
    ({"  phases: [PHASE2]": "  fases: [PHASE2]"}, r"protocol.yaml:\d+:3: design.fases: .*did you mean 'phases'"),
    ({"rule: age >= 18 y": "rule: agee >= 18 y"}, r"protocol.yaml:\d+:\d+: eligibility.criteria.I01.rule.*'agee'.*age"),
    ({"rule: age >= 18 y": "rule: age >= 18 kg"}, r"protocol.yaml:\d+:\d+: eligibility.criteria.I01.rule"),
    ({"{dose: 400, when": "{dose: 450, when"}, r"protocol.yaml:\d+:\d+: interventions.*starting dose 450 is not among"),
    (
        {"{dose: 400, when": "{dose: -400, when"},
        r"protocol.yaml:\d+:\d+: interventions.exampletinib.start.0.dose: .*greater than 0",
    ),
    ({"population: ITT, at_months: [6]}": "population: IT, at_months: [6]}"}, r"protocol.yaml:\d+:\d+: .*'IT'.*ITT"),
    ({"ratio: {new: 1, standard: 1}": "ratio: {new: 2, standard: 1}"}, r"protocol.yaml:\d+:\d+: randomization"),
    ({"identification:": "identification: ["}, r"protocol.yaml:\d+:\d+: "),
]


@pytest.mark.parametrize(("changes", "message"), PROTOCOL_FAULTS)
def test_a_faulty_protocol_is_told_with_file_line_and_column(
    run: Run, copied: Copied, out: Path, changes: dict[str, str], message: str
) -> None:
    assert re.search(message, refused(run, out, copied(protocol=changes)))


def test_the_line_and_column_told_are_those_of_the_fault(run: Run, copied: Copied, out: Path) -> None:
    path = copied(protocol={"  masking: NONE": "  maskin: NONE"})
    line = 1 + path.read_text().splitlines().index("  maskin: NONE")
    assert f"{path}:{line}:3: design.maskin" in refused(run, out, path)


SCENARIO_FAULTS: list[tuple[dict[str, str], str]] = [
    ({"  missed: 0.05": "  mised: 0.05"}, r"scenario.yaml:\d+:3: scans.mised: .*did you mean 'missed'"),
    ({"  missed: 0.05": "  missed: 5"}, r"scenario.yaml:\d+:11: scans.missed: "),
    ({"otherwise: peritoneum": "otherwise: skin"}, r"does not fit the protocol:\nlesions.otherwise: must be one of"),
    ({"  standard: {from_months: [0], ": "  control: {from_months: [0], "}, r"progression: needs the arms"),
]


@pytest.mark.parametrize(("changes", "message"), SCENARIO_FAULTS)
def test_a_faulty_scenario_is_told(run: Run, copied: Copied, out: Path, changes: dict[str, str], message: str) -> None:
    assert re.search(message, refused(run, out, copied(scenario=changes)))


def test_claims_that_name_no_source_are_told(run: Run, copied: Copied, out: Path) -> None:
    told = refused(run, out, copied(claims={"cited: made-up": "cited: made-down"}))
    assert re.search(
        r"claims.yaml:\d+:\d+: claims.tiny-01.cited: .*'made-down' is not under sources; known: made-up", told
    )


def test_a_calibration_to_something_never_simulated_is_told(run: Run, copied: Copied, out: Path) -> None:
    told = refused(run, out, copied(claims={"statistic: median}": "statistic: mean}"}))
    assert "calibration of progression.new.hazard.0: no fast replay gives 'final/PFS/ITT/new/mean'" in told


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2000-01-01", "recruitment.opens_on: must come before the cut 'final' on 2000-01-01"),
        ("2024-01-16", "2024-01-16 leaves no patient: the first was randomized on 2024-"),
    ],
)
def test_a_cut_off_before_the_first_patient_is_told(
    run: Run, copied: Copied, out: Path, day: str, message: str
) -> None:
    assert message in refused(run, out, copied(protocol={"on: 2026-06-30": f"on: {day}"}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00design", "protocol.yaml"),
        (b"", "protocol.yaml"),
        (b"- only\n- a list\n", "protocol.yaml"),
        (b"identification: {id: \x00}", "protocol.yaml"),
    ],
)
def test_a_file_that_is_no_protocol_is_told(run: Run, copied: Copied, out: Path, content: bytes, message: str) -> None:
    path = copied()
    path.write_bytes(content)
    assert message in refused(run, out, path)


def test_a_file_that_is_not_there_or_cannot_be_read_is_told(run: Run, copied: Copied, out: Path) -> None:
    path = copied()
    assert "absent.yaml" in refused(run, out, path.with_name("absent.yaml"))
    assert str(path.parent) in refused(run, out, path.parent / ".." / path.parent.name)
    (path.parent / "scenario.yaml").unlink()
    assert "scenario.yaml" in refused(run, out, path)
    assert "nowhere.yaml" in refused(run, out, TINY / "protocol.yaml", "--claims", path.with_name("nowhere.yaml"))


@pytest.mark.parametrize(
    "arguments", [("--seed", "-1"), ("--seed", str(2**64)), ("--seed", "one"), ("--replays", "-1")]
)
def test_a_number_outside_its_range_is_told(run: Run, out: Path, arguments: tuple[str, str]) -> None:
    code, shown, err = run(TINY / "protocol.yaml", "--out", out, *arguments)
    assert (code, shown) == (2, "")
    assert arguments[0] in err and "Traceback" not in err
    assert not out.exists()


# a full disk


@pytest.mark.parametrize("full_at", ["results.csv", "manifest.json", "report.html", ".svg"])
def test_a_disk_that_fills_up_while_writing_leaves_nothing_behind(
    run: Run, out: Path, monkeypatch: pytest.MonkeyPatch, full_at: str
) -> None:
    def filling(write: Callable[..., int]) -> Callable[..., int]:
        def fill(path: Path, *arguments: Any, **options: Any) -> int:
            if path.name.endswith(full_at):
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return write(path, *arguments, **options)

        return fill

    for name in ("write_text", "write_bytes"):
        monkeypatch.setattr(Path, name, filling(getattr(Path, name)))
    assert "No space left on device" in refused(run, out, TINY / "protocol.yaml")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KB: enough for the first files of a rehearsal, too small for all of them."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_too_small_leaves_nothing_behind(run: Run, small_disk: Path) -> None:
    told = refused(run, small_disk / "out", TINY / "protocol.yaml")
    assert "No space left on device" in told and str(small_disk / "out") in told


def test_an_earlier_folder_survives_a_full_disk(run: Run, small_disk: Path) -> None:
    (small_disk / "out").mkdir()
    (small_disk / "out" / "precious.txt").write_text("precious")
    refused(run, small_disk / "out", TINY / "protocol.yaml", "--replace")
    assert files(small_disk / "out") == {"precious.txt": b"precious"}


def test_a_rehearsal_that_is_stopped_leaves_nothing_behind(
    run: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trialwright.report.write", stop)
    code, shown, err = run(TINY / "protocol.yaml", "--replays", "0", "--out", out)
    assert (code, shown) == (130, "") and "Traceback" not in err
    assert list(out.parent.iterdir()) == []
