"""Response at one assessment by RECIST 1.1, each rule with its smallest table of diameters in tenths of a mm."""

import pytest

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


def overall(trial, protocol, lesions):
    return [row["response"] for row in read(trial, protocol, lesions)[1] if row["number"] > 0]


@pytest.mark.parametrize(
    ("why", "lesions", "expected"),
    [
        ("30 percent below baseline is a partial response", "T1: 1000 700", ["PR"]),
        ("a little less is stable disease", "T1: 1000 701", ["SD"]),
        ("20 percent and 5 mm above the nadir is progression", "T1: 350 420", ["PD"]),
        ("a little less is stable disease, to the last tenth", "T1: 350 419", ["SD"]),
        ("20 percent but not 5 mm is stable disease", "T1: 100 120", ["SD"]),
        ("5 mm but not 20 percent is stable disease", "T1: 400 470", ["SD"]),
        ("progression counts from the smallest sum, not from baseline", "T1: 1000 500 600", ["PR", "PD"]),
        ("the nadir stays when the sum rises again", "T1: 1000 300 340 380", ["PR", "PR", "PD"]),
        ("progression comes before partial response", "T1: 1000 300 400", ["PR", "PD"]),
        ("the nadir is the smallest complete sum", "T1: 400 200 220\nT2: 400 NE 400", ["NE", "SD"]),
        ("all targets gone is a complete response", "T1: 400 0", ["CR"]),
        ("an absent target is gone", "T1: 400 gone", ["CR"]),
        ("a node below 10 mm is normal", "T1 node: 200 99", ["CR"]),
        ("a node of 10 mm is not", "T1 node: 200 100", ["PR"]),
        ("the sum of normal nodes need not be zero", "T1 node: 200 99\nT2: 300 0", ["CR"]),
        ("any reappearance of 5 mm after nothing is progression", "T1: 400 0 50", ["CR", "PD"]),
        ("a reappearance below 5 mm is not", "T1: 400 0 49", ["CR", "PR"]),
        ("a target not evaluable makes the set not evaluable", "T1: 400 NE\nT2: 400 100", ["NE"]),
        ("a target without a measurement is not evaluable", "T1: 400 -\nT2: 400 100", ["NE"]),
        ("what was measured may show progression alone", "T1: 400 NE\nT2: 400 960", ["PD"]),
        ("without a complete baseline there is no stable disease", "T1: - 400\nT2: 300 300", ["NE"]),
        ("without a complete baseline all gone is still gone", "T1: - 0\nT2: 300 0", ["CR"]),
    ],
)
def test_target_lesions(trial, small_protocol, why, lesions, expected):
    assert overall(trial, small_protocol, lesions) == expected


@pytest.mark.parametrize(
    ("lesions", "expected"),
    [
        ("T1: 400 0\nN1: left gone", "CR"),
        ("T1: 400 0\nN1: left left", "PR"),
        ("T1: 400 0\nN1: left NE", "PR"),
        ("T1: 400 200\nN1: left NE", "PR"),
        ("T1: 400 400\nN1: left gone", "SD"),
        ("T1: 400 NE\nN1: left gone", "NE"),
        ("T1: 400 0\nN1: left PD", "PD"),
        ("T1: 400 NE\nN1: left PD", "PD"),
        ("T1: 400 0\nN1: left gone\nX1: - unequivocal", "PD"),
        ("T1: 400 NE\nX1: - unequivocal", "PD"),
    ],
)
def test_target_and_nontarget_lesions_together(trial, small_protocol, lesions, expected):
    assert overall(trial, small_protocol, lesions) == [expected]


@pytest.mark.parametrize(
    ("lesions", "expected"),
    [
        ("N1: left gone", "CR"),
        ("N1 node: 120 99", "CR"),
        ("N1 node: 120 100", "NON-CR/NON-PD"),
        ("N1: left left", "NON-CR/NON-PD"),
        ("N1: left left\nN2: left NE", "NON-CR/NON-PD"),
        ("N1: left gone\nN2: left NE", "NE"),
        ("N1: left NE", "NE"),
        ("N1: left PD", "PD"),
        ("N1: left left\nX1: - unequivocal", "PD"),
    ],
)
def test_a_patient_without_measurable_disease_is_never_stable_or_partial(trial, small_protocol, lesions, expected):
    assert overall(trial, small_protocol, lesions) == [expected]


def test_an_equivocal_new_lesion_counts_from_its_first_sight_once_it_is_certain(trial, small_protocol):
    _, rows = read(trial, small_protocol, "T1: 400 400 400 400\nX1: - - equivocal unequivocal")
    first = rows[2]
    assert [row["response"] for row in rows[1:]] == ["SD", "PD", "PD"]
    assert (str(first["response_on"]), str(first["known_on"])) == ("2024-04-22", "2024-06-17")
    assert first["why"] == "new lesion X1, equivocal until confirmed by a later scan"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("X1: - equivocal equivocal", ["SD", "SD"]),
        ("X1: - equivocal gone", ["SD", "SD"]),
        ("X1: - equivocal gone unequivocal", ["SD", "SD", "PD"]),
        ("X1: - equivocal NE unequivocal", ["PD", "SD", "PD"]),
        ("X1: - 120", ["PD"]),
    ],
)
def test_an_equivocal_new_lesion_is_followed(trial, small_protocol, new, expected):
    scans = len(new.split(":")[1].split())
    assert overall(trial, small_protocol, f"T1: {'400 ' * scans}\n{new}") == expected


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
