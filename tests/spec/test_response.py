"""What a row of the response says beside the response itself, which the tables of ``response_rules`` hold."""

import pytest
from response_rules import PATHS, Case, history

from trialwright.derive import response
from trialwright.errors import DataError

SCANS = {0: "2023-12-25", 1: "2024-02-26", 2: "2024-04-22", 3: "2024-06-17", 4: "2024-08-12"}
STATES = {"gone": "absent", "NE": "not evaluable", "left": "present", "PD": "progressed"}


def read(trial, protocol, lesions, *, dates=SCANS):
    """Return the responses of one patient; ``lesions`` are lines such as ``T1 node: 150 120 NE -``, baseline first."""
    seen, followed = [], []
    for line in lesions.strip().splitlines():
        (name, *node), values = line.split(":")[0].split(), line.split(":")[1].split()
        role = {"T": "target", "N": "non-target", "X": "new"}[name[0]]
        followed.append(f"01 | {name} | {role} | {'yes' if node else 'no'}")
        for number, value in enumerate(values):
            if value != "-":
                state, diameter = ("measured", value) if value.isdigit() else (STATES.get(value, value), "")
                seen.append(f"01 | {number} | {name} | {diameter} | {state} | {dates[number]}")
    scans = sorted({int(line.split("|")[1]) for line in seen})
    data = trial(
        subjects="subject\n01",
        assessments="subject | number | assessed_on\n" + "\n".join(f"01 | {n} | {dates[n]}" for n in scans),
        lesions="subject | lesion | role | node\n" + "\n".join(followed),
        measurements="subject | number | lesion | diameter | state | assessed_on\n" + "\n".join(seen),
    )
    return response(data, protocol).filter(number=0).height, response(data, protocol).rows(named=True)


def test_an_equivocal_new_lesion_counts_from_its_first_sight_once_it_is_certain(trial, small_protocol):
    _, rows = read(trial, small_protocol, "T1: 400 400 400 400\nX1: - - equivocal unequivocal")
    first = rows[2]
    assert [row["response"] for row in rows[1:]] == ["SD", "PD", "PD"]
    assert (str(first["response_on"]), str(first["known_on"])) == ("2024-04-22", "2024-06-17")
    assert first["why"] == "new lesion X1, equivocal until confirmed by a later scan"


def test_the_baseline_has_a_sum_and_no_response(trial, small_protocol):
    baselines, rows = read(trial, small_protocol, "T1: 400 300\nT2 node: 150 90")
    assert baselines == 1
    assert (rows[0]["sum"], rows[0]["response"], rows[0]["complete"]) == (550, None, True)
    assert (rows[1]["sum"], rows[1]["baseline_sum"], rows[1]["nadir"]) == (390, 550, 550)
    assert rows[1]["why"] == (
        "target lesions neither shrank nor grew enough: sum 39.0 mm, baseline 55.0 mm, nadir 55.0 mm"
    )
    assert rows[1]["source"] == "assessments 01 / number 1"


def test_progression_is_dated_by_the_earliest_scan_that_shows_it_other_responses_by_the_latest(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="""subject | number | assessed_on
                       01      | 0      | 2023-12-25
                       01      | 1      | 2024-02-28
                       01      | 2      | 2024-04-25 """,
        lesions="""subject | lesion | role
                   01      | T1     | target
                   01      | T2     | target """,
        measurements="""subject | number | lesion | diameter | assessed_on
                        01      | 0      | T1     | 300      | 2023-12-25
                        01      | 0      | T2     | 300      | 2023-12-25
                        01      | 1      | T1     | 300      | 2024-02-26
                        01      | 1      | T2     | 300      | 2024-02-28
                        01      | 2      | T1     | 720      | 2024-04-22
                        01      | 2      | T2     | 300      | 2024-04-25 """,
    )
    rows = response(data, small_protocol).rows(named=True)
    assert [(row["response"], str(row["response_on"])) for row in rows[1:]] == [
        ("SD", "2024-02-28"),
        ("PD", "2024-04-22"),
    ]


def test_evaluators_never_mix(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="""subject | evaluator    | number | assessed_on
                       01      | investigator | 0      | 2023-12-25
                       01      | central      | 0      | 2023-12-25
                       01      | investigator | 1      | 2024-02-26
                       01      | central      | 1      | 2024-02-26 """,
        lesions="""subject | evaluator    | lesion | role
                   01      | investigator | T1     | target
                   01      | central      | T1     | target """,
        measurements="""subject | evaluator    | number | lesion | diameter | assessed_on
                        01      | investigator | 0      | T1     | 300      | 2023-12-25
                        01      | central      | 0      | T1     | 200      | 2023-12-25
                        01      | investigator | 1      | T1     | 300      | 2024-02-26
                        01      | central      | 1      | T1     | 250      | 2024-02-26 """,
    )
    found = {who: response(data, small_protocol, who)["response"][1] for who in ("investigator", "central")}
    assert found == {"investigator": "SD", "central": "PD"}


def test_an_unknown_evaluator_is_named_with_those_known(trial, small_protocol):
    with pytest.raises(ValueError, match="'nobody' is not in the protocol; known: investigator, central"):
        response(trial(subjects="subject\n01"), small_protocol, "nobody")


def test_a_measured_lesion_that_is_not_listed_is_an_error(trial, small_protocol):
    measurements = "subject | number | lesion | diameter | assessed_on\n01 | 1 | T9 | 300 | 2024-02-26"
    with pytest.raises(DataError, match="subject 01: lesion 'T9' is not in the table lesions"):
        response(trial(subjects="subject\n01", measurements=measurements), small_protocol)


@pytest.mark.parametrize(
    ("lesions", "marks"),
    [
        ("T1: 400 380", None),
        ("T1: 400 small", "T1 too small to measure, taken as 5.0 mm"),
        ("T1 node: 200 small", "T1 too small to measure, taken as 5.0 mm"),
        ("T1: 300 400\nT2 into T1: 200 merged", "T2 merged into T1"),
        ("T1: 400 -\nT1a of T1: - 150\nT1b of T1: - 130", "T1a part of T1; T1b part of T1"),
        ("T1: 400 NE\nT2: 400 960", "progression shown by the part measured"),
    ],
)
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_what_a_reader_of_the_sum_should_know_is_marked(lesions, marks, path):
    rows = path(history(Case("marks", lesions, "")), "investigator").rows(named=True)
    assert [row["marks"] for row in rows] == [None, marks]


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_reappearance_below_5_mm_is_to_be_reviewed(path):
    rows = path(history(Case("review", "T1: 400 0 49", "")), "investigator").rows(named=True)
    assert rows[2]["why"].endswith("nadir 0.0 mm; reappeared below 5 mm, to be reviewed")
