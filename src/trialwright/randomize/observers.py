"""How often an observer guesses the next allocation, exactly, for any method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from trialwright.randomize.chain import Chain, Place, chain
from trialwright.randomize.methods import Method
from trialwright.randomize.scheme import Scheme

__all__ = ["Guesses", "guesses"]

MOST_BELIEFS = 20_000
"""More than this, and an exact answer takes minutes; it is refused rather than rounded."""

Belief = tuple[tuple[Place, int], ...]
"""Where the method can stand for all that the observer knows, with whole-number odds in lowest terms."""


@dataclass(frozen=True)
class Guesses:
    """What an observer can foretell in one stratum, by position."""

    certain: tuple[float, ...]
    """Chance that the arm is known for certain before it is allocated."""
    correct: tuple[float, ...]
    """Chance that a guess of the likelier arm is right."""

    @property
    def certain_share(self) -> float:
        """Return the mean of ``certain`` over the positions."""
        return sum(self.certain) / len(self.certain)

    @property
    def correct_share(self) -> float:
        """Return the mean of ``correct`` over the positions."""
        return sum(self.correct) / len(self.correct)


def guesses(plan: Scheme | Method, positions: int, *, seen: Fraction) -> Guesses:
    """Return what an observer can foretell at each of the first positions of one stratum.

    The observer knows the method with its settings and the number of each allocation, but never a key or a block size
    to come. With ``seen`` 1 the observer is central and learns every arm; with less it is a site, which learns only
    its own patients' arms, each patient being its own with this chance. Nothing is drawn: the chance is summed over
    all that the observer can come to believe (Bayes), the beliefs being whole-number odds. ValueError when these grow
    too many, which happens after ten to twenty positions when a site watches a method without fixed block ends.

    >>> from trialwright.randomize import Scheme
    >>> found = guesses(Scheme.of({"A": 1, "B": 1}, [2]), 100, seen=Fraction(1))
    >>> found.certain_share, found.correct_share
    (0.5, 0.75)
    """
    _check(positions, seen)
    links = chain(plan)
    now = {_odds(_whole(links.start)): 1.0}
    certain, correct = [], []
    for position in range(positions):
        views = [(chance, _view(belief, links)) for belief, chance in now.items()]
        certain.append(sum(chance for chance, view in views if len(view.arms) == 1))
        correct.append(sum(chance * max(map(view.chance_of, view.arms)) for chance, view in views))
        now = _learned(views, float(seen))
        if len(now) > MOST_BELIEFS and position + 1 < positions:
            raise ValueError(
                f"positions must be at most {position + 1} for an exact answer with this method; got {positions}"
            )
    return Guesses(tuple(certain), tuple(correct))


@dataclass(frozen=True)
class _View:
    """What can come: for each arm where the method stands after it, with the chance of both in parts of ``whole``."""

    arms: Mapping[int, Mapping[Place, int]]
    whole: int

    def chance_of(self, arm: int) -> float:
        """Return the chance of an arm; a quotient of whole numbers is rounded once."""
        return sum(self.arms[arm].values()) / self.whole


def _view(belief: Belief, links: Chain) -> _View:
    steps = [(odds, step) for place, odds in belief for step in links.steps(place)]
    unit = lcm(*(chance.denominator for _, (_, _, chance) in steps))
    found: dict[int, dict[Place, int]] = {}
    for odds, (arm, after, chance) in steps:
        into = found.setdefault(arm, {})
        into[after] = into.get(after, 0) + odds * chance.numerator * (unit // chance.denominator)
    return _View(found, unit * sum(odds for _, odds in belief))


def _learned(views: list[tuple[float, _View]], seen: float) -> dict[Belief, float]:
    after: dict[Belief, float] = {}
    for chance, view in views:
        for arm, places in view.arms.items():
            odds = _odds(places)
            after[odds] = after.get(odds, 0.0) + chance * seen * view.chance_of(arm)
        if seen < 1:
            odds = _odds(_together(view))
            after[odds] = after.get(odds, 0.0) + chance * (1 - seen)
    return after


def _together(view: _View) -> dict[Place, int]:
    found: dict[Place, int] = {}
    for places in view.arms.values():
        for place, parts in places.items():
            found[place] = found.get(place, 0) + parts
    return found


def _whole(chances: Mapping[Place, Fraction]) -> dict[Place, int]:
    whole = lcm(*(chance.denominator for chance in chances.values()))
    return {place: int(chance * whole) for place, chance in chances.items()}


def _odds(parts: Mapping[Place, int]) -> Belief:
    """Return the odds without a common divisor, so that equal beliefs are one."""
    divisor = gcd(*parts.values())
    return tuple(sorted((place, number // divisor) for place, number in parts.items()))


def _check(positions: int, seen: Fraction) -> None:
    if type(positions) is not int or positions < 1:
        raise ValueError(f"positions must be a whole number of at least 1; got {positions!r}")
    if not isinstance(seen, Fraction | int) or not 0 < seen <= 1:
        raise ValueError(f"seen must be a Fraction above 0 and up to 1, which is a central observer; got {seen!r}")
