"""Other programs, written without sight of this one, on trials made up here: SurPyval, statsmodels, comprisk.

Only what they do correctly is asked of them. Their medians are left out where survival is flat at one half, and their
limits where survival is 0: there they differ from R and SAS alike.
"""

import importlib
from typing import Any

import numpy as np
import pytest
from made_up import TRIALS, Trial, trial
from oracle_cases import Differences

from trialwright import stats
from trialwright.stats import CoxData, FlemingHarrington, Gehan, TaroneWare, TwoByTwoTables, Weight

COX = 1e-8
"""Where both stop at round-off of a Newton step."""


@pytest.fixture(params=TRIALS)
def made(request: pytest.FixtureRequest) -> Trial:
    return trial(*TRIALS[request.param])


def program(name: str, module: str | None = None) -> Any:
    pytest.importorskip(name, reason=f"{name} is not installed: it is a second programmer")
    return importlib.import_module(module or name)


@pytest.fixture
def other(request: pytest.FixtureRequest) -> str:
    return f"second programmer/{request.node.callspec.params['made']}"


surpyval = pytest.mark.oracle("SurPyval")
statsmodels = pytest.mark.oracle("statsmodels")
comprisk = pytest.mark.oracle("comprisk")


@surpyval
def test_curves_of_surpyval(made: Trial, other: str, differences: Differences) -> None:
    theirs = program("surpyval").KaplanMeier.fit(made.day, 1 - made.event)
    ours = stats.kaplan_meier(made.times.pooled())["all"]
    assert ours.days.tolist() == theirs.x.tolist()
    differences.check(other, "survival", ours.survival, theirs.R)
    seen = ours.survival > 1e-12
    differences.check(
        other, "Greenwood", (ours.se[seen] / ours.survival[seen]) ** 2, np.asarray(theirs.greenwood)[seen]
    )


WEIGHTS: list[tuple[Weight, dict[str, Any]]] = [
    (FlemingHarrington(0, 0), {}),
    (Gehan(), {"weighting": "gehan"}),
    (TaroneWare(), {"weighting": "tarone-ware"}),
    (FlemingHarrington(0, 1), {"weighting": "fleming-harrington", "rho": 0, "gamma": 1}),
    (FlemingHarrington(0.5, 2), {"weighting": "fleming-harrington", "rho": 0.5, "gamma": 2}),
]


@surpyval
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize(("weight", "option"), WEIGHTS, ids=lambda v: str(v) if not isinstance(v, dict) else "")
def test_tests_of_surpyval(
    made: Trial, weight: Weight, option: dict[str, Any], stratified: bool, other: str, differences: Differences
) -> None:
    strata = {"strata": made.stratum} if stratified else {}
    theirs = program("surpyval").logrank(made.day, made.arm, 1 - made.event, **option, **strata)
    times = made.times if stratified else made.times.unstratified()
    ours = stats.log_rank(times, weight).test
    differences.check(other, f"{weight}, {stratified}", [ours.statistic, ours.p], [theirs.statistic, theirs.p_value])


@surpyval
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize(
    ("ties", "theirs"), [("efron", "efron"), ("breslow", "breslow"), ("exact", "exact"), ("discrete", "kp")]
)
def test_cox_of_surpyval(
    made: Trial, ties: Any, theirs: str, stratified: bool, other: str, differences: Differences
) -> None:
    """Three covariates; its exact marginal likelihood takes 2^d steps for d tied events, so small trials only."""
    largest = np.unique(made.day[made.event], return_counts=True)[1].max()
    if ties == "exact" and largest > 12:
        pytest.skip(f"SurPyval would take 2^{largest} steps")
    strata = {"strata": made.stratum} if stratified else {}
    model = program("surpyval").CoxPH.fit(made.day, made.x, 1 - made.event, tie_method=theirs, center=True, **strata)
    fit = stats.cox_regression(
        CoxData.of(
            made.day,
            made.event,
            dict(zip(("arm", "age", "sign"), made.x.T, strict=True)),
            stratum=made.stratum if stratified else None,
        ),
        ties=ties,
    )
    differences.check(other, f"coef, {ties}, {stratified}", [c.coef for c in fit.coefficients], model.beta, COX)


@surpyval
@pytest.mark.parametrize("tau", [90, 200])
def test_restricted_means_of_surpyval(made: Trial, tau: int, other: str, differences: Differences) -> None:
    other_program = program("surpyval")
    arms = [other_program.KaplanMeier.fit(made.day[made.arm == a], 1 - made.event[made.arm == a]) for a in (0, 1)]
    theirs = other_program.rmst_diff(arms[1], arms[0], tau=tau)
    ours = stats.compare_restricted_means(made.times.unstratified(), tau=tau).difference
    differences.check(
        other,
        f"RMST to {tau}",
        [ours.value, ours.se, ours.lower, ours.upper, ours.p],
        [theirs[name] for name in ("difference", "se", "lower", "upper", "p_value")],
    )


@surpyval
@pytest.mark.parametrize("cause", [1, 2])
def test_gray_of_surpyval(made: Trial, cause: int, other: str, differences: Differences) -> None:
    causes = np.array([None, 1, 2], object)[made.cause]
    theirs = program("surpyval").gray_test(made.day, causes, made.arm, cause)
    ours = stats.gray_test(made.competing, ("one", "two")[cause - 1]).test
    differences.check(other, f"Gray {cause}", [ours.statistic, ours.p], [theirs.statistic, theirs.p_value])


@statsmodels
def test_curves_of_statsmodels(made: Trial, other: str, differences: Differences) -> None:
    found = program("statsmodels", "statsmodels.duration.survfunc").SurvfuncRight(made.day, made.event.astype(int))
    ours = stats.kaplan_meier(made.times.pooled(), interval="log-log")["all"]
    seen = ours.events > 0
    differences.check(other, "survival", ours.survival[seen], found.surv_prob)
    inside = ours.survival[seen] > 1e-12
    differences.check(other, "se", ours.se[seen][inside], found.surv_prob_se[inside])


@statsmodels
@pytest.mark.parametrize("stratified", [False, True])
def test_log_rank_of_statsmodels(made: Trial, stratified: bool, other: str, differences: Differences) -> None:
    survdiff = program("statsmodels", "statsmodels.duration.survfunc").survdiff
    strata = {"strata": made.stratum} if stratified else {}
    theirs = survdiff(made.day, made.event.astype(int), made.arm, **strata)
    ours = stats.log_rank(made.times if stratified else made.times.unstratified()).test
    differences.check(other, f"log-rank, {stratified}", [ours.statistic, ours.p], list(theirs))


@statsmodels
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_of_statsmodels(made: Trial, ties: Any, stratified: bool, other: str, differences: Differences) -> None:
    PHReg = program("statsmodels", "statsmodels.duration.hazard_regression").PHReg
    strata = {"strata": made.stratum} if stratified else {}
    x = made.x - made.x.mean(axis=0)
    theirs = PHReg(made.day, x, status=made.event.astype(int), ties=ties, **strata).fit(disp=0)
    fit = stats.cox_regression(
        CoxData.of(
            made.day,
            made.event,
            dict(zip(("arm", "age", "sign"), made.x.T, strict=True)),
            stratum=made.stratum if stratified else None,
        ),
        ties=ties,
    )
    differences.check(other, f"coef, {ties}, {stratified}", [c.coef for c in fit.coefficients], theirs.params, COX)
    differences.check(other, f"se, {ties}, {stratified}", [c.se for c in fit.coefficients], theirs.bse, COX)
    differences.check(other, f"log-likelihood, {ties}", fit.log_likelihood, theirs.llf)


COUNTS = [(12, 40, 5, 38), (0, 25, 3, 30), (64, 135, 6, 60), (30, 30, 22, 24)]


@statsmodels
@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_proportions_of_statsmodels(counts: tuple[int, int, int, int], differences: Differences) -> None:
    found = program("statsmodels", "statsmodels.stats.proportion")
    x1, n1, x2, n2 = counts
    where = f"second programmer/{x1} of {n1} v {x2} of {n2}"
    for ours, method in ((stats.clopper_pearson, "beta"), (stats.wilson, "wilson"), (stats.jeffreys, "jeffreys")):
        if method == "jeffreys" and x1 in (0, n1):
            continue  # we put the end point at 0 or 1 there (Brown, Cai and DasGupta 2001)
        one = ours(x1, n1)
        differences.check(where, method, [one.lower, one.upper], found.proportion_confint(x1, n1, method=method))
    for name, limits in (("newcomb", stats.newcombe(*counts)), ("wald", stats.wald_difference(*counts))):
        theirs = found.confint_proportions_2indep(x1, n1, x2, n2, method=name, compare="diff")
        differences.check(where, name, [limits.lower, limits.upper], list(theirs))


@statsmodels
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stratified_tables_of_statsmodels(seed: int, differences: Differences) -> None:
    Stratified = program("statsmodels", "statsmodels.stats.contingency_tables").StratifiedTable
    rng = np.random.default_rng(seed)
    n1, n2 = rng.integers(15, 50, 4), rng.integers(10, 40, 4)
    x1, x2 = rng.binomial(n1, 0.45), rng.binomial(n2, 0.3)
    theirs = Stratified([np.array([[a, n - a], [b, m - b]]) for a, n, b, m in zip(x1, n1, x2, n2, strict=True)])
    tables = TwoByTwoTables.of(x1.tolist(), n1.tolist(), x2.tolist(), n2.tolist())
    where = f"second programmer/strata {seed}"
    for corrected in (False, True):
        test, cmh = (
            theirs.test_null_odds(correction=corrected),
            stats.cochran_mantel_haenszel(tables, corrected=corrected),
        )
        differences.check(where, f"CMH, {corrected}", [cmh.statistic, cmh.p], [test.statistic, test.pvalue])
    odds = stats.mantel_haenszel_odds_ratio(tables)
    differences.check(
        where,
        "odds ratio",
        [odds.value, odds.lower, odds.upper],
        [theirs.oddsratio_pooled, *theirs.oddsratio_pooled_confint()],
    )
    for tarone in (False, True):
        test, ours = theirs.test_equal_odds(adjust=tarone), stats.breslow_day(tables, tarone=tarone)
        differences.check(where, f"Breslow-Day, {tarone}", [ours.statistic, ours.p], [test.statistic, test.pvalue])


@comprisk
@pytest.mark.parametrize("cause", [1, 2])
def test_competing_risks_of_comprisk(made: Trial, cause: int, other: str, differences: Differences) -> None:
    found, name = program("comprisk"), ("one", "two")[cause - 1]
    theirs = found.gray_test(made.day, made.cause, made.arm, cause=cause)
    ours = stats.gray_test(made.competing, name).test
    differences.check(other, f"Gray {cause}", [ours.statistic, ours.p], [theirs.stat, theirs.pvalue])
    columns = dict(zip(("arm", "age", "sign"), made.x.T, strict=True))
    outcome = found.Surv.from_arrays(event=made.cause, time=made.day)
    specific = stats.cox_regression(CoxData.of(made.day, made.cause == cause, columns), ties="breslow")
    model = found.CauseSpecificCox(cause=cause).fit(made.x, outcome)
    differences.check(other, f"cause-specific {cause}", [c.coef for c in specific.coefficients], model.coef_, 1e-6)
    gray = stats.fine_gray(made.competing, name, columns)
    model = found.FineGrayRegression(cause=cause, max_iter=50, gtol=1e-10).fit(made.x, outcome)
    differences.check(other, f"Fine-Gray {cause}", [e.coef for e in gray.effects], model.coef_, 1e-6)
