"""How often the truth lies within the intervals of forecasts: virtual trials, each forecast at an interim look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.center_arrivals import PlannedCenters
from trialwright.design.event_forecast import Interim, fit_interim, forecast_interim
from trialwright.design.event_models import MODELS, EventModel
from trialwright.design.event_probability import SupposedTrial
from trialwright.design.forecast_chance import Say, generator
from trialwright.design.milestones import LEVELS, Probability
from trialwright.design.planned_milestones import PlannedTrials, planned_trials
from trialwright.design.recruitment_forecast import Centers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ForecastCalibration", "forecast_calibration"]


def _silent(done: int, of: int) -> None:
    pass


@dataclass(frozen=True, eq=False)
class ForecastCalibration:
    """Forecasts beside outcomes, one row for each virtual trial."""

    levels: tuple[float, ...]
    outcome: Reals
    """[trials] day of the event; infinity where it never came."""
    median: Reals
    """[trials]"""
    lower: Reals
    """[trials, levels]"""
    upper: Reals
    """[trials, levels]"""

    def coverage(self, level: float) -> Probability:
        """Return the share of trials whose outcome lies within the interval of a level, limits included.

        >>> import numpy as np
        >>> one = np.array([[3.0], [4.0]])
        >>> ForecastCalibration((0.9,), np.array([5.0, 2.0]), one[:, 0], one, one + 3).coverage(0.9).value
        0.5
        """
        if level not in self.levels:
            raise ValueError(f"level must be one of {', '.join(map(str, self.levels))}; got {level}")
        k = self.levels.index(level)
        share = float(((self.lower[:, k] <= self.outcome) & (self.outcome <= self.upper[:, k])).mean())
        return Probability(share, math.sqrt(share * (1 - share) / len(self.outcome)))

    @property
    def late(self) -> Probability:
        """Share of trials in which the event came after the median of its forecast: 0.5 where forecasts do not lean."""
        share = float((self.outcome > self.median).mean())
        return Probability(share, math.sqrt(share * (1 - share) / len(self.outcome)))


def forecast_calibration(
    trial: SupposedTrial,
    centers: PlannedCenters,
    *,
    look: int,
    number: int,
    trials: int,
    draws: int,
    seed: int,
    levels: Sequence[float] = LEVELS,
    models: Sequence[EventModel] = MODELS,
    say: Say = _silent,
) -> ForecastCalibration:
    """Forecast the event of that ``number`` at the event of number ``look`` in virtual trials of a plan in days.

    The forecaster sees pooled times, sites and all days of opening, not the rates. Trials that never reach ``look``
    are refused with a ValueError, as no forecast can be made of them.

    >>> from trialwright.design import ArmRates, Stratum, uniform_accrual
    >>> plan = SupposedTrial(uniform_accrual(60, 200), (Stratum(ArmRates.of(0.01), ArmRates.of(0.01)),))
    >>> where = PlannedCenters.alike(8, within=90, rate=0.03, shape=2)
    >>> found = forecast_calibration(plan, where, look=20, number=40, trials=4, draws=50, seed=1)
    >>> found.outcome.shape, found.coverage(0.95).value >= 0.5
    ((4,), True)
    """
    import numpy as np

    if not 1 <= look < number <= trial.patients:
        raise ValueError(f"look must come before number, both up to {trial.patients:g}; got {look} and {number}")
    chance = generator(seed, "calibration of forecasts")
    drawn = planned_trials(trial, centers, trials, chance)
    rows = []
    for row in range(trials):
        made = _known_at(drawn, row, look, chance)
        forecast = forecast_interim(
            fit_interim(
                made[0], patients=drawn.entered.shape[1], centers=made[1], models=models, leaving_models=models
            ),
            draws=draws,
            seed=int(chance.integers(2**63)),
        )
        rows.append(forecast.date_of_event(number, levels))
        say(row + 1, trials)
    outcome = np.ceil(np.partition(drawn.seen, number - 1, axis=1)[:, number - 1])
    limits = np.array([[one[1:] for one in each.intervals] for each in rows])
    median = np.array([each.median for each in rows])
    return ForecastCalibration(tuple(levels), outcome, median, limits[..., 0], limits[..., 1])


def _known_at(drawn: PlannedTrials, row: int, look: int, chance: np.random.Generator) -> tuple[Interim, Centers]:
    """Return what is known on the day of the event of number ``look`` of one trial."""
    import numpy as np

    entered, openings = drawn.entered[row], drawn.openings[row]
    now = np.ceil(np.partition(drawn.seen[row], look - 1)[look - 1])
    if not math.isfinite(now):
        raise ValueError(f"a virtual trial never reached its {look} events; choose a smaller look or less dropout")
    here = entered <= now
    event, leaving = drawn.seen[row][here], (entered + drawn.leaving[row])[here]
    last = np.minimum(np.ceil(np.minimum(event, leaving)), now)
    randomized = np.maximum(np.ceil(entered[here]), 1)
    days = np.maximum(last - randomized + 1, 1)
    site = _sites(entered[here], openings, drawn.rates[row], chance)
    interim = Interim.of(randomized, days, event <= now, (leaving < event) & (leaving <= now), now=int(now))
    opened = {str(k): max(math.ceil(day), 1) for k, day in enumerate(openings)}
    return interim, Centers.of(site, randomized.tolist(), opened=opened, now=float(now))


def _sites(entered: Reals, openings: Reals, rates: Reals, chance: np.random.Generator) -> list[str]:
    """Return the center of each patient: one of those open, in proportion to their rates."""
    import numpy as np

    cumulated = np.cumsum(np.where(openings <= entered[:, None], rates, 0.0), axis=1)
    wanted = chance.random(len(entered)) * cumulated[:, -1]
    return [str(k) for k in (cumulated <= wanted[:, None]).sum(axis=1)]
