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
RUNS = 4
"""Independent runs; histories of one run share their beginning."""
DOUBLINGS = 4
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


@dataclass(frozen=True, eq=False)
class Filter:
    """What a run of the filter is asked for."""

    curve: ReadCurve
    cells: Cells
    seed: int
    purpose: str
    particles: int = PARTICLES

    def draw(self, draws: int, events: Sequence[int | None] = (None,) * RUNS) -> ArmDraws | None:
        """Return draws from the data sets that fit the curve; None where no reading error makes them fit.

        A particle filter (Gordon, Salmond and Smith 1993) walks along the cells. Each particle is a set of patients:
        in a cell it loses some to censoring and some to death, the deaths drawn in proportion to how well survival
        then meets the reading; those who meet it badly die out. Patients, numbers at risk and events hold in every
        particle; what the figure leaves open differs between them. ``events``: of each run; None where not given.
        """
        laws = {number: self._laws(number) for number in set(events)}
        each = -(-draws // len(events))
        error = self.curve.reading_error
        for _ in range(DOUBLINGS + 1):
            runs = [self._run(number, laws[number], each, (index, error)) for index, number in enumerate(events)]
            found = [run for run in runs if run is not None]
            if found:
                return _joined(found, draws)
            error *= 2
        return None

    def _laws(self, events: int | None) -> Laws:
        at_risk_known = self.cells.target[0] >= 0
        return Laws.none(self.cells) if at_risk_known else Laws.of(self.cells, self.curve.patients, events)

    def _run(self, events: int | None, laws: Laws, draws: int, run: tuple[int, float]) -> ArmDraws | None:
        from trialwright.evidence._kernels_reconstruct import filter_arm, trace

        cells, particles, m = self.cells, self.particles, len(self.cells.read)
        index, error = run
        generator = chance(self.seed, f"{self.purpose} {index}")
        weight = np.where(cells.seen, 0.5 / error**2, 0.0)
        deaths, censored = np.zeros((m, particles), np.int32), np.zeros((m, particles), np.int32)
        first, ancestor = np.zeros((m, particles), np.bool_), np.zeros((m + 1, particles), np.int32)
        left, law = np.zeros(particles, np.int64), np.arange(particles) % len(laws.leaving)
        evidence = filter_arm(
            self.curve.patients, cells.read, weight, cells.lower, cells.upper, cells.hazard,
            cells.target, cells.closes, cells.smooth, cells.ahead, cells.share, cells.marked, cells.still_marked,
            cells.later,
            law, laws.leaving, laws.dying, -1 if events is None else events,
            generator.random((m, particles, 3)), generator.random(m), deaths, censored, first, ancestor, left,
        )  # fmt: skip
        if evidence == -np.inf:
            return None
        chosen = (np.arange(draws) * particles) // draws
        own = np.zeros((draws, m), np.int32), np.zeros((draws, m), np.int32), np.zeros((draws, m), np.bool_)
        trace(chosen, ancestor, deaths, censored, first, *own)
        died, gone = own[0].astype(np.int64), own[1].astype(np.int64)
        return ArmDraws(self.curve, cells, died, gone, own[2], left[chosen], error)


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
    word = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.Philox(key=np.array([seed, word], np.uint64)))
