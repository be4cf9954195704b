"""Minimization: by hand, exactly over all histories, and by simulation with its Monte Carlo error."""

import hashlib
import hmac
import math
import random
from collections import Counter
from fractions import Fraction

import pytest

from trialwright.randomize import Minimization, key_from_seed, minimize, minimize_all
from trialwright.randomize.imbalance_scores import MEASURES, score

KEY = bytes(range(32))
FACTORS = {"ecog": ["0", "1"], "visceral": ["no", "yes"]}
TWO = {"A": 2, "B": 1}


def plan_of(measure="range", ratio=None, p_best="0.8", weights=(1, 1)):
    given = dict(zip(FACTORS, weights, strict=True))
    return Minimization.of(ratio or TWO, FACTORS, weights=given, measure=measure, p_best=p_best)


def patients(number, seed=1):
    chance = random.Random(seed)
    return [{name: chance.choice(levels) for name, levels in FACTORS.items()} for _ in range(number)]


def chances_of_first(plan, group):
    """Chance of the first arm for each patient before anything is seen, over all histories, as fractions."""
    now, found = {(): Fraction(1)}, []
    for levels in group:
        after, first = Counter(), Fraction(0)
        for state, chance in now.items():
            counts = dict(state)
            one = minimize(plan, KEY, "l", levels, counts=counts, position=len(found))
            for copy, p in enumerate(one.probabilities):
                new = {(f, v): tuple(n + (i == copy) for i, n in enumerate(c)) for f, v, c in one.counts}
                after[tuple(sorted((counts | new).items()))] += chance * p
                first += chance * p * (plan.copies[copy] == 0)
        found.append(first)
        now = dict(after)
    return found


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ratio", [TWO, {"A": 1, "B": 1}, {"A": 3, "B": 1}], ids=str)
def test_the_ratio_is_kept_at_every_step_exactly(measure, ratio):
    share = Fraction(ratio["A"], sum(ratio.values()))
    assert chances_of_first(plan_of(measure, ratio, weights=(2, 1)), patients(6)) == [share] * 6


def test_the_ratio_is_kept_at_every_step_in_simulated_trials():
    plan, group, trials = plan_of("variance"), patients(20), 1500
    given = Counter()
    for trial in range(trials):
        drawn = minimize_all(plan, key_from_seed(20, trial), "l", group)
        given.update(position for position, one in enumerate(drawn) if one.arm == "A")
    error = math.sqrt(2 / 9 / trials)
    assert max(abs(given[step] / trials - 2 / 3) for step in range(20)) < 4 * error
    # All steps of all trials together; within a trial they are negatively correlated, so this error is conservative.
    assert abs(sum(given.values()) / (20 * trials) - 2 / 3) < 4 * error / math.sqrt(20)


def test_a_record_by_hand():
    plan = plan_of("range", weights=(2, 1))
    counts = {("ecog", "1"): (3, 2, 2), ("visceral", "no"): (1, 2, 1)}
    one = minimize(plan, KEY, "l", {"visceral": "no", "ecog": "1"}, counts=counts, position=11)
    assert one.counts == (("ecog", "1", (3, 2, 2)), ("visceral", "no", (1, 2, 1)))
    # A: (4,2,2) and (2,2,1); A': (3,3,2) and (1,3,1); B: (3,2,3) and (1,2,2).
    assert one.scores == (2 * 2 + 1, 2 * 1 + 2, 2 * 1 + 1)
    assert one.probabilities == (Fraction(1, 10), Fraction(1, 10), Fraction(4, 5))
    parts = [text.encode() for text in ("trialwright minimization 1", "l", "11", "0")]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    word = int.from_bytes(hmac.new(KEY, message, hashlib.sha256).digest()[:2], "big")
    assert word < 65530
    assert one.uniform == Fraction(word % 10, 10)
    assert one.choice == (0 if word % 10 == 0 else 1 if word % 10 == 1 else 2)
    assert one.arm == "AAB"[one.choice]


def test_golden_list():
    group = [{"ecog": "01"[i % 2], "visceral": FACTORS["visceral"][i * i // 3 % 2]} for i in range(30)]
    drawn = minimize_all(plan_of("standard deviation"), KEY, "golden", group)
    assert "".join(one.arm for one in drawn) == "AAAAAABBBBAAABAABAABBAAAAAAAAB"


def test_minimization_balances_better_than_chance():
    group = patients(90)
    drawn = minimize_all(plan_of(p_best="0.9"), KEY, "l", group)
    for name, levels in FACTORS.items():
        for level in levels:
            here = [one.arm for one, patient in zip(drawn, group, strict=True) if patient[name] == level]
            assert abs(here.count("A") - len(here) * 2 / 3) <= 3


@pytest.mark.parametrize("tied", [1, 2, 3])
def test_chances_add_up_and_ties_share(tied):
    chances = plan_of().chances([1] * tied + [2] * (3 - tied))
    assert sum(chances) == 1
    assert len(set(chances[:tied])) == 1
    assert chances[0] == {1: Fraction(4, 5), 2: Fraction(9, 20), 3: Fraction(1, 3)}[tied]


def test_measures_agree_with_floating_numbers():
    levels = [(2, (5, 1, 3)), (1, (0, 4, 7)), (3, (2, 2, 2))]
    spread = [(w, sum(c) / 3, c) for w, c in levels]
    variance = sum(w * sum((x - mean) ** 2 for x in c) / 3 for w, mean, c in spread)
    deviation = sum(w * math.sqrt(sum((x - mean) ** 2 for x in c) / 3) for w, mean, c in spread)
    assert score("range", levels) == 2 * 4 + 7
    assert score("variance", levels) == pytest.approx(9 * variance)
    assert score("standard deviation", levels) / 10**40 == pytest.approx(3 * deviation)


def test_equal_sums_of_roots_tie_though_written_differently():
    # Two copies: k squared times the variance is the squared difference; three: 8 and 2 + 2 under the root.
    one, other = [(1, (2, 0, 0)), (1, (1, 1, 1))], [(1, (1, 0, 0)), (1, (1, 0, 0))]
    assert score("standard deviation", one) == score("standard deviation", other)
    assert score("standard deviation", [(1, (1, 1, 1))]) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: plan_of(p_best=0.8), 'p_best must be a text such as "0.8"'),
        (lambda: plan_of(p_best="x"), "p_best must be a number"),
        (lambda: plan_of(p_best="1"), "p_best must be above 1/3"),
        (lambda: plan_of(p_best="1/3"), "p_best must be above 1/3"),
        (lambda: plan_of("mean"), "measure 'mean' is not known; known: range"),
        (lambda: plan_of(weights=(0, 1)), "weights must be 2 whole numbers"),
        (lambda: Minimization.of(TWO, FACTORS, weights={}, measure="range", p_best="0.8"), "exactly these factors"),
        (lambda: Minimization.of(TWO, {}, weights={}, measure="range", p_best="0.8"), "at least one factor"),
        (lambda: minimize(plan_of(), KEY, "l", {"ecog": "0"}, counts={}, position=0), "exactly these factors"),
        (
            lambda: minimize(plan_of(), KEY, "l", {"ecog": "7", "visceral": "no"}, counts={}, position=0),
            "'7' of 'ecog' is not known",
        ),
        (lambda: minimize(plan_of(), KEY, "", patients(1)[0], counts={}, position=0), "list_id must name the list"),
        (
            lambda: minimize(plan_of(), KEY, "l", patients(1)[0], counts={}, position=-1),
            "position must be a whole number",
        ),
        (
            lambda: minimize(
                plan_of(), KEY, "l", {"ecog": "0", "visceral": "no"}, counts={("ecog", "0"): (1, 1)}, position=2
            ),
            "counts must be 3 whole numbers",
        ),
    ],
)
def test_what_is_wrong_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()
