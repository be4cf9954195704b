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
    now = {_odds(links.start): 1.0}
    certain, correct = [], []
    for position in range(positions):
        views = [(chance, _views(belief, links)) for belief, chance in now.items()]
        certain.append(sum(chance for chance, view in views if len(view) == 1))
        correct.append(sum(chance * float(max(map(_sum, view.values()))) for chance, view in views))
        now = _learned(views, float(seen))
        if len(now) > MOST_BELIEFS and position + 1 < positions:
            raise ValueError(
                f"positions must be at most {position + 1} for an exact answer with this method; got {positions}"
            )
    return Guesses(tuple(certain), tuple(correct))


View = Mapping[int, Mapping[Place, Fraction]]
"""For each arm that can come: where the method stands after it, with the chance of both."""


def _views(belief: Belief, links: Chain) -> View:
    whole = sum(odds for _, odds in belief)
    found: dict[int, dict[Place, Fraction]] = {}
    for place, odds in belief:
        for arm, after, chance in links.steps(place):
            into = found.setdefault(arm, {})
            into[after] = into.get(after, Fraction(0)) + chance * odds / whole
    return found


def _learned(views: list[tuple[float, View]], seen: float) -> dict[Belief, float]:
    after: dict[Belief, float] = {}
    for chance, view in views:
        for places in view.values():
            odds = _odds(places)
            after[odds] = after.get(odds, 0.0) + chance * seen * float(_sum(places))
        if seen < 1:
            odds = _odds(_together(view))
            after[odds] = after.get(odds, 0.0) + chance * (1 - seen)
    return after


def _together(view: View) -> dict[Place, Fraction]:
    found: dict[Place, Fraction] = {}
    for places in view.values():
        for place, chance in places.items():
            found[place] = found.get(place, Fraction(0)) + chance
    return found


def _sum(places: Mapping[Place, Fraction]) -> Fraction:
    return sum(places.values(), Fraction(0))


def _odds(places: Mapping[Place, Fraction]) -> Belief:
    """Return the chances as whole numbers without a common divisor, so that equal beliefs are one."""
    whole = lcm(*(chance.denominator for chance in places.values()))
    numbers = {place: int(chance * whole) for place, chance in places.items()}
    divisor = gcd(*numbers.values())
    return tuple(sorted((place, number // divisor) for place, number in numbers.items()))


def _check(positions: int, seen: Fraction) -> None:
    if type(positions) is not int or positions < 1:
        raise ValueError(f"positions must be a whole number of at least 1; got {positions!r}")
    if not isinstance(seen, Fraction | int) or not 0 < seen <= 1:
        raise ValueError(f"seen must be a Fraction above 0 and up to 1, which is a central observer; got {seen!r}")
