"""Milestones of a trial that is only planned: exact where entry is a known rate, drawn where centers decide.

Given their number N, patients who enter at a known rate do so independently of each other. With arms allotted
independently too, each has the event by time t with the same chance p(t), the expected events over N (Lachin and
Foulkes 1986), so the events are binomial and the d-th comes by t with the chance that a binomial reaches d: no
simulation is needed. Blocks that fix the numbers of the arms make the spread a little smaller. Where the speed of
centers is chance, entries depend on each other and are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.center_arrivals import PlannedCenters, arrivals
from trialwright.design.event_probability import ArmRates, Steps, SupposedTrial, expected_events, time_of_events
from trialwright.design.forecast_chance import Say, chunks
from trialwright.design.milestones import LEVELS, Forecast, Prediction, Probability, check_levels, check_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["PlannedMilestones", "PlannedTrials", "forecast_plan", "planned_trials"]


def _silent(done: int, of: int) -> None:
    pass


@dataclass(frozen=True)
class PlannedMilestones:
    """The exact distribution of milestones when patients enter at the rate of ``trial``; times in its unit.

    ValueError unless its patients are a whole number.

    >>> from trialwright.design import Stratum, uniform_accrual
    >>> arms = Stratum(ArmRates.of(0.59 * math.log(2) / 3.6), ArmRates.of(math.log(2) / 3.6))
    >>> plan = PlannedMilestones(SupposedTrial(uniform_accrual(198, 42), (arms,), ratio=2))
    >>> date = plan.date_of_event(127)
    >>> round(date.median, 2), [round(limit, 1) for limit in date.interval(0.95)]
    (34.3, [31.4, 37.1])
    """

    trial: SupposedTrial

    def __post_init__(self) -> None:
        if not math.isclose(self.trial.patients, round(self.trial.patients), rel_tol=1e-9):
            raise ValueError(f"accrual must bring a whole number of patients; got {self.trial.patients:g}")

    @property
    def patients(self) -> int:
        """All patients planned."""
        return round(self.trial.patients)

    def date_of_event(self, number: int, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the time of the event of that number."""
        check_number(number, self.patients)
        return _prediction(lambda q: self._time(number, q), levels)

    def chance_by(self, number: int, time: float) -> Probability:
        """Return the chance that so many events have come by a time; infinity asks whether they ever do."""
        from scipy.special import betainc

        check_number(number, self.patients)
        share = self._share(time)
        return Probability(float(betainc(number, self.patients - number + 1, share)), 0.0)

    def events_by(self, time: float, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the number of events by a time."""
        share = self._share(time)
        return _prediction(lambda q: _binomial(self.patients, share, q), levels)

    def patients_by(self, time: float, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the number of patients entered by a time."""
        share = expected_events(self.trial, time).enrolled / self.trial.patients
        return _prediction(lambda q: _binomial(self.patients, share, q), levels)

    def last_patient_in(self, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the time at which the last patient enters: the largest of N independent entries."""
        return _prediction(lambda q: self._entered(q ** (1 / self.patients)), levels)

    def _share(self, time: float) -> float:
        """Return the chance that a patient has the event by a time."""
        late = self._never() if time == math.inf else time
        return min(1.0, expected_events(self.trial, late).events / self.trial.patients)

    def _never(self) -> float:
        """Return a time after which hardly anything can happen: all cells' hazards have run for very long."""
        late = max(self.trial.accrual.starts[-1], 1.0)
        while expected_events(self.trial, 2 * late).events > expected_events(self.trial, late).events + 1e-9:
            late *= 2
        return 2 * late

    def _time(self, number: int, q: float) -> float:
        """Return the time by which the number is reached with chance q, infinity where it never is."""
        from scipy.special import betaincinv

        share = float(betaincinv(number, self.patients - number + 1, q))
        if share >= self._share(math.inf):
            return math.inf
        return time_of_events(self.trial, share * self.trial.patients)

    def _entered(self, share: float) -> float:
        """Return the time by which a share of the patients has entered: a broken line, inverted."""
        left = share * self.trial.patients
        accrual = self.trial.accrual
        for start, end, rate in zip(accrual.starts, accrual.starts[1:], accrual.rates, strict=False):
            if rate * (end - start) >= left:
                return start + left / rate
            left -= rate * (end - start)
        return accrual.starts[-1]


def _prediction(quantile: Callable[[float], float], levels: Sequence[float]) -> Prediction:
    check_levels(levels)
    limits = tuple((level, quantile((1 - level) / 2), quantile((1 + level) / 2)) for level in levels)
    return Prediction(quantile(0.5), limits)


def _binomial(n: int, share: float, q: float) -> float:
    """Return the smallest number that a binomial stays at or below with chance q at least."""
    import numpy as np
    from scipy.special import bdtr

    if share >= 1:
        return float(n)
    return float(np.searchsorted(bdtr(np.arange(n + 1), n, share), q, side="left"))


@dataclass(frozen=True, eq=False)
class PlannedTrials:
    """Possible trials of a plan, patient by patient; arrays [draws, patients], times from the opening of the trial."""

    entered: Reals
    event: Reals
    """From entry; infinity where it never comes."""
    leaving: Reals
    """From entry; infinity where the patient never leaves."""
    openings: Reals
    """[draws, centers]"""
    rates: Reals
    """[draws, centers]"""

    @property
    def seen(self) -> Reals:
        """Times of events since the opening, infinity where the patient left before."""
        import numpy as np

        return np.where(self.event < self.leaving, self.entered + self.event, np.inf)


def planned_trials(
    trial: SupposedTrial, centers: PlannedCenters, draws: int, chance: np.random.Generator
) -> PlannedTrials:
    """Return possible trials of the patients and arms of ``trial``, who come to ``centers`` (its accrual is not used).

    >>> from trialwright.design import Stratum, uniform_accrual
    >>> import numpy as np
    >>> trial = SupposedTrial(uniform_accrual(9, 1), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),))
    >>> centers = PlannedCenters.alike(3, within=2, rate=1, shape=1)
    >>> planned_trials(trial, centers, 5, np.random.default_rng(1)).seen.shape
    (5, 9)
    """
    import numpy as np

    patients = PlannedMilestones(trial).patients
    openings, rates = centers.drawn(draws, chance)
    entered = arrivals(np.zeros(draws), openings, rates, patients, chance)
    arms = [(s, first) for s in trial.strata for first in (True, False)]
    shares = [trial.share(stratum, experimental=first) for stratum, first in arms]
    group = chance.choice(len(arms), size=entered.shape, p=np.array(shares) / sum(shares))
    event, leaving = np.empty(entered.shape), np.empty(entered.shape)
    for number, (stratum, first) in enumerate(arms):
        arm: ArmRates = stratum.experimental if first else stratum.control
        own = group == number
        event[own], leaving[own] = (_times(rate, int(own.sum()), chance) for rate in (arm.hazard, arm.dropout))
    return PlannedTrials(entered, event, np.minimum(leaving, trial.longest), openings, rates)


def _times(rate: Steps, count: int, chance: np.random.Generator) -> Reals:
    import numpy as np

    from trialwright.design.event_models import rates_after

    unit = chance.standard_exponential((1, count))
    return np.asarray(rates_after(rate.starts[1:], np.array([rate.rates]), np.zeros(count), unit)[0])


def forecast_plan(
    trial: SupposedTrial, centers: PlannedCenters, *, draws: int, seed: int, say: Say = _silent
) -> Forecast:
    """Return possible trials of a plan whose centers open and recruit by chance; times in the unit of the plan.

    >>> from trialwright.design import Stratum, uniform_accrual
    >>> trial = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),))
    >>> plan = forecast_plan(trial, PlannedCenters.alike(20, within=6, rate=0.5, shape=1.2), draws=500, seed=1)
    >>> 10 < plan.last_patient_in().median < 14
    True
    """
    import numpy as np

    parts = [
        planned_trials(trial, centers, size, chance) for chance, size in chunks(seed, "planned milestones", draws, say)
    ]
    entered = np.concatenate([part.entered for part in parts])
    return Forecast(entered, np.concatenate([part.seen for part in parts]), 0.0)
