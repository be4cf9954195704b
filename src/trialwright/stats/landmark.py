"""Differences of survival at a landmark."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialwright.stats.curve import Beyond, Curve
from trialwright.stats.estimates import Estimate, normal_tail, two_sided_z


@dataclass(frozen=True)
class ZTest:
    """A standard normal statistic with its two-sided P value, or the problem that prevents it."""

    z: float | None
    p: float | None
    problem: str | None = None


@dataclass(frozen=True)
class SurvivalDifference:
    """Survival of an arm less survival of the reference on a day."""

    arm: str
    reference: str
    day: float
    rate: Estimate
    reference_rate: Estimate
    difference: Estimate
    """Limits by the normal distribution on the plain scale, clipped to [-1, 1]."""
    plain: ZTest
    """Difference over its standard error; above zero = more survive in the arm."""
    log_log: ZTest
    """On log(-log S); below zero = more survive in the arm. Keeps its level better in small arms."""


def survival_difference(
    arm: Curve, reference: Curve, day: float, *, beyond: Beyond = "not estimable"
) -> SurvivalDifference:
    """Return the difference of two independent curves on a day.

    Plain: (S1 - S0) / sqrt(SE1^2 + SE0^2). Log-log: g1 - g0 over sqrt(v1 + v0), g = log(-log S),
    v = (SE / (S log S))^2 (Klein, Logan, Harhoff and Andersen 2007, section 2). ``beyond`` as in ``Curve.at``.
    The limits have the level of the curves; ValueError if the curves have different ones.

    >>> from trialwright.stats import EventTimes, kaplan_meier
    >>> times = EventTimes.of([5, 8, 9, 9, 3, 4, 6, 9], [1, 1, 0, 0, 1, 1, 1, 0], list("EEEECCCC"))
    >>> curves = kaplan_meier(times)
    >>> found = survival_difference(curves["E"], curves["C"], 7)
    >>> found.difference.value, round(found.plain.z, 4), round(found.log_log.z, 4)
    (0.5, 1.633, -1.3304)
    """
    if arm.level != reference.level:
        raise ValueError(f"the curves must have limits of one level; got {arm.level} and {reference.level}")
    one, zero = arm.at(day, beyond=beyond), reference.at(day, beyond=beyond)
    difference = _difference(one, zero, arm.arm, reference.arm)
    return SurvivalDifference(
        arm.arm, reference.arm, day, one, zero, difference, _plain(difference), _log_log(one, zero, difference)
    )


def _difference(one: Estimate, zero: Estimate, arm: str, reference: str) -> Estimate:
    if one.value is None or zero.value is None:
        problems = [f"{name}: {e.problem}" for name, e in ((arm, one), (reference, zero)) if e.value is None]
        return Estimate(None, None, None, one.level, None, "; ".join(problems))
    value = one.value - zero.value
    if one.se is None or zero.se is None:
        problem = "survival is 0 in an arm, so there is no standard error"
        return Estimate(value, None, None, one.level, None, problem)
    se = math.hypot(one.se, zero.se)
    half = two_sided_z(one.level) * se
    if se == 0:
        return Estimate(
            value, None, None, one.level, 0.0, "no event in either arm up to the day, so there are no limits"
        )
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), one.level, se)


def _plain(difference: Estimate) -> ZTest:
    if difference.value is None or not difference.se:
        return ZTest(None, None, difference.problem)
    return _test(difference.value / difference.se)


def _log_log(one: Estimate, zero: Estimate, difference: Estimate) -> ZTest:
    if one.value is None or zero.value is None:
        return ZTest(None, None, difference.problem)
    if not (0 < one.value < 1 and 0 < zero.value < 1) or one.se is None or zero.se is None:
        return ZTest(None, None, "log(-log S) does not exist where survival is 0 or 1 in an arm")
    (g1, s1), (g0, s0) = _scaled(one.value, one.se), _scaled(zero.value, zero.se)
    return _test((g1 - g0) / math.hypot(s1, s0))


def _scaled(survival: float, se: float) -> tuple[float, float]:
    log = math.log(survival)
    return math.log(-log), se / (survival * log)


def _test(z: float) -> ZTest:
    return ZTest(z, 2 * normal_tail(-abs(z)))
