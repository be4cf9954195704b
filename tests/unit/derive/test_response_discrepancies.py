"""Recorded responses beside derived ones: every reason by its smallest history, and the pharmaverse study in counts."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from trialwright.derive import REASONS, response_discrepancies

_SPEC = importlib.util.spec_from_file_location(
    "pharmaverse_lesions", Path(__file__).with_name("pharmaverse_lesions.py")
)
pharmaverse = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(pharmaverse)

DAYS = {0: "2023-12-25", 1: "2024-02-26", 2: "2024-04-22"}


def listed(trial, protocol, lesions, recorded, evaluators=("investigator",)):
    """Return the rows of one patient; ``lesions`` as in the rules, ``recorded`` as ``kind = response`` of scan 2."""
    tables = {name: [] for name in ("assessments", "lesions", "measurements")}
    for who in evaluators:
        own = lesions[who] if isinstance(lesions, dict) else lesions
        for number, on in DAYS.items():
            tables["assessments"].append(f"01 | {who} | {number} | {on}")
        for line in own.splitlines():
            name, *shown = line.replace(":", "").split()
            tables["lesions"].append(f"01 | {who} | {name} | {'target' if name[0] == 'T' else 'non-target'}")
            for number, value in enumerate(shown):
                state = {"NE": "not evaluable", "left": "present", "gone": "absent"}.get(value, "measured")
                diameter = value if value.isdigit() else ""
                tables["measurements"].append(f"01 | {who} | {number} | {name} | {diameter} | {state} | {DAYS[number]}")
    said = [f"01 | investigator | 2 | {kind} | {response}" for kind, response in recorded.items()]
    data = trial(
        subjects="subject\n01",
        assessments="\n".join(["subject | evaluator | number | assessed_on", *tables["assessments"]]),
        lesions="\n".join(["subject | evaluator | lesion | role", *tables["lesions"]]),
        measurements="\n".join(
            ["subject | evaluator | number | lesion | diameter | state | assessed_on", *tables["measurements"]]
        ),
        recorded_responses="\n".join(["subject | evaluator | number | kind | response", *said]),
    )
    return response_discrepancies(data, protocol).rows(named=True)


@pytest.mark.parametrize(
    ("lesions", "recorded", "reason"),
    [
        ("T1: 1000 500 600", {"target": "PD"}, None),
        ("T1: 1000 500 600", {"target": "PR"}, "growth from baseline, not from nadir"),
        ("T1: 100 100 120", {"target": "PD"}, "growth without the 5 mm"),
        ("T1: 100 60 120", {"target": "PD"}, None),
        ("T1: 100 110 120", {"target": "PD"}, "growth without the 5 mm"),
        ("T1: 400 400 400\nT2: 400 400 NE", {"target": "PR"}, "completeness of the lesions"),
        ("T1: 400 400 NE", {"target": "CR"}, "completeness of the lesions"),
        ("N1: left left left\nN2: left left NE", {"non-target": "NE"}, "completeness of the lesions"),
        ("T1: 400 400 400", {"overall": "CHECK"}, "no known response"),
        ("T1: 1000 500 600", {"target": "PR", "overall": "PR"}, "growth from baseline, not from nadir"),
        ("T1: 400 400 400", {"target": "SD", "overall": "PR"}, "overall response that does not follow from its parts"),
        ("T1: 400 400 400", {"target": "PD"}, "not explained"),
        ("T1: 400 400 400", {"new lesion": "UNEQUIVOCAL"}, "not explained"),
        ("T1: 400 400 400", {"new lesion": "EQUIVOCAL"}, None),
    ],
)
def test_the_reason_is_the_convention_that_gives_what_was_recorded(trial, small_protocol, lesions, recorded, reason):
    rows = listed(trial, small_protocol, lesions, recorded)
    assert {row["reason"] for row in rows if not row["agree"]} == ({reason} if reason else set())
    assert all(row["reason"] is None for row in rows if row["agree"])


def test_nadirs_and_responses_of_other_evaluators_are_recognized(trial, small_protocol):
    readers = ("investigator", "central")
    lesions = {"investigator": "T1: 400 400 420", "central": "T1: 400 340 420"}
    (row,) = listed(trial, small_protocol, lesions, {"target": "PD"}, readers)
    assert row["reason"] == "nadir over all evaluators"
    lesions = {"investigator": "T1: 400 400 400", "central": "T1: 400 0 0"}
    (row,) = listed(trial, small_protocol, lesions, {"target": "CR"}, readers)
    assert row["reason"] == "response of another evaluator"


def test_a_record_without_lesions_at_its_time_point_says_so(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        recorded_responses="subject | evaluator | number | kind | response\n01 | investigator | 7 | overall | SD",
    )
    (row,) = response_discrepancies(data, small_protocol).rows(named=True)
    assert (row["derived"], row["reason"]) == (None, "no lesions at this time point")


def test_a_record_without_a_number_is_linked_by_its_date(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD",
        recorded_responses="subject | evaluator | assessed_on | kind | response\n"
        "01 | investigator | 2024-02-26 | overall | SD",
    )
    (row,) = response_discrepancies(data, small_protocol).rows(named=True)
    assert (row["number"], row["agree"]) == (1, True)


def test_reasons_have_names_of_their_own():
    assert len({reason.name for reason in REASONS}) == len(REASONS)


@pytest.mark.skipif(not pharmaverse.FOLDER.is_dir(), reason=f"the folder {pharmaverse.FOLDER} is not here")
@pytest.mark.parametrize(
    ("axis", "agreeing"),
    [
        ("as the source sums it", {"overall": 1790, "target": 1697, "non-target": 1674}),
        ("long axis, of a node the short one", {"overall": 1782, "target": 1676, "non-target": 1674}),
        ("short axis", {"overall": 1781, "target": 1672, "non-target": 1674}),
    ],
)
def test_the_random_lesions_of_pharmaverse_in_counts(protocol_with, axis, agreeing):
    """Their author compared with baseline, and read a lesion that was not evaluated in ways of his own."""
    protocol = protocol_with(assessments={"evaluators": list(pharmaverse.READERS.values())})
    rows = response_discrepancies(pharmaverse.random_lesions(axis), protocol).rows(named=True)
    doubtful = {(row["subject"], row["evaluator"], row["number"]) for row in rows if row["recorded"] == "CHECK"}
    known = [row for row in rows if (row["subject"], row["evaluator"], row["number"]) not in doubtful]
    assert Counter(row["kind"] for row in known) == Counter(
        {"overall": 1896, "target": 1896, "non-target": 1896, "new lesion": 114}
    )
    assert Counter(row["kind"] for row in known if row["agree"]) == Counter(agreeing | {"new lesion": 114})
    if axis == "as the source sums it":
        assert Counter((row["kind"], row["reason"]) for row in rows if not row["agree"]) == EXPLAINED


EXPLAINED = Counter(
    {
        ("target", "growth from baseline, not from nadir"): 157,
        ("target", "completeness of the lesions"): 42,
        ("non-target", "completeness of the lesions"): 222,
        ("overall", "growth from baseline, not from nadir"): 83,
        ("overall", "completeness of the lesions"): 23,
        ("overall", "no known response"): 3,
    }
)
"""Every difference of the source's own sums, by the convention that makes it."""
