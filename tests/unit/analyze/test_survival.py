"""By hand: PFS of A is 113 (event) and 168 (censored) days, of B 55 (event) and 1 (censored)."""

import pytest

from trialwright.analyze import run
from trialwright.protocol import AnalysisItem


def one(results, statistic, group="A", endpoint="PFS", **more):
    return results.one(endpoint=endpoint, statistic=statistic, group=group, **more)


@pytest.mark.parametrize(
    ("statistic", "group", "value"),
    [("events", "A", 1), ("events", "all", 2), ("censored", "B", 1), ("median", "B", 55), ("follow-up", "A", 168)],
)
def test_counts_and_medians(results, statistic, group, value):
    assert one(results, statistic, group).value == value


def test_a_flat_piece_at_one_half_gives_its_middle(results):
    row = one(results, "median")
    assert (row.value, row.unit, row.method) == ((113 + 168) / 2, "days", "median")


def test_rates_at_landmarks_are_in_days_and_not_carried_beyond_the_last_follow_up(results):
    assert [row.at for row in results.where(endpoint="PFS", statistic="rate", group="A")] == [183, 365]
    row = one(results, "rate", "A", at=183)
    assert (row.value, row.problem) == (None, "day 183 is after the last follow-up")
    assert one(results, "rate", "B", at=183).value == 0


def test_the_curve_is_traced_by_its_steps(results):
    rows = results.where(endpoint="PFS", statistic="survival", group="A")
    assert [(row.at, row.value, row.n, row.events) for row in rows] == [
        (0, 1.0, 2, 0),
        (113, 0.5, 2, 1),
        (168, 0.5, 1, 1),
    ]
    assert [(row.at, row.value) for row in results.where(endpoint="PFS", statistic="censored at")] == [(168, 1), (1, 1)]


def test_numbers_at_risk_every_three_months(results):
    rows = results.where(endpoint="PFS", statistic="at risk", group="A")
    assert [(row.at, row.value) for row in rows] == [(0, 2), (91, 2)]


def test_reasons_of_censoring_with_their_patients(results):
    row = one(results, "censoring reason", "B", item="no adequate assessment")
    assert (row.value, results.subjects[row.subjects]) == (1, ("04",))
    assert one(results, "censoring reason", "A", item="no adequate assessment").value == 0


def test_events_can_be_followed_to_their_patients(results):
    row = one(results, "events", "all")
    assert (row.subjects, results.subjects[row.subjects]) == ("final/PFS/ITT/all/events", ("01", "03"))


def test_one_event_in_each_arm_compared_within_strata(results):
    """Both events fall in the stratum yes: at day 55 one of each arm is at risk, at day 113 nobody of B is."""
    p = one(results, "log-rank P", "A v B")
    assert p.value == pytest.approx(0.31731050786291415)
    assert p.conventions == "2 strata as randomized; without information: no; two-sided"
    assert one(results, "log-rank z", "A v B").value == pytest.approx(-1)


def test_an_infinite_or_zero_hazard_ratio_is_a_row_with_its_problem(results):
    row = one(results, "hazard ratio", "A v B")
    assert row.lower in (None, 0)
    assert row.problem
    assert (row.n, row.events, row.method) == (4, 2, "cox")


def test_without_strata_the_whole_trial_is_compared(four, protocol_with):
    plain = run(four, protocol_with(analysis={"stratified": False}))
    assert one(plain, "log-rank P", "A v B").conventions == "not stratified; two-sided"


def test_an_arm_without_patients_is_named_as_the_problem(trial, small_protocol):
    results = run(trial(subjects="subject | arm\n01 | A"), small_protocol)
    assert one(results, "median", "B").problem == "no patient to analyze"
    assert one(results, "rate", "B", at=183).value is None
    assert one(results, "hazard ratio", "A v B").problem == "arm B has no patient to compare"
    assert one(results, "log-rank P", "A v B").value is None


def test_responders_alone_are_counted_where_the_endpoint_says_so(four, protocol_with):
    items = [{"endpoint": "DOR", "population": "ITT", "compare": False}]
    results = run(four, protocol_with(analysis={"items": items}))
    row = one(results, "events", "A", endpoint="DOR")
    assert (row.n, row.value, results.subjects[row.subjects]) == (1, 1, ("01",))
    assert one(results, "median", "B", endpoint="DOR").problem == "no patient to analyze"
    assert results.where(endpoint="DOR", statistic="hazard ratio") == ()


def test_an_endpoint_that_is_not_derived_is_refused(four, small_protocol):
    """The protocol refuses such a plan when it is read; one that was changed afterwards must not pass either."""
    items = (AnalysisItem(endpoint="QOL", population="ITT"),)
    plan = small_protocol.analysis.model_copy(update={"items": items})
    with pytest.raises(ValueError, match="'QOL' is in the analysis plan, but its kind is 'not derived'"):
        run(four, small_protocol.model_copy(update={"analysis": plan}))
