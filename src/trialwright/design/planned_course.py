"""How a design supposes its patients to enter, fail and leave, whatever their number and the hazard ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialwright.design.event_probability import (
    ArmRates,
    Steps,
    Stratum,
    SupposedTrial,
    expected_events,
    scaled_accrual,
)

__all__ = ["PlannedCourse", "PlannedStratum"]

_NOBODY = Steps((0.0,), (0.0,))
FAR = 1e4
"""No duration is longer than this many mean times to the control arm's event, taken at its smallest hazard above 0."""


@dataclass(frozen=True)
class PlannedStratum:
    """A share of the patients, with a hazard of its own in the control arm and hazards of leaving.

    ``dropout`` holds for both arms, unless the experimental arm has its own.

    >>> PlannedStratum(Steps.of(0.1), share=0.4).share
    0.4
    """

    control: Steps
    share: float = 1.0
    dropout: Steps = _NOBODY
    dropout_experimental: Steps | None = None

    def under(self, hazard_ratio: float) -> Stratum:
        """Return the stratum of a trial under a hazard ratio."""
        leaving = self.dropout if self.dropout_experimental is None else self.dropout_experimental
        experimental = ArmRates(self.control.times(hazard_ratio), leaving)
        return Stratum(experimental, ArmRates(self.control, self.dropout), self.share)


@dataclass(frozen=True)
class PlannedCourse:
    """Strata, relative speed of accrual, allocation, and the longest follow-up of a patient.

    >>> course = PlannedCourse((PlannedStratum(Steps.of(0.1)),), Steps.of(1), ratio=2.0)
    >>> round(course.events(0.6, patients=198, accrual=24, follow_up=6), 1)
    135.5
    """

    strata: tuple[PlannedStratum, ...]
    shape: Steps
    ratio: float
    longest: float = math.inf

    def __post_init__(self) -> None:
        if not any(any(stratum.control.rates) for stratum in self.strata):
            raise ValueError("control must have a hazard above 0: without events nothing can be designed")
        if not self.shape.rates[-1] > 0:
            raise ValueError(f"the last relative rate of accrual must be above 0, it goes on; got {self.shape.rates}")

    def trial(self, hazard_ratio: float, *, patients: float, accrual: float) -> SupposedTrial:
        """Return the trial that follows from the numbers."""
        strata = tuple(stratum.under(hazard_ratio) for stratum in self.strata)
        return SupposedTrial(scaled_accrual(self.shape, patients, accrual), strata, self.ratio, self.longest)

    def events(self, hazard_ratio: float, *, patients: float, accrual: float, follow_up: float) -> float:
        """Return the events expected when follow-up ends."""
        trial = self.trial(hazard_ratio, patients=patients, accrual=accrual)
        return expected_events(trial, accrual + follow_up).events

    def per_rate(self, accrual: float) -> float:
        """Return the patients who enter in so much time at a rate of 1."""
        return float(self.shape.until([accrual])[0])

    def time_to_enter(self, patients: float) -> float:
        """Return the time in which so many enter at a rate of 1."""
        starts, rates = self.shape.starts, self.shape.rates
        piece = max(i for i, start in enumerate(starts) if self.per_rate(start) <= patients)
        rest = patients - self.per_rate(starts[piece])
        return starts[piece] + (rest / rates[piece] if rest > 0 else 0.0)

    @property
    def far(self) -> float:
        """A duration after which next to nobody is left to fail."""
        return FAR / min(rate for stratum in self.strata for rate in stratum.control.rates if rate > 0)

    @property
    def fastest(self) -> float:
        """The largest hazard of the control arm."""
        return max(rate for stratum in self.strata for rate in stratum.control.rates)
