"""Sites, consents and the order of randomization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from virtual_trial import study, supposed

from trialwright.design import Scenario
from trialwright.protocol import Protocol
from trialwright.simulate import World
from trialwright.simulate.burden import draw_burden
from trialwright.simulate.population import populate
from trialwright.simulate.recruitment import Arrivals, arrivals, enroll
from trialwright.stats import DAYS_PER_MONTH

TRIALS = 3000


def world_of(protocol: Protocol, scenario: Scenario, seed: int = 1) -> World:
    return World.of(protocol, scenario, seed)


@pytest.fixture(scope="module")
def world() -> World:
    """PALMIRA with sites so unequal and opening so slowly that it shows."""
    protocol, scenario = study("palmira")
    return world_of(protocol, supposed(scenario, "recruitment", heterogeneity=0.7, opening_months=10.0))


@pytest.fixture(scope="module")
def come(world: World) -> Arrivals:
    return arrivals(world, np.arange(TRIALS))


def one_site_after_another(world: World, until: float) -> NDArray[np.int64]:
    """Return consents of each site up to a day, shape (trials, sites), each site simulated by itself."""
    plan, rng = world.scenario.recruitment, np.random.default_rng(1)
    shape = (TRIALS, len(world.protocol.sites))
    opens = rng.uniform(0, plan.opening_months * DAYS_PER_MONTH, shape)
    rates = rng.gamma(plan.heterogeneity, plan.per_site_month / plan.heterogeneity / DAYS_PER_MONTH, shape)
    return rng.poisson(rates * np.clip(until - opens, 0, None))


def agree(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Return whether two means lie within 4.5 standard errors of each other."""
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return bool(abs(one.mean() - other.mean()) < 4.5 * error)


@pytest.mark.parametrize("until", [60, 150, 300])
def test_the_pooled_stream_is_that_of_sites_each_by_itself(world: World, come: Arrivals, until: int) -> None:
    """Counts by a day, their spread, and the sites that have anyone: all as many small Poisson processes give."""
    alone = one_site_after_another(world, until)
    inside = come.screened < until
    pooled = inside.sum(axis=1).astype(float)
    assert pooled.max() < come.screened.shape[1], "the trial must still be drawing candidates on that day"
    assert agree(pooled, alone.sum(axis=1).astype(float))
    assert agree((pooled - pooled.mean()) ** 2, (alone.sum(axis=1) - alone.sum(axis=1).mean()) ** 2)
    busy = np.array([len(np.unique(row[mask])) for row, mask in zip(come.site, inside, strict=True)], float)
    assert agree(busy, (alone > 0).sum(axis=1).astype(float))


def test_nobody_consents_at_a_site_before_it_opens(world: World, come: Arrivals) -> None:
    sites, trials = np.arange(len(world.protocol.sites)), np.arange(TRIALS)
    share = world.chance.uniforms("opening", trials[:, None], sites, 2)[..., 0]
    opens = share * world.scenario.recruitment.opening_months * DAYS_PER_MONTH
    assert (come.screened + 1 > np.take_along_axis(opens, come.site, axis=1)).all()


def test_candidates_come_in_order_and_wait_as_supposed(world: World, come: Arrivals) -> None:
    plan = world.scenario.recruitment
    assert (np.diff(come.screened, axis=1) >= 0).all() and come.screened.min() >= 0
    for wait, (first, last) in (
        (come.randomize - come.screened, plan.screening_days),
        (come.first_dose - come.randomize, plan.first_dose_days),
    ):
        counts = np.bincount(wait.ravel() - first, minlength=last - first + 1)
        assert len(counts) == last - first + 1
        share = counts / wait.size - 1 / len(counts)
        assert np.abs(share).max() < 4.5 * np.sqrt(1 / len(counts) / wait.size)


def test_screening_failures_have_the_shares_supposed(world: World, come: Arrivals) -> None:
    shares = [failure.share for failure in world.scenario.candidates.failures]
    for index, share in [(-1, 1 - sum(shares)), *enumerate(shares)]:
        found = (come.failure == index).mean()
        assert abs(found - share) < 4.5 * np.sqrt(share * (1 - share) / come.failure.size), index


def one_trial(randomize: list[int], failure: list[int]) -> Arrivals:
    days = np.array([randomize])
    return Arrivals(np.zeros_like(days), days - 5, days, days + 1, np.array([failure]))


def test_places_are_filled_in_order_of_randomization_and_then_of_consent() -> None:
    come = one_trial([30, 20, 20, 10, 40, 20], [-1, -1, -1, 0, -1, -1])
    assert enroll(come, 4).candidate.tolist() == [[1, 2, 5, 0]]


def test_too_few_eligible_candidates_are_told() -> None:
    with pytest.raises(ValueError, match="screening failures leave fewer than 2 eligible candidates"):
        enroll(one_trial([1, 2, 3], [-1, 0, 0]), 2)


def test_more_trials_and_more_seeds_fill_every_place(world: World) -> None:
    for seed in range(3):
        people = populate(world_of(world.protocol, world.scenario, seed), np.arange(100))
        per_trial = people.enrolled.candidate
        assert per_trial.shape == (100, world.patients)
        assert all(len(set(row)) == world.patients for row in per_trial.tolist())


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_arms_keep_to_the_ratio_within_a_block_of_each_stratum(name: str) -> None:
    world = world_of(*study(name))
    people = populate(world, np.arange(50))
    whole, widest = world.scheme.whole, max(world.scheme.block_sizes)
    stratum = np.zeros(len(people.patients.arm), int)
    for factor, levels in world.scheme.factors:
        stratum = stratum * len(levels) + people.patients.factors[factor]
    for code, (_, share) in enumerate(world.scheme.ratio):
        for trial in range(50):
            for level in range(len(world.scheme.strata)):
                own = people.patients.arm[(people.patients.trial == trial) & (stratum == level)]
                assert abs((own == code).sum() - len(own) * share / whole) <= widest * share / whole


def everyone(world: World) -> Callable[[str], NDArray[np.bool_]]:
    burden = draw_burden(populate(world, np.arange(200)).candidates)
    return lambda name: np.asarray(getattr(burden, name))


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_organs_are_involved_and_measurable_as_often_as_supposed(name: str) -> None:
    world = world_of(*study(name))
    read, plan = everyone(world), world.scenario.lesions
    involved, measurable = read("involved"), read("measurable")
    assert involved.any(axis=1).all() and not (measurable & ~involved).any()
    none = np.prod([1 - organ.share for organ in plan.organs.values()])
    for index, (organ, supposition) in enumerate(plan.organs.items()):
        share = supposition.share + none * (organ == plan.otherwise)
        own = involved[:, index]
        assert abs(own.mean() - share) < 4.5 * np.sqrt(share * (1 - share) / len(own)), organ
        chance = supposition.measurable
        seen = measurable[own, index].mean()
        assert abs(seen - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / own.sum()), organ
