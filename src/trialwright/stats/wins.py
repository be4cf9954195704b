"""Wins of one arm over another: every pair of subjects compared on endpoints in order of priority."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.contrasts import Contrast
from trialwright.stats.event_times import EventTimes

WinVariance = Literal["hajek", "null"]
NEVER = np.iinfo(np.int32).max
ROWS = 64
"""Subjects compared at a time with the whole other arm: a block of pairs that stays in the cache."""


@dataclass(frozen=True)
class EndpointWins:
    """The pairs that one endpoint decided, all endpoints before it having left them open."""

    wins: int
    losses: int


@dataclass(frozen=True)
class Wins:
    """Pairs won, lost and tied by the second arm against the first, and what follows from them.

    Stratified, the shares of strata are weighted by n1 n0 / (n1 + n0) (Dong et al. 2018), so that the counts below are
    of pairs within strata and the ratio of wins to losses is not the win ratio.
    """

    arms: tuple[str, str]
    pairs: int
    wins: int
    losses: int
    ties: int
    by_endpoint: tuple[EndpointWins, ...]
    win_ratio: Contrast
    """Wins / losses (Pocock et al. 2012)."""
    net_benefit: Contrast
    """Share of wins - share of losses (Buyse 2010)."""
    win_odds: Contrast
    """(Wins + half the ties) / (losses + half the ties) (Brunner, Vandemeulebroecke and Muetze 2021)."""
    variance: WinVariance
    without_pairs: tuple[str, ...]
    """Strata that hold one arm only and contribute nothing."""


def wins(endpoints: Sequence[EventTimes], *, level: float = 0.95, variance: WinVariance = "hajek") -> Wins:
    """Return win ratio, net benefit and win odds of the second arm against the first.

    ``endpoints``: event times of the same subjects, row by row, the most important first; two arms; strata as in the
    first. A pair is won on an endpoint by the subject who is known to have been free of the event for longer than the
    other took to have it: the other had the event and this one's follow-up lasted longer, in days. An event on the
    very day on which the other's follow-up ends decides nothing (as in the R package WINS).

    ``variance``: "hajek" takes the sample covariances of each subject's share of wins and losses (Bebu and Lachin
    2016), right under any hypothesis and fit for limits; "null" centers the kernel at no difference and leaves each
    pair's own square out (Dong et al. 2016; the R package WINS), right for the test. They differ by a few per cent;
    print which. Raises ValueError when the endpoints do not belong to the same subjects.

    >>> death = EventTimes.of([9, 9, 4, 9], [0, 0, 1, 0], list("AABB"), arms=["B", "A"])
    >>> relapse = EventTimes.of([9, 7, 2, 5], [0, 1, 1, 1], list("AABB"), arms=["B", "A"])
    >>> found = wins([death, relapse])
    >>> found.by_endpoint
    (EndpointWins(wins=2, losses=0), EndpointWins(wins=2, losses=0))
    >>> found.net_benefit.value
    1.0
    """
    first = _checked(endpoints, variance)
    strata = [s for s in range(len(first.strata)) if (first.stratum == s).any()]
    tallies = {s: _tally(endpoints, first.stratum == s) for s in strata}
    met = {s: tally for s, tally in tallies.items() if tally is not None}
    if not met:
        raise ValueError("no pair of subjects from both arms shares a stratum; pool strata")
    total = _Total.of(list(met.values()), variance)
    counts = np.sum([tally.decided for tally in met.values()], axis=0)
    pairs, won, lost = sum(tally.pairs for tally in met.values()), int(counts[:, 0].sum()), int(counts[:, 1].sum())
    return Wins(
        arms=(first.arms[0], first.arms[1]),
        pairs=pairs,
        wins=won,
        losses=lost,
        ties=pairs - won - lost,
        by_endpoint=tuple(EndpointWins(int(w), int(v)) for w, v in counts),
        win_ratio=total.win_ratio(level),
        net_benefit=total.net_benefit(level),
        win_odds=total.win_odds(level),
        variance=variance,
        without_pairs=tuple(first.strata[s] for s in strata if s not in met),
    )


@dataclass(frozen=True, eq=False)
class _Tally:
    """The pairs of one stratum."""

    decided: IntArray
    """[endpoints, 2] wins and losses by the endpoint that decided."""
    treated: FloatArray
    """[2, n1] wins and losses of each subject of the second arm."""
    control: FloatArray
    """[2, n0] the same seen from the first arm: pairs in which its opponent won, and lost."""

    @property
    def pairs(self) -> int:
        return int(self.treated.shape[1] * self.control.shape[1])

    @property
    def weight(self) -> float:
        return float(self.pairs / (self.treated.shape[1] + self.control.shape[1]))

    @property
    def shares(self) -> FloatArray:
        """Return the shares [2] of pairs won and lost."""
        shares: FloatArray = self.decided.sum(axis=0) / self.pairs
        return shares

    def covariance(self, variance: WinVariance) -> FloatArray:
        """Return the covariance [2, 2] of the shares; NaN when an arm has one subject."""
        one, zero = self.treated.shape[1], self.control.shape[1]
        if min(one, zero) < 2:
            return np.full((2, 2), np.nan)
        if variance == "hajek":
            return np.asarray(np.cov(self.treated / zero) / one + np.cov(self.control / one) / zero)
        # of wins - losses, about 0: the mean over triples of two different opponents of one subject (Dong 2016)
        own = self.decided.sum()
        squares = [((side[0] - side[1]) ** 2).sum() - own for side in (self.treated, self.control)]
        spread = squares[0] / (self.pairs * (zero - 1)) / one + squares[1] / (self.pairs * (one - 1)) / zero
        return np.array([[spread, 0.0], [0.0, 0.0]])


@dataclass(frozen=True)
class _Total:
    """Weighted shares over strata with the variances that the three measures need."""

    won: float
    lost: float
    se_difference: float
    se_log_ratio: float
    null: bool

    @classmethod
    def of(cls, tallies: Sequence[_Tally], variance: WinVariance) -> _Total:
        weight = np.array([tally.weight for tally in tallies])
        weight /= weight.sum()
        won, lost = (float(share) for share in weight @ np.array([tally.shares for tally in tallies]))
        v = np.einsum("k,kij->ij", weight**2, np.array([tally.covariance(variance) for tally in tallies]))
        if variance == "null":
            se = float(np.sqrt(max(v[0, 0], 0.0) if not np.isnan(v[0, 0]) else np.nan))
            return cls(won, lost, se, 2 * se / (won + lost) if won + lost else math.nan, True)
        plain, slope = np.array([1.0, -1.0]), np.array([1 / won if won else np.nan, -1 / lost if lost else np.nan])
        return cls(won, lost, _root(plain @ v @ plain), _root(slope @ v @ slope), False)

    def win_ratio(self, level: float) -> Contrast:
        if self.lost == 0 or self.won == 0:
            none = " and ".join(name for name, n in (("win", self.won), ("loss", self.lost)) if n == 0)
            value = None if self.lost == 0 else 0.0
            return Contrast.impossible("log", level, f"no {none} among the pairs", value)
        return self._contrast(self.won / self.lost, self.se_log_ratio, level, "log")

    def net_benefit(self, level: float) -> Contrast:
        return self._contrast(self.won - self.lost, self.se_difference, level, "plain")

    def win_odds(self, level: float) -> Contrast:
        benefit = self.won - self.lost
        if abs(benefit) == 1:
            none = "loss" if benefit > 0 else "win"
            value = None if benefit > 0 else 0.0
            return Contrast.impossible("log", level, f"no {none} and no tie among the pairs", value)
        # d log((1 + b) / (1 - b)) / db, at b = 0 under the null hypothesis
        slope = 2.0 if self.null else 2 / (1 - benefit**2)
        return self._contrast((1 + benefit) / (1 - benefit), slope * self.se_difference, level, "log")

    def _contrast(self, value: float, se: float, level: float, scale: Literal["plain", "log"]) -> Contrast:
        if math.isnan(se):
            return Contrast.impossible(scale, level, "the variance needs two subjects of each arm in a stratum", value)
        return (Contrast.difference if scale == "plain" else Contrast.ratio)(value, se, level)


def _root(variance: float) -> float:
    return math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan


def _tally(endpoints: Sequence[EventTimes], inside: BoolArray) -> _Tally | None:
    arm = endpoints[0].arm
    treated, control = np.nonzero(inside & (arm == 1))[0], np.nonzero(inside & (arm == 0))[0]
    if not len(treated) or not len(control):
        return None
    decided = np.zeros((len(endpoints), 2), np.int64)
    own, other = np.zeros((2, len(treated))), np.zeros((2, len(control)))
    for start in range(0, len(treated), ROWS):
        rows = slice(start, start + ROWS)
        won, lost = np.zeros((2, len(treated[rows]), len(control)), bool)
        for e, (wins_now, losses_now) in enumerate(_decisions(endpoints, treated[rows], control)):
            won |= wins_now
            lost |= losses_now
            decided[e] += np.count_nonzero(wins_now), np.count_nonzero(losses_now)
        for k, block in enumerate((won, lost)):
            own[k, rows] = [np.count_nonzero(row) for row in block]
            other[k] += block.sum(axis=0, dtype=np.uint8)
    return _Tally(decided, own, other)


def _decisions(
    endpoints: Sequence[EventTimes], treated: IntArray, control: IntArray
) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Yield the pairs [treated, control] that each endpoint decides: won and lost."""
    open_: BoolArray = np.ones((len(treated), len(control)), bool)
    for times in endpoints:
        day, failed = times.day, np.where(times.event, times.day, NEVER)
        won = (day[treated, None] > failed[control]) & open_
        lost = (day[control] > failed[treated, None]) & open_
        yield won, lost
        open_ &= ~(won | lost)


def _checked(endpoints: Sequence[EventTimes], variance: str) -> EventTimes:
    if variance not in get_args(WinVariance):
        raise ValueError(f"variance must be one of {', '.join(get_args(WinVariance))}; got {variance!r}")
    if not endpoints:
        raise ValueError("endpoints must be at least one, the most important first; got none")
    first = endpoints[0]
    for e, other in enumerate(endpoints[1:], start=1):
        same = first.arms == other.arms and np.array_equal(first.arm, other.arm)
        if not (same and first.strata == other.strata and np.array_equal(first.stratum, other.stratum)):
            raise ValueError(f"endpoint {e} is of other subjects, arms or strata than endpoint 0; give the same rows")
    if any(times.entry is not None or times.weight is not None for times in endpoints):
        raise ValueError("wins compare subjects followed from the start who count once; leave out entry and weight")
    if len(first.arms) != 2 or len(set(first.arm.tolist())) != 2:
        raise ValueError(f"wins compare two arms, both with subjects; got {', '.join(first.arms)}")
    return first
