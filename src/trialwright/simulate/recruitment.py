"""Sites open, candidates consent, and the trial closes when its last patient is randomized."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.simulate.chance import Chance
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["Arrivals", "Enrolled", "arrivals", "enroll"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LATE = 2**40


@dataclass(frozen=True)
class Arrivals:
    """Candidates in order of consent; arrays of shape (trials, candidates), days from ``recruitment.opens_on``."""

    site: Ints
    screened: Ints
    randomize: Ints
    """Day on which an eligible candidate is randomized."""
    first_dose: Ints
    failure: Ints
    """Index of the scenario's failure that keeps the candidate out, or -1."""


@dataclass(frozen=True)
class Enrolled:
    """The candidates who fill the trial, in order of randomization."""

    candidate: Ints
    """Shape (trials, patients)."""
    closed_on: Ints
    """Day of the last randomization, shape (trials,)."""


def arrivals(scenario: Scenario, sites: int, patients: int, chance: Chance, trials: Ints) -> Arrivals:
    """Draw enough candidates to randomize ``patients``, for each trial."""
    count = _candidates(scenario, patients)
    who = np.arange(count)
    plan = scenario.recruitment
    gaps = -np.log(chance.uniforms("arrival", trials[:, None], who, 1)[..., 0])
    where = chance.uniforms("site", trials[:, None], who, 1)[..., 0]
    opened, rates = _sites(scenario, sites, chance, trials)
    site, day = np.empty(gaps.shape, np.int64), np.empty(gaps.shape, np.int64)
    for row, (open_at, rate) in enumerate(zip(opened, rates, strict=True)):
        site[row], day[row] = _flow(open_at, rate, np.cumsum(gaps[row]), where[row])
    waits = chance.uniforms("waits", trials[:, None], who, 3)
    randomize = day + _between(waits[..., 0], plan.screening_days)
    first_dose = randomize + _between(waits[..., 1], plan.first_dose_days)
    return Arrivals(site, day, randomize, first_dose, _failure(scenario, waits[..., 2]))


def enroll(come: Arrivals, patients: int) -> Enrolled:
    """Return the first eligible candidates by day of randomization, consent deciding ties."""
    order = np.where(come.failure < 0, come.randomize * 2**16 + np.arange(come.site.shape[1]), _LATE)
    candidate = np.argsort(order, axis=1, kind="stable")[:, :patients]
    last = np.take_along_axis(order, candidate[:, -1:], axis=1)
    if (last == _LATE).any():
        raise ValueError(f"the scenario's screening failures leave fewer than {patients} eligible candidates")
    return Enrolled(candidate, np.take_along_axis(come.randomize, candidate[:, -1:], axis=1)[:, 0])


def _candidates(scenario: Scenario, patients: int) -> int:
    """Return a number of candidates that all but never falls short: the mean plus eight standard deviations."""
    lost = sum(failure.share for failure in scenario.candidates.failures)
    mean = patients / (1 - lost)
    return int(np.ceil(mean + 8 * np.sqrt(mean * lost / (1 - lost) + 1) + 10))


def _sites(scenario: Scenario, sites: int, chance: Chance, trials: Ints) -> tuple[Floats, Floats]:
    """Return opening days and daily rates of the sites, each of shape (trials, sites)."""
    from scipy.special import gammaincinv

    uniform = chance.uniforms("opening", trials[:, None], np.arange(sites), 2)
    plan = scenario.recruitment
    shape = plan.heterogeneity
    rate = gammaincinv(shape, uniform[..., 1]) / shape * plan.per_site_month / DAYS_PER_MONTH
    return uniform[..., 0] * plan.opening_months * DAYS_PER_MONTH, rate


def _flow(opened: Floats, rate: Floats, total: Floats, where: Floats) -> tuple[Ints, Ints]:
    """Return site and day of the candidates of one trial: the pooled Poisson process by inversion.

    The cumulative rate is a broken line with a corner at each opening; the j-th candidate comes where it reaches
    ``total[j]``, at an open site chosen in proportion to its rate.
    """
    order = np.argsort(opened, kind="stable")
    start, pooled = opened[order], np.cumsum(rate[order])
    reached = np.concatenate([[0.0], np.cumsum(pooled[:-1] * np.diff(start))])
    last_open = np.searchsorted(reached, total, side="right") - 1
    day = start[last_open] + (total - reached[last_open]) / pooled[last_open]
    chosen = np.searchsorted(pooled, where * pooled[last_open], side="left")
    return order[chosen], np.floor(day).astype(np.int64)


def _between(uniform: Floats, bounds: tuple[int, int]) -> Ints:
    low, high = bounds
    return low + np.floor(uniform * (high - low + 1)).astype(np.int64)


def _failure(scenario: Scenario, uniform: Floats) -> Ints:
    edges = np.cumsum([0.0, *(failure.share for failure in scenario.candidates.failures)])[1:]
    found = np.searchsorted(edges, uniform, side="right")
    return np.where(found < len(edges), found, -1).astype(np.int64)
