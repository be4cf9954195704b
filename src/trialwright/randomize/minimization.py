"""Minimization with a random element, for any ratio (Pocock & Simon 1975; Kuznetsova & Tymofyeyev 2012).

For n:m there are n + m fictive arms of equal chance, the *copies*: for 2:1 they are A, A' and B. Minimization 1:1:1
among them treats them alike, so that each patient, before anything is seen, has the chance n/(n + m) of the first arm
whatever the factors of this and all earlier patients were. Minimizing the arms themselves with unequal weights would
not keep the ratio (Kuznetsova & Tymofyeyev 2012, Statistics in Medicine 31:701).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import ClassVar

from trialwright.randomize.draws import wide_below, words
from trialwright.randomize.imbalance_scores import MEASURES, score
from trialwright.randomize.key import check_key
from trialwright.randomize.methods import Counts, Ratio, checked, chosen, copies_of, one_more, ratio_of
from trialwright.randomize.scheme import Scheme

__all__ = ["Minimization", "MinimizationDraw", "minimize", "minimize_all"]

Marginal = tuple[tuple[str, str, Counts], ...]
"""Factor, the patient's level of it, and the allocations of each copy at that level."""


@dataclass(frozen=True)
class Minimization:
    """The rule of a trial; build it with :meth:`of`."""

    tag: ClassVar[str] = "trialwright minimization 1"
    ratio: Ratio
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    weights: tuple[int, ...]
    """Weight of each factor, in their order."""
    measure: str
    """``range``, ``variance`` or ``standard deviation`` of the allocations at a level."""
    p_best: Fraction
    """Chance of the copy that would leave the least imbalance."""

    def __post_init__(self) -> None:
        checked(self.ratio)
        Scheme.of(dict(self.ratio), [sum(share for _, share in self.ratio)], dict(self.factors))
        _check_weights(self.weights, len(self.factors))
        if self.measure not in MEASURES:
            raise ValueError(f"measure {self.measure!r} is not known; known: {', '.join(MEASURES)}")
        _check_chance(self.p_best, len(self.copies))

    @classmethod
    def of(
        cls,
        ratio: Mapping[str, int],
        factors: Mapping[str, Iterable[str]],
        *,
        weights: Mapping[str, int],
        measure: str,
        p_best: str | Fraction,
    ) -> Minimization:
        """Return the rule; ``p_best`` as a text such as "0.8" or a fraction, never a float.

        >>> plan = Minimization.of(
        ...     {"A": 2, "B": 1}, {"ecog": ["0", "1"]}, weights={"ecog": 1}, measure="range", p_best="0.8"
        ... )
        >>> plan.chances((5, 3, 3))
        (Fraction(1, 10), Fraction(9, 20), Fraction(9, 20))
        """
        if set(weights) != set(factors):
            raise ValueError(f"weights must be given for exactly these factors: {list(factors)}; got {list(weights)}")
        levels = tuple((name, tuple(values)) for name, values in factors.items())
        chance = p_best if isinstance(p_best, Fraction) else _fraction(p_best)
        return cls(ratio_of(ratio), levels, tuple(weights[name] for name in factors), measure, chance)

    @cached_property
    def copies(self) -> tuple[int, ...]:
        """Return the arm, as an index into ``ratio``, that each copy stands for."""
        return copies_of(self.ratio)

    def chances(self, scores: Sequence[int]) -> tuple[Fraction, ...]:
        """Return the chance of each copy: ``p_best`` for the lowest score, the rest shared equally by the others.

        Of copies tied for the lowest score each is the best one with the same chance (Pocock & Simon 1975: ties are
        put in order at random), so that when all tie they are equally likely.
        """
        others = (1 - self.p_best) / (len(scores) - 1)
        tied = [each == min(scores) for each in scores]
        best = (self.p_best + (sum(tied) - 1) * others) / sum(tied)
        return tuple(best if is_best else others for is_best in tied)

    def level(self, levels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the levels in the order of the factors; ValueError listing the known ones when one is not known."""
        known = [name for name, _ in self.factors]
        if set(levels) != set(known):
            raise ValueError(f"levels must be given for exactly these factors: {known}; got {sorted(levels)}")
        for name, values in self.factors:
            if levels[name] not in values:
                raise ValueError(f"level {levels[name]!r} of {name!r} is not known; known: {', '.join(values)}")
        return tuple(levels[name] for name in known)


@dataclass(frozen=True)
class MinimizationDraw:
    """The record of one draw: all that is needed, beside the key, to check it by hand."""

    arm: str
    list_id: str
    position: int
    """Allocations made before this one, in the whole list."""
    counts: Marginal
    """Allocations before this one at each level that the patient has."""
    scores: tuple[int, ...]
    """Imbalance that each copy would leave; see :func:`trialwright.randomize.imbalance_scores.score` for the unit."""
    probabilities: tuple[Fraction, ...]
    """Chance of each copy."""
    uniform: Fraction
    """The number drawn, in [0, 1), in steps of the common divisor of the probabilities."""
    choice: int
    """The copy in whose stretch of the probabilities it falls."""


def minimize(
    plan: Minimization,
    key: bytes,
    list_id: str,
    levels: Mapping[str, str],
    *,
    counts: Mapping[tuple[str, str], Counts],
    position: int,
) -> MinimizationDraw:
    """Return the allocation of the patient with these levels: a pure function of its arguments.

    ``counts`` holds, by (factor, level), the allocations of each copy so far; a level without any may be missing. They
    and ``position`` are stored facts: whoever counts again after a correction would change what was drawn. ValueError,
    never naming an arm, for a wrong argument.
    """
    check_key(key)
    own = zip((name for name, _ in plan.factors), plan.level(levels), strict=True)
    marginal = tuple((name, level, _known(plan, counts.get((name, level)))) for name, level in own)
    _check_draw(list_id, position)
    scores = tuple(_score_after(plan, marginal, copy) for copy in range(len(plan.copies)))
    chances = plan.chances(scores)
    whole = lcm(*(chance.denominator for chance in chances))
    uniform = wide_below(whole, words(key, plan.tag, list_id, position))
    choice = chosen(tuple(int(chance * whole) for chance in chances), uniform)
    arm = plan.ratio[plan.copies[choice]][0]
    return MinimizationDraw(arm, list_id, position, marginal, scores, chances, Fraction(uniform, whole), choice)


def minimize_all(
    plan: Minimization, key: bytes, list_id: str, patients: Iterable[Mapping[str, str]]
) -> tuple[MinimizationDraw, ...]:
    """Return the draws of patients in the order of allocation, each from the counts that the earlier ones leave.

    >>> plan = Minimization.of({"A": 1, "B": 1}, {"sex": "fm"}, weights={"sex": 1}, measure="range", p_best="0.9")
    >>> [str(max(one.probabilities)) for one in minimize_all(plan, bytes(32), "example", [{"sex": "f"}] * 3)]
    ['1/2', '9/10', '1/2']
    """
    counts: dict[tuple[str, str], Counts] = {}
    drawn: list[MinimizationDraw] = []
    for position, levels in enumerate(patients):
        drawn.append(minimize(plan, key, list_id, levels, counts=counts, position=position))
        for name, level, before in drawn[-1].counts:
            counts[name, level] = one_more(before, drawn[-1].choice)
    return tuple(drawn)


def _score_after(plan: Minimization, marginal: Marginal, copy: int) -> int:
    after = [one_more(counts, copy) for _, _, counts in marginal]
    return score(plan.measure, list(zip(plan.weights, after, strict=True)))


def _known(plan: Minimization, counts: Counts | None) -> Counts:
    if counts is None:
        return (0,) * len(plan.copies)
    if len(counts) != len(plan.copies) or any(type(count) is not int or count < 0 for count in counts):
        raise ValueError(f"counts must be {len(plan.copies)} whole numbers from 0 for each level, one for each copy")
    return counts


def _check_draw(list_id: str, position: int) -> None:
    if not list_id:
        raise ValueError("list_id must name the list; got an empty text")
    if type(position) is not int or position < 0:
        raise ValueError(f"position must be a whole number from 0; got {position!r}")


def _check_weights(weights: tuple[int, ...], factors: int) -> None:
    if not factors:
        raise ValueError("factors must name at least one factor; got none. Without factors use another method.")
    if any(type(weight) is not int or weight < 1 for weight in weights) or len(weights) != factors:
        raise ValueError(f"weights must be {factors} whole numbers of at least 1, one for each factor; got {weights}")


def _fraction(text: str) -> Fraction:
    if not isinstance(text, str):
        # A float such as 0.8 is not four fifths, and the stretches of the draw would be off by a hair.
        raise ValueError(f'p_best must be a text such as "0.8" or a Fraction; got {text!r}')
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f'p_best must be a number such as "0.8" or "4/5"; got {text!r}') from None


def _check_chance(chance: Fraction, copies: int) -> None:
    if not Fraction(1, copies) < chance < 1:
        raise ValueError(f"p_best must be above 1/{copies}, the chance without minimization, and below 1; got {chance}")
