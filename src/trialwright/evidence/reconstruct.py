"""Patients behind a published curve: every data set that fits the figure is a possible one, so many are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trialwright.errors import DataError
from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_arm import ArmDraws, Filter
from trialwright.evidence.reconstruct_cells import Cells
from trialwright.evidence.reconstruct_events import allot, check_events
from trialwright.evidence.reconstruct_figures import PrintedFigures
from trialwright.evidence.reconstruct_pairs import PrintedComparison, chosen_pairs, data_set, log_hazard_ratio
from trialwright.evidence.reconstruct_printed import Answer, Printed
from trialwright.evidence.reconstruct_shift import shifted, stretch_factors, stretched
from trialwright.stats import EventTimes

__all__ = ["Reconstruction", "reconstruct"]

Vector = NDArray[np.float64]
Whole = NDArray[np.int64]
PAIRED = 2
"""Draws of each arm for every data set that is wanted, where a printed comparison chooses among them."""
SHIFTS = 3
FURTHEST = 0.02
"""How far a curve may lie from what was read, on top of four reading errors, before the figure contradicts itself."""
MOST = 0.9
"""Share of the points that must lie so near: at the end of a curve one patient is a large step."""


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Q data sets that fit one published figure."""

    arms: tuple[str, ...]
    """The first one is the reference."""
    solutions: tuple[EventTimes, ...]
    """[Q] each with exactly the patients, numbers at risk and, where they are given, events of the figure; in days."""
    central: int
    """Which of them stands in the middle: by its log hazard ratio with two arms, else by its patient-days."""
    events: Whole
    """[Q, arms]"""
    off: Vector
    """[Q, arms] root mean square of curve less reading."""
    furthest: Vector
    """[Q, arms] largest distance of the curve from a reading."""
    log_hazard_ratio: Vector | None
    """[Q] of the second arm against the first, Efron's ties; None unless there are two."""
    answers: tuple[Answer, ...]
    """What the data sets say to the other printed figures."""
    reading_error: tuple[float, ...]
    """By arm: the one that was needed."""
    stretch: tuple[float, ...]
    """By arm: the factor by which 1 - survival was stretched; 1 where the axis was taken as read."""
    shift: float
    """How far the readings were moved, within their error, towards a printed hazard ratio; largest distance."""
    seed: int

    @property
    def best(self) -> EventTimes:
        """Return the data set in the middle; read ``solutions`` for what the figure leaves open."""
        return self.solutions[self.central]


def reconstruct(
    curves: ReadCurve | Sequence[ReadCurve],
    *,
    seed: int,
    events: int | Mapping[str, int] | None = None,
    hazard_ratio: Printed | str | float | None = None,
    p: Printed | str | float | None = None,
    medians: Mapping[str, Printed | str | float] | None = None,
    rates: Mapping[tuple[str, float], Printed | str | float] | None = None,
    solutions: int = 20,
    stretch: bool = False,
) -> Reconstruction:
    """Return data sets that fit the published curves of one or more arms; the first arm is the reference.

    Patients and numbers at risk hold exactly in each data set; so do ``events``, in all or by arm. The curve is met
    within its reading error; a drop of the curve is what lets patients die, so that none dies where it is flat.
    ``medians`` by arm, in months, and ``rates`` by arm and month, as shares, are further points of it; ``hazard_ratio``
    (of the second arm against the first) and ``p`` (log-rank, two-sided) choose among the data sets. All of these as
    printed: text keeps the zeros at the end. What cannot be met is told in ``answers``.

    Without numbers at risk the times of censoring follow from the events, the sizes of the drops and a Weibull law of
    potential follow-up of any shape. ``stretch`` supposes the vertical axis of each arm was misread by a factor, and
    finds it from the events, and from the hazard ratio too where that is given.

    DataError where the figure contradicts itself: numbers at risk, events and curve that no patients can have.

    >>> at_risk = {"at_risk_time": [0, 6], "at_risk": [100, 72]}
    >>> curve = ReadCurve.of([3, 6, 9, 12], [0.9, 0.8, 0.7, 0.6], unit="months", **at_risk)
    >>> found = reconstruct(curve, seed=1, events=28, solutions=3)
    >>> [(len(times), int(times.event.sum()), int((times.day >= 183).sum())) for times in found.solutions]
    [(100, 28, 72), (100, 28, 72), (100, 28, 72)]
    """
    given = (curves,) if isinstance(curves, ReadCurve) else tuple(curves)
    compared = PrintedComparison.of(hazard_ratio, p)
    _check(given, compared, solutions)
    check_events(given, events)
    factors = stretch_factors(given, events, compared.hazard_ratio, seed) if stretch else (1.0,) * len(given)
    read = tuple(stretched(curve, factor) for curve, factor in zip(given, factors, strict=True))
    printed = PrintedFigures.of(read, medians, rates)
    arms, pairs, shift = _fitted(read, _Asked(events, compared, printed, solutions, seed))
    for arm in arms:
        _check_curve(arm, seed)
    sets = tuple(data_set(arms, pair) for pair in pairs)
    ratios = np.array([log_hazard_ratio(times) for times in sets]) if len(arms) == 2 else None
    chosen = [arm.off[[pair[a] for pair in pairs]] for a, arm in enumerate(arms)]
    return Reconstruction(
        arms=tuple(curve.arm for curve in given),
        solutions=sets,
        central=_middle(sets, ratios),
        events=np.array([[arm.events[q] for arm, q in zip(arms, pair, strict=True)] for pair in pairs]),
        off=np.array([np.sqrt((off**2).mean(axis=1)) for off in chosen]).T,
        furthest=np.array([np.abs(off).max(axis=1) for off in chosen]).T,
        log_hazard_ratio=ratios,
        answers=(*compared.answers(sets), *printed.answers(sets)),
        reading_error=tuple(arm.reading_error for arm in arms),
        stretch=factors,
        shift=shift,
        seed=seed,
    )


@dataclass(frozen=True)
class _Asked:
    """What the data sets must have beside curve and numbers at risk."""

    events: int | Mapping[str, int] | None
    compared: PrintedComparison
    printed: PrintedFigures
    solutions: int
    seed: int


def _fitted(read: tuple[ReadCurve, ...], asked: _Asked) -> tuple[list[ArmDraws], list[tuple[int, ...]], float]:
    """Return draws and their pairs; moved towards a hazard ratio that none of them has, as far as reading errors go."""
    total = asked.events if isinstance(asked.events, int) and len(read) > 1 else None
    moved, shift, compared = read, 0.0, asked.compared
    choosing = compared.asked or total is not None or bool(asked.printed.medians or asked.printed.rates)
    draws = asked.solutions * (PAIRED if choosing else 1)
    for attempt in range(SHIFTS + 1):
        filters = [Filter(c, Cells.of(c, asked.printed.points(c)), asked.seed, c.arm) for c in moved]
        arms = _drawn(filters, draws, allot(filters, asked.events))
        arms = [arm.only(np.argsort(asked.printed.misses(arm), kind="stable")) for arm in arms]
        pairs = chosen_pairs(arms, asked.solutions, total, compared)
        if not pairs:
            raise DataError(f"no data sets of the arms have {total} events in all and curves near these")
        missing = _still_missing(arms, pairs, compared)
        if missing is None or attempt == SHIFTS:
            break
        nearer, distance = shifted(read, moved, missing)
        if distance > min(map(_allowed, read)):
            break
        moved, shift = nearer, distance
    return [replace(arm, curve=curve) for arm, curve in zip(arms, read, strict=True)], pairs, shift


def _drawn(filters: Sequence[Filter], draws: int, events: Sequence[Sequence[int | None]]) -> list[ArmDraws]:
    found = [each.draw(draws, own) for each, own in zip(filters, events, strict=True)]
    for each, arm, own in zip(filters, found, events, strict=True):
        if arm is None:
            told = "" if own[0] is None else f" with {own[0]} events"
            raise DataError(
                f"arm {each.curve.arm}: no {each.curve.patients} patients{told} have these numbers at risk and a curve "
                f"near this one{_as_read(each)}"
            )
    return [arm for arm in found if arm is not None]


def _still_missing(arms: list[ArmDraws], pairs: list[tuple[int, ...]], compared: PrintedComparison) -> float | None:
    """Return by how much the log hazard ratio has to move; None where it is met or not printed."""
    if compared.hazard_ratio is None:
        return None
    ratios = [log_hazard_ratio(data_set(arms, pair)) for pair in pairs]
    if any(compared.hazard_ratio.holds(float(np.exp(ratio))) for ratio in ratios):
        return None
    missing = float(np.log(compared.hazard_ratio.middle) - np.median(ratios))
    return missing if np.isfinite(missing) else None


def _check(given: tuple[ReadCurve, ...], compared: PrintedComparison, solutions: int) -> None:
    names = [curve.arm for curve in given]
    if not given or len(set(names)) != len(names):
        raise ValueError(f"every curve needs an arm of its own; got {names}")
    if compared.asked and len(given) != 2:
        raise ValueError(f"a hazard ratio or P value compares two arms; got {len(given)}: {', '.join(names)}")
    if solutions < 1:
        raise ValueError(f"solutions must be at least 1; got {solutions}")


def _check_curve(arm: ArmDraws, seed: int) -> None:
    """Refuse data sets that keep the printed numbers only by leaving the curve."""
    moved = float(np.median(np.quantile(np.abs(arm.off), MOST, axis=1)))
    if moved <= _allowed(arm.curve):
        return
    raise DataError(
        f"arm {arm.curve.arm}: the printed numbers fit only a curve up to {moved:.3f} away from nine tenths of its "
        f"points, beyond the {_allowed(arm.curve):.3f} that a reading error of {arm.curve.reading_error:g} allows"
        f"{_as_read(Filter(arm.curve, Cells.of(arm.curve), seed, arm.curve.arm))}. Check the axis of the figure; "
        "stretch supposes it was misread by a factor"
    )


def _as_read(each: Filter) -> str:
    free = each.draw(8)
    if free is None:
        return "; numbers at risk and curve contradict each other"
    return f"; as read, curve and numbers at risk hold {free.events.min()} to {free.events.max()} events"


def _allowed(curve: ReadCurve) -> float:
    """Return how far a curve may be from the readings; it moves in steps of at least one patient."""
    return FURTHEST + 4 * curve.reading_error + 0.5 / curve.patients


def _middle(sets: Sequence[EventTimes], ratios: Vector | None) -> int:
    known = ratios is not None and bool(np.isfinite(ratios).any())
    values = ratios if ratios is not None and known else np.array([float(times.day.sum()) for times in sets])
    return int(np.nanargmin(np.abs(values - np.nanmedian(values))))
