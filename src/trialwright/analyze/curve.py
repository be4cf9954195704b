"""A survival curve as rows: its steps, the numbers at risk on a grid, and the days of censoring."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.analyze.study import Finding, Group, Place
from trialwright.stats import days

if TYPE_CHECKING:
    from trialwright.stats import Curve

__all__ = ["GRID_MONTHS", "SOURCE", "trace"]

SOURCE = "derive.time_to_event"
GRID_MONTHS = 3
"""Months between the days at which numbers at risk are listed."""


def trace(place: Place, group: Group, curve: Curve, horizon: int) -> Iterator[Finding]:
    """Return all that is needed to draw the curve of one group, with numbers at risk up to the day ``horizon``."""
    yield from _steps(place, group, curve)
    yield from _at_risk(place, group, curve, horizon)
    for day, count in zip(curve.days, curve.censored, strict=True):
        if count:
            fields: dict[str, Any] = {"at": float(day), "unit": "patients", "method": "count", "source": SOURCE}
            yield place.found(group, "censored at", float(count), **fields)


def _steps(place: Place, group: Group, curve: Curve) -> Iterator[Finding]:
    """Return survival at the start, at each event and at the last follow-up, with the events so far."""
    common: dict[str, Any] = {"unit": "share", "level": curve.level, "method": "kaplan-meier", "source": SOURCE}
    yield place.found(group, "survival", 1.0, at=0.0, events=0, **common)
    so_far = curve.events.cumsum()
    for index, day in enumerate(curve.days):
        if curve.events[index] or index == len(curve.days) - 1:
            fields = common | {"lower": _known(curve.lower[index]), "upper": _known(curve.upper[index])}
            fields |= {"at": float(day), "n": int(curve.at_risk[index]), "events": int(so_far[index])}
            yield place.found(group, "survival", float(curve.survival[index]), **fields)


def _at_risk(place: Place, group: Group, curve: Curve, horizon: int) -> Iterator[Finding]:
    grid = _grid(horizon)
    convention = "just before the day: patients followed for so many days or more"
    fields: dict[str, Any] = {"unit": "patients", "method": "count", "conventions": convention, "source": SOURCE}
    for at, number in zip(grid, curve.at_risk_at(grid), strict=True):
        yield place.found(group, "at risk", float(number), at=float(at), **fields)


def _grid(horizon: int) -> list[int]:
    grid, month = [0], GRID_MONTHS
    while round(days(month)) <= horizon:
        grid.append(round(days(month)))
        month += GRID_MONTHS
    return grid


def _known(limit: float) -> float | None:
    return None if math.isnan(limit) else float(limit)
