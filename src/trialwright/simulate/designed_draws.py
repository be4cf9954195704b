"""Draws and allocation of one designed trial in Python's whole numbers, and by the real rule of minimization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from trialwright.randomize import Minimization
from trialwright.simulate.designed import DesignedTrial

__all__ = ["DROPOUT", "ENTRY", "EVENT", "MISSED", "MOST_SCANS", "SCAN", "STRATUM", "Draws", "allocated"]

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15
ENTRY, STRATUM, ALLOCATION, EVENT, DROPOUT, SCAN, MISSED = range(7)
PLACES, LIST, MOST_SCANS = 2**32, 2**20, 2**12


@dataclass(frozen=True)
class Draws:
    """The draws of one trial: splitmix64 by number (Steele, Lea and Flood 2014)."""

    key: int

    @classmethod
    def of(cls, designed: DesignedTrial, number: int, seed: int) -> Draws:
        """Return the draws of a trial."""
        key = _mixed(seed + GOLDEN)
        for part in (designed.digest, number):
            key = _mixed(key ^ (part + GOLDEN) % WORD)
        return cls(key)

    def uniform(self, purpose: int, place: int) -> float:
        """Return a number in (0, 1): the middle of one of 2**52 equal parts."""
        word = _mixed(self.key + (purpose * PLACES + place + 1) * GOLDEN)
        return ((word >> 12) + 0.5) * 2.0**-52

    def exponential(self, purpose: int, place: int) -> float:
        """Return an exponential of mean 1."""
        return -math.log(self.uniform(purpose, place))


def _mixed(word: int) -> int:
    word %= WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    return word ^ word >> 31


def allocated(designed: DesignedTrial, draws: Draws, stratum: Sequence[int]) -> list[int]:
    """Return the arm of each patient, 1 for experimental, from their strata in order of entry."""
    plan = designed.allocation
    lists = stratum if plan.by_stratum else [0] * len(stratum)
    if plan.method == "simple":
        share = Fraction(plan.ratio[0], sum(plan.ratio))
        return [int(draws.uniform(ALLOCATION, i) < share) for i in range(len(lists))]
    if plan.method == "minimization":
        return _minimized(designed, draws, lists)
    places: dict[int, _Blocks] = {}
    return [places.setdefault(s, _Blocks(designed, draws, s)).next() for s in lists]


class _Blocks:
    """The list of one stratum: block after block, place after place."""

    def __init__(self, designed: DesignedTrial, draws: Draws, number: int) -> None:
        self.plan, self.draws, self.number = designed.allocation, draws, number
        self.words, self.block = 0, (0, 0)

    def next(self) -> int:
        """Return the next arm."""
        left, experimental = self.block
        if left == 0:
            sizes = self.plan.block_sizes
            left = sizes[int(self._uniform() * len(sizes))] if len(sizes) > 1 else sizes[0]
            experimental = left // sum(self.plan.ratio) * self.plan.ratio[0]
        arm = int(self._uniform() * left < experimental)
        self.block = (left - 1, experimental - arm)
        return arm

    def _uniform(self) -> float:
        self.words += 1
        return self.draws.uniform(ALLOCATION, self.number * LIST + self.words - 1)


def _minimized(designed: DesignedTrial, draws: Draws, lists: Sequence[int]) -> list[int]:
    """Allocate by the chances that the real minimization gives each copy, the list being its one factor."""
    a, b = designed.allocation.ratio
    levels = {"list": [str(s) for s in range(len(designed.supposed.strata))]}
    plan = Minimization.of(
        {"1": a, "2": b}, levels, weights={"list": 1}, measure="range", p_best=str(designed.allocation.p_best)
    )
    counts = {s: [0] * (a + b) for s in set(lists)}
    arms = []
    for i, s in enumerate(lists):
        after = [[count + (k == copy) for k, count in enumerate(counts[s])] for copy in range(a + b)]
        upto = np.cumsum([float(chance) for chance in plan.chances([max(one) - min(one) for one in after])])
        copy = int((draws.uniform(ALLOCATION, i) >= upto[:-1]).sum())
        counts[s][copy] += 1
        arms.append(int(plan.copies[copy] == 0))
    return arms
