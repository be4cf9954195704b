"""``trialwright randomize compare``."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trialwright.cli.randomize import app
from trialwright.protocol import load
from trialwright.randomize import BigStick, BlockUrn, Simple, guesses, imbalance_of, scheme

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


def run(*options):
    return CliRunner().invoke(app, ["compare", str(TINY), "--places", "10", *options])


def test_each_method_has_its_exact_figures():
    done = run("--tolerated", "3", "--json")
    assert done.exit_code == 0, done.output
    plan = scheme(load(TINY))
    ratio = dict(plan.ratio)
    plans = [plan, BlockUrn.of(ratio, 2), BigStick.of(ratio, 3), Simple.of(ratio)]
    rows = json.loads(done.stdout)
    assert [row["method"] for row in rows][1:] == ["block urn 2", "big stick 3", "simple"]
    for row, each in zip(rows, plans, strict=True):
        told, last = guesses(each, 10, seen=Fraction(1)), imbalance_of(each, 10)[-1]
        assert row["certain"] == pytest.approx(told.certain_share)
        assert row["correct"] == pytest.approx(told.correct_share)
        assert row["sd"] == pytest.approx(last.standard_deviations[0])
        assert row["largest"] == pytest.approx(float(last.largest))


def test_text_has_a_line_for_each_method():
    lines = run().stdout.splitlines()
    assert lines[0].split() == ["method", "certain", "correct", "sd", "largest"]
    assert len(lines) == 5
    assert lines[-1].split() == ["simple", "0.0%", "50.0%", "1.58", "5.00"]


def test_what_would_not_be_exact_is_refused(monkeypatch):
    monkeypatch.setattr("trialwright.randomize.observers.MOST_BELIEFS", 1)
    done = run()
    assert done.exit_code == 2
    assert "--places" in done.output
