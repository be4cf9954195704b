"""The interaction of arm and level by the general Cox model, for the rule whose table of cells would be too large."""

from __future__ import annotations

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.cox_data import CoxData
from trialwright.stats.cox_regression import CoxRegression, cox_regression
from trialwright.stats.estimates import Test
from trialwright.stats.event_times import EventTimes
from trialwright.stats.partial_likelihood import TieRule

NOT_FINITE = "a hazard ratio is 0, infinite or undetermined: some cell of arm and level has no event"


def interaction_of_rows(times: EventTimes, codes: IntArray, ties: TieRule) -> tuple[Test, Test] | None:
    """Return likelihood ratio and Wald test of the products of arm and level; None where there is none to test.

    The discrete likelihood by recursion (Gail, Lubin and Rubinstein 1981) takes any number of cells.
    """
    arms = {f"arm {a}": times.arm == a for a in range(1, len(times.arms))}
    levels = {f"level {k}": codes == k for k in range(1, int(codes.max()) + 1)}
    products = {f"{a} x {k}": arms[a] & levels[k] for a in arms for k in levels}
    main = {name: column.astype(np.float64) for name, column in (arms | levels).items() if column.any()}
    both = {name: column.astype(np.float64) for name, column in products.items() if column.any()}
    reduced, full = (cox_regression(_rows(times, columns), ties=ties) for columns in (main, main | both))
    if not both or full.log_likelihood is None or reduced.log_likelihood is None:
        return None
    df = _determined(full) - _determined(reduced)
    if df < 1:
        return None
    gain = max(0.0, 2 * (full.log_likelihood - reduced.log_likelihood))
    return Test.chi_square(gain, df), _wald(full, set(both), df)


def _rows(times: EventTimes, columns: dict[str, FloatArray]) -> CoxData:
    return CoxData.of(times.day, times.event, columns, stratum=times.stratum, entry=times.entry, weight=times.weight)


def _determined(fit: CoxRegression) -> int:
    return sum(coefficient.coef is not None for coefficient in fit.coefficients)


def _wald(fit: CoxRegression, products: set[str], df: int) -> Test:
    place = [k for k, name in enumerate(fit.estimated) if name in products]
    if len(place) != df or not np.isfinite(fit.coef).all():
        return Test.impossible(NOT_FINITE)
    b = np.array([fit[fit.estimated[k]].coef for k in place], np.float64)
    return Test.chi_square(float(b @ np.linalg.solve(fit.covariance[np.ix_(place, place)], b)), df)
