"""Laws of curves and competing risks that hold for all data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.stats import (
    CompetingTimes,
    EventTimes,
    RiskTable,
    aalen_johansen,
    cox,
    fine_gray,
    gray_test,
    kaplan_meier,
    log_rank,
    nelson_aalen,
)

ARMS, STRATA = ("C", "E"), ("x", "y")
quick = settings(max_examples=80, deadline=None)
subject = st.tuples(
    st.integers(1, 12), st.booleans(), st.integers(0, 1), st.integers(0, 1), st.integers(0, 11), st.integers(1, 3)
)
subjects = st.lists(subject, min_size=2, max_size=20).filter(lambda rows: len({r[2] for r in rows}) == 2)
ending = st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(0, 1), st.integers(0, 1))
endings = st.lists(ending, min_size=2, max_size=25).filter(lambda rows: len({r[2] for r in rows}) == 2)


def times_of(rows: list[Any], weighted: bool = True) -> EventTimes:
    day, event, arm, stratum, entry, weight = (np.array(column) for column in zip(*rows, strict=True))
    return EventTimes.coded(
        day,
        event,
        arm,
        stratum,
        arms=ARMS,
        strata=STRATA,
        entry=np.minimum(entry, day - 1),
        weight=weight if weighted else None,
    )


def competing_of(rows: list[Any], **columns: Any) -> CompetingTimes:
    day, cause, arm, stratum = (np.array(column) for column in zip(*rows, strict=True))
    return CompetingTimes.of(
        day,
        cause,
        [ARMS[a] for a in arm],
        [STRATA[s] for s in stratum],
        causes=("one", "two"),
        arms=ARMS,
        strata=STRATA,
        **columns,
    )


def entered_and_weighted(rows: list[Any], late: int, scale: float) -> CompetingTimes:
    """Return competing times with entries and weights made of the row number."""
    i, day = np.arange(len(rows)), np.array([row[0] for row in rows])
    return competing_of(rows, entry=np.minimum((i * 7) % (late + 1), day - 1), weight=scale * (1 + i % 3))


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-9, atol=1e-9)


@quick
@given(subjects)
def test_numbers_at_risk_are_counted_subject_by_subject(rows: list[Any]) -> None:
    times, table = times_of(rows), RiskTable.count(times_of(rows))
    assert times.entry is not None and times.weight is not None
    for t, day in enumerate(table.days):
        at_risk = (times.entry < day) & (day <= times.day)
        for s in range(2):
            for a in range(2):
                chosen = at_risk & (times.stratum == s) & (times.arm == a)
                assert table.at_risk[s, t, a] == times.weight[chosen].sum()


@quick
@given(subjects)
def test_whole_weights_are_repeated_subjects(rows: list[Any]) -> None:
    repeated = times_of([row for row in rows for _ in range(row[-1])], weighted=False)
    one, other = RiskTable.count(times_of(rows)), RiskTable.count(repeated)
    for name in ("days", "events", "censored", "entered", "at_risk"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@quick
@given(subjects, st.data())
def test_tables_with_delayed_entry_and_weights_add_up(rows: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    whole, total = RiskTable.count(times_of(rows)), RiskTable.count(times_of(rows[:cut])) + times_of(rows[cut:]).table
    for name in ("days", "events", "censored", "entered", "at_risk", "subjects"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(total, name))


@quick
@given(subjects, st.randoms(use_true_random=False))
def test_the_order_of_subjects_changes_nothing(rows: list[Any], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = times_of(rows), times_of(shuffled)
    assert log_rank(one).test == log_rank(other).test
    assert cox(one).effect == cox(other).effect
    np.testing.assert_array_equal(kaplan_meier(one)["C"].survival, kaplan_meier(other)["C"].survival)


@quick
@given(subjects, st.floats(0.1, 9))
def test_a_common_weight_moves_no_estimate_and_scales_the_variance(rows: list[Any], weight: float) -> None:
    plain, n = times_of(rows, weighted=False), len(rows)
    assert plain.entry is not None
    scaled = EventTimes.coded(
        plain.day, plain.event, plain.arm, arms=ARMS, entry=plain.entry, weight=np.full(n, weight)
    )
    for arm, curve in kaplan_meier(plain).items():
        other = kaplan_meier(scaled)[arm]
        close(other.survival, curve.survival)
        close(other.se * np.sqrt(weight), curve.se)
        close(nelson_aalen(scaled)[arm].hazard, nelson_aalen(plain)[arm].hazard)


@quick
@given(subjects, st.integers(2, 9))
def test_scaling_time_scales_quantiles(rows: list[Any], factor: int) -> None:
    longer = [(row[0] * factor, *row[1:4], row[4] * factor, row[5]) for row in rows]
    one = times_of([(*row[:4], 0, row[5]) for row in rows])
    other = times_of([(*row[:4], 0, row[5]) for row in longer])
    for arm, curve in kaplan_meier(one).items():
        ours, theirs = curve.quantile(0.5).value, kaplan_meier(other)[arm].quantile(0.5).value
        assert (ours is None) == (theirs is None)
        assert ours is None or theirs == pytest.approx(factor * ours)


@quick
@given(endings, st.integers(0, 8), st.sampled_from([1, 0.3]))
def test_incidences_and_the_event_free_add_up(rows: list[Any], late: int, scale: float) -> None:
    for times in (competing_of(rows), entered_and_weighted(rows, late, scale)):
        one, two = (aalen_johansen(times, cause) for cause in times.causes)
        for arm, curve in kaplan_meier(times.any_cause()).items():
            close(one[arm].incidence + two[arm].incidence, 1 - curve.survival)
            close(one[arm].free, curve.survival)
            assert not np.isnan(one[arm].se).any()


@quick
@given(endings, st.integers(0, 8), st.sampled_from([1, 0.3]))
def test_the_incidence_of_any_cause_has_greenwoods_variance(rows: list[Any], late: int, scale: float) -> None:
    merged = [(day, min(cause, 1), *rest) for day, cause, *rest in rows]
    for times in (competing_of(merged), entered_and_weighted(merged, late, scale)):
        for arm, curve in kaplan_meier(times.any_cause()).items():
            found = aalen_johansen(times, "one")[arm]
            positive = curve.survival > 0
            close(found.se[positive], curve.se[positive])


@quick
@given(endings)
def test_gray_is_symmetric_and_without_other_causes_scores_as_the_log_rank_test(rows: list[Any]) -> None:
    times, swapped = competing_of(rows), competing_of([(d, c, 1 - a, s) for d, c, a, s in rows])
    one, other = gray_test(times, "one"), gray_test(swapped, "one")
    close(one.score, other.score[::-1])
    close(one.score.sum(), 0)
    assert np.linalg.eigvalsh(one.variance).min() > -1e-9
    alone = competing_of([(d, min(c, 1), a, s) for d, c, a, s in rows])
    test = log_rank(alone.of_cause("one"))
    close(gray_test(alone, "one").score, test.observed - test.expected)


@quick
@given(endings, st.sampled_from(["breslow", "efron"]), st.sampled_from(["together", "after"]))
def test_fine_gray_without_other_causes_is_the_cox_model(rows: list[Any], ties: Any, censoring: Any) -> None:
    alone = competing_of([(d, min(c, 1), *rest) for d, c, *rest in rows])
    found = fine_gray(alone, "one", ties=ties, censoring_ties=censoring).effect
    theirs = cox(alone.of_cause("one"), ties=ties).effect
    if theirs.se is None:
        assert found.coef is None and found.problem
    else:
        close(found.coef, theirs.coef)
        close(found.naive_se, theirs.se)


def test_compiled_counting_equals_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    for span in (40, 10**6):  # dense and sparse days
        n = 20_000
        columns = (rng.integers(0, span, n), rng.random(n) < 0.6, rng.integers(0, 2, n), rng.integers(0, 2, n))
        compiled = EventTimes.coded(*columns, arms=ARMS, strata=STRATA)
        with monkeypatch.context() as patch:
            patch.setattr("trialwright.stats.columns.MANY", 10**9)
            patch.setattr("trialwright.stats.risk_table.MANY", 10**9)
            plain = EventTimes.coded(*columns, arms=ARMS, strata=STRATA)
            for name in ("day", "event", "arm", "stratum"):
                np.testing.assert_array_equal(getattr(compiled, name), getattr(plain, name))
            theirs = RiskTable.count(plain)
        ours = RiskTable.count(compiled)
        for name in ("days", "events", "censored", "at_risk"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize(("code", "message"), [(2, "got 2 at position 7"), (-1, "got -1 at position 7")])
def test_wrong_codes_are_found_among_many(code: int, message: str) -> None:
    arm = np.zeros(20_000, int)
    arm[7] = code
    with pytest.raises(ValueError, match=message):
        EventTimes.coded(np.ones(20_000, int), np.ones(20_000, bool), arm, arms=ARMS)


def test_wrong_days_are_found_among_many() -> None:
    day = np.ones(20_000, int)
    day[9] = -3
    with pytest.raises(ValueError, match=r"time must be zero or more; got -3.0 at position 9"):
        EventTimes.of(day, np.ones(20_000, bool))
