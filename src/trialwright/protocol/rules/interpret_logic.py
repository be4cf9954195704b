"""Comparisons and logic of a rule for one patient: true, false or not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.steps import Make, Patient, Step

__all__ = ["LOGIC_STEPS", "joined"]


def _compare(node: n.Compare, make: Make) -> Step:
    turned = node.operator in {">", ">="}
    one, two = make(node.left), make(node.right)
    first, second = (two, one) if turned else (one, two)
    negated = node.operator == "!="
    holds = _equal if node.operator in {"==", "!="} else _less(strict=len(node.operator) == 1)

    def step(patient: Patient) -> Any:
        a, b = first(patient), second(patient)
        state = holds(a[0], a[1], b[0], b[1])
        if state is None:
            return None, (), a[3] + b[3]
        return state is not negated, (b[2] + a[2] if turned else a[2] + b[2]), ()

    return step


def _less(strict: bool) -> Callable[[float, float, float, float], bool | None]:
    def holds(a: float, b: float, c: float, d: float) -> bool | None:
        if (b < c) if strict else (b <= c):
            return True
        return False if ((a >= d) if strict else (a > d)) else None

    return holds


def _equal(a: float, b: float, c: float, d: float) -> bool | None:
    if a == b == c == d:
        return True
    return False if b < c or a > d else None


def _same_level(node: n.SameLevel, make: Make) -> Step:
    one, two = make(node.left), make(node.right)

    def step(patient: Patient) -> Any:
        a, b = one(patient), two(patient)
        if a[0] is None or b[0] is None:
            return None, (), a[2] + b[2]
        return a[0] == b[0], a[1] + b[1], ()

    return step


def _one_of(node: n.OneOf, make: Make) -> Step:
    levels = frozenset(node.levels)
    return _judged(make(node.choice), levels.__contains__)


def _any_of(node: n.AnyOf, make: Make) -> Step:
    levels = frozenset(node.levels)
    return _judged(make(node.set), lambda value: not levels.isdisjoint(value))


def _not(node: n.Not, make: Make) -> Step:
    return _judged(make(node.part), lambda state: not state)


def _judged(part: Step, judge: Callable[[Any], bool]) -> Step:
    def step(patient: Patient) -> Any:
        value, data, missing = part(patient)
        return (None, (), missing) if value is None else (judge(value), data, ())

    return step


def _and(node: n.And, make: Make) -> Step:
    steps = tuple(make(part) for part in node.parts)
    return lambda patient: joined(False, (step(patient) for step in steps))


def _or(node: n.Or, make: Make) -> Step:
    steps = tuple(make(part) for part in node.parts)
    return lambda patient: joined(True, (step(patient) for step in steps))


def joined(decides: bool, outcomes: Any) -> Any:
    """One part with the deciding value is enough; otherwise all parts must be known."""
    decided = unknown = False
    for_, against, lacking = (), (), ()
    for state, data, missing in outcomes:
        if state is None:
            unknown = True
            lacking += missing
        elif state is decides:
            decided = True
            for_ += data
        else:
            against += data
    if decided:
        return decides, for_, ()
    return (None, (), lacking) if unknown else (not decides, against, ())


LOGIC_STEPS: Final[dict[type[n.Node], Callable[[Any, Make], Step]]] = {
    n.Compare: _compare,
    n.SameLevel: _same_level,
    n.OneOf: _one_of,
    n.AnyOf: _any_of,
    n.Not: _not,
    n.And: _and,
    n.Or: _or,
}
