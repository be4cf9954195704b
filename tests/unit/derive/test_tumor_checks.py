"""Each check of the tumor data finds its fault in the smallest table, and nothing in a sound one."""

from dataclasses import replace

import polars as pl
import pytest

from trialwright.derive import baseline_disease, response, tumor_checks

SOUND = {
    "assessments": "subject | number | assessed_on\n01 | 0 | 2023-12-25\n01 | 1 | 2024-02-26",
    "lesions": "subject | lesion | role\n01 | T1 | target\n01 | N1 | non-target",
    "measurements": """subject | number | lesion | diameter | state    | assessed_on
                       01      | 0      | T1     | 300      | measured | 2023-12-25
                       01      | 0      | N1     |          | present  | 2023-12-25
                       01      | 1      | T1     | 300      | measured | 2024-02-26
                       01      | 1      | N1     |          | present  | 2024-02-26 """,
}


def rows(*lines):
    return "\n".join(lines)


def found(trial, protocol, **changed):
    """Return what the checks find in a sound patient with some tables in the place of others."""
    return tumor_checks(trial(subjects="subject\n01", **(SOUND | changed)), protocol)


def more(table, *lines):
    """Return a sound table with lines added."""
    return {table: rows(SOUND[table].rstrip(), *lines)}


def test_a_sound_patient_has_no_finding(trial, small_protocol):
    assert found(trial, small_protocol) == ()


SEEN = "01 | {} | {} | {} | {} | {}"
CASES = {
    "an unlisted lesion": (
        more("measurements", SEEN.format(1, "T9", 300, "measured", "2024-02-26")),
        "measurement of a listed lesion",
        "T9 is measured and not in the table lesions; it is left out",
    ),
    "a target after baseline": (
        {"lesions": "subject|lesion|role|found_on\n01|T1|target|2024-02-26\n01|N1|non-target|2023-12-25"},
        "targets from baseline",
        "found on 2024-02-26, after randomization on 2024-01-01",
    ),
    "a small target": (
        {"measurements": SOUND["measurements"].replace("300      | measured | 2023", "99 | measured | 2023")},
        "target: small lesion",
        "T1, 9.9 mm, is below 10 mm: non-target",
    ),
    "a small target node": (
        {
            "lesions": "subject | lesion | role | node\n01 | T1 | target | yes\n01 | N1 | non-target | no",
            "measurements": SOUND["measurements"].replace("300      | measured | 2023", "149 | measured | 2023"),
        },
        "target: node of 10 mm",
        "T1, 14.9 mm, is a node of 10 to below 15 mm: non-target",
    ),
    "bone alone": (
        {"lesions": "subject | lesion | role | organ\n01 | T1 | target | bone\n01 | N1 | non-target | lung"},
        "target: bone without soft tissue",
        "T1, 30.0 mm, is a bone lesion without a part of soft tissue",
    ),
    "no record": (
        {
            "measurements": SOUND["measurements"].replace(
                "01      | 1      | N1     |          | present  | 2024-02-26", ""
            )
        },
        "a record at every assessment",
        "non-target N1 has no record",
    ),
    "a gap": (
        {"lesions": "subject | lesion | role\n01 | T1 | target\n01 | N1 | non-target\n01 | N3 | non-target"}
        | more(
            "measurements",
            SEEN.format(0, "N3", "", "present", "2023-12-25"),
            SEEN.format(1, "N3", "", "present", "2024-02-26"),
        ),
        "lesions numbered without a gap",
        "N3 is listed, not N2",
    ),
    "a new lesion never seen": (
        more("lesions", "01 | X1 | new"),
        "new lesions are seen",
        "new lesion X1 has no record at any assessment",
    ),
    "a new lesion recorded, none listed": (
        {"recorded_responses": "subject | evaluator | number | kind | response\n01|investigator|1|new lesion|Y"},
        "new lesions are identified",
        "recorded as Y, and no new lesion is listed with a record",
    ),
    "an unequivocal non-target": (
        {"measurements": SOUND["measurements"].replace("present  | 2024", "unequivocal | 2024")},
        "new lesions are identified",
        "N1 is unequivocal, and not listed as new",
    ),
    "a part of nothing": (
        {"lesions": "subject | lesion | role | split_from\n01|T1|target|T7\n01|N1|non-target|"},
        "linked lesions are listed",
        "T1 is a part of T7, which is not listed",
    ),
    "merged into nothing": (
        {"measurements": SOUND["measurements"].replace("300      | measured | 2024", " | merged | 2024")},
        "linked lesions are listed",
        "T1 has merged, and merged_into names no lesion; it counts as not evaluable",
    ),
    "two accepted": (
        {
            "assessments": rows(
                "subject | evaluator | number | assessed_on | accepted",
                "01 | investigator | 0 | 2023-12-25 |",
                "01 | investigator | 1 | 2024-02-26 | yes",
                "01 | central | 0 | 2023-12-25 |",
                "01 | central | 1 | 2024-02-26 | yes",
            )
        },
        "one accepted reader",
        "2 evaluators are accepted",
    ),
    "two on a day": (
        more("assessments", "01 | 2 | 2024-02-26")
        | more(
            "measurements",
            SEEN.format(2, "T1", 300, "measured", "2024-02-26"),
            SEEN.format(2, "N1", "", "present", "2024-02-26"),
        ),
        "one assessment a day",
        "2 assessments",
    ),
    "an early baseline": (
        {"assessments": "subject | number | assessed_on\n01 | 0 | 2023-11-01\n01 | 1 | 2024-02-26"},
        "baseline within its window",
        "61 days before randomization; the window is 0 to 28",
    ),
    "no baseline": (
        {
            "assessments": "subject | number | assessed_on\n01 | 1 | 2024-02-26",
            "measurements": rows(
                "subject | number | lesion | state | assessed_on",
                "01|1|T1|not evaluable|2024-02-26",
                "01|1|N1|present|2024-02-26",
            ),
        },
        "a baseline assessment",
        "assessed after baseline, and no baseline assessment",
    ),
    "a response after progression": (
        more("assessments", "01 | 2 | 2024-04-22")
        | {
            "measurements": SOUND["measurements"].replace("300      | measured | 2024", "900 | measured | 2024")
            + "\n"
            + SEEN.format(2, "T1", 300, "measured", "2024-04-22")
            + "\n"
            + SEEN.format(2, "N1", "", "present", "2024-04-22")
        },
        "no response after progression",
        "SD after progression at assessment 1",
    ),
    "partial after complete": (
        more("assessments", "01 | 2 | 2024-04-22")
        | {
            "measurements": SOUND["measurements"]
            .replace("300      | measured | 2024", " | absent | 2024")
            .replace("present  | 2024", "absent | 2024")
            + "\n"
            + SEEN.format(2, "T1", 40, "measured", "2024-04-22")
            + "\n"
            + SEEN.format(2, "N1", "", "absent", "2024-04-22")
        },
        "no partial response after a complete one",
        "PR after CR at assessment 1",
    ),
    "after new therapy": (
        {"therapies": "subject | started_on\n01 | 2024-02-25"},
        "no assessment after new therapy",
        "assessed on 2024-02-26, after new therapy on 2024-02-25",
    ),
    "after death": (
        {"deaths": "subject | died_on\n01 | 2024-02-25"},
        "no assessment after death",
        "assessed on 2024-02-26, after death on 2024-02-25",
    ),
}


@pytest.mark.parametrize(("changed", "rule", "what"), CASES.values(), ids=CASES)
def test_a_fault_is_found_by_its_rule(trial, small_protocol, changed, rule, what):
    assert (rule, what) in {(each.rule, each.what) for each in found(trial, small_protocol, **changed)}


def test_two_readers_under_one_name_are_found(trial, small_protocol):
    data = trial(subjects="subject\n01", **SOUND)
    twice = pl.concat([data["measurements"], data["measurements"].tail(1)])
    double = replace(data, tables={**data.tables, "measurements": twice})
    (finding,) = tumor_checks(double, small_protocol)
    assert finding.what == "2 records of one lesion under one name: investigator"
    assert finding.record == "measurements 01 / number 1 / lesion N1"


def test_a_split_lesion_needs_no_record_of_its_own(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments=SOUND["assessments"],
        lesions="subject|lesion|role|split_from\n01|T1|target|\n01|T1a|target|T1\n01|T1b|target|T1",
        measurements=rows(
            "subject | number | lesion | diameter | assessed_on",
            "01 | 0 | T1 | 300 | 2023-12-25",
            "01 | 1 | T1a | 100 | 2024-02-26",
            "01 | 1 | T1b | 110 | 2024-02-26",
        ),
    )
    assert tumor_checks(data, small_protocol) == ()
    assert response(data, small_protocol)["marks"].to_list() == [None, "T1a part of T1; T1b part of T1"]


@pytest.mark.parametrize(
    ("lesions", "disease"),
    [
        ("01 | T1 | target | bone\n01 | N1 | non-target | lung", "measurable"),
        ("01 | N1 | non-target | bone\n01 | N2 | non-target | Bone", "bone only"),
        ("01 | N1 | non-target | bone\n01 | N2 | non-target | lung", "not measurable"),
        ("01 | X1 | new | lung", "none"),
    ],
)
def test_the_disease_at_baseline_has_a_kind(trial, small_protocol, lesions, disease):
    data = trial(
        subjects="subject\n01",
        assessments="subject | number | assessed_on\n01 | 0 | 2023-12-04",
        lesions=f"subject | lesion | role | organ\n{lesions}",
    )
    row = baseline_disease(data, small_protocol, "investigator").row(0, named=True)
    assert (row["disease"], row["in_window"], row["source"]) == (disease, True, "assessments 01 / number 0")
    assert row["why"].endswith("baseline 28 days before randomization, window 28 days")


def test_without_a_baseline_assessment_the_window_is_not_known(trial, small_protocol):
    data = trial(subjects="subject\n01")
    (row,) = baseline_disease(
        replace(data, tables={**data.tables, "assessments": data["assessments"].clear()}),
        small_protocol,
        "investigator",
    ).rows(named=True)
    assert (row["in_window"], row["source"]) == (None, "none")
