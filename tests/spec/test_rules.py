"""The rule language: each rule of its logic with the smallest table that contains every important case."""

from datetime import date

import pytest

from trialwright.protocol import NoValue, Variable, Vocabulary, compile_rule, evaluate

YES, NO, OPEN = True, False, None


def variable(type_, **more):
    return Variable(type=type_, label=type_, **more)


LESIONS = variable(
    "records",
    fields={
        "organ": variable("choice", levels=("lung", "liver", "bone")),
        "size": variable("number", unit="mm"),
        "date": variable("date"),
    },
)
VOCABULARY = Vocabulary(
    {
        "a": variable("yes/no"),
        "b": variable("yes/no"),
        "c": variable("yes/no"),
        "age": variable("number", unit="y"),
        "ecog": variable("number"),
        "hb": variable("number", unit="g/dL"),
        "dose": variable("number", unit="mg"),
        "partner": variable("choice", levels=("AI", "fulvestrant", "tamoxifen")),
        "drugs": variable("set", levels=("ribociclib", "abemaciclib", "other")),
        "stopped": variable("date"),
        "lesions": LESIONS,
    },
    {"hb_min": "90 g/L", "neutrophils_min": None},
    ("entry", "randomization"),
)
ENTRY = date(2020, 3, 1)


def answer(text, anchors=None, moving=(), **answers):
    return evaluate(compile_rule(text, VOCABULARY), answers, {"entry": ENTRY} if anchors is None else anchors, moving)


def value(text, **answers):
    return answer(text, **answers).value


def missing(text, **answers):
    return {one.datum for one in answer(text, **answers).missing}


def lesion(organ=None, size=None, on=None):
    given = {"organ": organ, "size": size, "date": on}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("a", "b", "and_", "or_"),
    [
        (YES, YES, YES, YES),
        (YES, NO, NO, YES),
        (YES, OPEN, OPEN, YES),
        (NO, YES, NO, YES),
        (NO, NO, NO, NO),
        (NO, OPEN, NO, OPEN),
        (OPEN, YES, OPEN, YES),
        (OPEN, NO, NO, OPEN),
        (OPEN, OPEN, OPEN, OPEN),
    ],
)
def test_strong_kleene_tables(a, b, and_, or_):
    assert value("a and b", a=a, b=b) is and_
    assert value("a or b", a=a, b=b) is or_
    assert value("not (a and b)", a=a, b=b) is (None if and_ is None else not and_)


def test_cannot_tell_lists_only_data_that_still_matter():
    assert missing("a and b and c", a=YES) == {"b", "c"}
    assert missing("a and b or c", a=NO) == {"c"}
    assert missing("a or b and c", b=NO) == {"a"}
    assert missing("a or b", a=YES) == set()


def test_deciding_data_are_those_that_alone_give_the_answer():
    assert [(one.datum, one.value) for one in answer("a and b and c", a=YES, b=NO).deciding] == [("b", NO)]
    assert [one.datum for one in answer("a and b", a=YES, b=YES).deciding] == ["a", "b"]
    assert [one.datum for one in answer("a and b", a=NO, b=NO).deciding] == ["a", "b"]


def test_if_with_an_unknown_condition_is_told_when_both_ways_agree():
    assert value("b if a else c", b=YES, c=YES) is YES
    assert missing("b if a else c", b=YES, c=NO) == {"a"}
    assert value("b if a else c", a=NO, c=NO) is NO


@pytest.mark.parametrize(("days", "met"), [(6, NO), (7, YES), (56, YES), (57, NO)])
def test_window_of_days_includes_both_ends(days, met):
    stopped = date.fromordinal(ENTRY.toordinal() - days)
    assert value("7 d <= days(stopped, entry) <= 8 wk", stopped=stopped) is met


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2020-01-15", "2020-02-14", 0),
        ("2020-01-15", "2020-02-15", 1),
        ("2020-01-31", "2020-02-29", 0),
        ("2020-01-31", "2020-03-01", 1),
        ("2019-02-28", "2020-02-28", 12),
        ("2020-02-15", "2020-01-15", -1),
        ("2020-02-14", "2020-01-15", 0),
    ],
)
def test_calendar_months_are_complete_on_the_same_day_of_the_month(start, end, months):
    count = f"{months} mo" if months >= 0 else f"-{-months} mo"
    assert value(f'months(date("{start}"), date("{end}")) == {count}') is YES


def test_quantities_of_one_dimension_are_compared_in_any_unit():
    assert value("hb >= hb_min", hb=9.0) is YES
    assert value("hb >= hb_min", hb=8.9) is NO
    assert value("dose == 1.005 g", dose=1005) is YES
    assert value("age >= 216 mo", age=18) is YES


def test_a_parameter_the_protocol_does_not_know_is_missing_for_good():
    (lacking,) = answer("ecog >= neutrophils_min", ecog=1).missing
    assert (lacking.datum, lacking.reason, lacking.final) == ("neutrophils_min", NoValue.NOT_STATED, True)


@pytest.mark.parametrize("reason", [NoValue.NOT_DONE, NoValue.NOT_APPLICABLE, NoValue.ASKED_UNKNOWN])
def test_a_datum_that_will_never_come_is_unknown_and_says_so(reason):
    (lacking,) = answer("ecog <= 1", ecog=reason).missing
    assert (lacking.reason, lacking.final) == (reason, True)
    assert not answer("ecog <= 1").missing[0].final


def test_any_is_told_by_one_record_and_all_by_one_exception():
    some = [lesion("lung"), lesion(size=3)]
    assert value("any(lesions where organ == lung)", lesions=some) is YES
    assert missing("any(lesions where organ == liver)", lesions=some) == {"lesions[2].organ"}
    assert value("all(lesions where organ == liver)", lesions=some) is NO
    assert missing("all(lesions where organ == lung)", lesions=some) == {"lesions[2].organ"}
    assert missing("any(lesions where organ == lung)") == {"lesions"}


def test_of_no_record_any_is_false_and_all_is_true():
    assert value("any(lesions where organ == lung)", lesions=[]) is NO
    assert value("all(lesions where organ == lung)", lesions=[]) is YES
    assert [(d.datum, d.value) for d in answer("any(lesions where a)", lesions=[]).deciding] == [
        ("lesions", "no records")
    ]


@pytest.mark.parametrize(
    ("lung", "open_", "met"), [(2, 1, YES), (1, 1, OPEN), (1, 0, NO), (0, 1, NO), (0, 2, OPEN), (0, 0, NO)]
)
def test_count_is_told_when_the_known_records_decide(lung, open_, met):
    assert value("count(lesions where organ == lung) >= 2", lesions=[lesion("lung")] * lung + [{}] * open_) is met


def test_the_largest_of_the_known_records_may_decide():
    some = [lesion("lung", 12), lesion("liver")]
    assert value("max(lesions.size) >= 10 mm", lesions=some) is YES
    assert missing("max(lesions.size) >= 20 mm", lesions=some) == {"lesions[2].size"}
    assert value("max(lesions.size where organ == lung) <= 1.2 cm", lesions=some) is YES
    assert missing("min(lesions.size) < 20 mm", lesions=[]) == {"lesions.size"}


@pytest.mark.parametrize(("day", "size"), [("2020-02-15", OPEN), ("2020-02-16", YES), ("2020-03-01", YES)])
def test_latest_looks_back_so_many_days_and_includes_the_anchor(day, size):
    one = lesion("lung", 12, date.fromisoformat(day))
    assert value("latest(lesions.size, within = 14 d before entry) == 12 mm", lesions=[one]) is size


def test_latest_takes_the_last_record_and_cannot_tell_while_one_is_undated():
    dated = [lesion("lung", 12, date(2020, 2, 20)), lesion("lung", 9, date(2020, 2, 25))]
    text = "latest(lesions.size, within = 14 d before entry) < 10 mm"
    assert value(text, lesions=dated) is YES
    assert missing(text, lesions=[*dated, lesion("lung", 3)]) == {"lesions[3].date"}
    assert missing(text, lesions=[]) == {"lesions.size"}


def test_sets_and_levels():
    assert value("ribociclib in drugs", drugs={"ribociclib"}) is YES
    assert value("any_of(drugs, {abemaciclib, other})", drugs=["ribociclib"]) is NO
    assert value("any_of(drugs, {abemaciclib, other})", drugs=[]) is NO
    assert missing("ribociclib in drugs") == {"drugs"}
    assert value("partner not in {AI, fulvestrant}", partner="tamoxifen") is YES


def test_a_rule_may_give_a_level():
    rule = compile_rule("fulvestrant if partner == fulvestrant else AI", VOCABULARY, ("AI", "fulvestrant"))
    assert evaluate(rule, {"partner": "tamoxifen"}, {}).value == "AI"
    assert evaluate(rule, {}, {}).value is None


@pytest.mark.parametrize(
    ("stopped", "met", "until"),
    [
        (date(2020, 2, 25), NO, date(2020, 3, 3)),
        (date(2020, 2, 20), YES, date(2020, 4, 17)),
        (date(2019, 12, 1), NO, None),
    ],
)
def test_an_answer_is_valid_until_a_window_opens_or_closes(stopped, met, until):
    found = answer("7 d <= days(stopped, entry) <= 56 d", moving={"entry"}, stopped=stopped)
    assert (found.value, found.valid_until) == (met, until)


def test_an_answer_in_months_is_valid_until_the_month_is_complete():
    found = answer("months(stopped, entry) < 6 mo", moving={"entry"}, stopped=date(2019, 10, 31))
    assert (found.value, found.valid_until) == (YES, date(2020, 5, 1))


def test_an_answer_from_a_laboratory_value_is_valid_until_it_leaves_the_window():
    one = lesion("lung", 12, date(2020, 2, 20))
    found = answer("latest(lesions.size, within = 14 d before entry) == 12 mm", moving={"entry"}, lesions=[one])
    assert (found.value, found.valid_until) == (YES, date(2020, 3, 6))


def test_an_answer_that_other_data_keep_does_not_end_with_the_window():
    assert answer("days(stopped, entry) <= 56 d or a", moving={"entry"}, stopped=ENTRY, a=YES).valid_until is None
    assert answer("days(stopped, entry) <= 56 d", stopped=ENTRY).valid_until is None
