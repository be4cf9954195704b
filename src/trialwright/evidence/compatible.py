"""Patients behind printed figures without a curve: what can be said is which data sets print the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_arm import ArmDraws, Filter, chance
from trialwright.evidence.reconstruct_cells import Cells
from trialwright.evidence.reconstruct_pairs import data_set
from trialwright.evidence.reconstruct_printed import Answer, Printed
from trialwright.stats import DAYS_PER_MONTH, EventTimes, HazardRatio, cox, kaplan_meier, log_rank, reverse_kaplan_meier

__all__ = ["Compatible", "PrintedArm", "compatible"]

Vector = NDArray[np.float64]
DRAWS = 3000
"""Draws of each arm for each curve that is supposed."""
KEPT = 16
"""Draws kept of those that print the figures of their own arm; every pair of them is looked at."""
CLOSE = 0.15
"""Patients by which survival may miss a supposed point, as a standard deviation; the printed figure then decides."""
TAIL = 0.5
"""Standard deviation of the log hazard beyond the last printed figure, around that before it."""
LOOSE = 0.05
"""Standard deviation of survival at the end of follow-up, which nothing printed binds."""

Figure = str | float


@dataclass(frozen=True)
class PrintedArm:
    """What is printed of one arm.

    >>> PrintedArm("control", 62, median="3.6", rates={6: "0.291"}).rates[6]
    '0.291'
    """

    name: str
    patients: int
    median: Figure | None = None
    """Months."""
    median_limits: tuple[Figure, Figure] | None = None
    """Of the median; compared with the log-log limits of each data set, not asked of it."""
    rates: Mapping[float, Figure] = field(default_factory=dict)
    """Share without the event, by month."""


@dataclass(frozen=True, eq=False)
class Compatible:
    """Q data sets that print the medians, rates and hazard ratio asked for, and what else they hold."""

    solutions: tuple[EventTimes, ...]
    """[Q] of two arms, the first one the reference."""
    looked_at: int
    """Pairs of arms that were looked at."""
    events: NDArray[np.int64]
    """[Q] in all."""
    standard_error: Vector
    """[Q] of the log hazard ratio, Cox with Efron's ties."""
    narrowest: tuple[float, float] | None
    """Limits of the hazard ratio in the data set that has the narrowest interval; None without a data set."""
    answers: tuple[Answer, ...]
    """What the data sets say to every printed figure, those first that were asked of them."""


def compatible(
    arms: tuple[PrintedArm, PrintedArm],
    *,
    seed: int,
    events: tuple[int, int],
    follow_up: float,
    longest: float,
    hazard_ratio: Figure,
    limits: tuple[Figure, Figure] | None = None,
    level: float = 0.95,
    p: Figure | None = None,
    curves: int = 30,
) -> Compatible:
    """Return data sets of two arms that print the medians, the rates and the hazard ratio of the second arm.

    ``events``: fewest and most in all. ``follow_up``: median potential follow-up, and ``longest``: the longest, in
    months. Each of ``curves`` supposes a survival curve through figures drawn from what the printed ones stand for,
    with a hazard of its own beyond the last of them, and Weibull laws of follow-up of any shape with that median in
    both arms; patients are drawn along it as for a curve that was read. ``limits`` (at ``level``), ``p`` and the
    limits of the medians are not asked of the data sets but compared with them: they tell whether the rest can be
    true together.

    >>> one = PrintedArm("old", 60, median="4.0", rates={6: "0.35"})
    >>> two = PrintedArm("new", 60, median="6.0", rates={6: "0.50"})
    >>> given = {"events": (70, 110), "follow_up": 12, "longest": 24, "hazard_ratio": "0.7"}
    >>> found = compatible((one, two), seed=1, curves=4, **given)
    >>> found.answers[0].name, found.answers[0].met == len(found.solutions) > 0
    ('hazard ratio', True)
    """
    _check(arms, events, follow_up, longest)
    ratio = Printed.of(hazard_ratio)
    kept: list[EventTimes] = []
    looked_at = 0
    for number in range(curves):
        drawn = [_drawn(arm, seed, number, (follow_up, longest)) for arm in arms]
        if any(each is None for each in drawn):
            continue
        pairs = _pairs([each for each in drawn if each is not None], arms, events)
        looked_at += len(pairs)
        kept += [times for times in pairs if ratio.holds(float(np.exp(_effect(times, level).coef or np.nan)))]
    effects = [_effect(times, level) for times in kept]
    answers = [Answer.to("hazard ratio", ratio, _values(effects, "hazard_ratio"))]
    answers += [answer for arm in arms for answer in _arm_answers(arm, kept)]
    answers += _compared(kept, effects, limits, p)
    answers.append(Answer.to("median follow-up", Printed.of(follow_up), _follow_up(kept)))
    widths = [np.log(e.upper or np.inf) - np.log(e.lower or 1e-300) for e in effects]
    best = effects[int(np.argmin(widths))] if effects else None
    return Compatible(
        solutions=tuple(kept),
        looked_at=looked_at,
        events=np.array([int(times.event.sum()) for times in kept], np.int64),
        standard_error=_values(effects, "se"),
        narrowest=None if best is None else (best.lower or 0.0, best.upper or np.inf),
        answers=tuple(answers),
    )


def _drawn(arm: PrintedArm, seed: int, number: int, length: tuple[float, float]) -> ArmDraws | None:
    """Return draws along one supposed curve; None where its figures exclude each other."""
    follow_up, longest = length
    generator = chance(seed, f"{arm.name} curve {number}")
    points = {month: _within(rate, generator) for month, rate in arm.rates.items()}
    along = points | ({_within(arm.median, generator): 0.5} if arm.median is not None else {})
    months = [0.0, *sorted(along)]
    survival = np.array([1.0, *(along[month] for month in months[1:])])
    if (np.diff(survival) > 0).any():
        return None
    rate = float(np.log(survival[-2] / survival[-1])) / (months[-1] - months[-2])
    tail = rate * float(np.exp(TAIL * generator.normal())) * (longest - months[-1])
    end = float(survival[-1] * np.exp(-tail))
    read = ReadCurve.of([longest], [end], unit="months", patients=arm.patients, arm=arm.name, reading_error=LOOSE)
    firm = tuple((month * DAYS_PER_MONTH, level, CLOSE / arm.patients) for month, level in points.items())
    cells = Cells.of(read, (*firm, *_around_median(arm)))
    found = Filter(read, cells, seed, f"{arm.name} {number}", follow_up * DAYS_PER_MONTH).draw(DRAWS)
    return None if found is None else found.only(_printing(arm, found)[:KEPT])


def _around_median(arm: PrintedArm) -> tuple[tuple[float, float, float], ...]:
    """Return survival half a patient above one half where the printed median begins, and as far below where it ends."""
    if arm.median is None:
        return ()
    median, half = Printed.of(arm.median).times(DAYS_PER_MONTH), 0.5 / arm.patients
    return (median.low, 0.5 + half, half), (median.high, 0.5 - half, half)


def _printing(arm: PrintedArm, drawn: ArmDraws) -> NDArray[np.int64]:
    """Return different draws that print the figures of their arm, read off their survival where the cells end."""
    edges, survival = drawn.cells.edges[1:], drawn.survival
    good = np.ones(len(survival), bool)
    if arm.median is not None:
        low, high = (survival[:, np.searchsorted(edges, day - 1e-6)] for day, _, _ in _around_median(arm))
        good &= (low > 0.5) & (high <= 0.5)
    for month, rate in arm.rates.items():
        at = survival[:, np.searchsorted(edges, month * DAYS_PER_MONTH - 1e-6)]
        good &= (at >= Printed.of(rate).low) & (at <= Printed.of(rate).high)
    _, first = np.unique(drawn.deaths[good], axis=0, return_index=True)
    return np.flatnonzero(good)[np.sort(first)]


def _within(printed: Figure, generator: np.random.Generator) -> float:
    given = Printed.of(printed)
    return float(generator.uniform(given.low, given.high))


def _pairs(drawn: Sequence[ArmDraws], arms: tuple[PrintedArm, PrintedArm], events: tuple[int, int]) -> list[EventTimes]:
    """Return every pair of draws that print the figures of their own arm, with so many events."""
    own = [[q for q in range(len(each.left)) if _prints(arm, each, q)] for arm, each in zip(arms, drawn, strict=True)]
    fewest, most = events
    return [
        data_set(drawn, (i, j))
        for i in own[0]
        for j in own[1]
        if fewest <= drawn[0].events[i] + drawn[1].events[j] <= most
    ]


def _prints(arm: PrintedArm, drawn: ArmDraws, draw: int) -> bool:
    curve = kaplan_meier(data_set([drawn], (draw,)))[arm.name]
    median = curve.quantile(0.5).value
    if arm.median is not None and (median is None or not Printed.of(arm.median).holds(median / DAYS_PER_MONTH)):
        return False
    rates = [(curve.at(month * DAYS_PER_MONTH, beyond="carry").value, rate) for month, rate in arm.rates.items()]
    return all(value is not None and Printed.of(rate).holds(value) for value, rate in rates)


def _arm_answers(arm: PrintedArm, kept: Sequence[EventTimes]) -> list[Answer]:
    medians = [kaplan_meier(times)[arm.name].quantile(0.5) for times in kept]
    found = []
    if arm.median is not None:
        found.append(Answer.to(f"median of {arm.name}", Printed.of(arm.median), _months(medians, "value")))
    for limit, name in zip(arm.median_limits or (), ("lower", "upper"), strict=False):
        found.append(Answer.to(f"{name} limit of the median of {arm.name}", Printed.of(limit), _months(medians, name)))
    return found


def _compared(
    kept: Sequence[EventTimes],
    effects: Sequence[HazardRatio],
    limits: tuple[Figure, Figure] | None,
    p: Figure | None,
) -> list[Answer]:
    found = [
        Answer.to(f"{name} limit of the hazard ratio", Printed.of(limit), _values(effects, name))
        for limit, name in zip(limits or (), ("lower", "upper"), strict=False)
    ]
    if p is not None:
        values = np.array([_number(log_rank(times).test.p) for times in kept])
        found.append(Answer.to("P", Printed.of(p), values))
    return found


def _follow_up(kept: Sequence[EventTimes]) -> Vector:
    curves = [reverse_kaplan_meier(times.pooled())["all"] for times in kept]
    return _months([curve.quantile(0.5) for curve in curves], "value")


def _effect(times: EventTimes, level: float) -> HazardRatio:
    return cox(times, level=level).effect


def _values(found: Sequence[object], name: str) -> Vector:
    return np.array([_number(getattr(each, name)) for each in found], float)


def _months(found: Sequence[object], name: str) -> Vector:
    return _values(found, name) / DAYS_PER_MONTH


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _check(arms: tuple[PrintedArm, PrintedArm], events: tuple[int, int], follow_up: float, longest: float) -> None:
    if len(arms) != 2 or arms[0].name == arms[1].name:
        raise ValueError(f"two arms of different names are needed; got {[arm.name for arm in arms]}")
    for arm in arms:
        if arm.median is None and not arm.rates:
            raise ValueError(f"arm {arm.name}: a median or a rate is needed; nothing else tells its curve")
        last = max([*arm.rates, *([Printed.of(arm.median).high] if arm.median is not None else [])])
        if longest <= last:
            raise ValueError(
                f"longest must be later than the last printed figure of {arm.name}, {last:g}; got {longest}"
            )
    if not 0 < follow_up <= longest:
        raise ValueError(f"follow_up must be above 0 and not beyond longest, {longest:g} months; got {follow_up}")
    if not 0 <= events[0] <= events[1] <= sum(arm.patients for arm in arms):
        raise ValueError(f"events must be the fewest and the most of {sum(a.patients for a in arms)}; got {events}")
