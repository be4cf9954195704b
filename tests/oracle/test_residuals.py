"""Residuals of fitted Cox models against R survival 3.5-3: five kinds, Efron and Breslow."""

from typing import Any

import numpy as np
import pytest
from fitted_cases import fitted
from oracle_cases import Differences, numbers, shared, shared_cases

from trialwright.stats import cox_residuals

CASES = [
    pytest.param(case, ties, id=f"{case['id']}/{ties}")
    for case in shared_cases("survival.json")
    if case["kind"] == "cox"
    for ties in ("efron", "breslow")
    if "martingale" in case["expect"].get(ties, {})
]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert len(CASES) >= 6


@pytest.mark.parametrize(("case", "ties"), CASES)
def test_residuals(case: dict[str, Any], ties: Any, differences: Differences) -> None:
    fit, expected = fitted(case, ties), case["expect"][ties]
    found = cox_residuals(fit)
    where = f"{case['id']}/{ties}/residuals"
    differences.check(where, "martingale", found.martingale, expected["martingale"])
    differences.check(where, "deviance", found.deviance, expected["deviance"])
    for ours, name in (
        (found.schoenfeld, "schoenfeld"),
        (found.score, "score_resid"),
        (found.dfbeta, "dfbeta"),
    ):
        theirs = np.array(numbers(expected[name])).reshape(ours.shape)
        # a residual is a difference: its error is measured against the largest of its column
        differences.check(
            where, name, ours / np.abs(theirs).max(axis=0), (theirs / np.abs(theirs).max(axis=0)).tolist()
        )
    assert found.martingale.sum() == pytest.approx(0, abs=1e-10)
    assert found.score.sum(axis=0) == pytest.approx(0, abs=1e-8 * np.abs(found.score).max())


@pytest.mark.parametrize(("case", "ties"), CASES)
def test_information_is_the_inverse_of_the_covariance(
    case: dict[str, Any], ties: Any, differences: Differences
) -> None:
    from trialwright.stats.cox_steps import CoxSteps

    covariance = np.linalg.inv(CoxSteps.of(fitted(case, ties)).information)
    differences.check(f"{case['id']}/{ties}/residuals", "covariance", covariance, case["expect"][ties]["var"])
