import pytest

from trialwright.derive import members, populations


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
