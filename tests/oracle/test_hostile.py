"""Data that break packages: each gives the answer a statistician would sign, in words where there is no number."""

import math
from typing import Any

import numpy as np
import pytest
from hostile_tables import TABLES, TIES, questions, silent, table
from oracle_cases import Differences

from trialwright import stats
from trialwright.stats import CoxData, EventTimes, cox, cox_regression, kaplan_meier, log_rank

ON_BOTH_SIDES = pytest.mark.parametrize("ties", TIES)


@pytest.mark.parametrize("name", TABLES)
def test_every_question_has_a_number_or_a_reason(name: str) -> None:
    """No crash, no warning, no NaN for a number; a refusal is a ValueError that says what must be otherwise."""
    answered = 0
    for what, ask in questions(table(name)):
        try:
            found = ask()
        except ValueError as error:
            assert not isinstance(error, np.linalg.LinAlgError), f"{name}: {what}: {error}"
            assert len(str(error)) > 20, f"{name}: {what}: {error}"
            continue
        answered += 1
        assert list(silent(found)) == [], f"{name}: {what}"
    assert answered >= 40, f"{name}: only {answered} questions answered"


@pytest.mark.reference("nasty/no_events_in_arm1")
@ON_BOTH_SIDES
def test_no_event_in_one_arm(ties: Any, differences: Differences) -> None:
    """A ratio of 0 with the limit of the likelihood ratio; P from likelihood ratio and score, none from Wald."""
    fit = cox(table("no event in one arm"), ties=ties)
    effect = fit.effect
    assert (effect.hazard_ratio, effect.lower, effect.se, effect.p) == (0.0, 0.0, None, None)
    assert effect.upper is not None and 0 < effect.upper < math.inf
    assert fit.wald.p is None and fit.score.p is not None and fit.likelihood_ratio.p is not None
    assert (effect.problem or "").startswith("the hazard ratio is 0: no event in the other arm")
    differences.answer("nasty/no_events_in_arm1", "hazard ratio 0 with an upper limit; no Wald test")


@pytest.mark.reference("nasty/perfect_separation")
@ON_BOTH_SIDES
def test_all_events_of_one_arm_first(ties: Any, differences: Differences) -> None:
    fit = cox(table("all events of one arm first"), ties=ties)
    effect = fit.effect
    assert (effect.hazard_ratio, effect.upper, effect.se, effect.p) == (math.inf, math.inf, None, None)
    assert effect.lower is not None and effect.lower > 1
    assert (effect.problem or "").startswith("the hazard ratio is infinite")
    limit = stats.profile_hazard_ratios(table("all events of one arm first"), ties=ties)["B"].lower
    assert limit == pytest.approx(effect.lower, rel=1e-9)
    differences.answer("nasty/perfect_separation", "hazard ratio infinite with a lower limit; no Wald test")


def test_the_limit_of_a_monotone_likelihood_is_where_it_has_fallen_by_half_of_the_quantile() -> None:
    """Four events of B, then four of A, no ties: the likelihood is the product of w/(w k + 4), k = 4 to 1, and 1."""
    lower = cox(table("all events of one arm first")).effect.lower
    assert lower is not None

    def log_likelihood(w: float) -> float:
        return -sum(math.log((w * k + 4) / w) for k in (1, 2, 3, 4))

    bound = -sum(math.log(k) for k in (1, 2, 3, 4))
    assert bound - log_likelihood(lower) == pytest.approx(3.841458820694124 / 2, rel=1e-9)


@pytest.mark.reference("nasty/all_censored")
def test_all_censored(differences: Differences) -> None:
    times = table("all censored")
    curve = kaplan_meier(times)["A"]
    assert curve.quantile(0.5).problem == "not reached: survival stays above 0.5 to day 5"
    for found in (log_rank(times).test, cox(times).effect, cox(times).wald, stats.max_combo(times)):
        assert "no information: there is no event" in (found.problem or "")
    assert cox_regression(CoxData.from_times(times)).problem == "no information: there is no event"
    differences.answer("nasty/all_censored", "no information: there is no event")


IMPOSSIBLE: Any = [
    ("nasty/missing", math.nan, "time must be known; got nan at position 1"),
    ("nasty/missing", None, "time must be known"),
    ("nasty/negative_time", -2, r"time must be zero or more; got -2\S* at position 1 \(1 in all\). Check the dates"),
    ("nasty/infinite_time", math.inf, "time must be finite; got inf at position 1"),
]


@pytest.mark.reference("nasty/missing", "nasty/negative_time", "nasty/infinite_time")
@pytest.mark.parametrize(("case", "bad", "said"), IMPOSSIBLE)
def test_impossible_times_are_refused(case: str, bad: Any, said: str, differences: Differences) -> None:
    """Never dropped here: whoever leaves rows out does it by a rule of the plan and counts them."""
    for make in (EventTimes.of, EventTimes.from_continuous):
        with pytest.raises(ValueError, match=said):
            make([3, bad, 5], [1, 1, 0], ["A", "B", "A"])
    with pytest.raises(ValueError, match=said):
        CoxData.of([3, bad, 5], [1, 1, 0], {"x": [1, 2, 3]})
    differences.answer(case, f"refused: {said.split(';', maxsplit=1)[0]}")


@pytest.mark.parametrize("bad", [2, float("nan"), -1, 0.5])
def test_events_are_two_values(bad: Any) -> None:
    with pytest.raises(ValueError, match="event must be True or False, or 1 or 0; got"):
        EventTimes.of([3, 4, 5], [1, bad, 0])


@pytest.mark.parametrize("bad", [None, float("nan")])
def test_nobody_without_arm_or_stratum(bad: Any) -> None:
    with pytest.raises(ValueError, match="arm must be known for each subject; got"):
        EventTimes.of([3, 4], [1, 0], ["A", bad])
    with pytest.raises(ValueError, match="stratum must be known for each subject; got"):
        EventTimes.of([3, 4], [1, 0], ["A", "B"], ["x", bad])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_covariates_are_finite(bad: float) -> None:
    with pytest.raises(ValueError, match=r"x must be known|covariates must be known and finite"):
        CoxData.of([3, 4, 5], [1, 0, 1], {"x": [1.0, bad, 2.0]})


@pytest.mark.reference("nasty/zero_times")
def test_day_0_counts_as_it_stands(differences: Differences) -> None:
    """An event on day 0 is one: whether day 0 is day 1 is decided before; shifting all days changes no comparison."""
    times = table("day 0 and later")
    curve = kaplan_meier(times)["A"]
    assert (curve.days[0], curve.events[0], curve.at_risk[0]) == (0, 2, 4)
    assert curve.at(0).value == 0.5
    later = EventTimes.of(times.day + 1, times.event, [times.arms[a] for a in times.arm])
    assert log_rank(later).test.statistic == log_rank(times).test.statistic
    assert cox(later).effect == cox(times).effect
    differences.answer("nasty/zero_times", "an event on day 0 counts; survival steps down on day 0")


@pytest.mark.reference("nasty/float_near_ties")
def test_near_ties_are_merged_by_a_stated_tolerance_only(differences: Differences) -> None:
    """0.1 + 0.2 and 0.3: impossible in whole days; as real times distinct, and tied by a tolerance asked for."""
    time, event, arm = [0.1 + 0.2, 0.3, 1.0, 2.0], [1, 1, 1, 0], list("ABAB")
    with pytest.raises(ValueError, match=r"day must be whole.*from_continuous"):
        EventTimes.of(time, event, arm)
    apart = EventTimes.from_continuous(time, event, arm)
    merged = EventTimes.from_continuous(time, event, arm, tie_tolerance=1.5e-8)
    assert (apart.day.tolist(), merged.day.tolist()) == ([1, 0, 2, 3], [0, 0, 1, 2])
    exact = EventTimes.of([3, 3, 10, 20], event, arm)
    assert log_rank(merged).test.statistic == log_rank(exact).test.statistic
    assert log_rank(apart).test.statistic != log_rank(exact).test.statistic
    differences.answer("nasty/float_near_ties", "merged by the stated tolerance, or impossible in whole days")


@pytest.mark.reference("nasty/one_arm_stratum", "nasty/stratum_without_events")
@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("nasty/one_arm_stratum", "stratum of one arm"),
        ("nasty/stratum_without_events", "stratum without event"),
    ],
)
def test_a_stratum_that_tells_nothing_is_named(case: str, name: str, differences: Differences) -> None:
    """It contributes nothing, and is listed."""
    times = table(name)
    rest = times.only([times.strata[s] == "x" for s in times.stratum])
    assert log_rank(times).uninformative_strata == ("y",)
    assert log_rank(times).test.statistic == pytest.approx(log_rank(rest).test.statistic, rel=1e-13)
    for ties in TIES:
        assert cox(times, ties=ties).uninformative_strata == ("y",)
        assert cox(times, ties=ties).effect.coef == pytest.approx(cox(rest, ties=ties).effect.coef, rel=1e-13)
        assert cox(times, ties=ties).effect.se == pytest.approx(cox(rest, ties=ties).effect.se, rel=1e-13)
    differences.answer(case, "contributes nothing and is listed")


@pytest.mark.reference("nasty/singleton_strata")
@ON_BOTH_SIDES
def test_a_stratum_for_each_subject(ties: Any, differences: Differences) -> None:
    times = table("a stratum for each subject")
    for found in (log_rank(times).test, cox(times, ties=ties).effect, cox(times, ties=ties).score):
        assert (found.problem or "").startswith("no information")
    assert cox(times, ties=ties).uninformative_strata == ("w", "x", "y", "z")
    differences.answer("nasty/singleton_strata", "no information, and which strata")


@pytest.mark.reference("nasty/one_group_only")
def test_one_arm_only(differences: Differences) -> None:
    times = table("one arm")
    for ask in (log_rank, cox):
        with pytest.raises(ValueError, match="a comparison needs subjects in at least two arms; got A only"):
            ask(times)
    differences.answer("nasty/one_group_only", "refused: at least two arms")


@pytest.mark.reference("nasty/constant_covariate")
@ON_BOTH_SIDES
def test_a_constant_or_redundant_covariate_is_named(ties: Any, differences: Differences) -> None:
    day, event = [3, 5, 8, 9, 11, 14, 15, 20], [1, 1, 0, 1, 1, 1, 0, 1]
    x = np.array([1.0, 4, 2, 3, 5, 1, 2, 2])
    alone = cox_regression(CoxData.of(day, event, {"x": x}), ties=ties)
    for name, extra in (("constant", np.full(8, 2.0)), ("double", 3 * x - 7)):
        fit = cox_regression(CoxData.of(day, event, {"x": x, name: extra}), ties=ties)
        assert fit[name].coef is None and fit[name].hazard_ratio is None
        assert name in (fit.problem or "") and fit[name].problem
        assert fit["x"].coef == pytest.approx(alone["x"].coef, rel=1e-10)
        assert fit["x"].se == pytest.approx(alone["x"].se, rel=1e-10)
    differences.answer("nasty/constant_covariate", "named as aliased; the others are estimated")


@pytest.mark.reference("nasty/offset_covariate", "nasty/huge_covariate")
@ON_BOTH_SIDES
@pytest.mark.parametrize(("shift", "scale"), [(1e8, 1.0), (-1e8, 1.0), (0.0, 1e6), (0.0, 1e-6), (1e8, 1e3)])
def test_a_covariate_far_from_zero(ties: Any, shift: float, scale: float, differences: Differences) -> None:
    """Moved, the coefficient stays; scaled, it scales. Halves stay exact at 1e8."""
    day, event = [1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 1, 1, 1, 0, 1, 1]
    x = np.array([1, 2, 1.5, 3, 2.5, 1, 2.25, 4])
    plain = cox_regression(CoxData.of(day, event, {"x": x}), ties=ties)["x"]
    moved = cox_regression(CoxData.of(day, event, {"x": x * scale + shift}), ties=ties)["x"]
    assert plain.coef is not None and moved.coef is not None
    case = "nasty/offset_covariate" if shift else "nasty/huge_covariate"
    differences.check(case, f"moved and scaled, {ties}", moved.coef * scale, plain.coef, 1e-8)
    assert (moved.se or 0) * scale == pytest.approx(plain.se, rel=1e-8)
    assert moved.p == pytest.approx(plain.p, rel=1e-7)
