"""A group sequential design in whole events: the object that text, tables and JSON are made from.

Events are rounded once; bounds, chances and hazard ratios are those of the rounded events. Hazard ratios at bounds and
the drift are Schoenfeld's (1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trialwright.design.boundaries import Boundaries
from trialwright.design.event_probability import SupposedTrial, expected_events, time_of_events
from trialwright.design.hazard_ratios import hazard_ratio_at, log_rank_mean
from trialwright.design.operating import group_sequential_power
from trialwright.design.recursion import Crossing
from trialwright.design.size import check_share

__all__ = ["SurvivalLook", "SurvivalLooks", "planned_looks", "survival_looks"]

BoundariesAt = Callable[[Sequence[float]], Boundaries]
"""Boundaries for looks at these cumulative events."""
MOST_EVENTS = 1e7


@dataclass(frozen=True)
class SurvivalLook:
    """One look. ``None`` stands where there is no such bound, or where no course of the trial was supposed.

    ``events`` are all so far, ``further_events`` those since the look before. ``month`` and ``patients`` are when they
    are expected and how many have entered by then. ``hazard_ratio_upper`` is the one seen on the upper bound; ``lower``
    is the bound for futility, on two sides for harm, and ``inner`` that for futility on two sides. Chances are to stop
    at this look and by this bound, without an effect (``_null``) and with the one supposed.

    >>> from trialwright.design import wang_tsiatis_boundaries
    >>> survival_looks(lambda d: wang_tsiatis_boundaries([1.0], 0, alpha=0.025, sides=1), [127],
    ...     hazard_ratio=0.59, ratio=2).looks[0].events
    127
    """

    look: int
    events: int
    further_events: int
    information: float
    month: float | None
    patients: float | None
    upper: float | None
    hazard_ratio_upper: float | None
    lower: float | None
    hazard_ratio_lower: float | None
    inner: float | None
    hazard_ratio_inner: float | None
    nominal_p: float
    alpha_spent: float
    chance_upper_null: float
    chance_lower_null: float
    chance_inner_null: float
    chance_upper: float
    chance_lower: float
    chance_inner: float


@dataclass(frozen=True)
class SurvivalLooks:
    """Looks at whole events, with the hazard ratio and the allocation ratio (experimental to control) supposed.

    >>> SurvivalLooks(0.59, 2.0, 0.025, 1, True, ()).looks
    ()
    """

    hazard_ratio: float
    ratio: float
    alpha: float
    sides: int
    binding: bool
    looks: tuple[SurvivalLook, ...]

    @property
    def events(self) -> tuple[int, ...]:
        """All events so far at each look."""
        return tuple(look.events for look in self.looks)

    @property
    def power(self) -> float:
        """The chance to cross an upper bound at any look under the hazard ratio supposed."""
        return math.fsum(look.chance_upper for look in self.looks)

    @property
    def expected_events_null(self) -> float:
        """Mean events at the end of the trial, if there is no effect."""
        return self._mean(
            [look.chance_upper_null + look.chance_lower_null + look.chance_inner_null for look in self.looks]
        )

    @property
    def expected_events(self) -> float:
        """Mean events at the end of the trial, under the hazard ratio supposed."""
        return self._mean([k.chance_upper + k.chance_lower + k.chance_inner for k in self.looks])

    def _mean(self, stops: Sequence[float]) -> float:
        last = self.looks[-1].events
        early = (stop * (last - look.events) for stop, look in zip(stops, self.looks, strict=True))
        return last - math.fsum(early)


def survival_looks(
    boundaries_at: BoundariesAt,
    events: Sequence[int],
    *,
    hazard_ratio: float,
    ratio: float,
    trial: SupposedTrial | None = None,
) -> SurvivalLooks:
    """Return the design with looks at these events, all so far at each.

    The boundaries may be for a plan or for what was observed; their fractions say how many events were planned.
    ``trial`` says when the events are expected, with rates per month. Raises ValueError for events that are not whole
    or do not rise.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> def bounds(events):
    ...     fractions = [d / events[-1] for d in events]
    ...     return spending_boundaries(fractions, Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> design = survival_looks(bounds, [76, 127], hazard_ratio=0.59, ratio=2)
    >>> [round(look.hazard_ratio_upper, 4) for look in design.looks], round(design.power, 4)
    ([0.5219, 0.6888], 0.7971)
    """
    whole = _whole(events)
    boundaries = boundaries_at(whole)
    drift = log_rank_mean(hazard_ratio, events=_planned(boundaries, whole), ratio=ratio)
    null, supposed = (group_sequential_power(boundaries, effect) for effect in (0.0, drift))
    made = _Made(boundaries, whole, ratio, trial, null, supposed)
    looks = tuple(made.look(k) for k in range(len(whole)))
    return SurvivalLooks(hazard_ratio, ratio, boundaries.alpha, boundaries.sides, boundaries.binding, looks)


def planned_looks(
    boundaries_at: BoundariesAt,
    fractions: Sequence[float],
    *,
    power: float,
    hazard_ratio: float,
    ratio: float,
    trial: SupposedTrial | None = None,
) -> SurvivalLooks:
    """Return the design of fewest events with this power, its looks at about these fractions of them.

    The last number is rounded up, earlier ones to the nearest; while rounding leaves the power short, one event more.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> def bounds(events):
    ...     fractions = [d / events[-1] for d in events]
    ...     return spending_boundaries(fractions, Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> planned_looks(bounds, [0.6, 1], power=0.8, hazard_ratio=0.59, ratio=2).events
    (77, 128)
    """
    check_share("power", power)
    if not 0 < hazard_ratio < 1:
        raise ValueError(f"hazard_ratio must be in (0, 1) to be planned for; got {hazard_ratio}")

    if not len(fractions) or fractions[-1] != 1:
        raise ValueError(f"fractions of the events must rise and end with 1, such as 0.6, 1; got {list(fractions)}")

    def reached(events: Sequence[float]) -> float:
        drift = log_rank_mean(hazard_ratio, events=events[-1], ratio=ratio)
        return sum(group_sequential_power(boundaries_at(events), drift).above)

    last = math.ceil(_needed(reached, fractions, power) - 1e-6)
    while reached(_rounded(fractions, last)) < power:
        last += 1
    return survival_looks(boundaries_at, _rounded(fractions, last), hazard_ratio=hazard_ratio, ratio=ratio, trial=trial)


def _needed(reached: Callable[[Sequence[float]], float], fractions: Sequence[float], power: float) -> float:
    """Return the events that give this power, not rounded: at most a few times as many as the trials tried before."""
    from scipy.optimize import brentq

    def excess(events: float) -> float:
        return reached([events * fraction for fraction in fractions]) - power

    high = 2.0 * len(fractions)
    while excess(high) < 0:
        high *= 2
        if high > MOST_EVENTS:
            raise ValueError(f"power {power} takes more than {MOST_EVENTS:g} events; suppose a larger effect")
    return float(brentq(excess, high / 2, high, xtol=1e-9)) if excess(high / 2) < 0 else high / 2


def _rounded(fractions: Sequence[float], last: int) -> list[int]:
    events = [*(round(fraction * last) for fraction in fractions[:-1]), last]
    if min(events) < 1 or any(a >= b for a, b in pairwise(events)):
        raise ValueError(f"of {last} events the looks {list(fractions)} fall on {events}; plan fewer or later looks")
    return events


def _planned(boundaries: Boundaries, events: Sequence[int]) -> float:
    """Return the events at the fraction 1; ValueError where the boundaries are for looks at other events."""
    planned = events[-1] / boundaries.information[-1]
    fractions = [count / planned for count in events]
    if len(fractions) != len(boundaries.information) or any(
        not math.isclose(a, b, rel_tol=1e-9) for a, b in zip(fractions, boundaries.information, strict=True)
    ):
        raise ValueError(f"the boundaries must be for the fractions {fractions}; got {boundaries.information}")
    return planned


def _whole(events: Sequence[int]) -> tuple[int, ...]:
    if not len(events) or any(not float(d).is_integer() or d < 1 for d in events):
        raise ValueError(f"events must be whole numbers of at least 1, such as 76, 127; got {list(events)}")
    whole = tuple(int(d) for d in events)
    if any(a >= b for a, b in pairwise(whole)):
        ordered = ", ".join(map(str, sorted(set(whole))))
        raise ValueError(f"events are all so far at each look and must rise; got {list(whole)}. In order: {ordered}.")
    return whole


@dataclass(frozen=True)
class _Made:
    """What the looks are filled from."""

    boundaries: Boundaries
    events: tuple[int, ...]
    ratio: float
    trial: SupposedTrial | None
    null: Crossing
    supposed: Crossing

    def look(self, k: int) -> SurvivalLook:
        made, events = self.boundaries, self.events[k]
        month, patients = self._when(events)
        (upper, ratio_upper), (lower, ratio_lower), (inner, ratio_inner) = (
            _bound(z, events, self.ratio)
            for z in (made.upper[k], made.lower[k], (made.inner[k] or math.inf) if made.inner else math.inf)
        )
        return SurvivalLook(
            look=k + 1, events=events, further_events=events - (self.events[k - 1] if k else 0),
            information=made.information[k], month=month, patients=patients,
            upper=upper, hazard_ratio_upper=ratio_upper, lower=lower, hazard_ratio_lower=ratio_lower,
            inner=inner, hazard_ratio_inner=ratio_inner,
            nominal_p=made.nominal[k], alpha_spent=made.alpha_spent[k],
            chance_upper_null=self.null.above[k], chance_lower_null=self.null.below[k],
            chance_inner_null=self.null.within[k] if self.null.within else 0.0,
            chance_upper=self.supposed.above[k], chance_lower=self.supposed.below[k],
            chance_inner=self.supposed.within[k] if self.supposed.within else 0.0,
        )  # fmt: skip

    def _when(self, events: int) -> tuple[float | None, float | None]:
        if self.trial is None:
            return None, None
        month = time_of_events(self.trial, events)
        return month, expected_events(self.trial, month).enrolled


def _bound(z: float, events: int, ratio: float) -> tuple[float | None, float | None]:
    return (z, hazard_ratio_at(z, events=events, ratio=ratio)) if math.isfinite(z) else (None, None)
