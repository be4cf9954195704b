"""Two arms put together: which draw of one goes with which of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trialwright.evidence.reconstruct_arm import ArmDraws
from trialwright.evidence.reconstruct_printed import Answer, Printed
from trialwright.stats import EventTimes, cox, log_rank

__all__ = ["PrintedComparison", "chosen_pairs", "data_set", "log_hazard_ratio"]

Pair = tuple[int, ...]
LOOKED_AT = 3
"""Pairs fitted in full for each one that is wanted."""


@dataclass(frozen=True)
class PrintedComparison:
    """What the printed comparison of two arms says."""

    hazard_ratio: Printed | None
    """Of the second arm against the first."""
    p: Printed | None
    """Two-sided, of the log-rank test."""

    @classmethod
    def of(cls, hazard_ratio: Printed | str | float | None, p: Printed | str | float | None) -> PrintedComparison:
        """Return what is printed, each as the range of numbers that print so."""
        return cls(*(None if number is None else Printed.of(number) for number in (hazard_ratio, p)))

    @property
    def asked(self) -> bool:
        """Return whether anything is printed."""
        return self.hazard_ratio is not None or self.p is not None

    def misses(self, times: EventTimes) -> float:
        """Return by how many half units the comparison of a data set misses what is printed; 0 where it prints so."""
        missed = 0.0
        if self.hazard_ratio is not None:
            missed += _beyond(self.hazard_ratio, float(np.exp(log_hazard_ratio(times))))
        if self.p is not None:
            missed += _beyond(self.p, p_value(times))
        return missed

    def answers(self, sets: Sequence[EventTimes]) -> list[Answer]:
        """Return what the data sets say to each of the two."""
        found = []
        if self.hazard_ratio is not None:
            ratios = np.array([float(np.exp(log_hazard_ratio(times))) for times in sets])
            found.append(Answer.to("hazard ratio", self.hazard_ratio, ratios))
        if self.p is not None:
            found.append(Answer.to("P", self.p, np.array([p_value(times) for times in sets])))
        return found


def chosen_pairs(arms: Sequence[ArmDraws], wanted: int, total: int | None, compared: PrintedComparison) -> list[Pair]:
    """Return as many combinations of draws as are wanted, one draw of each arm; those that print the comparison first.

    With ``total`` the events of a combination add up to it.
    """
    draws = min(len(arm.left) for arm in arms)
    if len(arms) == 1 or (total is None and not compared.asked):
        return [(q,) * len(arms) for q in range(min(wanted, draws))]
    pairs = _allowed(arms, total)
    if not compared.asked:
        return _evenly(pairs)[:wanted]
    ranked = _by_approximation(arms, pairs, compared)[: LOOKED_AT * wanted]
    missed = [compared.misses(data_set(arms, pair)) for pair in ranked]
    order = np.argsort(missed, kind="stable")
    return [ranked[k] for k in order[:wanted].tolist()]


def data_set(arms: Sequence[ArmDraws], pair: Pair) -> EventTimes:
    """Return the patients of all arms as one data set."""
    parts = [arm.patients(draw) for arm, draw in zip(arms, pair, strict=True)]
    names = [arm.curve.arm for arm in arms]
    code = np.repeat(np.arange(len(arms)), [len(day) for day, _ in parts])
    return EventTimes.coded(
        np.concatenate([day for day, _ in parts]), np.concatenate([event for _, event in parts]), code, arms=names
    )


def log_hazard_ratio(times: EventTimes) -> float:
    """Return the log hazard ratio of the second arm (Efron's ties); NaN where there is none."""
    coef = cox(times).effect.coef
    return np.nan if coef is None else coef


def p_value(times: EventTimes) -> float:
    """Return the two-sided P value of the log-rank test; NaN where there is none."""
    p = log_rank(times).test.p
    return np.nan if p is None else p


def _allowed(arms: Sequence[ArmDraws], total: int | None) -> list[Pair]:
    from itertools import product

    events = [arm.events.tolist() for arm in arms]
    every = product(*(range(len(each)) for each in events))
    if total is None:
        return list(every)
    return [pair for pair in every if sum(own[q] for own, q in zip(events, pair, strict=True)) == total]


def _evenly(pairs: list[Pair]) -> list[Pair]:
    """Return pairs in an order in which every draw of the first arm comes once before one comes again."""
    draws = 1 + max((max(pair) for pair in pairs), default=0)
    return sorted(pairs, key=lambda pair: (*((draw - pair[0]) % draws for draw in pair[1:]), pair[0]))


def _by_approximation(arms: Sequence[ArmDraws], pairs: list[Pair], compared: PrintedComparison) -> list[Pair]:
    """Return pairs, those first whose hazard ratio should be nearest: the logarithm adds up nearly arm by arm."""
    one, other = (sorted({pair[a] for pair in pairs}) for a in (0, 1))
    ratio = compared.hazard_ratio
    if ratio is None:
        return _evenly(pairs)
    base = log_hazard_ratio(data_set(arms, (one[0], other[0])))
    first = {i: log_hazard_ratio(data_set(arms, (i, other[0]))) for i in one}
    second = {j: log_hazard_ratio(data_set(arms, (one[0], j))) for j in other}

    def missed(pair: Pair) -> float:
        return _beyond(ratio, float(np.exp(first[pair[0]] + second[pair[1]] - base)))

    return sorted(_evenly(pairs), key=missed)


def _beyond(printed: Printed, value: float) -> float:
    if not np.isfinite(value):
        return np.inf
    half = (printed.high - printed.low) / 2
    return max(0.0, printed.low - value, value - printed.high) / half
