"""Commands from the outside: what they print, how they end, and what they must not import."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import typer

from trialwright.cli import app, main
from trialwright.cli.errors import exit_code
from trialwright.errors import CheckFailed, DataError

TINY = str(Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml")
HEAVY = {"numpy", "numba", "polars", "scipy", "matplotlib", "jinja2", "pydantic", "yaml"}


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code, standard output and standard error."""

    def run(*arguments: str):
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def spoiled(tmp_path):
    def spoiled(old: str, new: str) -> str:
        text = Path(TINY).read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "spoiled.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return str(path)

    return spoiled


def test_importing_the_commands_leaves_heavy_libraries_out():
    code = f"import sys, trialwright.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_command_says_what_it_does():
    def commands(group):
        for each in group.commands.values():
            yield each
            yield from commands(each) if hasattr(each, "commands") else ()

    found = list(commands(typer.main.get_command(app)))
    assert found
    assert [each.name for each in found if not each.help] == []


def test_show_gives_the_main_points(run):
    code, out, err = run("protocol", "show", TINY)
    assert (code, err) == (0, "")
    for expected in (
        "TINY (TINY-01), version 1.0",
        "new: Exampletinib 400 mg if age < 75 y, 300 mg if age >= 75 y, days 1-14 of 21",
        "new:standard = 1:1, stratified permuted blocks of 2, 4",
        "I02  ECOG 0 or 1",
        "2 sites in 2 countries: Austria 1, Norway 1",
    ):
        assert expected in out


def test_show_lists_open_points_with_their_reasons(run):
    code, out, _ = run("protocol", "show", TINY, "--open-points")
    assert code == 0
    assert "Unknown: 2 values" in out
    assert "  randomization.block_sizes = 2, 4\n      why: an example of an assumed leaf\n" in out
    assert "meanwhile: 14 days, as an example" in out


def test_show_as_json_is_the_protocol_with_its_hash(run):
    _, out, _ = run("protocol", "show", TINY, "--json")
    shown = json.loads(out)
    assert shown["protocol"]["design"]["enrollment"] == 60
    assert len(shown["sha256"]) == 64
    points = json.loads(run("protocol", "show", TINY, "--open-points", "--json")[1])
    assert {leaf["status"] for leaf in points["leaves"]} == {"assumed", "unknown"}
    assert points["questions"][0]["id"] == "washout"


def test_check_of_a_sound_file_says_so(run):
    code, out, err = run("protocol", "check", TINY)
    assert (code, err) == (0, "")
    said = ("provenance", "rules", "scenario")
    assert out == "".join(f"{check}: nothing to say against it\n" for check in said)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "anchors: [entry]",
            "anchors: [entry, surgery]",
            "rules: eligibility.anchors.1: anchor 'surgery' is",
        ),
        (
            "short: Chemotherapy too close to entry",
            "short: No recent chemotherapy",
            "rules: eligibility.criteria.E01.short: exclusion E01 begins with a negation",
        ),
        (
            "rule: age >= 18 y",
            "rule: age >= 18 y and age < 18 y",
            "rules: eligibility.criteria.I01.rule: the rule is always",
        ),
    ],
)
def test_check_of_rules_that_look_wrong_fails(run, spoiled, old, new, expected):
    code, out, _ = run("protocol", "check", spoiled(old, new))
    assert code == 1
    assert expected in out


def test_check_of_an_untraceable_file_fails(run, spoiled):
    code, out, err = run(
        "protocol", "check", spoiled("status: assumed, why: an example of an assumed leaf", "status: assumed")
    )
    assert code == 1
    assert "provenance: randomization.block_sizes is assumed but gives no reason (why)" in out
    assert err.startswith("check failed: 1 finding(s) speak against ")


def test_check_against_a_record_that_differs_fails(run, tmp_path):
    record = {"protocolSection": {"identificationModule": {"acronym": "TINI"}}}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    code, out, err = run("protocol", "check", TINY, "--against", str(path))
    assert (code, "differs: 1\n  identification.acronym: TINY | TINI\n" in out) == (1, True)
    assert "check failed" in err
    code, out, _ = run("protocol", "check", TINY, "--against", str(path), "--json")
    assert (code, json.loads(out)["comparison"][0]["verdict"]) == (1, "only in protocol")


def test_a_faulty_file_is_one_message_and_exit_code_2(run, spoiled):
    code, out, err = run("protocol", "check", spoiled("control: standard", "control: placebo"))
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "analysis.control: arm 'placebo' is not in this protocol; known: new, standard" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("protocol", "show", "nonesuch"), "no study 'nonesuch' ships with trialwright"),
        (("protocol", "show", "gone.yaml"), "gone.yaml: cannot be read: there is no such file"),
        (("protocol", "check", TINY, "--against", "gone.json"), "gone.json: cannot be read"),
        (("protocol", "schema", "--out", "no/such/folder.json"), "no/such/folder.json: cannot be written"),
        (("protocol", "shw"), "No such command 'shw'"),
    ],
)
def test_what_cannot_be_done_ends_with_exit_code_2(run, arguments, expected):
    code, _, err = run(*arguments)
    assert code == 2
    assert expected in err


def test_schema_is_written_as_a_whole(run, tmp_path):
    path = tmp_path / "schema.json"
    assert run("protocol", "schema", "--out", str(path)) == (0, "", "")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(run("protocol", "schema")[1])
    assert [each.name for each in tmp_path.iterdir()] == ["schema.json"]


@pytest.fixture
def patient(tmp_path):
    def patient(text: str, name: str = "patient.yaml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return patient


ANSWERS = """
anchors: {entry: 2024-03-01}
answers: {age: 60, ecog: "2", last_chemotherapy: 2024-02-20}
"""


def test_screen_tells_each_criterion_with_its_reason(run, patient):
    code, out, _ = run("protocol", "screen", TINY, patient(ANSWERS), "--now", "entry")
    assert code == 1, "not eligible"
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert "met          Adults" in rows["I01"]
    assert "ecog = 2" in rows["I02"]
    assert "cannot tell" in rows["I03"]
    assert "until 2024-03-05" in rows["E01"]
    assert out.startswith("overall: not eligible, holds until 2024-03-05 (1 met, 2 not met, 1 cannot tell)")
    assert "missing: compliant (unknown yet), for I03" in out


def test_screen_reads_json_and_answers_json(run, patient):
    answers = {"anchors": {"entry": "2024-03-01"}, "answers": {"age": 60, "compliant": True}}
    code, out, _ = run("protocol", "screen", TINY, patient(json.dumps(answers), "patient.json"), "--json")
    found = {each["criterion"]: each for each in json.loads(out)["findings"]}
    assert (code, found["I01"]["answer"], found["I03"]["answer"]) == (0, "met", "met")
    assert found["I02"]["missing"] == [{"datum": "ecog", "reason": "unknown yet"}]


def test_a_whole_number_is_the_level_written_alike(run, patient):
    rows = run("protocol", "screen", TINY, patient("answers: {ecog: 2}"))[1]
    assert "ecog = 2" in rows
    code, _, err = run("protocol", "screen", TINY, patient("answers: {ecog: 17}"))
    assert code == 2
    assert "ecog: expected one of 0, 1" in err


def test_check_tells_what_rehearse_would_refuse(run, tmp_path):
    for name in ("protocol.yaml", "scenario.yaml", "examples.yaml"):
        text = (Path(TINY).parent / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("study: tiny", "study: other"), encoding="utf-8")
    code, out, _ = run("protocol", "check", str(tmp_path / "protocol.yaml"))
    assert code == 1
    assert "scenario.yaml: study: must be 'tiny'; got 'other'" in out


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("answers: {agee: 60}", (), "'agee' is no variable of the protocol (did you mean 'age'?)"),
        ("answers: {age: old}", (), "age: expected a finite number"),
        ("answers: {}", ("--now", "entri"), "--now: 'entri' is no anchor; known: entry"),
        ("anchors: {entry: soon}\nanswers: {}", (), "anchors.entry: expected a date written YYYY-MM-DD; found 'soon'"),
        ("anchors: {entri: 2024-01-01}\nanswers: {}", (), "anchor 'entri' is not known"),
        ("age: 60", (), "'age' is not a field here"),
    ],
)
def test_screen_refuses_what_it_cannot_read(run, patient, text, options, expected):
    code, out, err = run("protocol", "screen", TINY, patient(text), *options)
    assert (code, out) == (2, "")
    assert expected in err


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (CheckFailed("no"), 1, "check failed: no\n"),
        (DataError("bad row"), 2, "error: bad row\n"),
        (OSError(28, "No space left on device", "out/x.csv"), 2, "error: out/x.csv: No space left on device\n"),
        (PermissionError(13, "Permission denied", "out"), 2, "error: out: Permission denied\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (SystemExit(3), 3, ""),
        (SystemExit(None), 0, ""),
        (SystemExit("text"), 1, ""),
    ],
)
def test_each_end_has_its_exit_code(capsys, raised, code, message):
    def command():
        raise raised

    assert exit_code(command) == code
    assert capsys.readouterr().err == message


def test_a_fault_of_the_program_keeps_its_traceback():
    def command():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_code(command)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs the device /dev/full")
def test_a_full_disk_is_one_message_and_exit_code_2():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trialwright.cli", "protocol", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "error: output: No space left on device\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_device_is_written_to_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "trialwright.cli", "protocol", "schema", "--out", str(pipe)]
    with subprocess.Popen(command) as process:
        assert json.loads(pipe.read_text(encoding="utf-8"))["$schema"]
    assert process.returncode == 0
    assert pipe.is_fifo()


def test_version(run):
    from trialwright import __version__

    assert run("--version") == (0, f"{__version__}\n", "")


def test_a_reader_that_goes_away_ends_the_command_without_a_message(capsys):
    def printing():
        try:
            raise BrokenPipeError(32, "Broken pipe")
        except BrokenPipeError:
            raise SystemExit(1)  # noqa: B904 - as typer and rich do

    with mock.patch("trialwright.cli.errors._abandon_output"):
        assert exit_code(printing) == 141
    assert capsys.readouterr().err == ""
