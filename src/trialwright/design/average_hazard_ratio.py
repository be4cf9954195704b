"""The hazard ratio a trial is expected to show on average where it changes over time or differs between strata.

The average is the geometric mean weighted by the events of both arms (Kalbfleisch and Prentice, Biometrika
1981;68:105-112; Mukhopadhyay et al., Statistics in Biopharmaceutical Research 2020;12:444-454). Its information is that
of the log hazard ratio: p1 p2 times the events under no effect; under the effect 1/(1/d1 + 1/d2), d1 and d2 being the
expected events of the arms, added over strata and over the periods in which the hazard ratio stays the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.event_probability import Stratum, SupposedTrial, expected_events
from trialwright.design.expected_course import Pair, courses
from trialwright.design.expected_test import ExpectedTest, check_time
from trialwright.design.quadrature import Grid, grid_of
from trialwright.design.size import check_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ExpectedHazardRatio", "average_of", "expected_hazard_ratio"]


@dataclass(frozen=True)
class ExpectedHazardRatio:
    """The average hazard ratio by a calendar time, and the information on its logarithm.

    >>> ExpectedHazardRatio(42.0, 264.0, 191.0, 0.684, 42.4, 44.6).average
    0.684
    """

    time: float
    patients: float
    events: float
    average: float
    information_null: float
    information: float

    def test(self, *, margin: float = 1.0) -> ExpectedTest:
        """Return the Wald test of a hazard ratio of ``margin``: null information there, the other under the effect."""
        check_margin(margin)
        errors = (1 / math.sqrt(self.information_null), 1 / math.sqrt(self.information))
        effect = math.log(margin / self.average)
        return ExpectedTest("average hazard ratio", self.patients, self.events, effect, *errors)


def expected_hazard_ratio(trial: SupposedTrial, time: float) -> ExpectedHazardRatio:
    """Return the average hazard ratio by a calendar time, over all strata.

    ValueError where an arm has a hazard of 0 while patients are followed, or no events are expected.

    >>> from trialwright.design import ArmRates, Steps, uniform_accrual
    >>> late = Stratum(ArmRates.of(Steps((0, 3), (0.07, 0.042))), ArmRates.of(0.07))
    >>> trial = SupposedTrial(uniform_accrual(240, 24), (late,), ratio=2)
    >>> [round(expected_hazard_ratio(trial, time).average, 3) for time in (12, 24, 36)]
    [0.807, 0.735, 0.689]
    """
    check_time(time)
    events = expected_events(trial, time).events
    if not events > 0:
        raise ValueError(f"time must leave events to expect; none are by {time}")
    grid = grid_of(trial, time)
    pairs = courses(trial, time, grid.at)
    average = average_of(trial, grid, pairs)
    if average is None:
        raise ValueError("hazards must be above 0 in both arms while patients are followed, or their ratio is none")
    share = trial.ratio / (1 + trial.ratio)
    information = math.fsum(
        _information(grid, pair, _ratio(stratum, grid)) for stratum, pair in zip(trial.strata, pairs, strict=True)
    )
    return ExpectedHazardRatio(time, trial.patients, events, average, share * (1 - share) * events, information)


def average_of(trial: SupposedTrial, grid: Grid, pairs: list[Pair]) -> float | None:
    """Return the average hazard ratio on a grid; None where a hazard is 0."""
    import numpy as np

    logs, weights = [], []
    for stratum, pair in zip(trial.strata, pairs, strict=True):
        ratio = _ratio(stratum, grid)
        if not (np.isfinite(ratio) & (ratio > 0)).all():
            return None
        events = pair[0].failing + pair[1].failing
        logs.append(grid.total(events * np.log(ratio)))
        weights.append(grid.total(events))
    return math.exp(math.fsum(logs) / math.fsum(weights))


def _ratio(stratum: Stratum, grid: Grid) -> Reals:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(stratum.experimental.hazard.at(grid.at) / stratum.control.hazard.at(grid.at))


def _information(grid: Grid, pair: Pair, ratio: Reals) -> float:
    """Return 1/(1/d1 + 1/d2), added over the periods of one hazard ratio; ratios equal but for rounding are one."""
    import numpy as np

    changed = np.abs(np.diff(np.log(ratio))) > 1e-12
    period = np.concatenate([[0], np.cumsum(changed)])
    events = [np.bincount(period, weights=grid.width * arm.failing) for arm in pair]
    return float(np.sum(events[0] * events[1] / (events[0] + events[1])))
