"""Readings that are off as a whole: a misread axis, and a hazard ratio just beyond the curves as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trialwright.errors import DataError
from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_arm import ArmDraws, Filter
from trialwright.evidence.reconstruct_cells import Cells
from trialwright.evidence.reconstruct_pairs import data_set, log_hazard_ratio
from trialwright.evidence.reconstruct_printed import Printed

__all__ = ["shifted", "stretch_factors", "stretched"]

Vector = NDArray[np.float64]
LOOKS = 8
STEPS = 9
NARROWEST, WIDEST = 0.5, 2.0
"""Factors beyond which an axis is not misread but another figure."""
STEP = 0.02


def stretched(curve: ReadCurve, factor: float) -> ReadCurve:
    """Return a curve whose distance from 1 is larger by a factor, as if its axis had been read with a wrong foot."""
    return curve if factor == 1 else replace(curve, survival=np.maximum(1 - factor * (1 - curve.survival), 0.0))


def shifted(
    read: Sequence[ReadCurve], moved: Sequence[ReadCurve], log_ratio: float
) -> tuple[tuple[ReadCurve, ...], float]:
    """Return two curves moved so that their log hazard ratio changes by ``log_ratio``, and how far that is in all.

    Each cumulative hazard -log S is multiplied by exp(-+ change / 2), the second arm's by the larger.
    """
    changed = tuple(
        replace(curve, survival=curve.survival ** np.exp(sign * log_ratio / 2))
        for curve, sign in zip(moved, (-1, 1), strict=True)
    )
    distance = max(float(np.abs(a.survival - b.survival).max()) for a, b in zip(read, changed, strict=True))
    return changed, distance


def stretch_factors(
    curves: Sequence[ReadCurve], events: int | Mapping[str, int] | None, hazard_ratio: Printed | None, seed: int
) -> tuple[float, ...]:
    """Return the factor of each arm's axis at which curve and numbers at risk hold the printed events.

    Events by arm give each arm its own factor; a total gives one for all, and with a hazard ratio one for each of two
    arms. DataError where no factor between 0.5 and 2 does it; ValueError without events or numbers at risk.
    """
    if events is None or any(not len(curve.at_risk) for curve in curves):
        raise ValueError("stretch needs the printed events, and numbers at risk in every arm")
    if not isinstance(events, int):
        return tuple(_common([curve], events[curve.arm], seed) for curve in curves)
    factor = _common(curves, events, seed)
    if hazard_ratio is None or len(curves) != 2:
        return (factor,) * len(curves)
    return _apart(curves, events, float(np.log(hazard_ratio.middle)), (factor, seed))


def _common(curves: Sequence[ReadCurve], events: int, seed: int) -> float:
    """Return the one factor by bisection: the events grow with it."""
    low, high = NARROWEST, WIDEST
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        seen = _events(curves, (middle,) * len(curves), seed)
        low, high = (middle, high) if seen < events else (low, middle)
    if low == NARROWEST or high == WIDEST:
        told = " and ".join(curve.arm for curve in curves)
        raise DataError(f"{told}: no stretch of the axis by {NARROWEST:g} to {WIDEST:g} gives {events} events")
    return float((low * high) ** 0.5)


def _apart(curves: Sequence[ReadCurve], events: int, log_ratio: float, start: tuple[float, int]) -> tuple[float, float]:
    """Return two factors by Newton's method on their logarithms: both the events and the hazard ratio must come out."""
    factor, seed = start
    point = np.log([factor, factor])

    def misses(at: Vector) -> Vector:
        first, second = np.exp(at)
        arms = _looked_at(curves, (float(first), float(second)), seed)
        ratios = [log_hazard_ratio(data_set(arms, (q, q))) for q in range(LOOKS)]
        return np.array([sum(arm.events.mean() for arm in arms) - events, float(np.mean(ratios)) - log_ratio])

    for _ in range(2):
        here = misses(point)
        slopes = np.column_stack([(misses(point + step) - here) / STEP for step in STEP * np.eye(2)])
        point = np.clip(point - np.linalg.solve(slopes, here), np.log(NARROWEST), np.log(WIDEST))
    if not (np.log(NARROWEST) < point).all() or not (point < np.log(WIDEST)).all():
        raise DataError(
            f"no stretch of the axes by {NARROWEST:g} to {WIDEST:g} gives {events} events and the hazard ratio"
        )
    return float(np.exp(point[0])), float(np.exp(point[1]))


def _events(curves: Sequence[ReadCurve], factors: Sequence[float], seed: int) -> float:
    return float(sum(arm.events.mean() for arm in _looked_at(curves, factors, seed)))


def _looked_at(curves: Sequence[ReadCurve], factors: Sequence[float], seed: int) -> list[ArmDraws]:
    arms = []
    for curve, factor in zip(curves, factors, strict=True):
        own = stretched(curve, factor)
        found = Filter(own, Cells.of(own), seed, curve.arm).draw(LOOKS, (None,))
        if found is None:
            raise DataError(f"arm {curve.arm}: its numbers at risk and its curve contradict each other")
        arms.append(found)
    return arms
