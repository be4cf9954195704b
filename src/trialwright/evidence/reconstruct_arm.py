"""Patients of one arm who have its curve, its numbers at risk and its events: many draws, each exact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_cells import Cells
from trialwright.evidence.reconstruct_censoring import Laws

__all__ = ["RUNS", "ArmDraws", "Filter", "chance"]

Vector = NDArray[np.float64]
Whole = NDArray[np.int64]
PARTICLES = 600
UNGUIDED = 1500
"""Particles where no numbers at risk guide them."""
GROWN = (1, 4)
"""Times as many particles, where the first ones lost the curve."""
LOST = 3.0
"""Reading errors from nine tenths of the points at which a curve counts as lost."""
BEHIND = 10.0
"""A run whose log evidence is so far behind the best lost its way, and is left out."""
RUNS = 4
"""Independent runs; histories of one run share their beginning."""
DOUBLINGS = 3
"""How often the reading error is doubled before an arm is given up."""


@dataclass(frozen=True, eq=False)
class ArmDraws:
    """Q draws of the patients of one arm over the m cells."""

    curve: ReadCurve
    cells: Cells
    deaths: Whole
    """[Q, m]"""
    censored: Whole
    """[Q, m]"""
    first: NDArray[np.bool_]
    """[Q, m] whether the censorings of the cell come before its deaths."""
    left: Whole
    """[Q] at risk when the curve ends; their follow-up ends then."""
    reading_error: float
    """The one it took: larger than the curve's where its own left no data set."""

    @property
    def events(self) -> Whole:
        """Return the events of each draw."""
        return np.asarray(self.deaths.sum(axis=1), np.int64)

    def only(self, chosen: NDArray[np.int64]) -> ArmDraws:
        """Return some of the draws, in their order."""
        columns = (self.deaths[chosen], self.censored[chosen], self.first[chosen], self.left[chosen])
        return replace(self, deaths=columns[0], censored=columns[1], first=columns[2], left=columns[3])

    @property
    def survival(self) -> Vector:
        """Return survival [Q, m] at the end of each cell, by Kaplan and Meier (1958)."""
        gone = np.cumsum(self.deaths + self.censored, axis=1)
        facing = self.curve.patients - gone + self.deaths + np.where(self.first, 0, self.censored)
        return np.cumprod(1 - np.divide(self.deaths, facing, out=np.zeros(gone.shape), where=facing > 0), axis=1)

    @property
    def off(self) -> Vector:
        """Return how far each draw's curve is from every point read [Q, points]."""
        return np.asarray((self.survival - self.cells.read)[:, self.cells.seen])

    def fits(self, reading_error: float) -> bool:
        """Return whether most draws keep to the points of the curve."""
        return bool(np.median(np.quantile(np.abs(self.off), 0.9, axis=1)) <= LOST * reading_error)

    def patients(self, draw: int) -> tuple[Whole, NDArray[np.bool_]]:
        """Return day and event of every patient of a draw; whole days that keep every number at risk."""
        edges, d, c = self.cells.edges, self.deaths[draw], self.censored[draw]
        dying, size = np.repeat(edges[:-1], d), np.repeat(np.diff(edges), d)
        within = (np.arange(d.sum()) - np.repeat(np.cumsum(d) - d, d) + 0.5) / np.repeat(np.maximum(d, 1), d)
        leaving = np.where(self.first[draw] & (d > 0), edges[:-1], edges[1:])
        end = np.full(self.left[draw], edges[-1])
        day = np.concatenate([dying + within * size, np.repeat(leaving, c), end])
        cell = np.concatenate([np.repeat(np.arange(len(d)), d), np.repeat(np.arange(len(d)), c), end * 0 + len(d)])
        return self._whole(day, cell.astype(np.int64)), np.arange(len(day)) < d.sum()

    def _whole(self, day: Vector, cell: Whole) -> Whole:
        """Round days within the printed interval of their cell: its patients are at risk when it begins, not later."""
        ends = np.ceil(np.round(self.cells.edges[1:][self.cells.closes], 6)).astype(np.int64)
        which = np.searchsorted(np.flatnonzero(self.cells.closes), cell)
        begins = np.concatenate([[1], np.maximum(ends, 1)])[which]
        ends = np.concatenate([ends[:-1] - 1, ends[-1:] - (self.cells.remaining > 0), ends[-1:]])[which]
        return np.clip(np.rint(day).astype(np.int64), begins, np.maximum(ends, begins))


_Run = tuple[float, ArmDraws | None]
"""Log evidence and draws of a run; no draws where none of its particles survived."""


@dataclass(frozen=True, eq=False)
class Filter:
    """What a run of the filter is asked for."""

    curve: ReadCurve
    cells: Cells
    seed: int
    purpose: str
    follow_up: float | None = None
    """Median potential follow-up in days, where it is known and there are no numbers at risk."""

    @property
    def particles(self) -> int:
        """Return how many sets of patients walk at once."""
        return PARTICLES if self.cells.target[0] >= 0 else UNGUIDED

    def draw(self, draws: int, events: Sequence[int | None] = (None,) * RUNS) -> ArmDraws | None:
        """Return draws from the data sets that fit the curve; None where no reading error makes them fit.

        A particle filter (Gordon, Salmond and Smith 1993) walks along the cells. Each particle is a set of patients:
        in a cell it loses some to censoring and some to death, the deaths drawn in proportion to how well survival
        then meets the reading; those who meet it badly die out. Patients, numbers at risk and events hold in every
        particle; what the figure leaves open differs between them. ``events``: of each run, the likeliest first; None
        where not given.
        """
        laws = {number: self._laws(number) for number in set(events)}
        error, lost = self.curve.reading_error, None
        for _ in range(DOUBLINGS + 1):
            for grown in GROWN:
                runs = [self._run(number, laws[number], draws, (k, error, grown)) for k, number in enumerate(events)]
                found = [run for number in laws for run in _kept(runs, events, number)]
                if not _kept(runs, events, events[0]):
                    break
                near = _joined(found, draws)
                if near.fits(error):
                    return near
                lost = near if lost is None else lost
            error *= 2
        return lost

    def _laws(self, events: int | None) -> Laws:
        if self.cells.target[0] >= 0:
            return Laws.none(self.cells)
        if self.follow_up is not None:
            return Laws.following(self.cells, self.follow_up)
        return Laws.of(self.cells, self.curve.patients, events)

    def _run(self, events: int | None, laws: Laws, draws: int, run: tuple[int, float, int]) -> _Run:
        from trialwright.evidence._kernels_reconstruct import filter_arm, trace

        index, error, grown = run
        cells, particles, m = self.cells, self.particles * grown, len(self.cells.read)
        generator = chance(self.seed, f"{self.purpose} {index}")
        weight = 0.5 / (cells.spread * (error / self.curve.reading_error)) ** 2
        deaths, censored = np.zeros((m, particles), np.int32), np.zeros((m, particles), np.int32)
        first, ancestor = np.zeros((m, particles), np.bool_), np.zeros((m + 1, particles), np.int32)
        left, law = np.zeros(particles, np.int64), np.arange(particles) % len(laws.leaving)
        evidence = filter_arm(
            self.curve.patients, cells.read, weight, cells.hazard,
            cells.target, cells.closes, cells.smooth, cells.ahead, cells.share, cells.marked, cells.still_marked,
            cells.later,
            law, laws.leaving, laws.dying, -1 if events is None else events,
            generator.random((m, particles, 4)), generator.random(m), deaths, censored, first, ancestor, left,
        )  # fmt: skip
        if evidence == -np.inf:
            return evidence, None
        chosen = (np.arange(draws) * particles) // draws
        own = np.zeros((draws, m), np.int32), np.zeros((draws, m), np.int32), np.zeros((draws, m), np.bool_)
        trace(chosen, ancestor, deaths, censored, first, *own)
        died, gone = own[0].astype(np.int64), own[1].astype(np.int64)
        return evidence, ArmDraws(self.curve, cells, died, gone, own[2], left[chosen], error)


def _kept(runs: Sequence[_Run], events: Sequence[int | None], number: int | None) -> list[ArmDraws]:
    """Return the draws of the runs with so many events, but for those that lost their way."""
    own = [run for run, given in zip(runs, events, strict=True) if given == number]
    best = max(evidence for evidence, _ in own)
    return [draws for evidence, draws in own if draws is not None and evidence >= best - BEHIND]


def _joined(runs: list[ArmDraws], draws: int) -> ArmDraws:
    """Return the draws of several runs in turn, as many as were asked for."""
    each = len(runs[0].left)
    order = np.arange(each * len(runs)).reshape(len(runs), each).T.ravel()
    wanted = np.resize(order, draws)
    return replace(
        runs[0],
        deaths=np.concatenate([run.deaths for run in runs])[wanted],
        censored=np.concatenate([run.censored for run in runs])[wanted],
        first=np.concatenate([run.first for run in runs])[wanted],
        left=np.concatenate([run.left for run in runs])[wanted],
    )


def chance(seed: int, purpose: str) -> np.random.Generator:
    """Return the counter-based generator of one purpose (Philox4x64; Salmon, Moraes, Dror and Shaw 2011)."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1; got {seed}")
    word = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.Philox(key=np.array([seed, word], np.uint64)))
