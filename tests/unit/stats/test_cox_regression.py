"""The Cox model with covariates: solved by hand, hostile data, and what is refused."""

import math
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from trialwright.stats import (
    CoxData,
    Design,
    EventTimes,
    baseline_hazard,
    concordance,
    cox,
    cox_firth,
    cox_regression,
    design_matrix,
    profile_hazard_ratios,
    profile_limits,
)
from trialwright.stats.cox_model import CoxModel

RULES = ["efron", "breslow", "exact", "discrete"]
Z = 1.959963984540054


def rows(day: list[int], event: list[int], x: list[float], **more: Any) -> CoxData:
    return CoxData.of(day, event, {"x": x}, **more)


@pytest.mark.parametrize("rule", RULES)
def test_three_subjects_by_hand(rule: Any) -> None:
    """The likelihood w / (2 w + 1) / (w + 1) is largest at w = 1 / sqrt 2."""
    fit = cox_regression(rows([1, 2, 3], [1, 1, 0], [1, 0, 1]), ties=rule)
    w = 1 / math.sqrt(2)
    information = 2 * w / (2 * w + 1) ** 2 + w / (w + 1) ** 2
    assert fit["x"].hazard_ratio == pytest.approx(w, rel=1e-12)
    assert fit["x"].se == pytest.approx(1 / math.sqrt(information), rel=1e-12)
    assert fit["x"].upper == pytest.approx(w * math.exp(Z / math.sqrt(information)), rel=1e-12)
    assert fit.log_likelihood_null == pytest.approx(-math.log(6))


def likelihood_by_definition(rule: str, r: Any, day: Any, event: Any, stratum: Any) -> float:
    """Return the log-likelihood from the definition of each rule, all orders and all sets written out."""
    total = 0.0
    for s in set(stratum.tolist()):
        for t in sorted(set(day[event & (stratum == s)].tolist())):
            at_risk = np.flatnonzero((stratum == s) & (day >= t))
            tied = [i for i in at_risk if event[i] and day[i] == t]
            total += math.log(one_day(rule, r, at_risk, tied))
    return total


def one_day(rule: str, r: Any, at_risk: Any, tied: list[int]) -> float:
    d, everyone, own = len(tied), r[at_risk].sum(), r[tied].sum()
    if rule == "breslow":
        return float(r[tied].prod() / everyone**d)
    if rule == "efron":
        return float(r[tied].prod() / np.prod([everyone - i / d * own for i in range(d)]))
    if rule == "discrete":
        return float(r[tied].prod() / sum(r[list(c)].prod() for c in combinations(at_risk, d)))
    staying = r[[i for i in at_risk if i not in tied]].sum()
    orders = [np.cumsum([staying, *r[list(order)]])[1:] for order in permutations(tied)]
    return float(sum((r[tied].prod() / sums.prod()) for sums in orders))


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_against_its_definition(rule: Any) -> None:
    rng = np.random.default_rng(5)
    n = 24
    day, event, x = rng.integers(1, 6, n), rng.random(n) < 0.7, rng.normal(size=(n, 2))
    stratum = rng.integers(0, 2, n)
    fit = cox_regression(CoxData.of(day, event, Design(("a", "b"), x, ("a", "b")), stratum=stratum), ties=rule)
    for b, found in ((np.zeros(2), fit.log_likelihood_null), (fit.coef, fit.log_likelihood)):
        expected = likelihood_by_definition(rule, np.exp(x @ b), day, event, stratum)
        assert found == pytest.approx(expected, rel=1e-12)
    for nudge in (np.array([0.01, 0.0]), np.array([0.0, -0.01])):
        assert likelihood_by_definition(rule, np.exp(x @ (fit.coef + nudge)), day, event, stratum) < fit.log_likelihood


@pytest.mark.parametrize("rule", RULES)
def test_the_table_of_the_arm_and_rows_with_an_indicator_agree(rule: Any) -> None:
    rng = np.random.default_rng(6)
    day, event = rng.integers(1, 20, 120), rng.random(120) < 0.8
    arm, stratum = rng.integers(0, 3, 120), rng.integers(0, 3, 120)
    times = EventTimes.coded(day, event, arm, stratum, arms=["A", "B", "C"], strata=["x", "y", "z"])
    table, fit = cox(times, ties=rule), cox_regression(CoxData.from_times(times), ties=rule)
    for effect, own in zip(table.effects, fit.coefficients, strict=True):
        assert own.coef == pytest.approx(effect.coef, rel=1e-10)
        assert own.se == pytest.approx(effect.se, rel=1e-10)
    assert fit.log_likelihood == pytest.approx(table.log_likelihood, rel=1e-12)
    assert fit.score.statistic == pytest.approx(table.score.statistic, rel=1e-9)
    limits, of_arms = profile_limits(fit), profile_hazard_ratios(times, ties=rule)
    for arm_name in ("B", "C"):
        assert limits[arm_name].lower == pytest.approx(of_arms[arm_name].lower, rel=1e-9)
        assert limits[arm_name].upper == pytest.approx(of_arms[arm_name].upper, rel=1e-9)


def test_entry_and_weights_come_with_the_times() -> None:
    day, event, arm, weight = [3, 5, 7, 9, 11, 12], [1, 1, 1, 1, 1, 0], list("ABABAB"), [2, 1, 3, 0.5, 1, 2]
    times = EventTimes.of(day, event, arm, entry=[0, 0, 2, 4, 0, 6], weight=weight)
    table, fit = cox(times, ties="breslow").effect, cox_regression(CoxData.from_times(times), ties="breslow")["B"]
    assert (fit.coef, fit.se) == (pytest.approx(table.coef, rel=1e-10), pytest.approx(table.se, rel=1e-10))
    plain = EventTimes.of(day, event, arm)
    given = CoxData.from_times(plain, weight=weight)
    assert given.weight is not None and given.weight.tolist() == weight
    with pytest.raises(ValueError, match="weight must be given once; the event times have weights already"):
        CoxData.from_times(times, weight=weight)


def test_under_efron_an_event_of_weight_two_is_not_two_tied_events() -> None:
    # two events of mean weight 3 / 2 among 4: log 4 + log(4 - 3 / 2); three events: log 4 + log(4 - 1) + log(4 - 2)
    weighted = cox_regression(rows([1, 1, 2], [1, 1, 0], [1, 0, 1], weight=[2, 1, 1]), ties="efron")
    repeated = cox_regression(rows([1, 1, 1, 2], [1, 1, 1, 0], [1, 1, 0, 1]))
    assert weighted.log_likelihood_null == pytest.approx(-1.5 * (np.log(4) + np.log(4 - 3 / 2)))
    assert repeated.log_likelihood_null == pytest.approx(-np.log(4) - np.log(3) - np.log(2))


def test_marginal_ties_of_any_size() -> None:
    """A thousand tied events of equal rate: int (1 - e^(-u/S))^d e^-u du = S B(S, d + 1)."""
    d, stay = 1000, 500
    day, event = [1] * d + [2] * stay, [1] * d + [0] * stay
    arm = [0, 1] * ((d + stay) // 2)
    fit = cox(EventTimes.coded(day, event, arm, arms=["A", "B"]), ties="exact")
    beta = math.lgamma(stay) + math.lgamma(d + 1) - math.lgamma(stay + d + 1)
    assert fit.log_likelihood_null == pytest.approx(math.log(stay) + beta, rel=1e-12)
    assert fit.effect.coef == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_profile_limits_lie_where_the_likelihood_has_fallen_enough(rule: Any) -> None:
    rng = np.random.default_rng(8)
    day, event, x = rng.integers(1, 15, 50), rng.random(50) < 0.7, rng.normal(size=(50, 2)) * [1, 30] + [0, 500]
    data = CoxData.of(day, event, Design(("a", "b"), x, ("a", "b")))
    fit = cox_regression(data, ties=rule, level=0.9)
    for k, (name, found) in enumerate(profile_limits(fit).items()):
        for limit in (found.lower, found.upper):
            fixed = CoxData.of(day, event, {"other": x[:, 1 - k]}, offset=math.log(limit or 1) * x[:, k])
            fall = 2 * (fit.log_likelihood - cox_regression(fixed, ties=rule).log_likelihood)
            assert fall == pytest.approx(1.6448536269514722**2, rel=1e-9), name
        assert found.lower < found.value < found.upper


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("x", "ratio"), [([1.0, 0.0], math.inf), ([0.0, 1.0], 0.0)])
def test_a_likelihood_without_maximum(rule: Any, x: list[float], ratio: float) -> None:
    """One event among two: the likelihood is w / (w + 1) or 1 / (w + 1)."""
    own = cox_regression(rows([1, 2], [1, 0], x), ties=rule)["x"]
    share = math.exp(-(Z**2) / 2)
    limit = share / (1 - share)
    assert (own.hazard_ratio, own.se, own.z, own.p) == (ratio, None, None, None)
    expected = (0, pytest.approx(1 / limit, rel=1e-9)) if ratio == 0 else (pytest.approx(limit, rel=1e-9), math.inf)
    assert (own.lower, own.upper) == expected
    assert "the likelihood rises for ever" in (own.problem or "")


@pytest.mark.parametrize("rule", RULES)
def test_what_stays_finite_beside_an_infinite_hazard_ratio(rule: Any) -> None:
    """Level c has no event: the others are as if its rows were not there, and its limit is that of a profile."""
    rng = np.random.default_rng(9)
    n = 60
    day, event, age = rng.integers(1, 30, n), rng.random(n) < 0.7, rng.normal(60, 9, n)
    level = rng.choice(["a", "b", "c"], n)
    event[level == "c"] = False
    data = CoxData.of(day, event, {"age": age, "level": level})
    fit = cox_regression(data, ties=rule)
    without = cox_regression(data.only(level != "c").without("level=c"), ties=rule)
    assert fit["level=c"].hazard_ratio == 0 and fit["level=c"].lower == 0
    assert fit.log_likelihood == pytest.approx(without.log_likelihood, rel=1e-12)
    for name in ("age", "level=b"):
        assert fit[name].coef == pytest.approx(without[name].coef, rel=1e-9)
        assert fit[name].se == pytest.approx(without[name].se, rel=1e-9)
    assert fit.wald.statistic is None and fit.likelihood_ratio.df == 3
    upper = fit["level=c"].upper or 0.0
    fixed = CoxData.of(day, event, {"age": age, "b": (level == "b") * 1.0}, offset=math.log(upper) * (level == "c"))
    fall = 2 * (fit.log_likelihood - cox_regression(fixed, ties=rule).log_likelihood)
    assert fall == pytest.approx(Z**2, rel=1e-8)


def test_a_slanted_direction_is_found() -> None:
    """Deaths in the order of 3 a + 5 b, which is neither covariate and no whole multiple that rounding would find."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(40, 2))
    order = np.argsort(-(x @ [3.0, 5.137]))
    day = np.empty(40, int)
    day[order] = np.arange(1, 41)
    fit = cox_regression(CoxData.of(day, [1] * 40, Design(("a", "b"), x, ("a", "b"))))
    assert [c.hazard_ratio for c in fit.coefficients] == [math.inf, math.inf]
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)
    assert all(c.lower and c.lower > 1 for c in fit.coefficients)


@pytest.mark.parametrize("rule", RULES)
def test_a_coefficient_that_may_be_anything_is_undetermined(rule: Any) -> None:
    """With b large the event leads for any value of a: (0, 0) against (0, -2) and (1, -1)."""
    data = CoxData.of([1, 2, 2, 2], [1, 0, 0, 0], {"a": [0, 0, 0, 1], "b": [0, 0, -2, -1]})
    fit = cox_regression(data, ties=rule)
    assert "undetermined" in (fit["a"].problem or "") and fit["a"].hazard_ratio is None
    assert fit["b"].hazard_ratio == math.inf
    assert fit.log_likelihood == pytest.approx(-math.log(2))


def test_late_entry_hides_those_who_have_not_come() -> None:
    """Row 3 enters after the first event: w / (w + 1) twice, without it in the first risk set."""
    fit = cox_regression(rows([2, 5, 5, 6], [1, 1, 0, 0], [1, 0, 1, 0], entry=[0, 0, 3, 3]))
    model = CoxModel.of(fit.data, "efron")
    for b in np.linspace(-3, 3, 5):
        w = math.exp(b)
        by_hand = math.log(w / (w + 1)) + math.log(1 / (2 + w))
        assert model.likelihood(np.array([b * model.scale[0]])).log_likelihood == pytest.approx(by_hand, abs=1e-12)


def test_weights_are_repetitions_under_breslow() -> None:
    rng = np.random.default_rng(11)
    day, event, x, weight = rng.integers(1, 9, 30), rng.random(30) < 0.6, rng.normal(size=30), rng.integers(1, 4, 30)
    one = cox_regression(rows(day.tolist(), event.tolist(), x.tolist(), weight=weight), ties="breslow")
    times = np.repeat(np.arange(30), weight)
    other = cox_regression(rows(day[times].tolist(), event[times].tolist(), x[times].tolist()), ties="breslow")
    assert one["x"].coef == pytest.approx(other["x"].coef, rel=1e-11)
    assert one["x"].se == pytest.approx(other["x"].se, rel=1e-11)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("rule", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_compiled_and_plain_paths_agree(rule: Any, late: bool, weighted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(12)
    n = 10_500
    x = rng.normal(size=(n, 3)) * [1, 20, 0.1] + [0, 1e6, 5]
    day = rng.integers(2, 400, n)
    data = CoxData.of(
        day,
        rng.random(n) < 0.6,
        Design(("a", "b", "c"), x, ("a", "b", "c")),
        entry=(day * rng.random(n)).astype(int) if late else None,
        stratum=rng.integers(0, 3, n),
        weight=rng.uniform(0.5, 2, n) if weighted else None,
        offset=rng.normal(size=n) / 5 if weighted else None,
        cluster=rng.integers(0, 900, n),
    )
    fast = cox_regression(data, ties=rule)
    pairs = concordance(fast)
    monkeypatch.setattr("trialwright.stats.cox_model.LARGE", 10**9)
    monkeypatch.setattr("trialwright.stats.cox_concordance.LARGE", 10**9)
    plain = cox_regression(data, ties=rule)
    np.testing.assert_allclose(fast.coef, plain.coef, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(fast.covariance, plain.covariance, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(fast.robust_covariance, plain.robust_covariance, rtol=1e-9, atol=1e-15)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    other = concordance(plain)
    assert pairs.value == pytest.approx(other.value, rel=1e-9)


def test_a_large_discrete_recursion_equals_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    n = 1_500
    data = CoxData.of(rng.integers(1, 300, n), rng.random(n) < 0.5, {"a": rng.normal(size=n), "b": rng.normal(size=n)})
    plain = cox_regression(data, ties="discrete")
    monkeypatch.setattr("trialwright.stats.exact_discrete.FEW", 0)
    fast = cox_regression(data, ties="discrete")
    np.testing.assert_allclose(fast.coef, plain.coef, rtol=1e-10)
    np.testing.assert_allclose(fast.covariance, plain.covariance, rtol=1e-10)


def test_firth_maximizes_the_penalized_likelihood() -> None:
    """Two of two with x = 1 fail first: l = 2 b - log(2 w + 2) - log(w + 2), I by hand; no maximum without penalty."""
    data = rows([1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0])
    assert cox_regression(data)["x"].hazard_ratio == math.inf

    def penalized(b: float) -> float:
        w = math.exp(b)
        information = 4 * w / (2 * w + 2) ** 2 + 2 * w / (w + 2) ** 2
        return 2 * b - math.log(2 * w + 2) - math.log(w + 2) + math.log(information) / 2

    fit = cox_firth(data)
    found = fit["x"]
    assert fit.penalized_log_likelihood == pytest.approx(penalized(found.coef), rel=1e-12)
    grid = np.linspace(found.coef - 1, found.coef + 1, 2001)
    assert abs(grid[np.argmax([penalized(b) for b in grid])] - found.coef) <= 0.001
    for limit in (found.hazard_ratio.lower, found.hazard_ratio.upper):
        assert 2 * (penalized(found.coef) - penalized(math.log(limit))) == pytest.approx(Z**2, rel=1e-9)
    assert found.likelihood_ratio.statistic == pytest.approx(2 * (penalized(found.coef) - penalized(0.0)), rel=1e-9)


@pytest.mark.parametrize("rule", ["efron", "breslow"])
def test_firths_score_is_the_slope_of_the_penalized_likelihood(rule: Any) -> None:
    from trialwright.stats.firth import Penalized

    rng = np.random.default_rng(14)
    data = CoxData.of(
        rng.integers(1, 9, 50), rng.random(50) < 0.6, {"a": rng.normal(size=50), "b": rng.exponential(size=50)},
        stratum=rng.integers(0, 2, 50),
    )  # fmt: skip
    penalized = Penalized.of(CoxModel.of(data, rule), [0, 1])
    b, h = np.array([0.3, -0.4]), 1e-5
    for k, step in enumerate(np.eye(2) * h):
        slope = (penalized(b + step).log_likelihood - penalized(b - step).log_likelihood) / (2 * h)
        assert penalized(b).score[k] == pytest.approx(slope, abs=1e-7)


def test_robust_variance_by_leaving_clusters_out() -> None:
    """With many clusters the sandwich is near the jackknife over clusters."""
    rng = np.random.default_rng(15)
    n, clusters = 600, 200
    cluster = np.arange(n) % clusters
    frailty = rng.normal(size=clusters)[cluster]
    x = (cluster % 2).astype(float)
    day = 1 + (rng.exponential(200, n) * np.exp(-frailty)).astype(int)
    data = CoxData.of(day, rng.random(n) < 0.9, {"x": x}, cluster=cluster)
    own = cox_regression(data)["x"]
    left = [cox_regression(data.only(cluster != c))["x"].coef for c in range(clusters)]
    jackknife = math.sqrt(np.square(np.array(left) - own.coef).sum())
    assert own.robust_se == pytest.approx(jackknife, rel=0.05)
    assert own.robust_se > 1.3 * own.se
    assert own.z == pytest.approx(own.coef / own.robust_se)


def test_covariates_that_cannot_be_told_apart_are_named() -> None:
    rng = np.random.default_rng(16)
    a, b, stratum = rng.normal(size=40), rng.normal(size=40), rng.integers(0, 2, 40)
    columns = {"a": a, "same": np.full(40, 7.0), "b": b, "sum": 2 * a - b + 3, "stratum": stratum * 1.0}
    fit = cox_regression(CoxData.of(rng.integers(1, 30, 40), [1] * 40, columns, stratum=stratum))
    assert fit.estimated == ("a", "b")
    assert fit["same"].problem == "constant: 7 in each of the 40 rows"
    assert fit["sum"].problem == "aliased: a combination of a, b among those at risk"
    assert "all at risk have the same value" in (fit["stratum"].problem or "")
    alone = cox_regression(CoxData.of(fit.data.day, [1] * 40, {"a": a, "b": b}, stratum=stratum))
    assert fit["b"].coef == pytest.approx(alone["b"].coef, rel=1e-10)
    assert fit.score.df == 2 and fit.covariance.shape == (2, 2)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (rows([1, 2, 3], [0, 0, 0], [1, 2, 3]), "no information: there is no event"),
        (rows([1, 2, 3], [1, 1, 1], [1, 2, 3], stratum=["a", "b", "c"]), "all at risk have the same value"),
        (rows([1, 2, 3], [1, 1, 1], [4, 4, 4]), "all at risk have the same value"),
    ],
    ids=["all censored", "singleton strata", "constant"],
)
def test_no_information(data: CoxData, problem: str, rule: Any) -> None:
    fit = cox_regression(data, ties=rule)
    assert problem in (fit.problem or "")
    assert (fit["x"].coef, fit.wald.p, fit.score.p, fit.likelihood_ratio.p) == (None, None, None, None)
    with pytest.raises(ValueError, match="no information"):
        baseline_hazard(fit)


def test_a_covariate_far_from_zero() -> None:
    near = rows([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], [1, 3, 2, 5, 4, 4.5])
    far = rows([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], [1e8 + v for v in (1, 3, 2, 5, 4, 4.5)])
    assert cox_regression(far)["x"].coef == pytest.approx(cox_regression(near)["x"].coef, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rows([1, 2, 3], [1, 0, 1], [1, math.nan, math.nan]), "x must be known for each row; 2 are missing"),
        (lambda: rows([1, 2], [1, 0], [1, math.inf]), "missing or infinite: x in 1"),
        (lambda: rows([1, -2], [1, 0], [1, 2]), "time must be zero or more; got -2"),
        (lambda: rows([1, 2], [1, 2], [1, 2]), "event must be True or False, or 1 or 0; got 2"),
        (lambda: rows([1, 2], [1, 0], [1, 2], entry=[0, 2]), "entry must be before the end of the row; got 2"),
        (lambda: rows([1, 2], [1, 0], [1, 2], weight=[1, 0]), "weight must be above zero; got 0.0"),
        (lambda: rows([1, 2], [1, 0], [1, 2], stratum=["a", None]), "stratum must be known for each row; 1 of 2"),
        (lambda: rows([1, 2], [1, 0], [1, 2, 3]), r"covariates must be \[2, 1\]"),
        (lambda: rows([1, 2], [1, 0], [1, 2], offset=[1]), "offset must have one number for each of the 2 rows"),
        (lambda: cox_regression(rows([1, 2], [1, 0], [1, 2]), ties="kp"), "ties must be one of efron"),  # type: ignore[arg-type]
        (lambda: cox_regression(rows([1, 2], [1, 0], [1, 2], weight=[1, 2]), ties="exact"), "whole sets of subj"),
        (lambda: cox_regression(rows([1, 2, 3], [1, 1, 0], [1, 0, 1]), ties="exact", robust=True), "share of one"),
        (lambda: cox_regression(rows([1, 2], [1, 0], [1, 2]), level=1.5), "level must be in"),
        (lambda: cox_regression(rows([1, 2], [1, 0], [1, 2]))["y"], "covariate 'y' is not known; known: x"),
        (lambda: cox_firth(rows([1, 2], [1, 0], [1, 2]), ties="exact"), "breslow or efron for a penalized"),
        (lambda: cox_firth(rows([1, 2], [1, 0], [1, 2], cluster=[1, 2])), "no robust variance; leave cluster out"),
        (lambda: design_matrix({"a": [1, 2]}, ["a", "b"]), "column 'b' is not known; known: a"),
        (lambda: design_matrix({"a": ["x", None]}), "column a must be known for each row; 1 is missing"),
        (lambda: design_matrix({"a": ["x", "z"]}, levels={"a": ["x", "y"]}), "level 'z' of a is not known; known: x"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_factors_and_interactions() -> None:
    design = design_matrix({"g": ["b", "a", "c"], "x": [1, 2, 3]}, ["g*x"], levels={"g": ["c", "a", "b"]})
    assert design.names == ("g=a", "g=b", "x", "g=a:x", "g=b:x")
    assert design.matrix.tolist() == [[0, 1, 1, 0, 1], [1, 0, 2, 2, 0], [0, 0, 3, 0, 0]]
    assert design.terms == ("g", "g", "x", "g:x", "g:x")
