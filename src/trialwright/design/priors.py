"""What is known of an effect before a trial, or so far: a normal distribution of the drift.

Spiegelhalter, Abrams, Myles (2004, Bayesian Approaches to Clinical Trials, chapter 2): a log hazard ratio known from d
events has the standard deviation 1 / sqrt(d p1 p2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.hazard_ratios import log_rank_mean, root_information

__all__ = ["NormalPrior"]

Array = Any


@dataclass(frozen=True)
class NormalPrior:
    """A normal distribution of the drift, the mean of z when all planned information is in.

    ``sd`` 0 is certainty, infinity a flat prior that has no use before the first data. Raises ValueError for others.

    >>> NormalPrior(mean=2.8, sd=1.0).after(3.0, 0.0)
    NormalPrior(mean=0.7, sd=0.5)
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise ValueError(f"the mean of a prior must be a finite drift; got {self.mean}")
        if not self.sd >= 0:
            raise ValueError(f"the standard deviation of a prior must be at least 0; got {self.sd}")

    @classmethod
    def flat(cls) -> NormalPrior:
        """Return the prior that knows nothing."""
        return cls(0.0, math.inf)

    @classmethod
    def of_hazard_ratio(cls, hazard_ratio: float, sd: float, *, events: float, ratio: float) -> NormalPrior:
        """Return the prior with this median hazard ratio and ``sd`` of its logarithm, for a trial of so many events.

        >>> prior = NormalPrior.of_hazard_ratio(0.7, 0.2, events=127, ratio=2)
        >>> round(prior.mean, 6), round(prior.sd, 6)
        (1.894821, 1.062492)
        """
        return cls(log_rank_mean(hazard_ratio, events=events, ratio=ratio), sd * root_information(events, ratio))

    @classmethod
    def worth(cls, hazard_ratio: float, prior_events: float, *, events: float, ratio: float) -> NormalPrior:
        """Return the prior of an earlier trial at the same ratio: its hazard ratio and its events.

        >>> round(NormalPrior.worth(0.7, 50, events=200, ratio=1).sd, 12)
        2.0
        """
        return cls.of_hazard_ratio(hazard_ratio, 1 / root_information(prior_events, ratio), events=events, ratio=ratio)

    def after(self, information: float, z: float) -> NormalPrior:
        """Return what is known when z was seen at a fraction of the information (Bayes, conjugate normal)."""
        if self.sd == 0:
            return self
        precision = 1 / self.sd**2 + information
        return NormalPrior((self.mean / self.sd**2 + z * math.sqrt(information)) / precision, 1 / math.sqrt(precision))

    def averaged(
        self, t: Array, lower: Array, upper: Array, wedge: tuple[Array, Array] | None
    ) -> tuple[Array, Array, Array, tuple[Array, Array] | None]:
        """Return a path without drift that leaves its bounds as often as this one does on average over the prior.

        S(t) with a drift N(m, s^2) has covariance min + s^2 t u, so (S(t) - m t) / (1 + s^2 t) is a Brownian motion
        at the time t / (1 + s^2 t): no integration over the prior is needed.
        """
        if math.isinf(self.sd):
            raise ValueError("a flat prior has no average before the first data; state a mean and a finite sd")
        slower = 1 + self.sd**2 * t

        def shifted(bounds: Array) -> Array:
            return (bounds - self.mean * np.sqrt(t)) / np.sqrt(slower)

        inner = None if wedge is None else (shifted(wedge[0]), shifted(wedge[1]))
        return t / slower, shifted(lower), shifted(upper), inner
