"""What is not the rule language is refused, with its place, what is allowed and the known names."""

import re
from datetime import date

import pytest
from test_rules import VOCABULARY

from trialwright.errors import DataError, RuleError
from trialwright.protocol import Variable, compile_rule, evaluate


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("ecgo <= 1", 0, "did you mean 'ecog'?"),
        ("ecgo <= 1", 0, "variables: a, b, c, age, ecog"),
        ("a and partner == fulvestrantt", 17, "did you mean 'fulvestrant'?"),
        ("age >= 18", 7, "cannot compare a quantity in y with a number without unit"),
        ("days(stopped, entry) < 6 mo", 23, "cannot compare a quantity in d with a quantity in mo"),
        ("age >= 18 yr", 10, "unit 'yr' is not known (did you mean 'y'?); known units: d, wk"),
        ("a = true", 2, "write '==' to compare"),
        ("a and", 5, "ends where a value is expected"),
        ("a and )", 6, "')' closes nothing"),
        ("(a and b", 0, "'(' is never closed"),
        ("a; b", 1, "';' has no meaning"),
        ("a and\n ecgo", 7, "'ecgo' is not known"),
        ("", 0, "it is empty"),
        ("ecog and a", 0, "a condition is expected here"),
        ("ecog", 0, "a condition is expected here"),
        ("partner < AI", 0, "have no order"),
        ("drugs == other", 0, "any_of(set_variable, {...})"),
        ("other in {other}", 0, "'other' is not known"),
        ("lesions", 0, "list of records"),
        ("a if b", 0, "cannot be read"),
        ("True", 0, "write true"),
        ("lambda == a", 0, "reserved word"),
        ("date('2020-02-30') < stopped", 5, "a day that exists"),
        ("days(age, entry) > 3 d", 5, "a date is expected here"),
        ("any(lesions)", 0, "write any(records where condition)"),
        ("any(lesions, organ == lung)", 0, "write any(records where condition)"),
        ("any(drugs where a)", 4, "records is expected here; known: lesions"),
        ("max(lesions.weight) > 1 mm", 4, "fields: organ, size, date"),
        ("max(lesions.organ) == lung", 4, "only numbers and dates"),
        ("latest(lesions.size, within = 2 mo before entry) > 1 mm", 30, "as in 14 d before entry"),
        ("latest(lesions.size, within = 14 d) > 1 mm", 30, "write latest("),
        ("any(lesions where any(lesions where a))", 36, "do not nest"),
        ("organ == lung", 0, "'organ' is not known"),
        ("hb + dose > 3 mg", 0, "of one dimension"),
        ("mean(ecog) > 1", 0, "functions: date, days, months"),
    ],
)
def test_refused_with_place_and_remedy(text, offset, message):
    with pytest.raises(RuleError, match=re.escape(message)) as caught:
        compile_rule(text, VOCABULARY)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "ecog.real > 1",
        "(lambda: a)()",
        "[a for a in drugs]",
        "a := true",
        "f'{a}' == partner",
        "ecog ** 9 > 1",
        "ecog * 2 > 1",
        "a @ b",
        "(ecog @ 'd') > 1 d",
        "drugs[0] == other",
        "a is true",
        "await a",
        "any(*lesions where a)",
        "any(lesions where a, **b)",
        "evaluate(a)",
        "1e5 < ecog",
        "0x10 < ecog",
        "ecog < 9" + "9" * 400,
        "not " * 5000 + "a",
        "not " * 101 + "a",
        "(" * 3000 + "a" + ")" * 3000,
        "a " + "or a " * 6000,
        "ecog <= " + "1 + " * 3000 + "1",
        "а",
    ],
)
def test_nothing_but_the_language_is_read(text):
    with pytest.raises(RuleError):
        compile_rule(text, VOCABULARY)


def test_a_long_rule_is_read_and_evaluated():
    assert evaluate(compile_rule("b " + "or a " * 3000, VOCABULARY), {"a": True}, {}).value is True
    assert evaluate(compile_rule("not " * 90 + "a", VOCABULARY), {"a": True}, {}).value is True


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"ecgo": 1}, "'ecgo' is no variable of the protocol (did you mean 'ecog'?)"),
        ({"ecog": "1"}, "ecog: expected a finite number; found '1'"),
        ({"ecog": True}, "ecog: expected a finite number; found True"),
        ({"ecog": float("nan")}, "ecog: expected a finite number; found nan"),
        ({"age": [18]}, "age: expected a finite number in y"),
        ({"a": 1}, "a: expected True or False; found 1"),
        ({"a": "yes"}, "a: expected True or False; found 'yes'"),
        ({"partner": "Fulvestrant"}, "did you mean 'fulvestrant'?"),
        ({"stopped": "2020-01-01"}, "stopped: expected a date; found '2020-01-01'"),
        ({"drugs": "other"}, "drugs: expected a collection of levels"),
        ({"drugs": ["aspirin"]}, "drugs: expected a collection of levels"),
        ({"lesions": {"organ": "lung"}}, "lesions: expected a list of records"),
        ({"lesions": [{"organ": "skin"}]}, "lesions[1].organ: expected one of lung, liver, bone"),
        ({"lesions": [{}, {"orgam": "lung"}]}, "lesions[2]: 'orgam' is no field (did you mean 'organ'?)"),
        ({"lesions": ["lung"]}, "lesions[1]: expected a record with the fields organ, size, date"),
    ],
)
def test_an_answer_of_the_wrong_type_is_refused(answers, message):
    with pytest.raises(DataError, match=re.escape(message)):
        evaluate(compile_rule("a", VOCABULARY), answers, {})


def test_an_anchor_must_be_known_and_a_date():
    rule = compile_rule("days(stopped, entry) > 1 d", VOCABULARY)
    with pytest.raises(DataError, match="anchor 'start' is not known; known: entry, randomization"):
        evaluate(rule, {}, {"start": None})
    with pytest.raises(DataError, match="anchor entry must be a date before the year 9901; got '2020-01-01'"):
        evaluate(rule, {}, {"entry": "2020-01-01"})
    with pytest.raises(DataError, match="anchor entry must be a date before the year 9901"):
        evaluate(rule, {}, {"entry": date(9950, 1, 1)})


def test_a_variable_in_an_unknown_unit_is_refused_where_it_is_used():
    from trialwright.protocol import Vocabulary

    words = Vocabulary({"weight": Variable(type="number", label="Weight", unit="stone")}, {}, ())
    with pytest.raises(RuleError, match=r"weight cannot be used in a rule: unit 'stone' is not known; known units: d,"):
        compile_rule("weight > 3", words)
