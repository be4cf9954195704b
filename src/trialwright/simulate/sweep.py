"""Many virtual trials of many points, cut into units of work that anybody may do in any order.

A unit is a pure function of what is simulated, the first trial and their number. So it does not matter which thread,
process or machine does a unit, how often, or before which other: the numbers of a point are its units laid end to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "Point", "Simulating", "Store", "Sweep", "Unit", "run_sweep"]

Columns = Mapping[str, NDArray[Any]]
"""What some trials gave: arrays of shape (trials,), by name."""

FINEST, PARTS = 50, 16
"""A unit has at least so many trials; a point is cut into at least so many units, if that leaves them long enough."""


TICK_SECONDS = 0.2


class Simulating(Protocol):
    """What runs the virtual trials ``first``, ``first + 1``, ... of one point; a value that can be sent elsewhere."""

    @property
    def text(self) -> str:
        """Everything that decides the numbers, in a canonical form."""

    @property
    def most(self) -> int:
        """So many trials are as much as one unit should do: about a second's work."""

    def __call__(self, first: int, trials: int) -> Columns:
        """Return the numbers of these trials."""


@dataclass(frozen=True)
class Point:
    """One point of a sweep: the values that tell it from the others, and what runs its trials."""

    values: Mapping[str, Any]
    simulating: Simulating


@dataclass(frozen=True, order=True)
class Unit:
    """Some trials of one point.

    >>> Unit(point=2, first=1000, trials=500).name
    '000002-000000001000-500'
    """

    point: int
    first: int
    trials: int

    @property
    def name(self) -> str:
        """A name that sorts in the order of points and trials."""
        return f"{self.point:06d}-{self.first:012d}-{self.trials}"


@dataclass(frozen=True)
class Sweep:
    """The trials ``first`` to ``first + trials - 1`` of every point."""

    points: tuple[Point, ...]
    trials: int
    first: int = 0

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a sweep needs at least one point")
        if self.trials < 1:
            raise ValueError(f"trials must be at least 1; got {self.trials}")
        if self.first < 0:
            raise ValueError(f"first must be at least 0; got {self.first}")

    def units(self) -> Iterator[Unit]:
        """Return the units in order of points and trials; they depend on nothing but the sweep."""
        return (unit for index in range(len(self.points)) for unit in self.units_of(index))

    def units_of(self, point: int) -> Iterator[Unit]:
        """Return the units of one point."""
        size = min(self.points[point].simulating.most, max(FINEST, -(-self.trials // PARTS)))
        for start in range(0, self.trials, size):
            yield Unit(point, self.first + start, min(size, self.trials - start))


class Store(Protocol):
    """Where finished units are kept."""

    def has(self, unit: Unit) -> bool:
        """Say whether a unit is there."""

    def keep(self, unit: Unit, columns: Columns) -> None:
        """Keep a unit whole, or not at all."""

    def read(self, unit: Unit) -> Columns:
        """Return a unit that is there."""


def run_sweep(
    sweep: Sweep, executor: Executor, store: Store, *, ahead: int, done: Callable[[int], None] = lambda trials: None
) -> Iterator[Columns]:
    """Yield the numbers of each point, in order of the points, as soon as all its units are there.

    Units that ``store`` holds are not done again. ``ahead``: so many units are handed out before their results are in,
    at least as many as there are workers. ``done`` hears of trials as they are finished, those of the store too, and of
    none several times a second: a place between two units to stop at, by raising.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from trialwright.simulate.checkpoint import MemoryUnits
    >>> class Counting:
    ...     text, most = "counting", 100
    ...     def __call__(self, first, trials):
    ...         return {"number": np.arange(first, first + trials)}
    >>> sweep = Sweep((Point({}, Counting()),), trials=250, first=10)
    >>> with ThreadPoolExecutor(2) as pool:
    ...     [columns] = run_sweep(sweep, pool, MemoryUnits(), ahead=4)
    >>> int(columns["number"][0]), int(columns["number"][-1])
    (10, 259)
    """
    finished = _finish(sweep, executor, store, ahead, done)
    open_units = [set(sweep.units_of(point)) for point in range(len(sweep.points))]
    for point, left in enumerate(open_units):
        while left:
            unit = next(finished)
            open_units[unit.point].discard(unit)
        yield _joined([store.read(unit) for unit in sweep.units_of(point)])


def _finish(sweep: Sweep, executor: Executor, store: Store, ahead: int, done: Callable[[int], None]) -> Iterator[Unit]:
    """Yield units as they come to be in the store."""
    missing = []
    for unit in sweep.units():
        if store.has(unit):
            done(unit.trials)
            yield unit
        else:
            missing.append(unit)
    for unit, columns in _work(sweep, executor, missing, ahead, done):
        store.keep(unit, columns)
        done(unit.trials)
        yield unit


def _work(
    sweep: Sweep, executor: Executor, units: list[Unit], ahead: int, done: Callable[[int], None]
) -> Iterator[tuple[Unit, Columns]]:
    """Yield units with their numbers as they are done; never more than ``ahead`` are at work."""
    coming = iter(units)
    at_work: dict[Future[Columns], Unit] = {}
    try:
        while True:
            for unit in islice(coming, ahead - len(at_work)):
                at_work[executor.submit(_do, sweep.points[unit.point].simulating, unit.first, unit.trials)] = unit
            if not at_work:
                return
            for future in sorted(wait(at_work, TICK_SECONDS, FIRST_COMPLETED).done, key=_failed):
                yield at_work.pop(future), future.result()
            done(0)
    finally:
        for future in at_work:
            future.cancel()


def _do(simulating: Simulating, first: int, trials: int) -> Columns:
    # By its own short name: Dask names a task after the text of what it calls, here a whole protocol.
    return simulating(first, trials)


def _failed(future: Future[Columns]) -> bool:
    """Sort faults last, so that what was finished beside them is kept."""
    return future.cancelled() or future.exception() is not None


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
