"""What holds for any result: worse numbers never have a lower grade, and the order of rows never matters."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.derive import (
    PRESUMPTIONS,
    AdverseEventRules,
    LabResult,
    LabRules,
    adverse_events,
    grade_result,
    grade_rules,
    laboratory,
)
from trialwright.records import TrialData

RULES = {f"{version} {rule.term}": rule for version in ("4", "5") for rule in grade_rules(version)}
numbers = st.decimals("0.01", "2000", places=2).map(float)
maybe = st.none() | numbers


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", RULES)
@given(values=st.tuples(numbers, numbers), low=numbers, span=numbers, baseline=numbers)
def test_a_worse_number_never_has_a_lower_grade(name, values, low, span, baseline):
    rule = RULES[name]
    unit = next((unit for _, each in rule.grades for one in each for _, unit in one.numbers if unit), "U/L")
    high = low + span
    beyond = baseline > high if rule.direction == "high" else baseline < low
    better, worse = sorted(values, reverse=rule.direction == "low")
    for presume in ((), PRESUMPTIONS):
        results = [LabResult(rule.tests[0], each, unit, low, high, baseline, beyond) for each in (better, worse)]
        first, second = (grade_result(rule, result, presume).grade for result in results)
        assert first is not None
        assert second is not None
        assert first <= second


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", RULES)
@given(value=numbers, low=maybe, high=maybe, baseline=maybe)
def test_a_grade_holds_whatever_the_missing_numbers_turn_out_to_be(name, value, low, high, baseline):
    """No grade is given that a missing limit or baseline, once known, would change."""
    rule = RULES[name]
    unit = next((unit for _, each in rule.grades for one in each for _, unit in one.numbers if unit), "U/L")
    known = LabResult(rule.tests[0], value, unit, low, high, baseline, None if baseline is None else False)
    found = grade_result(rule, known, ()).grade
    for other in (0.01, 1.0, 10.0, 2000.0):
        full = known._replace(
            low=other if low is None else low,
            high=other if high is None else high,
            baseline=other if baseline is None else baseline,
            beyond_at_baseline=False,
        )
        assert found is None or grade_result(rule, full, ()).grade == found


DAYS = st.integers(-20, 60).map(lambda days: date(2024, 1, 10) + timedelta(days=days))
RESULTS = st.lists(st.tuples(numbers, DAYS), min_size=1, max_size=8)
DOSE = {"subject": "01", "intervention": "drug", "product": "drug", "cycle": 1, "change": "none"}
DOSES = [DOSE | {"started_on": date(2024, 1, 10), "ended_on": date(2024, 2, 1)}]
STOPPED = [{"subject": "01", "ended": "treatment", "reason": "withdrawal", "ended_on": date(2024, 2, 1)}]


def trial(**tables):
    return TrialData.from_rows("any", {"doses": DOSES, "dispositions": STOPPED} | tables, virtual=False)


@settings(max_examples=25, deadline=None)
@given(results=RESULTS, data=st.data())
def test_the_order_of_laboratory_rows_never_matters(results, data):
    named = {"subject": "01", "test": "alanine aminotransferase", "unit": "U/L", "low": 5.0, "high": 40.0}
    rows = [named | {"number": place, "value": value, "sampled_on": on} for place, (value, on) in enumerate(results)]
    shuffled = data.draw(st.permutations(rows))
    rules = LabRules("5", (), 30)
    one, other = (laboratory(trial(laboratory=each), rules) for each in (rows, shuffled))
    assert one.rows.equals(other.rows)


@settings(max_examples=25, deadline=None)
@given(
    events=st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5), DAYS), min_size=1, max_size=8), data=st.data()
)
def test_the_order_of_adverse_events_never_matters(events, data):
    rows = [
        {"subject": "01", "number": place, "system": "any", "term": term, "grade": grade, "started_on": on}
        for place, (term, grade, on) in enumerate(events)
    ]
    shuffled = data.draw(st.permutations(rows))
    one, other = (adverse_events(trial(adverse_events=each), AdverseEventRules(30)).rows for each in (rows, shuffled))
    assert one.equals(other)
    assert one["first"].sum() == min(1, one["emergent"].sum())


def test_a_longer_window_never_loses_an_event():
    events = [
        {"subject": "01", "number": day, "system": "any", "term": "any", "grade": 1}
        | {"started_on": date(2024, 1, 1) + timedelta(days=day)}
        for day in range(90)
    ]
    data = trial(adverse_events=events)
    counts = [adverse_events(data, AdverseEventRules(days)).rows["emergent"].sum() for days in (0, 10, 30, None)]
    assert counts == [23, 33, 53, 81]
    assert replace(AdverseEventRules(0), days_after_last_dose=None) == AdverseEventRules(None)
