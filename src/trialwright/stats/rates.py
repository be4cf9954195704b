"""Rates: events per time of exposure, taken as Poisson counts; their ratio and their difference."""

from __future__ import annotations

import math

from trialwright.stats.counts import check_level
from trialwright.stats.estimates import Estimate, Test, two_sided_z
from trialwright.stats.proportions import exact_binomial_test

NO_EXPOSURE = "no time of exposure"
NO_EVENT = "no event in either group: the ratio is not determined"


def poisson_rate(events: int, exposure: float, *, level: float = 0.95) -> Estimate:
    """Return events / exposure with exact limits: quantiles of chi-square distributions (Garwood 1936).

    The unit is events per unit of ``exposure``. With one event at most per subject, and exposure until it, this is the
    exposure-adjusted incidence rate.

    >>> found = poisson_rate(64, 51.2)
    >>> f"{found.value} {found.lower:.6f} {found.upper:.6f}"
    '1.25 0.962652 1.596222'
    """
    tail = (1 - check_level(level)) / 2
    if _check(events, exposure) == 0:
        return Estimate(None, None, None, level, problem=NO_EXPOSURE)
    from scipy.special import gammaincinv

    lower = float(gammaincinv(events, tail)) if events else 0.0
    return Estimate(events / exposure, lower / exposure, float(gammaincinv(events + 1, 1 - tail)) / exposure, level)


def rate_ratio(x1: int, t1: float, x2: int, t2: float, *, level: float = 0.95) -> Estimate:
    """Return the ratio of two rates with exact limits given the total of events (Przyborowski and Wilenski 1940).

    Given their total, the events of group 1 are binomial: Clopper-Pearson limits of their share are turned into limits
    of the ratio. Infinite without an event in group 2; not determined, limits 0 and infinite, without any event.

    >>> found = rate_ratio(64, 51.2, 6, 19.8)
    >>> f"{found.value} {found.lower:.6f} {found.upper:.6f}"
    '4.125 1.794609 11.657729'
    """
    tail = (1 - check_level(level)) / 2
    if 0 in (_check(x1, t1), _check(x2, t2)):
        return Estimate(None, None, None, level, problem=NO_EXPOSURE)
    lower = _odds(x1, x2 + 1, tail) * t2 / t1 if x1 else 0.0
    upper = t2 / t1 / _odds(x2, x1 + 1, tail) if x2 else math.inf
    ratio = _ratio(x1, t1, x2, t2)
    return Estimate(ratio, lower, upper, level, problem=NO_EVENT if ratio is None else None)


def wald_rate_ratio(x1: int, t1: float, x2: int, t2: float, *, level: float = 0.95) -> Estimate:
    """Return the ratio of two rates with Wald limits of its logarithm, se^2 = 1/x1 + 1/x2 (Rothman 1986, chapter 11).

    Limits need an event in both groups; otherwise they are None and the problem says so. ``se`` is of the logarithm.

    >>> found = wald_rate_ratio(64, 51.2, 6, 19.8)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '1.786480 9.524667'
    """
    z = two_sided_z(level)
    if 0 in (_check(x1, t1), _check(x2, t2)):
        return Estimate(None, None, None, level, problem=NO_EXPOSURE)
    ratio = _ratio(x1, t1, x2, t2)
    if ratio is None or x1 == 0 or x2 == 0:
        return Estimate(ratio, None, None, level, problem="limits of the logarithm need events in both groups")
    se = math.sqrt(1 / x1 + 1 / x2)
    return Estimate(ratio, ratio * math.exp(-z * se), ratio * math.exp(z * se), level, se=se)


def rate_difference(x1: int, t1: float, x2: int, t2: float, *, level: float = 0.95) -> Estimate:
    """Return the difference of two rates with Wald limits, se^2 = x1/t1^2 + x2/t2^2 (Rothman 1986, chapter 11).

    >>> found = rate_difference(64, 51.2, 6, 19.8)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '0.946970 0.556358 1.337581'
    """
    z = two_sided_z(level)
    if 0 in (_check(x1, t1), _check(x2, t2)):
        return Estimate(None, None, None, level, problem=NO_EXPOSURE)
    difference, se = x1 / t1 - x2 / t2, math.hypot(math.sqrt(x1) / t1, math.sqrt(x2) / t2)
    return Estimate(difference, difference - z * se, difference + z * se, level, se=se)


def exact_rate_test(x1: int, t1: float, x2: int, t2: float) -> Test:
    """Return the exact two-sided P value of equal rates, given the total of events.

    The sum over divisions of the total no likelier than the observed one, as R's ``poisson.test``.

    >>> f"{exact_rate_test(64, 51.2, 6, 19.8).p:.9f}"
    '0.000138836'
    """
    if 0 in (_check(x1, t1), _check(x2, t2)):
        return Test.impossible(NO_EXPOSURE)
    if x1 + x2 == 0:
        return Test.impossible("no event in either group: nothing to compare")
    return exact_binomial_test(x1, x1 + x2, share=t1 / (t1 + t2))


def _check(events: int, exposure: float) -> float:
    """Return the exposure; ValueError unless events are a whole number and fit to it."""
    if not events >= 0 or events != int(events):
        raise ValueError(f"events must be a whole number, zero or more; got {events}")
    if not 0 <= exposure < math.inf or (events and not exposure):
        rule = "a finite time, above zero where there are events"
        raise ValueError(f"exposure must be {rule}; got {exposure} with {events} events")
    return exposure


def _ratio(x1: int, t1: float, x2: int, t2: float) -> float | None:
    if x2 == 0:
        return math.inf if x1 else None
    return x1 / t1 / (x2 / t2)


def _odds(a: float, b: float, tail: float) -> float:
    """Return p / (1 - p) at a quantile p of beta(a, b), both parts taken from their own tail."""
    from scipy.special import betainccinv, betaincinv

    return float(betaincinv(a, b, tail) / betainccinv(b, a, tail))
