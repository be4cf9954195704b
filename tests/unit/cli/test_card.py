"""`trialwright design card` and `design lint` from the outside: what they print and write, and what they refuse."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from trialwright.cli import main
from trialwright.protocol import study_file

TINY = Path(__file__).parents[2] / "studies" / "tiny"
Run = Callable[..., tuple[int, str, str]]
FEW = ("--trials", "300", "--other-trials", "200", "--jobs", "2")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command of ``design``; return its exit code, standard output and standard error."""

    def run(command: str, study: object = "palmira", *arguments: object) -> tuple[int, str, str]:
        code = main(["design", command, str(study), *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def palmira(tmp_path: Path) -> Callable[..., Path]:
    """Write PALMIRA's protocol with some text replaced, its scenario beside it; return the file."""

    def write(*changes: tuple[str, str], scenario: bool = True) -> Path:
        text = study_file("palmira", "protocol.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "protocol.yaml"
        file.write_text(text, encoding="utf-8")
        if scenario:
            beside = study_file("palmira", "scenario.yaml").read_text(encoding="utf-8")
            (tmp_path / "scenario.yaml").write_text(beside, encoding="utf-8")
        return file

    return write


def test_the_card_says_what_the_design_is_and_does(run: Run) -> None:
    code, out, err = run("card", "palmira", *FEW)
    assert (code, err) == (0, "")
    for text in ("0.59, of PFS by the log-rank test", "not stated", "unknown", "3.6 months", "42 months", "126.87",
                 "110.95", "132.80", "121.94", "125.08", "scans every 8 weeks", "4 equal strata, stratified",
                 "effect begins after 0.9 months", "First", "warning: the events for the analysis"):  # fmt: skip
        assert text in out, text
    assert max(map(len, out.splitlines())) <= 120


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_narrow_screen_loses_no_digit_of_the_card(run: Run, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    wide = run("card", "palmira", *FEW)[1]
    monkeypatch.setattr("trialwright.cli.card_text.screen", lambda: Console(width=columns))
    narrow = run("card", "palmira", *FEW)[1]
    assert not Counter(_numbers(wide)) - Counter(_numbers(narrow))
    assert set(_numbers(wide)) == set(_numbers(narrow)) and "…" not in narrow
    assert narrow.count("critical value") == 1
    assert max(len(line) for line in narrow.splitlines() if "(" in line and line.startswith("  ")) <= columns


def _numbers(text: str) -> list[str]:
    """Return the words with a digit in them, without the heads of tables, which are repeated."""
    return [word for word in text.split() if re.search(r"\d", word) and word not in {"127", "155"}]


def test_the_card_as_json_has_every_number_and_no_others(run: Run) -> None:
    found = json.loads(run("card", "palmira", *FEW, "--json")[1])
    assert found["main"] == found["rows"][0]
    assert (found["events"], found["events_stated"], found["level"]) == (127, False, 0.025)
    assert found["formulas"][0]["events"] == pytest.approx(126.8693494498)
    assert found["rows"][0]["calibration"] is None or found["rows"][0]["calibration"]["bound"] > 1
    assert [each["status"] for each in found["promise"] if each["name"] == "events"] == ["unknown"]
    assert {each["status"] for each in found["suppositions"].values()} == {"assumed"}
    assert found["lint"]["findings"][0]["rule"] == "analysis-before-accrual-ends"


def test_options_are_printed_as_options(run: Run) -> None:
    given = ("--control-median", 8, "--accrual", 36, "--follow-up", 12, "--dropout", 0.05)
    found = json.loads(run("card", "palmira", *FEW, *given, "--json")[1])
    assert {name: (each["value"], each["status"]) for name, each in found["suppositions"].items()} == {
        "control_median": (8, "option"), "accrual": (36, "option"), "follow_up": (12, "option"),
        "dropout": (0.05, "option"),
    }  # fmt: skip
    assert "analysis-before-accrual-ends" not in {each["rule"] for each in found["lint"]["findings"]}
    assert found["rows"][0]["month"]["mean"] > 36


def test_the_page_needs_no_other_and_can_be_reached_by_keyboard(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "card.html"
    assert run("card", "palmira", *FEW, "--html", page)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", text)
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert text.count("<figure>") == 3
    assert text.count('class="scroll" tabindex="0"') == text.count("<table")
    links, ids = set(re.findall(r'href="#([^"]+)"', text)), set(re.findall(r' id="([^"]+)"', text))
    assert links and links <= ids
    assert set(re.findall(r'aria-labelledby="([^"]+)"', text)) <= ids
    for words in ("126.87", "110.95", "132.80", "Schoenfeld’s number, none being stated", "What is odd about it"):
        assert words in text


def test_the_same_seed_prints_the_same_card(run: Run) -> None:
    first = run("card", "palmira", *FEW, "--seed", 4)[1]
    assert first == run("card", "palmira", "--trials", 300, "--other-trials", 200, "--seed", 4, "--jobs", 1)[1]
    assert first != run("card", "palmira", *FEW, "--seed", 5)[1]


def test_a_protocol_alone_needs_what_it_does_not_say(run: Run, palmira: Callable[..., Path]) -> None:
    file = palmira(scenario=False)
    code, out, err = run("card", file, *FEW)
    assert (code, out) == (2, "")
    assert "--control-median, in months" in err and "planning" in err
    code, out, _ = run("card", file, *FEW, "--control-median", 3.6)
    assert code == 0
    assert "The scenario's trial is not shown: no scenario." in out
    assert "24 months" in out


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--control-median", 0, "greater than 0; got 0"),
        ("--accrual", "inf", "finite"),
        ("--follow-up", -1, "at least 0; got -1"),
        ("--dropout", 5, "in [0, 1); got 5. For 5 % write 0.05."),
    ],
)
@pytest.mark.parametrize("command", ["card", "lint"])
def test_numbers_that_make_no_sense_are_refused(run: Run, command: str, option: str, value: Any, message: str) -> None:
    code, out, err = run(command, "palmira", option, value)
    assert (code, out) == (2, "")
    assert option in err and message in " ".join(err.split())


def test_a_page_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    code, _, err = run("card", "palmira", *FEW, "--html", tmp_path / "none" / "card.html")
    assert code == 2
    assert "cannot be written" in err


def test_the_linter_prints_findings_with_their_figures(run: Run) -> None:
    code, out, err = run("lint", "palmira")
    assert (code, err) == (0, "")
    assert "[analysis-before-accrual-ends]\n  127 events by month 34.4 of 42, 162 of 198 patients entered\n" in out
    assert "[level-at-ratio]" in out and "2.03 would hold the level" in out


def test_the_linter_ends_with_1_where_there_is_an_error(run: Run, palmira: Callable[..., Path]) -> None:
    file = palmira(("hazard_ratio: 0.59", "hazard_ratio: 1.69"))
    code, out, _ = run("lint", file, "--trials", 1000, "--json")
    assert code == 1
    first = json.loads(out)["findings"][0]
    assert (first["rule"], first["grade"]) == ("hazard-ratio-definition", "error")
    assert "write 0.592" in first["remedy"]


def test_rules_that_cannot_be_asked_are_named(run: Run) -> None:
    code, out, _ = run("lint", TINY / "protocol.yaml", "--trials", 0)
    assert code == 1
    assert "error: more events are asked for than there are patients [events-above-patients]" in out
    assert "not asked: The power is what it is said to be; it needs simulated trials" in out
