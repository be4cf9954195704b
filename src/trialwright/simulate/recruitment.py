"""Sites open, candidates consent, and the trial closes when its last patient is randomized."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.simulate.world import Candidates, World
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["Arrivals", "Enrolled", "arrivals", "between", "enroll"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LATE = 2**40
_FAR = 10**6
"""A day after every trial that is still in the calendar."""


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

    def pick(self, values: Ints) -> Ints:
        """Return the entries of those randomized, trial after trial, from an array of shape (trials, candidates)."""
        return np.take_along_axis(values, self.candidate, axis=1).ravel()

    def candidates(self, world: World, come: Arrivals, trials: Ints) -> Candidates:
        """Return those randomized with the days that matter to them."""
        days = {name: self.pick(getattr(come, name)) for name in Candidates.day_names()}
        return Candidates(world, np.repeat(trials, self.candidate.shape[1]), self.candidate.ravel(), days)


def arrivals(world: World, trials: Ints) -> Arrivals:
    """Draw enough candidates to fill each trial."""
    plan = world.scenario.recruitment
    who, trial = np.arange(_enough(world.scenario, world.patients)), trials[:, None]
    gaps = -np.log(world.chance.uniforms("arrival", trial, who, 1)[..., 0])
    where = world.chance.uniforms("site", trial, who, 1)[..., 0]
    site, day = np.empty(gaps.shape, np.int64), np.empty(gaps.shape, np.int64)
    for row, (opened, rate) in enumerate(zip(*_sites(world, trials), strict=True)):
        site[row], day[row] = _flow(opened, rate, np.cumsum(gaps[row]), where[row])
    waits = world.chance.uniforms("waits", trial, who, 3)
    randomize = day + between(waits[..., 0], plan.screening_days)
    first_dose = randomize + between(waits[..., 1], plan.first_dose_days)
    return Arrivals(site, day, randomize, first_dose, _failure(world.scenario, waits[..., 2]))


def enroll(come: Arrivals, patients: int) -> Enrolled:
    """Return the first eligible candidates by day of randomization, consent deciding ties."""
    order = np.where(come.failure < 0, come.randomize * 2**16 + np.arange(come.site.shape[1]), _LATE)
    candidate = np.argsort(order, axis=1, kind="stable")[:, :patients]
    last = np.take_along_axis(order, candidate[:, -1:], axis=1)
    if (last == _LATE).any():
        raise ValueError(f"the scenario's screening failures leave fewer than {patients} eligible candidates")
    return Enrolled(candidate)


def _enough(scenario: Scenario, patients: int) -> int:
    """Return a number of candidates that all but never falls short: the mean plus eight standard deviations."""
    lost = sum(failure.share for failure in scenario.candidates.failures)
    mean = patients / (1 - lost)
    return int(np.ceil(mean + 8 * np.sqrt(mean * lost / (1 - lost) + 1) + 10))


def _sites(world: World, trials: Ints) -> tuple[Floats, Floats]:
    """Return opening days and daily rates of the sites, each of shape (trials, sites)."""
    from scipy.special import gammaincinv

    uniform = world.chance.uniforms("opening", trials[:, None], np.arange(len(world.protocol.sites)), 2)
    plan = world.scenario.recruitment
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
    return order[chosen], np.floor(np.minimum(day, _FAR)).astype(np.int64)


def between(uniform: Floats, bounds: tuple[int, int]) -> Ints:
    """Return whole numbers, uniform from the first bound to the second."""
    low, high = bounds
    return low + np.floor(uniform * (high - low + 1)).astype(np.int64)


def _failure(scenario: Scenario, uniform: Floats) -> Ints:
    edges = np.cumsum([0.0, *(failure.share for failure in scenario.candidates.failures)])[1:]
    found = np.searchsorted(edges, uniform, side="right")
    return np.where(found < len(edges), found, -1).astype(np.int64)
