from datetime import date

import pytest

from trialwright.derive import ImputationRule, impute, possible_days

FIRST, LAST, MIDDLE = (ImputationRule(choice, "month") for choice in ("first", "last", "middle"))


@pytest.mark.parametrize(
    ("text", "rule", "on", "flag"),
    [
        ("2024-02-10", FIRST, date(2024, 2, 10), None),
        ("2024-02", FIRST, date(2024, 2, 1), "D"),
        ("2024-02", LAST, date(2024, 2, 29), "D"),
        ("2023-02", LAST, date(2023, 2, 28), "D"),
        ("2024-02", MIDDLE, date(2024, 2, 15), "D"),
        ("2024", FIRST, date(2024, 1, 1), "M"),
        ("2024", LAST, date(2024, 12, 31), "M"),
        ("2024", MIDDLE, date(2024, 6, 30), "M"),
        ("2024---05", FIRST, date(2024, 1, 5), "M"),
        ("2024---05", LAST, date(2024, 12, 5), "M"),
        ("2024---05", MIDDLE, date(2024, 6, 5), "M"),
        ("2024---31", MIDDLE, date(2024, 6, 30), "M"),
        ("2024-02-10T09:30", FIRST, date(2024, 2, 10), None),
    ],
)
def test_the_missing_part_is_filled_and_flagged(text, rule, on, flag):
    found = impute(text, rule)
    assert (found.on, found.date_flag) == (on, flag)


@pytest.mark.parametrize(
    ("text", "bounds", "on"),
    [
        ("2024-03", {"not_before": [date(2024, 3, 9)]}, date(2024, 3, 9)),
        ("2024-03", {"not_before": [date(2024, 3, 31)]}, date(2024, 3, 31)),
        ("2024-03", {"not_before": [date(2024, 4, 1)]}, date(2024, 3, 1)),
        ("2024-03", {"not_before": [date(2024, 2, 29)]}, date(2024, 3, 1)),
        ("2024-03", {"not_before": [date(2024, 3, 5), None, date(2024, 3, 9)]}, date(2024, 3, 9)),
        ("2024-03-01", {"not_before": [date(2024, 3, 9)]}, date(2024, 3, 1)),
        ("2024---05", {"not_before": [date(2024, 3, 9)]}, date(2024, 4, 5)),
        ("2024", {"not_before": [date(2024, 3, 9)]}, date(2024, 3, 9)),
    ],
)
def test_a_bound_counts_only_among_the_possible_days(text, bounds, on):
    assert impute(text, FIRST, **bounds).on == on


@pytest.mark.parametrize(
    ("text", "rule", "bound", "on"),
    [
        ("2024-03", LAST, date(2024, 3, 9), date(2024, 3, 9)),
        ("2024-03", LAST, date(2024, 4, 9), date(2024, 3, 31)),
        ("2024-03", MIDDLE, date(2024, 3, 9), date(2024, 3, 9)),
        ("2024---20", LAST, date(2024, 3, 9), date(2024, 2, 20)),
    ],
)
def test_the_day_is_not_after_a_death_or_cut_off(text, rule, bound, on):
    assert impute(text, rule, not_after=[bound]).on == on


@pytest.mark.parametrize(
    ("text", "highest", "why"),
    [
        ("2024-03", "none", "day not recorded, and the rule imputes nothing"),
        ("2024", "day", "month not recorded, and the rule imputes at most the day"),
        (None, "month", "year not recorded, and the rule imputes at most the month"),
        ("--03-09", "month", "year not recorded, and the rule imputes at most the month"),
        (None, "year", "year not recorded, and nothing bounds the date"),
    ],
)
def test_what_the_rule_does_not_impute_stays_unknown_and_says_so(text, highest, why):
    found = impute(text, ImputationRule("first", highest))
    assert (found.on, found.date_flag, found.second, found.why) == (None, None, None, why)


def test_without_a_year_the_bounds_give_the_day():
    bounds = {"not_before": [date(2024, 1, 2)], "not_after": [date(2024, 5, 6)]}
    first = impute(None, ImputationRule("first", "year"), **bounds)
    last = impute("", ImputationRule("last", "year"), **bounds)
    assert (first.on, first.date_flag, last.on, last.date_flag) == (date(2024, 1, 2), "Y", date(2024, 5, 6), "Y")


@pytest.mark.parametrize(
    ("text", "rule", "second", "flag"),
    [
        ("2024-02-10", FIRST, 0, "H"),
        ("2024-02-10", LAST, 86399, "H"),
        ("2024-02-10T09", FIRST, 9 * 3600, "M"),
        ("2024-02-10T09:30", LAST, 9 * 3600 + 30 * 60 + 59, "S"),
        ("2024-02-10T09:30:05", LAST, 9 * 3600 + 30 * 60 + 5, None),
        ("2024-02-10T-:30", FIRST, 30 * 60, "H"),
    ],
)
def test_times_have_their_own_flag(text, rule, second, flag):
    found = impute(text, rule)
    assert (found.second, found.time_flag) == (second, flag)


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2024-13", "2023-02-29", "10FEB2024", "2024-2-3", "2024-02-10T25:00", "NA"]
)
def test_text_that_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"no such|ISO 8601"):
        impute(text, FIRST)


def test_the_days_a_date_can_mean():
    assert possible_days("2024") == (date(2024, 1, 1), date(2024, 12, 31))
    assert possible_days("2024-02-10") == (date(2024, 2, 10), date(2024, 2, 10))
    assert possible_days(None) is None
    assert possible_days("--02-10") is None


@pytest.mark.parametrize("wrong", [("earliest", "day"), ("first", "hour")])
def test_rules_are_checked(wrong):
    with pytest.raises(ValueError, match="must be"):
        ImputationRule(*wrong)
