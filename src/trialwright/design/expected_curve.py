"""The Kaplan-Meier curves a trial is expected to show, and how much they vary.

With h the hazard of those at risk and n their number, log S varies by the integral of h/n (Greenwood 1926; Breslow and
Crowley, Annals of Statistics 1974;2:437-453).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.event_probability import SupposedTrial, expected_events
from trialwright.design.expected_course import ArmCourse, courses, pooled
from trialwright.design.expected_test import check_time
from trialwright.design.quadrature import Grid, grid_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ExpectedCurve", "curves_until"]


@dataclass(frozen=True)
class ExpectedCurve:
    """One arm of one stratum (or of all): hazard, its share of variance and survival at the nodes of a grid [M]."""

    grid: Grid
    hazard: Reals
    varying: Reals

    @classmethod
    def of(cls, grid: Grid, arm: ArmCourse) -> ExpectedCurve:
        """Return the curve of the patients of an arm."""
        return cls(grid, arm.failing / arm.risk, arm.failing / arm.risk**2)

    @property
    def survival_at_end(self) -> float:
        """Survival at the end of the grid."""
        return math.exp(-self.grid.total(self.hazard))

    @property
    def log_variance_at_end(self) -> float:
        """Variance of the logarithm of the survival at the end of the grid."""
        return self.grid.total(self.varying)

    @property
    def restricted_mean(self) -> float:
        """Area under the curve up to the end of the grid."""
        return self.grid.total(self._survival)

    @property
    def restricted_mean_variance(self) -> float:
        """Integral of the squared area that is left at each time, times h/n."""
        survival = self._survival
        left = self.grid.total(survival) - self.grid.until(survival)
        return self.grid.total(left**2 * self.varying)

    @property
    def _survival(self) -> Reals:
        import numpy as np

        return np.exp(-self.grid.until(self.hazard))


@dataclass(frozen=True)
class Curves:
    """Both arms' curves of each stratum (one pair when not stratified), the strata's shares, and the events by then."""

    pairs: tuple[tuple[ExpectedCurve, ExpectedCurve], ...]
    shares: tuple[float, ...]
    patients: float
    events: float


def curves_until(trial: SupposedTrial, time: float, end: float, name: str, *, stratified: bool) -> Curves:
    """Return the curves from entry to ``end``, called ``name`` in messages.

    ValueError unless some patients have been followed for longer than that by ``time``.
    """
    check_time(time)
    if not 0 < end < math.inf:
        raise ValueError(f"{name} must be a finite number greater than 0; got {end}")
    longest = min(time, trial.longest)
    if end > trial.longest or end >= time:
        raise ValueError(f"{name} must be within the longest follow-up, {longest:g}; got {end:g}")
    grid = grid_of(trial, time, end=end)
    every = courses(trial, time, grid.at)
    pairs = every if stratified else [pooled(every)]
    return Curves(
        tuple((ExpectedCurve.of(grid, pair[0]), ExpectedCurve.of(grid, pair[1])) for pair in pairs),
        tuple(stratum.share for stratum in trial.strata) if stratified else (1.0,),
        trial.patients,
        expected_events(trial, time).events,
    )
