"""Covariate-adjusted log-rank test and hazard ratio against RobinCar2 (2026-07-21)."""

import json
from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, columns, shared

from trialwright.stats import EventTimes, covariate_adjusted, cox, log_rank

RUNS = {
    "unadjusted": (False, ()),
    "stratified": (True, ()),
    "adjusted_age_ecog_visceral": (False, ("age", "ecog", "visceral")),
    "adjusted_age_ecog_stratified": (True, ("age", "ecog")),
}
ROOT = 2e-7
"""RobinCar2 stops its search for the root early: without covariates its log hazard ratio is 1.1e-7 from the converged
one that coxph gives (next test), so no more can be asked of it here."""


def run(stratified: bool, covariates: tuple[str, ...]) -> tuple[EventTimes, dict[str, Any]]:
    data = columns(shared("data/palmira_like.csv"))
    strata = ["/".join(pair) for pair in zip(data["prior_et"], data["visceral"], strict=True)]
    times = EventTimes.of(
        np.array(data["day"], float),
        np.array(data["event"], float),
        data["arm"],
        strata if stratified else None,
        arms=["ET", "PALBO+ET"],
    )
    numbers = {**data, "visceral": [float(v == "Y") for v in data["visceral"]]}
    return times, {name: np.array(numbers[name], float) for name in covariates}


@pytest.mark.reference("robincar2")
@pytest.mark.parametrize("name", RUNS)
def test_covariate_adjusted(name: str, differences: Differences) -> None:
    expected = json.loads(shared("external_reference.json").read_text())["robincar2"]["results"][name]
    found = covariate_adjusted(*run(*RUNS[name]))
    where = f"robincar2/{name}"
    differences.check(where, "z", found.z, expected["test_z"])
    differences.check(where, "p", found.test.p, expected["p"])
    differences.check(where, "log hr", found.effect.coef, expected["log_hr"], ROOT)
    differences.check(where, "se", found.effect.se, expected["se"], ROOT)


@pytest.mark.parametrize(("stratified", "case"), [(False, "cox/palmira_like"), (True, "cox/palmira_like/strat")])
def test_without_covariates_it_is_coxph_with_breslow_ties(
    stratified: bool, case: str, differences: Differences
) -> None:
    cases = json.loads(shared("survival.json").read_text())["cases"]
    expected = next(c for c in cases if c["id"] == case)["expect"]["breslow"]
    effect = covariate_adjusted(*run(stratified, ())).effect
    differences.check(f"{case}/adjusted", "log hr", effect.coef, expected["coef"])
    differences.check(f"{case}/adjusted", "se", effect.se, expected["se"])


@pytest.mark.parametrize("stratified", [False, True])
def test_without_covariates_it_is_the_log_rank_test_and_the_breslow_model(stratified: bool) -> None:
    times, _ = run(stratified, ())
    found, model = covariate_adjusted(times, {}), cox(times, ties="breslow").effect
    assert found.z == pytest.approx(log_rank(times).z, rel=1e-12)
    assert (found.effect.coef, found.effect.se) == pytest.approx((model.coef, model.se), rel=1e-10)
    assert found.variance_ratio == 1
