"""Guesses and imbalance, against enumeration of every list, against algebra and against published simulations."""

from collections import defaultdict
from fractions import Fraction
from itertools import permutations, product

import pytest

from trialwright.randomize import BigStick, BlockUrn, Maximal, Scheme, Simple, certain_share, guesses, imbalance_of

TWO, EVEN = {"A": 2, "B": 1}, {"A": 1, "B": 1}
CENTRAL = Fraction(1)
PLANS = [
    Scheme.of(TWO, [3]),
    Scheme.of(TWO, [3, 6]),
    Scheme.of(EVEN, [2, 2, 4]),
    Simple.of(TWO),
    BigStick.of(EVEN, 2),
    BigStick.of(TWO, 1),
    BlockUrn.of(TWO, 2),
    Maximal.of(TWO, 2, 6),
    Maximal.of(EVEN, 2, 6),
]


def lists_of(plan, places):
    """Every list of arms of this length with its chance."""
    found = defaultdict(Fraction)
    if isinstance(plan, Scheme):
        blocks = []
        for size in plan.block_sizes:
            orders = list(permutations(plan.in_order(size)))
            blocks += [(order, Fraction(1, len(orders) * len(plan.block_sizes))) for order in orders]
        merged = defaultdict(Fraction)
        for order, chance in blocks:
            merged[order] += chance
        now = {(): Fraction(1)}
        while any(len(one) < places for one in now):
            after = defaultdict(Fraction)
            for one, chance in now.items():
                for order, p in merged.items() if len(one) < places else [((), Fraction(1))]:
                    after[one + order] += chance * p
            now = after
        for one, chance in now.items():
            found[one[:places]] += chance
        return found
    for one in product(range(len(plan.copies)), repeat=places):
        chance, counts = Fraction(1), [0] * len(plan.copies)
        for copy in one:
            weights = plan.weights(tuple(counts))
            chance *= Fraction(weights[copy], sum(weights))
            if not chance:
                break
            counts[copy] += 1
        found[tuple(plan.copies[copy] for copy in one)] += chance
    return {one: chance for one, chance in found.items() if chance}


def by_enumeration(lists, position, seen):
    """Chances of certainty and of a right guess, by writing out what an observer can have seen."""
    views = defaultdict(lambda: defaultdict(Fraction))
    for mask in product([True, False], repeat=position):
        weight = seen ** sum(mask) * (1 - seen) ** (position - sum(mask))
        for one, chance in lists.items():
            view = tuple(arm if known else None for arm, known in zip(one[:position], mask, strict=True))
            views[view][one[position]] += weight * chance
    nexts = [{arm: chance for arm, chance in view.items() if chance} for view in views.values()]
    certain = sum(sum(view.values()) for view in nexts if len(view) == 1)
    return certain, sum(max(view.values()) for view in nexts if view)


@pytest.mark.parametrize("seen", [CENTRAL, Fraction(1, 3)], ids=["central", "site"])
@pytest.mark.parametrize("plan", PLANS, ids=repr)
def test_guesses_equal_enumeration(plan, seen):
    lists, found = lists_of(plan, 6), guesses(plan, 6, seen=seen)
    assert sum(lists.values()) == 1
    for position in range(6):
        certain, correct = by_enumeration(lists, position, seen)
        assert found.certain[position] == pytest.approx(float(certain), abs=1e-12)
        assert found.correct[position] == pytest.approx(float(correct), abs=1e-12)


@pytest.mark.parametrize("plan", PLANS, ids=repr)
def test_imbalance_equals_enumeration(plan):
    lists = lists_of(plan, 6)
    shares = [share for _, share in plan.ratio]
    for places, found in enumerate(imbalance_of(plan, 6), start=1):
        law, second, first = defaultdict(Fraction), Fraction(0), Fraction(0)
        for one, chance in lists.items():
            off = one[:places].count(0) - Fraction(places * shares[0], sum(shares))
            law[abs(off)] += chance  # with two arms both are off by the same number
            second, first = second + chance * off * off, first + chance * off
        assert [distance for distance, _ in found.law] == sorted(law)
        assert [chance for _, chance in found.law] == pytest.approx([float(law[d]) for d in sorted(law)])
        assert found.largest == max(law)
        assert found.mean == pytest.approx(float(sum(d * chance for d, chance in law.items())))
        assert found.variances == pytest.approx([float(second - first * first)] * 2)


@pytest.mark.parametrize(
    ("sizes", "simulated"), [([3], 0.774), ([6], 0.742), ([9], 0.722), ([3, 6], 0.752), ([6, 9], 0.729)]
)
def test_correct_guesses_agree_with_400_simulated_trials(sizes, simulated):
    # 198 patients in four strata, here of 50 each; Monte Carlo error about 0.002.
    plan = Scheme.of(TWO, sizes)
    found = guesses(plan, 50, seen=CENTRAL)
    assert found.correct_share == pytest.approx(simulated, abs=0.006)


def test_certain_share_agrees_with_the_older_answer():
    plan = Scheme.of(TWO, [3, 6])
    assert guesses(plan, 1, seen=CENTRAL).certain_share == certain_share(plan, 1, [1])
    assert guesses(plan, 30, seen=CENTRAL).certain_share == pytest.approx(certain_share(plan, 30, [1]), abs=1e-12)


def test_simple_randomization_gives_nothing_away():
    found = guesses(Simple.of(TWO), 40, seen=CENTRAL)
    assert found.certain == (0,) * 40
    assert found.correct == pytest.approx([2 / 3] * 40)
    assert imbalance_of(Simple.of(TWO), 40)[-1].standard_deviations == pytest.approx([(40 * 2 / 9) ** 0.5] * 2)


def test_the_block_urn_gives_away_less_than_blocks_with_the_same_limit():
    urn, block = (guesses(plan, 48, seen=CENTRAL) for plan in (BlockUrn.of(EVEN, 2), Scheme.of(EVEN, [4])))
    assert urn.certain_share < block.certain_share
    assert urn.correct_share < block.correct_share


def test_limits_are_reached():
    assert imbalance_of(BigStick.of(EVEN, 3), 20)[10].largest == Fraction(3, 2)
    assert imbalance_of(Maximal.of(EVEN, 3, 20), 20)[-1].largest == 0


def test_what_would_not_be_exact_is_refused(monkeypatch):
    monkeypatch.setattr("trialwright.randomize.observers.MOST_BELIEFS", 50)
    with pytest.raises(ValueError, match=r"positions must be at most \d+ for an exact answer"):
        guesses(BlockUrn.of(TWO, 2), 12, seen=Fraction(1, 2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: guesses(Simple.of(TWO), 0, seen=CENTRAL), "positions must be a whole number of at least 1"),
        (lambda: guesses(Simple.of(TWO), 5, seen=0.5), "seen must be a Fraction"),
        (lambda: guesses(Simple.of(TWO), 5, seen=Fraction(0)), "seen must be a Fraction above 0"),
        (lambda: imbalance_of(Simple.of(TWO), 0), "positions must be a whole number of at least 1"),
        (lambda: imbalance_of(Maximal.of(TWO, 2, 6), 7), "the list ends after 6 places"),
    ],
)
def test_what_is_wrong_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()
