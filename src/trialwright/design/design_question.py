"""The equations of a fixed design: events by Schoenfeld's formula, and events by the course of the trial."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trialwright.design.hazard_ratios import hazard_ratio_at
from trialwright.design.planned_course import PlannedCourse
from trialwright.design.size import events_schoenfeld, power_schoenfeld

__all__ = ["DesignQuestion", "Known", "brent"]

LARGEST = 2.0
"""No search looks for a hazard ratio further than exp(2) from the margin."""
NEAREST = 1e-6

Known = dict[str, float]
"""Quantities of the design by name, as many as are known so far."""


@dataclass(frozen=True)
class DesignQuestion:
    """What a design supposes and asks of its test, apart from the quantities that are given or to be found."""

    course: PlannedCourse
    alpha: float
    sides: Literal[1, 2]
    ratio: float
    margin: float
    side: int

    def expected(self, known: Known) -> float:
        """Return the events expected at the analysis."""
        course = {name: known[name] for name in ("patients", "accrual", "follow_up")}
        return self.course.events(known["hazard_ratio"], **course)

    def needed(self, known: Known) -> float:
        """Return the events the power takes."""
        given = {"alpha": self.alpha, "ratio": self.ratio, "margin": self.margin, "power": known["power"]}
        return events_schoenfeld(known["hazard_ratio"], sides=self.sides, **given)

    def power(self, hazard_ratio: float, events: float) -> float:
        """Return the power so many events have."""
        given = {"alpha": self.alpha, "ratio": self.ratio, "margin": self.margin, "events": events}
        return power_schoenfeld(hazard_ratio, sides=self.sides, **given)

    def beyond(self, log_ratio: float) -> float:
        """Return the hazard ratio so far from the margin on the side of the benefit."""
        return self.margin * math.exp(-self.side * log_ratio)

    def detectable(self, power: float, events: float) -> float:
        """Return the hazard ratio with this power: events needed fall with the square of its logarithm."""
        return self.beyond(math.sqrt(self.needed({"hazard_ratio": self.beyond(1.0), "power": power}) / events))

    def at_bound(self, events: float) -> float:
        """Return the hazard ratio estimated when the test just ends significant."""
        from scipy.special import ndtri

        z = -self.side * float(ndtri(self.alpha / self.sides))
        return self.margin * hazard_ratio_at(z, events=events, ratio=self.ratio)

    def smallest(self, known: Known) -> float | None:
        """Return the hazard ratio nearest to the margin that has the power with the events then expected.

        None where even one exp(2) from the margin has not, or one next to it has. Between them events needed fall
        faster with the distance than those that come, whatever the plan: there is one answer.
        """

        def surplus(distance: float) -> float:
            tried = known | {"hazard_ratio": self.beyond(distance)}
            return self.expected(tried) / self.needed(tried) - 1

        if surplus(LARGEST) < 0 or surplus(NEAREST) > 0:
            return None
        return self.beyond(brent(surplus, NEAREST, LARGEST))


def brent(surplus: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function changes sign, to rounding."""
    from scipy.optimize import brentq

    return float(brentq(surplus, low, high, xtol=1e-13, rtol=1e-14))
