"""Which schemes give a published split: enumerated, simulated, and by the figures of the literature."""

import math
from itertools import product

import numpy as np
import pytest
from claims_made_up import claim, found

from trialwright.evidence import PublishedAllocation, compatible_schemes


def allocation(published, ratio=(2, 1), **fields):
    arms = dict(zip("AB", ratio, strict=True))
    return PublishedAllocation(ratio=arms, published=dict(zip("AB", published, strict=True)), basis="x", **fields)


def fit(given, name):
    (one,) = [each for each in compatible_schemes(given) if each.name == name]
    return one


def test_two_strata_by_enumeration():
    """Four patients, two lists of blocks of 2, 1:1: a list deviates by 1 where it has an odd number, else by 0."""
    given = allocation((3, 1), (1, 1), strata=(0.5, 0.5))
    chance = 0.0
    for strata in product((0, 1), repeat=4):
        odd = sum(strata) % 2
        chance += (odd * 0.5) / 16  # both lists odd: the deviations add to 2 with probability 1/2 (3:1 or 1:3)
    assert fit(given, "blocks of 2 by stratum").p == pytest.approx(chance)
    assert fit(given, "blocks of 2 by stratum").p_same_side == pytest.approx(chance / 2)


@pytest.mark.parametrize("shape", [0.2, 1.0, 3.0])
def test_two_patients_at_two_sites_by_hand(shape):
    """Gamma rates of shape a: one patient at each site with a / (2a + 1); then both get the same arm half the time."""
    given = allocation((2, 0), (1, 1), sites_by_country=(1, 1), site_shape=shape)
    expected = shape / (2 * shape + 1) / 2
    for where in ("by site and stratum", "by country and stratum"):
        assert fit(given, f"blocks of 2 {where}").p == pytest.approx(expected, rel=1e-9)


def test_simple_randomization_is_binomial():
    given = allocation((136, 62))
    tail = sum(math.comb(198, a) * (2 / 3) ** a * (1 / 3) ** (198 - a) for a in range(136, 199))
    assert fit(given, "simple randomization").p_same_side == pytest.approx(tail, rel=1e-9)
    assert fit(given, "simple randomization").spread == pytest.approx(math.sqrt(198 * 2 / 9), rel=1e-6)


def test_one_list_that_ends_with_a_whole_block_never_deviates():
    assert fit(allocation((68, 31)), "blocks of 3 by stratum").p == pytest.approx(0, abs=1e-12)
    assert fit(allocation((66, 33)), "blocks of 3 by stratum").p == pytest.approx(1)


def test_136_to_62_is_not_of_central_blocks_in_four_strata():
    given = allocation((136, 62), strata=(0.4, 0.25, 0.2, 0.15), sites_by_country=(26, 8, 7, 6, 4, 2), site_shape=0.914)
    central = fit(given, "blocks of 3 and 6 by stratum")
    assert central.spread == pytest.approx(0.9, abs=0.05)
    assert central.p_same_side < 0.001
    countries = [fit(given, f"blocks of {b} by country and stratum").p_same_side for b in (3, 6, 9)]
    assert min(countries) > 0.025 and max(countries) < 0.125
    assert fit(given, "blocks of 3 and 6 by site and stratum").p_same_side == pytest.approx(0.23, abs=0.02)
    equal = allocation((136, 62), strata=(0.25,) * 4)
    assert fit(equal, "blocks of 6 by stratum").p == pytest.approx(0.0002, abs=0.0001)
    assert fit(equal, "blocks of 12 by stratum").p == pytest.approx(0.011, abs=0.001)


def test_lists_by_site_against_a_simulation():
    """20,000 trials of 60 patients at 5 sites with gamma rates in 2 strata, blocks of 3: within 4 errors."""
    rng, trials, shape = np.random.default_rng(20190405), 20_000, 1.5
    deviations = np.empty(trials)
    for trial in range(trials):
        rates = rng.gamma(shape, size=5)
        sites = rng.multinomial(60, rates / rates.sum())
        lists = np.concatenate([rng.multinomial(n, (0.7, 0.3)) for n in sites])
        rest = lists % 3
        first = 2 * (lists // 3) + np.array([rng.hypergeometric(2, 1, m) if m else 0 for m in rest])
        deviations[trial] = first.sum() - 40
    given = allocation((43, 17), strata=(0.7, 0.3), sites_by_country=(3, 2), site_shape=shape)
    seen = (np.abs(deviations) >= 3).mean()
    exact = fit(given, "blocks of 3 by site and stratum")
    error = math.sqrt(exact.p * (1 - exact.p) / trials)
    assert abs(seen - exact.p) < 4 * error
    assert deviations.std() == pytest.approx(exact.spread, rel=0.03)


def test_the_finding_names_schemes_and_what_is_supposed():
    arm = claim("n", 136, statistic="patients", arm="A", unit="patients")
    given = allocation((136, 62), strata=(0.4, 0.25, 0.2, 0.15))
    (said,) = found("split", claim("x", 1.0, statistic="plan", item="other"), arm, allocation=given)
    assert (said.claim, said.verdict) == ("n", "note")
    assert said.message.startswith("136:62 at 2:1: hardly ever by blocks of 3, 6, 3+6, 9, 12, 18 by stratum (P ")
    assert said.settles.endswith("Supposed here: x.")
    even = allocation((132, 66))
    (said,) = found("split", arm, allocation=even)
    assert said.verdict == "consistent"


def test_more_than_two_arms_are_not_asked():
    three = PublishedAllocation(ratio={"A": 1, "B": 1, "C": 1}, published={"A": 5, "B": 5, "C": 5}, basis="x")
    with pytest.raises(ValueError, match="the same two arms"):
        compatible_schemes(three)
    assert found("split", claim("x", 1.0, statistic="plan"), allocation=three) == []
