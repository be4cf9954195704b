"""Log-rank and Cox by hand, and data that do not allow an answer."""

import math
from typing import Any

import numpy as np
import pytest

from trialwright.stats import EventTimes, RiskTable, analyze_batch, cox, log_rank

RULES = ["efron", "breslow", "exact", "discrete"]
Z = 1.959963984540054


def times(day: list[int], event: list[int], arm: str, stratum: str | None = None) -> EventTimes:
    return EventTimes.of(day, event, list(arm), list(stratum) if stratum else None)


def test_log_rank_by_hand() -> None:
    # day 3: 1 of 2 A, 2 B; day 5: 1 of 1 A, 2 B; day 7 and 9: B alone, no information
    found = log_rank(times([3, 5, 7, 9], [1, 1, 1, 1], "AABB"))
    expected_b = 2 / 4 + 2 / 3 + 1 + 1
    variance = 1 / 4 + 2 / 9
    assert found.observed.tolist() == [2, 2]
    assert found.expected.tolist() == pytest.approx([4 - expected_b, expected_b])
    assert found.z == pytest.approx((2 - expected_b) / math.sqrt(variance))
    assert found.test.statistic == pytest.approx((2 - expected_b) ** 2 / variance)
    assert found.p_one_sided == pytest.approx(found.test.p / 2)


def test_strata_are_summed_before_the_quotient() -> None:
    rows = ([3, 5, 7, 9, 2, 4, 6, 8], [1] * 8, "AABBABAB")
    stratified = log_rank(times(*rows, "xxxxyyyy"))
    parts = [log_rank(times(rows[0][i:j], rows[1][i:j], rows[2][i:j])) for i, j in ((0, 4), (4, 8))]
    difference = sum(p.observed[1] - p.expected[1] for p in parts)
    assert stratified.z == pytest.approx(difference / math.sqrt(sum(p.variance[1, 1] for p in parts)))
    assert stratified.expected_by_stratum.tolist() == [p.expected.tolist() for p in parts]


@pytest.mark.parametrize("rule", RULES)
def test_cox_by_hand(rule: Any) -> None:
    # likelihood w / (2 w + 1) / (w + 1) without ties is largest at w = 1 / sqrt 2
    found = cox(times([1, 2, 3], [1, 1, 0], "BAB"), ties=rule)
    assert found.effect.hazard_ratio == pytest.approx(1 / math.sqrt(2), rel=1e-12)
    w = 1 / math.sqrt(2)
    information = 2 * w / (2 * w + 1) ** 2 + w / (w + 1) ** 2
    assert found.effect.se == pytest.approx(1 / math.sqrt(information))
    assert found.effect.lower == pytest.approx(w * math.exp(-Z / math.sqrt(information)))
    assert found.log_likelihood_null == pytest.approx(-math.log(6))


def test_the_tie_rules_by_hand() -> None:
    """One A and one B of two each have the event on one day: w / S by rule, at w = 1."""
    data = times([1, 1, 2, 2], [1, 1, 0, 0], "ABAB")
    assert cox(data, ties="breslow").log_likelihood_null == pytest.approx(-math.log(16))
    assert cox(data, ties="efron").log_likelihood_null == pytest.approx(-math.log(4 * 3))
    assert cox(data, ties="discrete").log_likelihood_null == pytest.approx(-math.log(6))
    assert cox(data, ties="exact").log_likelihood_null == pytest.approx(-math.log(6))
    assert all(cox(data, ties=rule).effect.hazard_ratio == pytest.approx(1) for rule in RULES)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("arm", "ratio"), [("BA", math.inf), ("AB", 0.0)])
def test_a_likelihood_without_maximum(rule: Any, arm: str, ratio: float) -> None:
    """One event among one A and one B: the likelihood is w / (w + 1) or 1 / (w + 1)."""
    effect = cox(times([1, 2], [1, 0], arm), ties=rule).effect
    share = math.exp(-(Z**2) / 2)
    limit = share / (1 - share)
    assert effect.hazard_ratio == ratio
    assert (effect.se, effect.z, effect.p) == (None, None, None)
    if ratio == 0:
        assert (effect.lower, effect.upper) == (0, pytest.approx(1 / limit))
        assert "no event in the other arm" in (effect.problem or "")
    else:
        assert (effect.lower, effect.upper) == (pytest.approx(limit), math.inf)
        assert "no event in the reference arm" in (effect.problem or "")


def test_only_the_exact_rule_is_monotone_when_nobody_of_an_arm_outlives_the_day() -> None:
    """One event in each arm among two A and one B: of two subjects drawn, B is there with 2 w / (2 w + 1)."""
    data = times([1, 1, 2], [1, 1, 0], "ABA")
    exact = cox(data, ties="discrete")
    assert exact.effect.hazard_ratio == math.inf
    share = math.exp(-(Z**2) / 2)
    assert exact.effect.lower == pytest.approx(share / (1 - share) / 2)
    assert all(cox(data, ties=rule).effect.se is not None for rule in ("efron", "breslow"))


def test_a_rare_arm_whose_first_newton_step_would_be_one_of_hundreds() -> None:
    """The likelihood w / (2 w + 998) / (w + 998) is largest at 998 / sqrt 2."""
    day, event = [1, 900, 2] + [900] * 997, [True, False, True] + [False] * 997
    arm = [1, 1] + [0] * 998
    effect = cox(EventTimes.coded(day, event, arm, arms=["A", "B"])).effect
    assert effect.hazard_ratio == pytest.approx(998 / math.sqrt(2), rel=1e-12)
    batch = analyze_batch([day], event, arm)
    assert batch.log_hazard_ratio[0] == pytest.approx(effect.coef, rel=1e-12)
    assert batch.se[0] == pytest.approx(effect.se, rel=1e-9)


@pytest.mark.parametrize("others", [12, 13])
def test_newtons_method_that_would_jump_to_and_fro(others: int) -> None:
    """Forty strata of one B and 12 A with one event each, half of them in B: from 0 plain steps overshoot for ever."""
    n, strata = others + 1, 40
    event = np.array([[row == (s % 2) for row in range(n)] for s in range(strata)]).ravel()
    day, arm = np.where(event, 1, 2), np.tile([1] + [0] * others, strata)
    stratum = np.repeat(np.arange(strata), n)
    names = [str(s) for s in range(strata)]
    effect = cox(EventTimes.coded(day, event, arm, stratum, arms=["A", "B"], strata=names)).effect
    assert effect.hazard_ratio == pytest.approx(others, rel=1e-12)
    assert analyze_batch([day], event, arm, stratum).log_hazard_ratio[0] == pytest.approx(math.log(others), rel=1e-12)


def test_what_remains_of_a_likelihood_without_maximum() -> None:
    found = cox(times([2, 4, 5, 7, 3, 6, 8, 9], [1, 1, 1, 0, 0, 0, 0, 0], "AAAABBBB"))
    assert found.wald.statistic is None and found.covariance is None
    assert found.score.p == pytest.approx(0.0627, abs=1e-3)
    assert found.likelihood_ratio.p == pytest.approx(0.0318, abs=1e-3)


@pytest.mark.parametrize(
    "data",
    [
        times([2, 4, 5, 7], [0, 0, 0, 0], "ABAB"),
        times([3, 5, 6, 8], [1, 1, 1, 1], "ABAB", "wxyz"),
        times([1, 2, 3, 4], [0, 0, 1, 1], "AABB"),
    ],
    ids=["all censored", "each subject a stratum", "events in one arm after the other has left"],
)
@pytest.mark.parametrize("rule", RULES)
def test_no_information(data: EventTimes, rule: Any) -> None:
    found, fit = log_rank(data), cox(data, ties=rule)
    assert (found.test.statistic, found.test.p, found.z, found.p_one_sided) == (None, None, None, None)
    for problem in (
        found.test.problem,
        fit.problem,
        fit.effect.problem,
        fit.wald.problem,
        fit.likelihood_ratio.problem,
    ):
        assert problem == "no information: there is no event while subjects of two arms are at risk"
    assert (fit.effect.hazard_ratio, fit.effect.lower, fit.log_likelihood) == (None, None, None)
    assert found.uninformative_strata == data.strata


def test_strata_that_contribute_nothing_are_named() -> None:
    data = times([3, 5, 6, 8, 2, 4, 7, 9], [1, 1, 0, 1, 1, 1, 0, 0], "ABABBBAB", "xxxxyyzz")
    alone = times([3, 5, 6, 8], [1, 1, 0, 1], "ABAB", "xxxx")
    assert log_rank(data).uninformative_strata == ("y", "z")
    assert cox(data).uninformative_strata == ("y", "z")
    assert log_rank(data).z == pytest.approx(log_rank(alone).z)
    assert cox(data).effect.coef == pytest.approx(cox(alone).effect.coef)


@pytest.mark.parametrize("compare", [log_rank, cox])
def test_one_arm_is_not_a_comparison(compare: Any) -> None:
    with pytest.raises(ValueError, match="subjects in at least two arms; got A only"):
        compare(EventTimes.of([1, 2], [1, 1], ["A", "A"], arms=["A", "B"]))


def test_a_reference_arm_without_subjects_is_refused() -> None:
    data = EventTimes.of([1, 2], [1, 1], ["B", "C"], arms=["A", "B", "C"])
    with pytest.raises(ValueError, match="the reference arm A has no subject"):
        cox(data)


def test_an_arm_without_subjects_has_its_reason() -> None:
    data = EventTimes.of([1, 2, 3, 4], [1, 1, 1, 0], list("ABAB"), arms=["A", "B", "C"])
    b, c = cox(data).effects
    assert b.hazard_ratio == cox(times([1, 2, 3, 4], [1, 1, 1, 0], "ABAB")).effect.hazard_ratio
    assert (c.hazard_ratio, c.problem) == (None, "arm C has no subject")
    assert log_rank(data).test.df == 1


def test_three_arms_where_one_has_no_event() -> None:
    data = times([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 0], "ABABCC")
    found = cox(data)
    b, c = found.effects
    assert b.hazard_ratio is None and "compare two arms" in (b.problem or "")
    assert c.hazard_ratio == 0 and "on one side only" in (c.problem or "")
    assert found.wald.statistic is None and found.likelihood_ratio.statistic is None
    assert found.score.df == 2
    with pytest.raises(ValueError, match="this model has 2 hazard ratios; read effects"):
        _ = found.effect


def test_the_arm_without_a_finite_hazard_ratio_is_named() -> None:
    fit = cox(EventTimes.of([3, 4, 5, 6, 9, 9], [1, 1, 1, 1, 0, 0], list("ABABCC")))
    assert fit.effects[1].hazard_ratio == 0
    assert "against A: C is 0" in (fit.wald.problem or "")


def test_fractional_weights_have_no_log_rank_test() -> None:
    halves = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], list("AABB"), weight=[0.5] * 4)
    with pytest.raises(ValueError, match="whole weights"):
        log_rank(halves)
    doubled = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], list("AABB"), weight=[2] * 4)
    assert log_rank(doubled).subjects.tolist() == [4, 4]


def test_round_off_does_not_stand_for_information() -> None:
    early, late = [1, 1, 2, 3, 3, 4, 5, 6, 6, 7], [20, 21, 21, 22]
    strata = ["x"] * 10 + ["y"] * 4
    for weight in ([1] * 14, [3, 7, 1, 2, 9, 5, 3, 1, 7, 11, 1, 2, 3, 4]):
        apart = EventTimes.of(early + late, [1] * 14, ["A"] * 10 + ["B"] * 4, strata, weight=weight)
        found = log_rank(apart)
        assert found.z is None and "no information" in (found.test.problem or "")


def test_arms_that_never_meet() -> None:
    found = cox(EventTimes.of([1, 2, 3, 4, 1, 2, 3, 4], [1] * 8, list("ABABCDCD"), list("xxxxyyyy")))
    assert [e.hazard_ratio is None for e in found.effects] == [True, True, True]
    assert "no link" in (found.effects[1].problem or "")
    assert log_rank(EventTimes.of([1, 2, 3, 4, 1, 2, 3, 4], [1] * 8, list("ABABCDCD"), list("xxxxyyyy"))).test.df == 2


def test_a_table_answers_like_its_subjects() -> None:
    data = times([3, 5, 6, 8, 2, 4], [1, 1, 0, 1, 1, 1], "ABABAB")
    assert cox(RiskTable.count(data)).effect == cox(data).effect


def test_large_data_take_the_closed_form() -> None:
    """Twenty thousand subjects on ten days: hundreds of ties, where the sum over events is the reference."""
    rng = np.random.default_rng(2)
    day, event, arm = rng.integers(1, 11, 20_000), rng.random(20_000) < 0.8, rng.integers(0, 2, 20_000)
    data = EventTimes.coded(day, event, arm, arms=["A", "B"])
    from trialwright.stats.partial_likelihood import _efron_risk_sets, partial_likelihood

    ties = RiskTable.count(data).ties
    b = np.array([0.0, 0.4])
    closed, plain = partial_likelihood(ties, "efron")(b), _efron_risk_sets(ties)(b)
    assert closed.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(closed.score, plain.score, rtol=1e-10)
    np.testing.assert_allclose(closed.information, plain.information, rtol=1e-10)


def test_rules_that_do_not_exist_or_do_not_fit() -> None:
    with pytest.raises(ValueError, match="ties must be one of efron, breslow, exact, discrete; got 'kp'"):
        cox(times([1, 2], [1, 1], "AB"), ties="kp")  # type: ignore[arg-type]
    many = EventTimes.coded([1] * 9000, [1] * 6000 + [0] * 3000, [0, 1, 2] * 3000, arms=["A", "B", "C"])
    with pytest.raises(ValueError, match="discrete ties of 6000 events on one day in 3 arms are too many"):
        cox(many, ties="discrete")
