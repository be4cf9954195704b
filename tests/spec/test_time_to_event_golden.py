"""Sixteen histories of progression-free survival, each under the rule sets of the FDA and of the EMA.

Randomized 2024-01-01, scans every 56 days within 7, so at most 126 days may pass between an adequate scan and an event;
data cut-off 2024-12-31.
"""

from datetime import date
from types import SimpleNamespace

import pytest

from trialwright.derive import time_to_event

LAST = "last adequate assessment"
NONE = "no adequate assessment"
BASELINE = "no usable baseline assessment"
THERAPY = "new anticancer therapy"
GAP = "more than 1 missed assessment before the event"


def case(number, scans, fda, ema, **others):
    return SimpleNamespace(number=number, scans=scans, fda=fda, ema=ema, others=others)


def same(*ending):
    return {"fda": ending, "ema": ending}


CASES = [
    case(1, ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 PD"], **same("06-17", True, 169, "progression")),
    case(2, ["2024-02-26 SD"], **same("04-01", True, 92, "death"), died="2024-04-01"),
    case(3, [], **same("02-10", True, 41, "death"), died="2024-02-10"),
    case(4, [], fda=("01-01", False, 1, GAP), ema=("07-01", True, 183, "death"), died="2024-07-01"),
    case(5, [], **same("01-01", False, 1, NONE)),
    case(
        6,
        ["2024-02-26 PD"],
        fda=("01-01", False, 1, BASELINE),
        ema=("02-26", True, 57, "progression"),
        baseline="no",
    ),
    case(
        7,
        ["2024-02-26 SD", "2024-04-22 PD"],
        fda=("02-26", False, 57, THERAPY),
        ema=("04-22", True, 113, "progression"),
        therapy="2024-03-15",
    ),
    case(8, ["2024-02-26 SD", "2024-10-07 PD"], fda=("02-26", False, 57, GAP), ema=("10-07", True, 281, "progression")),
    case(9, ["2024-02-26 SD", "2024-06-17 PD"], **same("06-17", True, 169, "progression")),
    case(10, ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 NE"], **same("04-22", False, 113, LAST)),
    case(11, ["2024-02-26 PR"], **same("02-26", False, 57, LAST), stopped="2024-03-20 adverse event"),
    case(12, ["2024-02-26 SD"], **same("02-26", False, 57, LAST), stopped="2024-03-20 clinical progression"),
    case(
        13,
        ["2024-02-26 SD", "2024-04-22 SD"],
        fda=("04-22", False, 113, THERAPY),
        ema=("06-01", True, 153, "death"),
        therapy="2024-05-10",
        died="2024-06-01",
    ),
    case(14, ["2024-02-26 SD", "2024-04-22 PD", "2024-06-17 SD"], **same("04-22", True, 113, "progression")),
    case(
        15, ["2024-02-26 SD"], **same("05-01", True, 122, "death"), died="2024-05-01", stopped="2024-03-10 withdrawal"
    ),
    case(16, ["2024-11-04 SD", "2025-01-15 PD"], **same("11-04", False, 309, LAST)),
]


def history(trial, told):
    """Return the trial of one patient, cut at the end of 2024."""
    tables = {
        "subjects": f"subject | baseline\n 01 | {told.others.get('baseline', 'yes')}",
        "assessments": "subject | assessed_on | response\n"
        + "\n".join(f"01 | {on} | {response}" for on, response in map(str.split, told.scans)),
    }
    if "died" in told.others:
        tables["deaths"] = f"subject | died_on\n 01 | {told.others['died']}"
    if "therapy" in told.others:
        tables["therapies"] = f"subject | started_on\n 01 | {told.others['therapy']}"
    if "stopped" in told.others:
        on, reason = told.others["stopped"].split(" ", 1)
        tables["dispositions"] = f"subject | ended_on | reason\n 01 | {on} | {reason}"
    return trial(**tables).cut(date(2024, 12, 31))


def found(data, protocol, endpoint):
    row = time_to_event(data, protocol, endpoint).row(0, named=True)
    return f"{row['ended_on']:%m-%d}", row["event"], row["days"], row["why"]


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"case {told.number}")
def test_documented_progression_only(told, trial, small_protocol):
    assert found(history(trial, told), small_protocol, "PFS-FDA") == told.fda


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"case {told.number}")
def test_every_event_counts(told, trial, small_protocol):
    assert found(history(trial, told), small_protocol, "PFS") == told.ema


def test_clinical_progression_is_an_event_where_the_protocol_says_so(trial, small_protocol):
    data = history(trial, CASES[11])
    assert found(data, small_protocol, "PFS-clinical") == ("03-20", True, 80, "clinical progression")


def test_a_row_says_what_the_other_rules_would_have_done(trial, small_protocol):
    row = time_to_event(history(trial, CASES[6]), small_protocol, "PFS").row(0, named=True)
    assert row["otherwise"] == "new anticancer therapy 2024-02-26"
    assert row["source"] == "assessments 01 / number 2"
