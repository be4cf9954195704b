"""Laws that hold for all data: the batch equals the single trial, tables add, symmetries, closed forms."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.stats import (
    EventTimes,
    RiskTable,
    analyze_batch,
    cox,
    kaplan_meier,
    log_rank,
    reverse_kaplan_meier,
)
from trialwright.stats.efron import efron_sums

subject = st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 1), st.integers(0, 2))
subjects = st.lists(subject, min_size=2, max_size=25).filter(lambda rows: len({r[2] for r in rows}) == 2)
quick = settings(max_examples=150, deadline=None)
ARMS, STRATA = ("C", "E"), ("x", "y", "z")


def times_of(rows: list[tuple[int, bool, int, int]]) -> EventTimes:
    day, event, arm, stratum = map(list, zip(*rows, strict=True))
    return EventTimes.coded(day, event, arm, stratum, arms=ARMS, strata=STRATA)


def nan(value: float | None) -> float:
    return np.nan if value is None else value


def close(a: Any, b: Any, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=tolerance, atol=tolerance)


@quick
@given(subjects, st.lists(st.integers(0, 15), max_size=3), st.sampled_from(["R", "SAS"]), st.booleans(), st.data())
def test_the_batch_equals_the_functions_for_one_trial(
    rows: Any, at_days: list[int], flat: Any, carry: bool, data: st.DataObject
) -> None:
    beyond: Any = "carry" if carry else "not estimable"
    scale = data.draw(st.sampled_from([1, 211, 1_000_003]))
    rows = [(day * scale, *rest) for day, *rest in rows]
    at_days = [day * scale for day in at_days]
    padding = data.draw(st.lists(subject, max_size=4))
    day, event, arm, stratum = (np.array([column]) for column in zip(*(rows + padding), strict=True))
    included = np.arange(len(rows) + len(padding)) < len(rows)
    batch = analyze_batch(
        day, event, arm, stratum, at_days=at_days, included=included, flat=flat, beyond=beyond, workers=1
    )
    times = times_of(rows)
    curves, reverse = kaplan_meier(times), reverse_kaplan_meier(times)
    for a, name in enumerate(ARMS):
        assert batch.subjects[0, a] == curves[name].subjects
        assert batch.events[0, a] == curves[name].total_events
        close(batch.median[0, a], nan(curves[name].quantile(0.5, flat=flat).value))
        close(batch.survival[0, a], [nan(curves[name].at(t, beyond=beyond).value) for t in at_days])
        close(batch.follow_up_by_arm[0, a], nan(reverse[name].quantile(0.5, flat=flat).value))
    pooled = reverse_kaplan_meier(times.pooled())["all"]
    close(batch.follow_up[0], nan(pooled.quantile(0.5, flat=flat).value))
    effect = cox(times).effect
    close(batch.z[0], nan(log_rank(times).z))
    close(batch.log_hazard_ratio[0], nan(effect.coef))
    close(batch.se[0], nan(effect.se))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_chunks_and_threads_change_nothing(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    day, event = rng.integers(0, 60, (50, 30)), rng.random((50, 30)) < 0.7
    arm, stratum = rng.integers(0, 2, (50, 30)), rng.integers(0, 3, 30)
    whole = analyze_batch(day, event, arm, stratum, at_days=[20, 10], workers=1)
    monkeypatch.setattr("trialwright.stats.batch.CHUNK", 7)
    parts = analyze_batch(day, event, arm, stratum, at_days=[20, 10], workers=workers)
    for name in (
        "subjects",
        "events",
        "median",
        "survival",
        "follow_up",
        "follow_up_by_arm",
        "z",
        "log_hazard_ratio",
        "se",
    ):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


@quick
@given(subjects, st.data())
def test_the_tables_of_two_parts_add_up_to_the_table_of_the_whole(rows: Any, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    whole = RiskTable.count(times_of(rows))
    total = RiskTable.count(times_of(rows[:cut])) + RiskTable.count(times_of(rows[cut:]))
    for name in ("days", "events", "censored", "at_risk", "subjects"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(total, name))


@quick
@given(subjects, st.sampled_from(["efron", "breslow", "exact", "discrete"]))
def test_swapping_the_arms_turns_the_signs(rows: Any, ties: Any) -> None:
    swapped = [(day, event, 1 - arm, stratum) for day, event, arm, stratum in rows]
    close(nan(log_rank(times_of(rows)).z), -nan(log_rank(times_of(swapped)).z))
    one, other = cox(times_of(rows), ties=ties).effect, cox(times_of(swapped), ties=ties).effect
    close(nan(one.coef), -nan(other.coef))
    close(nan(one.se), nan(other.se))
    if one.lower and other.upper:
        close(one.lower, 1 / other.upper)


@quick
@given(subjects, st.integers(1, 4000), st.sampled_from(["efron", "breslow", "exact", "discrete"]))
def test_tests_depend_on_the_order_of_days_only(rows: Any, shift: int, ties: Any) -> None:
    later = times_of([(2 * day + shift, *rest) for day, *rest in rows])
    close(nan(log_rank(times_of(rows)).z), nan(log_rank(later).z), 0)
    assert cox(times_of(rows), ties=ties).effect == cox(later, ties=ties).effect


@quick
@given(subjects)
def test_real_times_give_what_their_ranks_give(rows: Any) -> None:
    times = times_of(rows)
    real = EventTimes.from_continuous(
        [day / 30.4375 for day, *_ in rows], times.event, times.arm.tolist(), times.stratum.tolist(), arms=[0, 1]
    )
    assert log_rank(real).test == log_rank(times).test
    ours, theirs = kaplan_meier(real)["1"].quantile(0.5).value, kaplan_meier(times)["E"].quantile(0.5).value
    close(nan(ours) * 30.4375, nan(theirs), 1e-12)


@quick
@given(subjects)
def test_the_score_test_of_the_exact_discrete_model_is_the_log_rank_test(rows: Any) -> None:
    close(nan(cox(times_of(rows), ties="discrete").score.statistic), nan(log_rank(times_of(rows)).test.statistic))


@quick
@given(subjects)
def test_without_ties_all_rules_agree(rows: Any) -> None:
    untied = times_of([(i, *rest) for i, (_, *rest) in enumerate(rows)])
    one, *others = (cox(untied, ties=rule).effect for rule in ("efron", "breslow", "exact", "discrete"))
    for other in others:
        close(nan(one.coef), nan(other.coef))
        close(nan(one.se), nan(other.se))


@quick
@given(subjects)
def test_no_answer_is_nan_and_every_gap_has_its_reason(rows: Any) -> None:
    fit, test = cox(times_of(rows)), log_rank(times_of(rows)).test
    for answer in (fit.wald, fit.score, fit.likelihood_ratio, test):
        assert (answer.p is None) == (answer.problem is not None)
        assert answer.p is None or 0 <= answer.p <= 1
    effect = fit.effect
    assert (effect.se is None) == (effect.problem is not None)
    assert not any(isinstance(v, float) and np.isnan(v) for v in vars(effect).values())


sizes = st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 10**6), st.integers(0, 10**6))


@quick
@given(sizes.filter(lambda s: s[0] + s[1] >= 12), st.floats(-6, 6))
def test_efrons_closed_form_equals_the_sum(size: tuple[int, int, int, int], b: float) -> None:
    d1, d0, more1, more0 = size
    d, y1, y0, w = d1 + d0, d1 + more1, d0 + more0, np.exp(b)
    passed = np.arange(d) / d
    one = w * (y1 - passed * d1)
    total = one + y0 - passed * d0
    p = one / total
    log, mean, spread = efron_sums(np.array([[d0, d1]], float), np.array([[y0, y1]], float), b)
    close(log[0], np.log(total).sum(), 1e-11)
    close(mean[0], p.sum(), 1e-11)
    close(spread[0], (p * (1 - p)).sum(), 1e-9)
