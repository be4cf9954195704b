"""What the looks of many virtual trials show, and what that says of the design."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.simulate.designed import DesignedTrial

__all__ = ["LookSummary", "Operating", "Outcomes", "Share", "Spread"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Share:
    """A share of the trials with its Monte Carlo standard error, sqrt(p (1 - p) / trials).

    >>> Share.of(250, 1000)
    Share(value=0.25, se=0.013693063937629153)
    """

    value: float
    se: float

    @classmethod
    def of(cls, count: int, trials: int) -> Share:
        """Return so many of the trials."""
        p = count / trials
        return cls(p, math.sqrt(p * (1 - p) / trials))


@dataclass(frozen=True)
class Spread:
    """Mean with its Monte Carlo standard error, and quantiles (5, 25, 50, 75, 95 %), over the trials that have a value.

    >>> import numpy as np
    >>> Spread.of(np.array([1.0, 2.0, 3.0, np.nan])).mean
    2.0
    """

    mean: float
    se: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats) -> Spread:
        """Return the spread of the finite values; NaN throughout when there is none."""
        kept = values[np.isfinite(values)]
        if not len(kept):
            return cls(math.nan, math.nan, (math.nan,) * len(QUANTILES))
        se = float(kept.std(ddof=1) / math.sqrt(len(kept))) if len(kept) > 1 else math.nan
        return cls(float(kept.mean()), se, tuple(np.quantile(kept, QUANTILES).tolist()))


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What every look of every trial shows, whether or not the trial would have stopped before.

    Arrays of shape (trials, looks). A look that is never taken has time, z and log hazard ratio NaN, counts 0.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger, simulate_design
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> found = simulate_design(plan, 20, seed=1)
    >>> found.z.shape, set(found.events[:, 0].tolist())
    ((20, 1), {60})
    """

    designed: DesignedTrial
    seed: int
    first: int
    """Number of the first trial."""
    time: Floats
    """Calendar time of the look."""
    enrolled: Ints
    events: Ints
    z: Floats
    """Positive where the experimental arm does better; NaN where the test does not exist."""
    log_hazard_ratio: Floats | None
    """Cox, Efron's ties, with the strata of the test; infinite where one arm has no event. None if not asked for."""

    @property
    def trials(self) -> int:
        """The number of trials."""
        return len(self.z)

    @property
    def crossed(self) -> Ints:
        """[trials, looks] 1 where z is at or above the upper bound, -1 at or below the lower one, else 0."""
        upper = np.array([look.upper for look in self.designed.looks])
        lower = np.array([look.lower for look in self.designed.looks])
        crossed: Ints = np.where(self.z >= upper, 1, np.where(self.z <= lower, -1, 0))
        return crossed

    @property
    def stopped(self) -> Ints:
        """[trials] the look, from 0, at which a bound is first crossed; the number of looks where none ever is."""
        crossed = self.crossed != 0
        stopped: Ints = np.where(crossed.any(axis=1), crossed.argmax(axis=1), crossed.shape[1])
        return stopped

    @property
    def last_look(self) -> Ints:
        """[trials] the look, from 0, with which the trial ends: by a bound, or the last one taken; -1 without any."""
        taken = np.isfinite(self.time)
        latest = np.where(taken.any(axis=1), taken.shape[1] - 1 - taken[:, ::-1].argmax(axis=1), -1)
        return np.minimum(self.stopped, latest)

    def under(self, upper: tuple[float, ...], lower: tuple[float, ...] | None = None) -> Outcomes:
        """Return the same trials judged by other bounds, one for each look.

        >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
        >>> from trialwright.simulate import Allocating, Look, Trigger, simulate_design
        >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
        >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
        >>> simulate_design(plan, 20, seed=1).under((9.0,)).summary().above_any.value
        0.0
        """
        lower = lower or (-math.inf,) * len(upper)
        looks = tuple(
            replace(look, upper=high, lower=low)
            for look, high, low in zip(self.designed.looks, upper, lower, strict=True)
        )
        return replace(self, designed=replace(self.designed, looks=looks))

    def summary(self) -> Operating:
        """Return the operating characteristics."""
        return _operating(self)


@dataclass(frozen=True)
class LookSummary:
    """One look over all trials. Shares are of all trials, so that those of the looks add up.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger, simulate_design
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> look = simulate_design(plan, 100, seed=1).summary().looks[0]
    >>> look.events.quantiles, look.never_reached.value
    ((60.0, 60.0, 60.0, 60.0, 60.0), 0.0)
    """

    above: Share
    """Stop here at or above the upper bound, none crossed before."""
    below: Share
    """Stop here at or below the lower bound."""
    never_reached: Share
    """The look's condition never comes."""
    no_statistic: Share
    """The look is taken and the test does not exist."""
    upper_tail: Share
    """z at or above the finite bound, whatever came before."""
    lower_tail: Share
    """z at or below minus that bound: the other tail of a two-sided reading."""
    time: Spread
    enrolled: Spread
    events: Spread
    z: Spread
    log_hazard_ratio: Spread | None
    bias: float | None
    """Mean log hazard ratio less the supposed one, where that is one number: no ratio of hazards changes."""


@dataclass(frozen=True)
class Operating:
    """Operating characteristics of a design, each share with its Monte Carlo standard error.

    A look that is never taken, or without a statistic, counts as not rejecting, and its share is told.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger, simulate_design
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> card = simulate_design(plan, 2000, seed=1).summary()
    >>> 0.6 < card.above_any.value < 0.8, card.above_any.se < 0.02, card.looks[0].events.mean
    (True, True, 60.0)
    """

    trials: int
    above_any: Share
    """Trials that stop at or above an upper bound: power, or under no difference the type I error."""
    below_any: Share
    neither: Share
    other_tail: Share
    """Trials that would stop, bounds mirrored, in favor of the control arm: the other tail of a two-sided reading."""
    never_finished: Share
    """Trials in which the last look is never reached and no bound is crossed before."""
    looks: tuple[LookSummary, ...]
    duration: Spread
    """Calendar time at which the trial ends: at the look where it stops, or the last one taken."""
    enrolled: Spread
    events: Spread
    supposed_log_hazard_ratio: float | None


def _operating(found: Outcomes) -> Operating:
    trials, stopped, crossed, end = found.trials, found.stopped, found.crossed, found.last_look
    looks = len(found.designed.looks)
    at_stop = np.take_along_axis(crossed, np.minimum(stopped, looks - 1)[:, None], axis=1)[:, 0]
    direction = np.where(stopped < looks, at_stop, 0)
    upper = np.array([look.upper for look in found.designed.looks])
    unfinished = (stopped == looks) & ~np.isfinite(found.time[:, -1])
    supposed = supposed_log_hazard_ratio(found.designed)
    return Operating(
        trials=trials,
        above_any=_share(direction == 1),
        below_any=_share(direction == -1),
        neither=_share(direction == 0),
        other_tail=_share((found.z <= -upper).any(axis=1)),
        never_finished=_share(unfinished),
        looks=tuple(_look(found, k, stopped, direction, supposed) for k in range(looks)),
        duration=Spread.of(_at_end(found.time, end)),
        enrolled=Spread.of(_at_end(found.enrolled, end)),
        events=Spread.of(_at_end(found.events, end)),
        supposed_log_hazard_ratio=supposed,
    )


def _look(found: Outcomes, k: int, stopped: Ints, direction: Ints, supposed: float | None) -> LookSummary:
    upper, taken, z = found.designed.looks[k].upper, np.isfinite(found.time[:, k]), found.z[:, k]
    ratio = None if found.log_hazard_ratio is None else Spread.of(found.log_hazard_ratio[:, k])
    return LookSummary(
        above=_share((stopped == k) & (direction == 1)),
        below=_share((stopped == k) & (direction == -1)),
        never_reached=_share(~taken),
        no_statistic=_share(taken & np.isnan(z)),
        upper_tail=_share(z >= upper),
        lower_tail=_share(z <= -upper),
        time=Spread.of(found.time[:, k]),
        enrolled=Spread.of(np.where(taken, found.enrolled[:, k], np.nan)),
        events=Spread.of(np.where(taken, found.events[:, k], np.nan)),
        z=Spread.of(z),
        log_hazard_ratio=ratio,
        bias=None if ratio is None or supposed is None else ratio.mean - supposed,
    )


def _share(flags: Any) -> Share:
    return Share.of(int(flags.sum()), len(flags))


def _at_end(values: Any, end: Ints) -> Floats:
    picked = np.take_along_axis(values, np.maximum(end, 0)[:, None], axis=1)[:, 0]
    return np.where(end >= 0, picked, np.nan).astype(np.float64)


def supposed_log_hazard_ratio(designed: DesignedTrial) -> float | None:
    """Return the log of the supposed ratio of hazards if it is the same at all times and in all strata, else None."""
    ratios = set()
    for stratum in designed.supposed.strata:
        one, zero = stratum.experimental.hazard, stratum.control.hazard
        times = np.union1d(one.starts, zero.starts)
        pairs = zip(one.at(times).tolist(), zero.at(times).tolist(), strict=True)
        ratios |= {round(math.log(a / b), 12) if min(a, b) > 0 else math.nan for a, b in pairs if max(a, b) > 0}
    return ratios.pop() if len(ratios) == 1 and not any(map(math.isnan, ratios)) else None
