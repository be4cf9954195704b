"""A designed trial: what the fast simulator has to know of a trial, and nothing that it does not.

A protocol and its scenario describe a trial to its last visit; a statistician who asks how a design behaves needs the
few things that decide it: who enters when, in which stratum and arm, what happens to them, when anybody sees it, when
the data are looked at, and by which test. Times are in one unit throughout, months or days; ``grid`` rounds them.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from trialwright.design import SupposedTrial

__all__ = ["Allocating", "Comparison", "DesignedTrial", "Look", "Scanning", "Trigger"]

MOST_PATIENTS, MOST_STRATA = 2**20, 2**12
"""Draws are numbered by patient, and in a list of allocation by stratum and place: more would share their numbers."""
Entering = Literal["uniform", "spaced", "poisson"]
Method = Literal["permuted blocks", "simple", "minimization"]
Statistic = Literal["log-rank", "cox", "fleming-harrington", "max-combo", "restricted mean", "milestone"]


@dataclass(frozen=True)
class Allocating:
    """How arms are allocated.

    ``ratio``: patients of the experimental and the control arm, such as (2, 1). ``block_sizes``: multiples of the
    ratio's sum, each equally likely; for permuted blocks only. ``by_stratum``: a list of its own for each stratum.
    ``p_best``: chance of the better arm under minimization over the strata, ignored elsewhere.

    >>> Allocating((2, 1), (3, 6)).method
    'permuted blocks'
    """

    ratio: tuple[int, int]
    block_sizes: tuple[int, ...] = ()
    method: Method = "permuted blocks"
    by_stratum: bool = True
    p_best: float = 0.8

    def __post_init__(self) -> None:
        if len(self.ratio) != 2 or min(self.ratio) < 1 or any(part != int(part) for part in self.ratio):
            raise ValueError(f"ratio must be two whole numbers above 0, such as (2, 1); got {self.ratio}")
        if self.method == "permuted blocks":
            self._check_blocks()
        if self.method == "minimization" and not 0.5 < self.p_best < 1:
            raise ValueError(f"p_best must be above 0.5 and below 1; got {self.p_best}")

    def _check_blocks(self) -> None:
        whole = sum(self.ratio)
        wrong = [size for size in self.block_sizes if size < whole or size % whole]
        if wrong or not self.block_sizes:
            raise ValueError(
                f"block_sizes must be multiples of {whole}, the sum of the ratio {self.ratio[0]}:{self.ratio[1]}, such "
                f"as ({whole}, {2 * whole}); got {self.block_sizes}"
            )


@dataclass(frozen=True)
class Scanning:
    """When anybody sees that the event has come: at the next scan taken.

    ``starts`` and ``every``: from each start (counted from randomization, the first at 0) a scan is planned every so
    much time until the next start. ``window``: scans are taken up to so much before or after, uniformly. ``missed``:
    chance of a planned scan not being taken. ``gap``: an event seen after so many missed scans in a row counts as
    censored at the last scan before them (the rule of two or more missed visits is 2); ``None`` counts it.

    >>> Scanning.regular(56).every
    (56,)
    """

    starts: tuple[float, ...]
    every: tuple[float, ...]
    window: float = 0.0
    missed: float = 0.0
    gap: int | None = None

    def __post_init__(self) -> None:
        rising = all(a < b < math.inf for a, b in zip(self.starts, self.starts[1:], strict=False))
        if not self.starts or self.starts[0] != 0 or not rising or len(self.starts) != len(self.every):
            raise ValueError(f"starts must begin at 0, rise, and be as many as every; got {self.starts}, {self.every}")
        if not 0 < min(self.every) <= max(self.every) < math.inf:
            raise ValueError(f"every must be finite and greater than 0; got {self.every}")
        if not 0 <= self.window < min(self.every) / 2:
            raise ValueError(f"window must be at least 0 and less than half the interval; got {self.window}")
        if not 0 <= self.missed < 1:
            raise ValueError(f"missed must be at least 0 and less than 1; got {self.missed}")
        if self.gap is not None and self.gap < 1:
            raise ValueError(f"gap must be at least 1 missed scan, or None; got {self.gap}")

    @classmethod
    def regular(cls, every: float, *, window: float = 0.0, missed: float = 0.0, gap: int | None = None) -> Scanning:
        """Return scans at one interval."""
        return cls((0,), (every,), window, missed, gap)


@dataclass(frozen=True)
class Trigger:
    """What must have come before the data are cut; several conditions are joined by ``how``.

    ``events``: so many events seen, all strata and arms. ``time``: calendar time from the first day of accrual.
    ``follow_up``: time since the last planned patient entered. ``enrolled``: patients entered.

    >>> Trigger(events=127, time=60, how="first").how
    'first'
    """

    events: int | None = None
    time: float | None = None
    follow_up: float | None = None
    enrolled: int | None = None
    how: Literal["all", "first"] = "all"

    def __post_init__(self) -> None:
        given = [value for value in (self.events, self.time, self.follow_up, self.enrolled) if value is not None]
        if not given:
            raise ValueError("a trigger needs at least one of events, time, follow_up, enrolled")
        for name in ("events", "enrolled"):
            count = getattr(self, name)
            if count is not None and (count < 1 or count != int(count)):
                raise ValueError(f"{name} must be a whole number of at least 1; got {count}")
        for name in ("time", "follow_up"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and at least 0; got {value}")


@dataclass(frozen=True)
class Look:
    """One look at the data: stop for efficacy where z >= ``upper``, for futility (or harm) where z <= ``lower``.

    z is positive where the experimental arm does better.

    >>> Look(Trigger(events=127), upper=1.96).lower
    -inf
    """

    trigger: Trigger
    upper: float = math.inf
    lower: float = -math.inf

    def __post_init__(self) -> None:
        if math.isnan(self.upper) or math.isnan(self.lower) or self.lower >= self.upper:
            raise ValueError(f"lower must be below upper; got {self.lower} and {self.upper}")


@dataclass(frozen=True)
class Comparison:
    """The test of every look.

    ``weights``: (rho, gamma) of Fleming and Harrington 1991, one pair, or several for max-combo. ``at``: the
    truncation time of the restricted mean, or the milestone.

    >>> Comparison("fleming-harrington", weights=((0.0, 0.5),)).stratified
    False
    """

    statistic: Statistic = "log-rank"
    stratified: bool = False
    weights: tuple[tuple[float, float], ...] = ()
    at: float | None = None

    def __post_init__(self) -> None:
        least, most = {"fleming-harrington": (1, 1), "max-combo": (2, 4)}.get(self.statistic, (0, 0))
        if not least <= len(self.weights) <= most or any(len(pair) != 2 for pair in self.weights):
            raise ValueError(
                f"{self.statistic} takes {least} to {most} pairs of weights (rho, gamma); got {self.weights}"
            )
        if any(not 0 <= power < math.inf for pair in self.weights for power in pair):
            raise ValueError(f"rho and gamma must be finite and at least 0; got {self.weights}")
        if (self.at is not None) != (self.statistic in {"restricted mean", "milestone"}):
            raise ValueError(f"at goes with restricted mean and milestone, and only with them; got {self.at}")
        if self.statistic == "milestone" and self.stratified:
            raise ValueError("a difference at a milestone is not stratified; compare restricted means instead")
        if self.at is not None and not 0 < self.at < math.inf:
            raise ValueError(f"at must be finite and greater than 0; got {self.at}")


@dataclass(frozen=True)
class DesignedTrial:
    """All that decides how a two-arm trial behaves.

    ``supposed``: accrual, strata with their shares, hazards and dropout by arm. ``patients``: the number enrolled;
    accrual stops with the last of them. ``entering``: ``uniform`` order statistics over the accrual curve, ``spaced``
    evenly over it, ``poisson`` with its rate. ``grid``: times to the event are rounded up, and times of entry down,
    to its multiples; ``None`` keeps them continuous. In whole days ``grid`` is 1.

    >>> from trialwright.design import ArmRates, Stratum, uniform_accrual
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),)).patients
    90
    """

    supposed: SupposedTrial
    patients: int
    allocation: Allocating
    looks: tuple[Look, ...]
    test: Comparison = Comparison()
    scans: Scanning | None = None
    entering: Entering = "uniform"
    grid: float | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.patients < MOST_PATIENTS or self.patients != int(self.patients):
            raise ValueError(f"patients must be a whole number from 2 to {MOST_PATIENTS - 1}; got {self.patients}")
        if len(self.supposed.strata) > MOST_STRATA:
            raise ValueError(f"a designed trial has at most {MOST_STRATA} strata; got {len(self.supposed.strata)}")
        if not self.looks:
            raise ValueError("a designed trial needs at least one look")
        if self.grid is not None and not 0 < self.grid < math.inf:
            raise ValueError(f"grid must be finite and greater than 0, or None; got {self.grid}")
        experimental, control = self.allocation.ratio
        if not math.isclose(self.supposed.ratio, experimental / control):
            raise ValueError(
                f"the supposed ratio {self.supposed.ratio:g} must be that of the allocation, {experimental}:{control}"
            )
        self._check_looks()

    @property
    def digest(self) -> int:
        """The number of 64 bits under which chance is drawn: the same for every design with the same patients.

        It is made of what decides who they are and what happens to them: ``supposed``, ``patients``, ``allocation``
        and ``entering``. How they are scanned, and when and by which test they are looked at, does not change it, so
        that looks, bounds, tests and schedules are compared on the same patients (SHA-256 of a canonical text).
        """
        parts = (self.supposed, self.patients, self.allocation, self.entering)
        return int.from_bytes(hashlib.sha256(_canonical(parts).encode()).digest()[:8], "big")

    def _check_looks(self) -> None:
        events = [look.trigger.events for look in self.looks if look.trigger.events is not None]
        if any(a >= b for a, b in itertools.pairwise(events)):
            raise ValueError(f"looks must come in order of their events; got {events}")
        times = [look.trigger.time for look in self.looks if look.trigger.time is not None]
        if any(a >= b for a, b in itertools.pairwise(times)):
            raise ValueError(f"looks must come in order of their times; got {times}")
        if events and events[-1] > self.patients:
            raise ValueError(f"a look at {events[-1]} events needs at least as many patients; got {self.patients}")
        entered = [look.trigger.enrolled for look in self.looks if look.trigger.enrolled is not None]
        if entered and max(entered) > self.patients:
            raise ValueError(f"enrolled must be at most the {self.patients} patients of the trial; got {max(entered)}")


def _canonical(value: object) -> str:
    """Return a text that equal designs share, whether their numbers were written as 1 or as 1.0."""
    if is_dataclass(value):
        return _canonical(tuple(getattr(value, field.name) for field in fields(value)))
    if isinstance(value, tuple):
        return f"({','.join(map(_canonical, value))})"
    return value if isinstance(value, str) else float(value).hex()  # type: ignore[arg-type]
