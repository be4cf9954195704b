import pytest

from trialwright.derive import analysis_set, members, populations, true_strata


@pytest.fixture
def data(trial):
    return trial(
        subjects="subject\n01\n02",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n02 | 2024-02-26 | NON-CR/NON-PD",
        doses="subject | cycle | started_on\n02 | 1 | 2024-01-03\n02 | 2 | 2024-01-31",
    )


def test_every_randomized_subject_has_a_row_in_each_population(data, small_protocol):
    rows = populations(data, small_protocol).rows()
    assert rows == [
        ("01", "ITT", True, "randomized", "allocations 01"),
        ("02", "ITT", True, "randomized", "allocations 02"),
        ("01", "treated", False, "no dose recorded", "none"),
        ("02", "treated", True, "took a dose", "doses 02 / intervention old / cycle 1"),
        ("01", "measurable", True, "target lesion at baseline", "lesions 01 / lesion T1"),
        ("02", "measurable", False, "no target lesion at baseline", "none"),
    ]


def test_members_are_those_of_the_populations(data, small_protocol):
    assert members(data, small_protocol, "treated") == ("02",)
    assert members(data, small_protocol, "randomized") == ("01", "02")


def test_unknown_members_are_named_with_those_known(data, small_protocol):
    with pytest.raises(ValueError, match="'safety' are not known; known: randomized, treated, measurable disease"):
        members(data, small_protocol, "safety")


PER_PROTOCOL = ("randomized", "eligible", "as allocated", "assessed after baseline")


def test_an_analysis_set_says_every_reason_for_exclusion(trial, small_protocol):
    data = trial(
        subjects="subject | arm\n01 | A\n02 | B\n03 | B",
        screenings="""subject | criterion | answer
                      01      | I1        | met
                      02      | E1        | not met
                      02      | I1        | not met
                      03      | I1        | cannot tell""",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n02 | 2024-02-26 | SD",
        doses="subject | intervention | started_on\n01 | new | 2024-01-03\n02 | new | 2024-01-03",
    )
    rows = analysis_set(data, small_protocol, "PP", PER_PROTOCOL).rows()
    assert [row[:4] for row in rows] == [
        (
            "01",
            "PP",
            True,
            "randomized; no criterion answered not met; treated as arm A; assessed after baseline",
        ),
        ("02", "PP", False, "criteria not met: E1, I1; took new, not of arm B"),
        ("03", "PP", False, "no dose recorded; no assessment after baseline"),
    ]
    assert rows[1][4] == "screenings 02 / criterion E1; doses 02 / intervention new"
    assert members(data, small_protocol, "eligible") == ("01", "03")


def test_an_analysis_set_needs_kinds_that_are_known(data, small_protocol):
    with pytest.raises(ValueError, match="'PP' must name at least one kind; known: randomized"):
        analysis_set(data, small_protocol, "PP", [])
    with pytest.raises(ValueError, match="'pure' are not known"):
        analysis_set(data, small_protocol, "PP", ["treated", "pure"])
    with pytest.raises(ValueError, match="need a protocol with arms"):
        analysis_set(data, object(), "PP", ["as allocated"])


def test_strata_as_randomized_are_held_against_the_answers(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03\n04",
        strata="subject | factor | level\n01 | visceral | yes\n02 | visceral | yes\n03 | visceral | no",
        answers="subject | variable | value\n01 | visceral | true\n02 | visceral | false\n04 | visceral | true",
    )
    found = true_strata(data, small_protocol)
    assert found.rows.select("subject", "factor", "as_randomized", "as_true", "agree").rows() == [
        ("01", "visceral", "yes", "yes", True),
        ("02", "visceral", "yes", "no", False),
        ("03", "visceral", "no", None, None),
        ("04", "visceral", None, "yes", None),
    ]
    assert [(finding.record[:9], finding.rule) for finding in found.findings] == [
        ("strata 02", "stratum as randomized is the true one"),
        ("strata 03", "stratum can be told"),
        ("strata 04", "stratum as randomized is the true one"),
    ]


def test_an_answer_of_the_wrong_type_leaves_the_stratum_open(trial, small_protocol):
    data = trial(subjects="subject\n01", answers='subject | variable | value\n01 | visceral | "perhaps"')
    (row,) = true_strata(data, small_protocol).rows.rows(named=True)
    assert row["as_true"] is None
    assert "visceral" in row["why"]
