"""The nearest value of one given quantity with which there is a design, the others kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from trialwright.design.design_question import Known

__all__ = ["nearest_designs"]

DIGITS = 5
_FIRST, _GROWTH, _STEPS, _HALVINGS = 0.01, 1.1, 61, 20
Feasible = Callable[[Known], bool]


def nearest_designs(given: Known, margin: float, feasible: Feasible) -> Known:
    """Return each given quantity that alone can make the design feasible, at the nearest value of five digits.

    Every value was put in place of the one given and found feasible as it is, rounded. A quantity of which no value
    was found, out to a factor of 20, is left out.

    >>> nearest_designs({"patients": 100.0}, 1.0, lambda known: known["patients"] >= 123.45678)
    {'patients': 123.46}
    """
    found = {name: _nearest(given, name, margin, feasible) for name in given}
    return {name: value for name, value in found.items() if value is not None}


def _nearest(given: Known, name: str, margin: float, feasible: Feasible) -> float | None:
    to, back = _scale(name, given[name], margin)

    def can(value: float) -> bool:
        return feasible(given | {name: value})

    end = _end(to(given[name]), lambda u: can(back(u)))
    return None if end is None else next(filter(can, _rounded(back(end))), None)


def _end(start: float, can: Callable[[float], bool]) -> float | None:
    """Return the near end of the feasible values, by growing steps to both sides and then by halving."""
    for before, after in pairwise([0.0, *(_FIRST * _GROWTH**k for k in range(_STEPS))]):
        for sign in (1, -1):
            if can(start + sign * after):
                return _halved(start + sign * before, start + sign * after, can)
    return None


def _halved(outside: float, inside: float, can: Callable[[float], bool]) -> float:
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        outside, inside = (outside, middle) if can(middle) else (middle, inside)
    return inside


def _rounded(value: float) -> Iterator[float]:
    """Yield the value at its digits, nearest first: one of the two lies on the feasible side."""
    near = float(f"{value:.{DIGITS}g}")
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1) if value else 0.0
    other = near + unit if near < value else near - unit
    yield from (near, float(f"{other:.{DIGITS}g}"))


def _scale(name: str, value: float, margin: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Return a scale without ends for the quantity, and the way back; a hazard ratio keeps its side."""
    if name == "power":
        return lambda p: math.log(p / (1 - p)), lambda u: 1 / (1 + math.exp(-u))
    if name == "follow_up":
        return math.log1p, lambda u: math.expm1(max(u, 0.0))
    if name == "hazard_ratio" and value != margin:
        side = 1 if value > margin else -1
        return lambda h: math.log(
            side * math.log(h / margin)
        ), lambda u: margin * math.exp(side * math.exp(min(u, 3.0)))
    return math.log, math.exp
