"""Certain predictions, against algebra, against enumeration, and against published simulations."""

from fractions import Fraction
from itertools import permutations, product

import pytest

from trialwright.randomize import Scheme, certain_share

FOUR = {"et": ["ai", "fulvestrant"], "visceral": ["no", "yes"]}


def enumerated(ratio, sizes, positions):
    """Chance that each position is certain, by writing out every list there can be."""
    blocks = []
    for size in sizes:
        places = [arm for arm, share in ratio.items() for _ in range(share * size // sum(ratio.values()))]
        arrangements = list(permutations(places))
        blocks += [("".join(one), Fraction(1, len(sizes) * len(arrangements))) for one in arrangements]
    lists = {}
    for chosen in product(blocks, repeat=-(-positions // min(sizes))):
        text, chance = "".join(block for block, _ in chosen)[: positions + 1], Fraction(1)
        for _, each in chosen:
            chance *= each
        lists[text] = lists.get(text, 0) + chance
    certain = []
    for position in range(positions):
        nexts = {}
        for text in lists:
            nexts.setdefault(text[:position], set()).add(text[position])
        certain.append(sum(chance for text, chance in lists.items() if len(nexts[text[:position]]) == 1))
    return certain


@pytest.mark.parametrize(
    ("ratio", "sizes", "positions"),
    [
        ({"A": 1, "B": 1}, [2, 4], 5),
        ({"A": 2, "B": 1}, [3], 6),
        ({"A": 1, "B": 1}, [4], 8),
        ({"A": 1, "B": 1}, [2, 2, 4], 4),
    ],
)
def test_equals_enumeration(ratio, sizes, positions):
    plan = Scheme.of(ratio, sizes)
    expected = enumerated(ratio, sizes, positions)
    for patients in range(1, positions + 1):
        found = certain_share(plan, patients, [1]) * patients
        assert found == pytest.approx(float(sum(expected[:patients])), abs=1e-12)


def test_blocks_of_three_by_algebra():
    # Second place certain after B (1/3), third always: (0 + 1/3 + 1) / 3 of complete blocks.
    assert certain_share(Scheme.of({"A": 2, "B": 1}, [3]), 99, [1]) == pytest.approx(4 / 9)


@pytest.mark.parametrize(
    ("sizes", "simulated"),
    [([3], 0.434), ([6], 0.280), ([9], 0.194), ([3, 6], 0.099), ([6, 9], 0.055), ([3, 6, 9], 0.036), ([6, 12], 0.064)],
)
def test_agrees_with_400_simulated_trials_of_198_patients(sizes, simulated):
    # Monte Carlo error of the simulation is about 0.002; its strata were of unequal size.
    found = certain_share(Scheme.of({"A": 2, "B": 1}, sizes, FOUR), 198, [0.25] * 4)
    assert found == pytest.approx(simulated, abs=0.008)


def test_shares_by_name_or_in_order():
    plan = Scheme.of({"A": 2, "B": 1}, [3], {"ecog": ["0", "1"]})
    assert certain_share(plan, 5, {"ecog=1": 0.1, "ecog=0": 0.9}) == certain_share(plan, 5, [0.9, 0.1])


@pytest.mark.parametrize("shares", [[0.5], [0.5, 0.6], [1.5, -0.5]])
def test_wrong_shares_are_refused(shares):
    with pytest.raises(ValueError, match="shares must be 2 chances"):
        certain_share(Scheme.of({"A": 1, "B": 1}, [2], {"f": ["a", "b"]}), 10, shares)


def test_patients_are_needed():
    with pytest.raises(ValueError, match="patients must be at least 1; got 0"):
        certain_share(Scheme.of({"A": 1, "B": 1}, [2]), 0, [1])
