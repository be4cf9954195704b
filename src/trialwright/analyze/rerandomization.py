"""The re-randomization test: the trial's own allocation scheme, run again and again on the outcomes as they are.

Under the null hypothesis that no patient's outcome depends on the arm, the outcomes and the order of the patients are
fixed and only the allocation was drawn. The P value is then the share of draws that look at least as extreme: no
distribution, no large sample and no independence of patients is assumed (Rosenberger, Uschner and Wang 2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trialwright.stats import EventTimes, FixedOutcomes, FlemingHarrington, Weight

if TYPE_CHECKING:
    from trialwright.randomize import Scheme

__all__ = ["RerandomizationTest", "rerandomization_test"]

CHUNK = 1000
ROUND_OFF = 1e-9
"""Statistics this close, relative to their size, are equal: the same allocation summed in another order."""
Statistic = Callable[[EventTimes], float]


@dataclass(frozen=True)
class RerandomizationTest:
    """A re-randomization test; P values are (1 + draws at least as extreme) / (1 + draws)."""

    arms: tuple[str, ...]
    statistic: str
    """What was computed in each draw."""
    observed: float | None
    draws: int
    seed: int
    p: float | None
    """Two-sided: draws whose statistic is at least as large in size."""
    p_se: float | None
    """Monte Carlo standard error of ``p``."""
    p_one_sided: float | None
    """Draws whose statistic is as small or smaller: with the log-rank z, fewer events in the second arm."""
    p_one_sided_se: float | None
    without_information: int
    """Draws whose statistic does not exist; they count as showing no difference."""
    problem: str | None = None


def rerandomization_test(
    times: EventTimes,
    scheme: Scheme,
    *,
    seed: int,
    draws: int = 100_000,
    randomized_in: Sequence[str] | None = None,
    position: ArrayLike | None = None,
    weight: Weight = FlemingHarrington(),  # noqa: B008 - frozen
    statistic: Statistic | None = None,
    workers: int = 2,
) -> RerandomizationTest:
    """Return the re-randomization test of ``times`` under the scheme its subjects were allocated by.

    ``times``: arms as in the scheme, the reference first; its strata are those of the analysis. ``randomized_in`` [n]:
    the scheme's stratum of each subject, by default the strata of ``times``. ``position`` [n]: its place in the list
    of that stratum from 0, a stored fact of the allocation (leave gaps for those not analyzed); by default subjects
    stand in order of allocation and none is left out. The statistic is the log-rank z with ``weight``, stratified by
    ``times``; or any function of event times, large in size when the arms differ. Draws are the scheme's permuted
    blocks with words of their own from the seed (a number of 64 bits): the law of the trial's list, not its key. Equal
    arguments give equal answers whatever ``workers`` is. Raises ValueError for arms or strata the scheme does not know
    and for allocations that it cannot have made in that order.

    >>> from trialwright.randomize import Scheme
    >>> times = EventTimes.of([9, 2, 8, 3, 7, 1, 6, 4], [True] * 8, list("BABABABA"))
    >>> found = rerandomization_test(times, Scheme.of({"A": 1, "B": 1}, [2]), seed=1, draws=10_000)
    >>> 2 / 16 - 3 * found.p_se < found.p < 2 / 16 + 3 * found.p_se
    True
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1; got {seed}")
    if not 1 <= draws < 2**32:
        raise ValueError(f"draws must be 1 to 2**32 - 1; got {draws}")
    lists = _Lists.of(times, scheme, randomized_in, position)
    lists.check(times.arm)
    judge = _log_rank(times, weight) if statistic is None else _any(times, statistic)
    name = f"log-rank z, {weight}" if statistic is None else getattr(statistic, "__name__", "a statistic")
    observed = float(judge(times.arm[None, :])[0])
    if math.isnan(observed):
        return RerandomizationTest(times.arms, name, None, draws, seed, None, None, None, None, 0, NOT_THERE)
    counts = _counts(lists, judge, observed, (seed, draws), workers)
    (p, p_se), (lower, lower_se) = (_share(count, draws) for count in counts[:2])
    return RerandomizationTest(times.arms, name, observed, draws, seed, p, p_se, lower, lower_se, counts[2])


NOT_THERE = "no information: the statistic does not exist in the data"
Judge = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class _Lists:
    """The allocation lists of a trial and where each subject stands in them; arms in the order of the event times."""

    strata: tuple[str, ...]
    sizes: NDArray[np.int64]
    places: NDArray[np.int8]
    lengths: NDArray[np.int64]
    stratum: NDArray[np.int64]
    position: NDArray[np.int64]

    @classmethod
    def of(
        cls, times: EventTimes, scheme: Scheme, randomized_in: Sequence[str] | None, position: ArrayLike | None
    ) -> _Lists:
        if set(times.arms) != set(scheme.arms):
            raise ValueError(f"arms of times must be those of the scheme: {scheme.arms}; got {times.arms}")
        names = [times.strata[s] for s in times.stratum] if randomized_in is None else list(randomized_in)
        if len(names) != len(times):
            raise ValueError(f"randomized_in must have one stratum for each of {len(times)} subjects; got {len(names)}")
        codes = {name: code for code, name in enumerate(scheme.strata)}
        stratum = np.array([codes[scheme.known(name)] for name in names])
        places = _order_within(stratum) if position is None else _positions(position, stratum, scheme.strata)
        lengths = np.zeros(len(codes), np.int64)
        np.maximum.at(lengths, stratum, places + 1)
        sizes, blocks = _blocks(scheme, times.arms)
        return cls(scheme.strata, sizes, blocks, lengths, stratum, places)

    def draw(self, seed: int, first: int, count: int) -> NDArray[np.int8]:
        """Return arms [count, n] of re-randomizations first, first + 1, ..."""
        from trialwright.analyze._kernels_rerandomization import fill_allocations

        arms = np.empty((count, len(self.stratum)), np.int8)
        where = (self.sizes, self.places, self.lengths, self.stratum, self.position)
        fill_allocations(np.uint64(seed), first, *where, arms)
        return arms

    def check(self, arm: NDArray[Any]) -> None:
        """Raise ValueError unless the blocks of the scheme can have made these allocations in this order."""
        for s, name in enumerate(self.strata):
            own = self.stratum == s
            made = np.full(self.lengths[s], -1)
            made[self.position[own]] = arm[own]
            if not self._possible(made):
                raise ValueError(
                    f"stratum {name!r}: the scheme cannot have made these allocations in this order. Give the stored "
                    "position of each subject in its list, and the stratum it was randomized in."
                )

    def _possible(self, made: NDArray[Any]) -> bool:
        """Say whether blocks can end so that none holds more of an arm than its share; -1 = not analyzed."""
        shares = [np.bincount(block[:size]) for size, block in zip(self.sizes, self.places, strict=True)]
        starts = {0}
        for start in range(len(made)):
            if start in starts:
                for share in shares:
                    part = made[start : start + share.sum()]
                    if (np.bincount(part[part >= 0], minlength=len(share)) <= share).all():
                        starts.add(start + int(share.sum()))
        return len(made) == 0 or max(starts) >= len(made)


def _log_rank(times: EventTimes, weight: Weight) -> Judge:
    if len(times.arms) != 2:
        raise ValueError(f"the log-rank z compares two arms; got {', '.join(times.arms)}. Give a statistic for more.")
    return FixedOutcomes.of(times, weight).z


def _any(times: EventTimes, statistic: Statistic) -> Judge:
    def judge(arms: NDArray[Any]) -> NDArray[Any]:
        codes = arms.astype(times.arm.dtype)
        return np.array([statistic(replace(times, arm=row)) for row in codes], float)

    return judge


def _counts(
    lists: _Lists, judge: Judge, observed: float, chance: tuple[int, int], workers: int
) -> tuple[int, int, int]:
    """Return the draws at least as large in size, as small or smaller, and without information."""
    seed, draws = chance
    slack = ROUND_OFF * max(1.0, abs(observed))

    def part(first: int) -> NDArray[np.int64]:
        found = judge(lists.draw(seed, first, min(CHUNK, draws - first)))
        nothing = np.isnan(found)
        value = np.where(nothing, 0.0, found)
        extreme = (np.abs(value) >= abs(observed) - slack).sum()
        return np.array([extreme, (value <= observed + slack).sum(), nothing.sum()])

    with ThreadPoolExecutor(workers) as pool:
        total = sum(pool.map(part, range(0, draws, CHUNK)))
    two, lower, nothing = np.asarray(total).tolist()
    return two, lower, nothing


def _share(count: int, draws: int) -> tuple[float, float]:
    p = (1 + count) / (1 + draws)
    return p, math.sqrt(p * (1 - p) / draws)


def _order_within(stratum: NDArray[Any]) -> NDArray[np.int64]:
    places = np.zeros(len(stratum), np.int64)
    for code in np.unique(stratum):
        own = stratum == code
        places[own] = np.arange(own.sum())
    return places


def _positions(position: ArrayLike, stratum: NDArray[Any], names: tuple[str, ...]) -> NDArray[np.int64]:
    places = np.asarray(position)
    if places.shape != stratum.shape or places.dtype.kind not in "iu" or places.min() < 0:
        raise ValueError(f"position must be a whole number from 0 for each of the {len(stratum)} subjects")
    pairs, times = np.unique(np.column_stack([stratum, places]), axis=0, return_counts=True)
    if (times > 1).any():
        code, place = pairs[times.argmax()]
        raise ValueError(f"position {place} of stratum {names[code]!r} must be held by one subject; got {times.max()}")
    return places.astype(np.int64)


def _blocks(scheme: Scheme, arms: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return the block sizes [k] and the arms of each block before it is shuffled [k, largest size]."""
    code = {name: arms.index(name) for name in arms}
    sizes = np.array(scheme.block_sizes, np.int64)
    places = np.zeros((len(sizes), sizes.max()), np.int8)
    for row, size in zip(places, scheme.block_sizes, strict=True):
        row[:size] = [code[scheme.arms[a]] for a in scheme.in_order(size)]
    return sizes, places
