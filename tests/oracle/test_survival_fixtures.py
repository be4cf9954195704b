"""Nine public and seven synthetic data sets against the values that oracle/survival.R wrote with R survival."""

import json
from typing import Any

import numpy as np
import pytest
from oracle_cases import FIXTURES, ROOT, Differences, as_list, columns, event_times, numbers, shared, value

from trialwright.stats import EventTimes, cox, kaplan_meier, log_rank, reverse_kaplan_meier

pytestmark = pytest.mark.oracle("R 4.2.2, survival 3.5-3")

CASES = json.loads((FIXTURES / "survival.json").read_text())["cases"]
TRANSFORMS = ("plain", "log", "log-log", "logit", "arcsin")
cases = pytest.mark.parametrize("case", [pytest.param(c, id=f"{c['data']}-{c['level']}") for c in CASES])


def times_of(case: dict[str, Any], stratified: bool = False) -> EventTimes:
    own = ROOT / "oracle" / "data" / case["data"]
    data = columns(own if own.exists() else shared(f"data/{case['data']}"))
    times = event_times(data, case["time"], (case["event"], [case["equals"]]), case["arm"], as_list(case["strata"]))
    assert times.arms == tuple(case["arms"])
    return times if stratified else times.unstratified()


@cases
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_curves(case: dict[str, Any], transform: Any, differences: Differences) -> None:
    curves = kaplan_meier(times_of(case), level=case["level"], interval=transform)
    for arm, expected in case["km"].items():
        curve, where, limits = curves[arm], f"fixture/{case['data']}", expected["transforms"][transform]
        assert (curve.subjects, curve.total_events) == (expected["n"], expected["events"])
        assert curve.at_risk_at(case["days"]).tolist() == as_list(expected["at_risk"])
        rates = [curve.at(day, beyond="carry") for day in case["days"]]
        quantiles = [curve.quantile(p, flat="R") for p in (0.25, 0.5, 0.75)]
        for ours, name, theirs in (
            ([r.value for r in rates], "rate", expected["rate"]),
            ([value(r.se) for r in rates], "se", expected["se"]),
            ([value(r.lower) for r in rates], "rate lower", limits["rate_lower"]),
            ([value(r.upper) for r in rates], "rate upper", limits["rate_upper"]),
            ([value(q.value) for q in quantiles], "quantile", limits["quantile"]),
            ([value(q.lower) for q in quantiles], "quantile lower", limits["lower"]),
            ([value(q.upper) for q in quantiles], "quantile upper", limits["upper"]),
        ):
            differences.check(where, f"{transform} {name}", ours, theirs)


@cases
def test_follow_up(case: dict[str, Any], differences: Differences) -> None:
    curves = reverse_kaplan_meier(times_of(case), interval="log-log")
    for arm, expected in case["km"].items():
        found = curves[arm].quantile(0.5, flat="R")
        ours = [value(found.value), value(found.lower), value(found.upper)]
        differences.check(f"fixture/{case['data']}", "follow-up", ours, expected["follow_up"])


@cases
@pytest.mark.parametrize("stratified", [False, True], ids=["pooled", "stratified"])
def test_log_rank(case: dict[str, Any], stratified: bool, differences: Differences) -> None:
    expected = case["log_rank_stratified" if stratified else "log_rank"]
    if expected is None:
        assert not case["strata"]
        return
    found = log_rank(times_of(case, stratified))
    where = f"fixture/{case['data']}/{'stratified' if stratified else 'pooled'}"
    assert found.observed.tolist() == expected["observed"]
    assert found.test.df == expected["df"]
    differences.check(where, "expected", found.expected, expected["expected"])
    differences.check(where, "variance", found.variance, expected["variance"])
    differences.check(where, "chi-square", found.test.statistic, expected["chisq"])
    differences.check(where, "p", found.test.p, expected["p"])


R_RULES: Any = {"exact": "discrete"}
"""What R calls exact is the discrete likelihood."""


@cases
@pytest.mark.parametrize("stratified", [False, True], ids=["pooled", "stratified"])
@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_cox(case: dict[str, Any], ties: Any, stratified: bool, differences: Differences) -> None:
    models = case["cox_stratified" if stratified else "cox"]
    if models is None:
        assert not case["strata"]
        return
    expected = models[ties]
    found = cox(times_of(case, stratified), ties=R_RULES.get(ties, ties), level=case["level"])
    where = f"fixture/{case['data']}/{'stratified' if stratified else 'pooled'}/{ties}"
    for name, ours, theirs in (
        ("coef", [e.coef for e in found.effects], expected["coef"]),
        ("se", [e.se for e in found.effects], expected["se"]),
        ("lower", [e.lower for e in found.effects], expected["lower"]),
        ("upper", [e.upper for e in found.effects], expected["upper"]),
        ("log-likelihood", [found.log_likelihood_null, found.log_likelihood], expected["loglik"]),
        ("score", found.score.statistic, expected["score"]),
        ("wald", found.wald.statistic, expected["wald"]),
        ("lrt", found.likelihood_ratio.statistic, expected["lrt"]),
    ):
        differences.check(where, name, ours, as_list(theirs) if isinstance(ours, list) else theirs)


def test_the_fixtures_cover_enough() -> None:
    public = {c["data"] for c in CASES if not (ROOT / "oracle" / "data" / c["data"]).exists()}
    assert len(public) >= 6
    assert all(np.isfinite(numbers(c["log_rank"]["chisq"])) for c in CASES)
