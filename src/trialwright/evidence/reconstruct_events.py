"""Printed numbers of events: what they can be, and how a total is shared between the arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trialwright.errors import DataError
from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_arm import RUNS, Filter, chance

__all__ = ["allot", "check_events"]

LOOKS = 40
"""Draws of each arm from which the share of its events is seen."""


def check_events(curves: Sequence[ReadCurve], events: int | Mapping[str, int] | None) -> None:
    """Refuse events that no patients can have: more than leave, or of an arm without a curve.

    ValueError for names and numbers that make no sense, DataError for events that contradict the numbers at risk.
    """
    if events is None:
        return
    if isinstance(events, int):
        _check_one("all arms", events, sum(map(_leaving, curves)))
        return
    known = [curve.arm for curve in curves]
    if sorted(events) != sorted(known):
        raise ValueError(f"events by arm must name every arm, {', '.join(known)}; got {', '.join(events)}")
    for curve in curves:
        _check_one(f"arm {curve.arm}", events[curve.arm], _leaving(curve))


def allot(filters: Sequence[Filter], events: int | Mapping[str, int] | None) -> list[list[int | None]]:
    """Return the events of each arm [arms][runs]; a total is shared as the curves suggest, differently in each run.

    By arm the curves alone give a mean and a variance of the events. Under their normal law the arms' events, given
    that they add up to the total, have the mean m + (D - sum m) v / sum v.
    """
    if events is None or (isinstance(events, int) and len(filters) == 1):
        return [[events if isinstance(events, int) else None] * RUNS for _ in filters]
    if not isinstance(events, int):
        return [[events[each.curve.arm]] * RUNS for each in filters]
    free = [each.draw(LOOKS) for each in filters]
    for each, found in zip(filters, free, strict=True):
        if found is None:
            raise DataError(f"arm {each.curve.arm}: its numbers at risk and its curve contradict each other")
    own = [found.events for found in free if found is not None]
    mean, variance = np.array([x.mean() for x in own]), np.array([x.var() + 0.25 for x in own])
    shares = [_share(filters, events, mean, variance, run) for run in range(RUNS)]
    return [[share[a] for share in shares] for a in range(len(filters))]


def _share(filters: Sequence[Filter], total: int, mean: np.ndarray, variance: np.ndarray, run: int) -> list[int | None]:
    """Return events by arm that add up to the total; those of run 0 are the likeliest ones."""
    noise = np.zeros(len(mean))
    if run > 0:
        noise = chance(filters[0].seed, f"events {run}").normal(size=len(mean)) * np.sqrt(variance)
        noise -= noise.sum() * variance / variance.sum()
    wanted = mean + (total - mean.sum()) * variance / variance.sum() + noise
    most = np.array([_leaving(each.curve) for each in filters])
    whole = np.clip(np.floor(wanted), 0, most).astype(int)
    for _ in range(abs(total - int(whole.sum()))):
        step = 1 if whole.sum() < total else -1
        room = (whole < most) if step > 0 else (whole > 0)
        whole[np.argmax(np.where(room, step * (wanted - whole), -np.inf))] += step
    return [int(number) for number in whole]


def _leaving(curve: ReadCurve) -> int:
    """Return the patients whose follow-up ends before the curve does."""
    at_end = curve.at_risk[curve.at_risk_day >= curve.day[-1]]
    return curve.patients - (int(at_end[-1]) if len(at_end) else 0)


def _check_one(who: str, events: int, most: int) -> None:
    if isinstance(events, bool) or events < 0:
        raise ValueError(f"events of {who} must be a whole number from 0; got {events}")
    if events > most:
        raise DataError(f"{who}: {events} events are more than the {most} patients whose follow-up ends in the figure")
