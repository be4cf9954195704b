import pytest

from trialwright.derive import baseline
from trialwright.errors import DataError

ANSWERS = """subject | variable | value
             01      | age      | 61
             01      | visceral | true
             01      | ecog     | "1"
             01      | organs   | ["lung"]
             02      | age      |
             02      | ecog     | "0" """
STRATA = "subject | factor | level\n01 | visceral | yes\n02 | visceral | no"


def test_values_are_typed_and_unknown_ones_are_null(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", answers=ANSWERS, strata=STRATA)
    assert [row[:5] for row in baseline(data, small_protocol).rows()] == [
        ("01", "age", "number", 61.0, None),
        ("02", "age", "number", None, None),
        ("01", "visceral", "yes/no", None, "yes"),
        ("02", "visceral", "yes/no", None, None),
        ("01", "ecog", "choice", None, "1"),
        ("02", "ecog", "choice", None, "0"),
        ("01", "visceral", "stratum", None, "yes"),
        ("02", "visceral", "stratum", None, "no"),
    ]


def test_each_row_names_its_record(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", answers=ANSWERS, strata=STRATA)
    sources = baseline(data, small_protocol)["source"].to_list()
    assert sources[0] == "answers 01 / variable age"
    assert sources[-1] == "strata 02 / factor visceral"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("ecog", '"7"', "one of 0, 1"), ("age", '"old"', "a number in JSON"), ("age", "true", "a number in JSON")],
)
def test_a_value_of_another_type_is_refused_with_its_record(trial, small_protocol, variable, value, expected):
    data = trial(subjects="subject\n01", answers=f"subject | variable | value\n01 | {variable} | {value}")
    with pytest.raises(DataError, match=rf"answers 01 / variable {variable}: the value must be {expected}; got"):
        baseline(data, small_protocol)
