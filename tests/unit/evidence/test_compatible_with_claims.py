"""Compatible data sets of a study's own claims, as a function and as a command."""

import json

import pytest
from typer.testing import CliRunner

from trialwright.cli.evidence import app
from trialwright.errors import CheckFailed
from trialwright.evidence import compatible_with, ledger

GIVEN = {"events": (155, 198), "longest": 40.0, "seed": 1, "curves": 4}
ASKED = ["--cut", "final", "--endpoint", "PFS", "--events", "155", "198", "--longest", "40", "--seed", "1"]


@pytest.fixture(scope="module")
def claims():
    return ledger("palmira").of("palmira").claims


def run(*options):
    return CliRunner().invoke(app, ["compatible", *options])


def test_figures_are_taken_as_printed(claims):
    found = compatible_with(claims, cut="final", endpoint="PFS", **GIVEN)
    printed = {answer.name: answer.printed for answer in found.answers}
    assert printed == {
        "hazard ratio": "0.84",
        "median of B": "3.6",
        "lower limit of the median of B": "2.5",
        "upper limit of the median of B": "4.2",
        "median of A": "4.9",
        "lower limit of the median of A": "3.6",
        "upper limit of the median of A": "6.1",
        "lower limit of the hazard ratio": "0.66",
        "upper limit of the hazard ratio": "1.07",
        "P": "0.149",
        "median follow-up": "13.4",
    }
    assert found.solutions and found.solutions[0].arms == ("B", "A")


def test_what_is_not_printed_is_named(claims):
    with pytest.raises(ValueError, match="no hazard ratio of TTP at the cut 'final' is printed with its patients"):
        compatible_with(claims, cut="final", endpoint="TTP", **GIVEN)


def test_the_command_ends_with_1_where_an_interval_cannot_be():
    done = run("palmira", *ASKED, "--curves", "4", "--json")
    told = json.loads(done.stdout)
    assert told["data sets"] == len(told["events"]) > 0
    assert isinstance(done.exception, CheckFailed)
    named = "lower limit of the hazard ratio, upper limit of the hazard ratio, P"
    assert str(done.exception) == f"printed, but in none of the data sets: {named}"


def test_the_command_needs_one_study():
    done = run("rechallenge", *ASKED)
    assert isinstance(done.exception, CheckFailed)
    assert "rechallenge holds 5 studies; name one of palmira, " in str(done.exception)
