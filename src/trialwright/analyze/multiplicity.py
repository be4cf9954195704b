"""Several tests under one error rate: adjusted P values and decisions, as the plan writes them.

Fixed sequence: Maurer W, Hothorn LA, Lehmacher W 1995; Westfall PH, Krishen A, J Stat Plan Inference 2001;99:25-40.
Holm S, Scand J Stat 1979;6:65-70. Split alpha: the weighted Bonferroni inequality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.analyze.study import Finding, Group, Place

if TYPE_CHECKING:
    from trialwright.protocol import Hypothesis, Multiplicity

__all__ = ["adjusted", "multiplicity"]

_TESTS = {"log-rank P": "log-rank z", "difference P": "difference"}
"""Statistics that test an endpoint, each with the statistic whose sign says which arm it favors."""
NO_P = "the test gave no P value"


class _Tested(NamedTuple):
    p: Finding | None
    sign: float | None
    """Below zero: fewer events, or a lower share, in the experimental arm."""


def multiplicity(plan: Multiplicity, control: str, found: Sequence[Finding], cut: str) -> Iterator[Finding]:
    """Return adjusted P and decision of each hypothesis from the tests in ``found``; nothing at other data cuts.

    ``rejected`` is 1 or 0; its conventions name the arm whose patients fare better on the scale of the test.
    """
    if plan.cut != cut:
        return
    tested = [_tested(each, control, found) for each in plan.hypotheses]
    p_values = [None if each.p is None else each.p.result.value for each in tested]
    shares = [each.share or 1.0 for each in plan.hypotheses]
    values = adjusted(p_values, plan.method, shares)
    for hypothesis, test, value in zip(plan.hypotheses, tested, values, strict=True):
        yield from _decision(plan, hypothesis, control, test, value)


def adjusted(
    p_values: Sequence[float | None], method: str, shares: Sequence[float] | None = None
) -> tuple[float | None, ...]:
    """Return P values that may be compared with the whole alpha; None where there is none.

    A missing P counts as 1: a sequence stops there, and Holm's procedure keeps its place. ``shares`` of alpha are
    those of "alpha split". Raises ValueError for an unknown method.

    >>> adjusted([0.01, 0.04, 0.03], "holm")
    (0.03, 0.06, 0.06)
    >>> adjusted([0.01, 0.04, 0.03], "fixed sequence")
    (0.01, 0.04, 0.04)
    """
    known = [1.0 if p is None else p for p in p_values]
    if method == "fixed sequence":
        values = list(accumulate(known, max))
    elif method == "holm":
        values = _holm(known)
    elif method == "alpha split":
        values = [min(1.0, p / share) for p, share in zip(known, shares or (), strict=True)]
    else:
        raise ValueError(f"method must be one of fixed sequence, holm, alpha split; got {method!r}")
    return tuple(None if p is None else value for p, value in zip(p_values, values, strict=True))


def _holm(p_values: Sequence[float]) -> list[float]:
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    steps = [min(1.0, (len(order) - rank) * p_values[place]) for rank, place in enumerate(order)]
    values = dict(zip(order, accumulate(steps, max), strict=True))
    return [values[place] for place in range(len(p_values))]


def _tested(hypothesis: Hypothesis, control: str, found: Sequence[Finding]) -> _Tested:
    rows = {
        each.result.statistic: each
        for each in found
        if (each.result.endpoint, each.result.population) == (hypothesis.endpoint, hypothesis.population)
        and each.result.group == f"{hypothesis.arm} v {control}"
        and each.result.item is None
    }
    for test, direction in _TESTS.items():
        if test in rows:
            sign = rows[direction].result.value if direction in rows else None
            return _Tested(rows[test], sign)
    return _Tested(None, None)


def _decision(
    plan: Multiplicity, hypothesis: Hypothesis, control: str, test: _Tested, value: float | None
) -> Iterator[Finding]:
    place = Place(plan.cut, hypothesis.endpoint, hypothesis.population)
    problem = None
    if value is None:
        problem = NO_P if test.p is None else test.p.result.problem or NO_P
    fields = {"problem": problem} | _fields(plan, test, _favors(test, hypothesis.arm, control))
    group = _group(place, hypothesis, control) if test.p is None else test.p.subjects
    yield place.found(group, "adjusted P", value, **fields)
    yield place.found(group, "rejected", None if value is None else float(value <= plan.alpha), **fields)


def _group(place: Place, hypothesis: Hypothesis, control: str) -> Group:
    name = f"{hypothesis.arm} v {control}"
    return Group(name, f"{place.cut}/{place.endpoint}/{place.population}/{name}/not tested", ())


def _fields(plan: Multiplicity, test: _Tested, favors: str) -> dict[str, Any]:
    return {
        "item": "multiplicity",
        "method": plan.method.replace(" ", "-"),
        "source": "derive.time_to_event" if test.p is None else test.p.result.source,
        "conventions": f"{plan.method}, two-sided alpha {plan.alpha:g}{favors}",
    }


def _favors(test: _Tested, arm: str, control: str) -> str:
    """Fewer events are better, and a higher share of successes."""
    if test.p is None or not test.sign:
        return ""
    fewer = test.sign < 0
    better = arm if fewer == (test.p.result.statistic == "log-rank P") else control
    return f"; in favor of {better}"
