"""The re-randomization test against all allocations counted out, and against the trial's own allocator."""

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from trialwright.analyze import rerandomization_test
from trialwright.analyze.rerandomization import _Lists
from trialwright.randomize import Allocator, Scheme, allocate_many, key_from_seed
from trialwright.stats import EventTimes, FixedOutcomes, FlemingHarrington, log_rank

PAIRS = Scheme.of({"A": 1, "B": 1}, [2])
DAYS = [9, 2, 8, 3, 7, 1, 6, 4]


def trial(seed: int = 1, n: int = 90) -> tuple[EventTimes, Scheme, np.ndarray]:
    """Return a trial of 2:1 in blocks of 3 and 6 by two factors; the strata of the analysis are those of the list."""
    scheme = Scheme.of({"E": 2, "C": 1}, [3, 6], {"x": ["0", "1"], "y": ["0", "1"]})
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 4, n)
    drawn = allocate_many(scheme, [key_from_seed(seed, 0)], "list", stratum[None])[0]
    day, event = rng.integers(1, 60, n), rng.random(n) < 0.7
    arm = [scheme.arms[a] for a in drawn]
    return EventTimes.of(day, event, arm, [scheme.strata[s] for s in stratum], arms=["C", "E"]), scheme, stratum


def test_all_allocations_counted_out() -> None:
    """Four blocks of two: sixteen allocations, all equally likely."""
    times = EventTimes.of(DAYS, [True] * 8, list("ABBABAAB"))
    outcomes, allocations = FixedOutcomes.of(times), []
    for blocks in product(((0, 1), (1, 0)), repeat=4):
        allocations.append(sum(blocks, ()))
    z = outcomes.z(allocations)
    observed = log_rank(times).z or np.nan
    found = rerandomization_test(times, PAIRS, seed=5, draws=40_000)
    assert found.observed == pytest.approx(observed)
    for p, se, exact in (
        (found.p, found.p_se, (np.abs(z) >= abs(observed) - 1e-9).mean()),
        (found.p_one_sided, found.p_one_sided_se, (z <= observed + 1e-9).mean()),
    ):
        assert se == pytest.approx(np.sqrt(exact * (1 - exact) / 40_000), rel=0.05)
        assert p == pytest.approx(exact, abs=4 * (se or 0))


def test_the_draws_follow_the_law_of_the_scheme() -> None:
    """Blocks of two or four, four places: a block of four with chance 1/2, else two blocks, the second of them cut."""
    scheme = Scheme.of({"A": 1, "B": 1}, [2, 4])
    times = EventTimes.of([1, 2, 3, 4], [True] * 4, list("ABBA"))
    n = 60_000
    arms = _Lists.of(times, scheme, None, None).draw(3, 0, n)
    found = Counter(map(tuple, arms.tolist()))
    for sequence in product((0, 1), repeat=4):
        four = (sum(sequence) == 2) / 6
        two = 0.5 if sum(sequence[:2]) == 1 else 0.0
        pair = 0.5 if sum(sequence[2:]) == 1 else 0.0
        cut = {1: 1 / 3, 0: 1 / 6, 2: 1 / 6}[sum(sequence[2:])]
        expected = 0.5 * four + 0.5 * two * (0.5 * pair + 0.5 * cut)
        assert found[sequence] / n == pytest.approx(expected, abs=4 * np.sqrt(expected / n) + 1e-12)


def test_the_draws_are_those_of_the_trials_allocator_in_law() -> None:
    times, scheme, stratum = trial()
    keys = [key_from_seed(77, i) for i in range(4000)]
    own = np.where(allocate_many(scheme, keys, "list", np.tile(stratum, (4000, 1))) == scheme.arms.index("E"), 1, 0)
    z, ours = (
        FixedOutcomes.of(times).z(own),
        FixedOutcomes.of(times).z(_Lists.of(times, scheme, None, None).draw(8, 0, 20_000)),
    )
    found = rerandomization_test(times, scheme, seed=8, draws=20_000)
    share = (np.abs(z) >= abs(found.observed or 0) - 1e-9).mean()
    assert found.p == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) * (1 / 4000 + 1 / 20_000)))
    assert ours.mean() == pytest.approx(z.mean(), abs=4 * z.std() * np.sqrt(1 / 4000 + 1 / 20_000))
    assert ours.std() == pytest.approx(z.std(), rel=4 * np.sqrt(1 / 8000 + 1 / 40_000))
    assert (own == 1).mean(axis=0) == pytest.approx(np.full(len(times), 2 / 3), abs=0.04)


def test_equal_arguments_give_equal_answers() -> None:
    times, scheme, _ = trial()
    one = rerandomization_test(times, scheme, seed=8, draws=3500)
    assert one == rerandomization_test(times, scheme, seed=8, draws=3500, workers=1)
    assert one == rerandomization_test(times, scheme, seed=8, draws=3500, workers=3)
    assert one.p != rerandomization_test(times, scheme, seed=9, draws=3500).p
    assert (one.draws, one.seed, one.without_information) == (3500, 8, 0)


def test_words_of_the_published_generator() -> None:
    """Known answers of Philox4x32-10 (Salmon et al. 2011, Random123 kat_vectors)."""
    from trialwright.analyze._kernels_rerandomization import philox

    words, ones = np.empty(4, np.uint64), 0xFFFFFFFF
    philox(np.zeros(5, np.uint64), np.uint64(0), words)
    assert [f"{int(word):08x}" for word in words] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]
    philox(np.array([ones] * 4 + [0], np.uint64), np.uint64(2**64 - 1), words)
    assert [f"{int(word):08x}" for word in words] == ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]


def test_a_statistic_of_ones_own() -> None:
    times, scheme, _ = trial(n=30)

    def log_rank_z(drawn: EventTimes) -> float:
        z = log_rank(drawn).z
        return np.nan if z is None else z

    ours = rerandomization_test(times, scheme, seed=2, draws=300, statistic=log_rank_z)
    fast = rerandomization_test(times, scheme, seed=2, draws=300)
    assert (ours.p, ours.p_one_sided, ours.observed) == (fast.p, fast.p_one_sided, pytest.approx(fast.observed))
    assert (ours.statistic, fast.statistic) == ("log_rank_z", "log-rank z, Fleming-Harrington(0, 0)")


def test_a_weight_changes_the_statistic() -> None:
    times, scheme, _ = trial()
    found = rerandomization_test(times, scheme, seed=2, draws=100, weight=FlemingHarrington(0, 1))
    assert found.observed == pytest.approx(log_rank(times, FlemingHarrington(0, 1)).z)
    assert found.statistic.endswith("Fleming-Harrington(0, 1)")


def test_strata_of_the_list_are_not_those_of_the_analysis() -> None:
    times, scheme, _ = trial()
    names = [times.strata[s] for s in times.stratum]
    pooled = rerandomization_test(times.unstratified(), scheme, seed=4, draws=200, randomized_in=names)
    assert pooled.observed == pytest.approx(log_rank(times.unstratified()).z)
    with pytest.raises(ValueError, match=r"stratum 'all' is not in the scheme; known: x=0\|y=0"):
        rerandomization_test(times.unstratified(), scheme, seed=4)


def test_positions_keep_the_places_of_those_not_analyzed() -> None:
    """Of four blocks of two the second subject of each block is missing: any arm is possible at every place."""
    times = EventTimes.of([4, 3, 2, 1], [True] * 4, list("AAAB"))
    with pytest.raises(ValueError, match="stratum 'all': the scheme cannot have made these allocations in this order"):
        rerandomization_test(times, PAIRS, seed=1)
    found = rerandomization_test(times, PAIRS, seed=1, draws=20_000, position=[0, 2, 4, 6])
    z = FixedOutcomes.of(times).z(list(product((0, 1), repeat=4)))
    exact = (np.abs(np.where(np.isnan(z), 0, z)) >= abs(found.observed or 0) - 1e-9).mean()
    assert found.p == pytest.approx(exact, abs=4 * (found.p_se or 0))
    assert found.without_information == pytest.approx(20_000 / 8, rel=0.1)  # all of one arm


def test_stored_allocations_in_any_order_of_rows() -> None:
    """What the trial stored of each allocation is all the test needs; rows may be shuffled, patients left out."""
    scheme = Scheme.of({"A": 1, "B": 1}, [2, 4], {"sex": ["f", "m"]})
    allocator, rng = Allocator(scheme, bytes(32), "list"), np.random.default_rng(3)
    stored = [allocator.next(scheme.strata[s]) for s in rng.integers(0, 2, 40)]
    day, kept = rng.integers(1, 30, 40), rng.permutation(40)[:35]

    def tested(rows: Any) -> Any:
        times = EventTimes.of(day[rows], np.ones(len(rows), bool), [stored[i].arm for i in rows])
        where = {"randomized_in": [stored[i].stratum for i in rows], "position": [stored[i].position for i in rows]}
        return rerandomization_test(times, scheme, seed=6, draws=2000, **where)  # type: ignore[arg-type]

    shuffled, ordered = tested(kept), tested(np.sort(kept))
    assert shuffled.observed == pytest.approx(ordered.observed)
    assert (shuffled.p, shuffled.p_one_sided) == (ordered.p, ordered.p_one_sided)
    with pytest.raises(ValueError, match="cannot have made these allocations in this order"):
        rerandomization_test(EventTimes.of(day[:4], [1] * 4, list("AABB")), PAIRS, seed=1)


def test_no_information() -> None:
    found = rerandomization_test(EventTimes.of([1, 2], [False, False], list("AB")), PAIRS, seed=1, draws=10)
    assert (found.observed, found.p, found.p_se, found.p_one_sided) == (None, None, None, None)
    assert found.problem == "no information: the statistic does not exist in the data"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, r"seed must be a whole number from 0 to 2\*\*64 - 1; got -1"),
        ({"draws": 0}, r"draws must be 1 to 2\*\*32 - 1; got 0"),
        ({"randomized_in": ["all"]}, "randomized_in must have one stratum for each of 8 subjects; got 1"),
        ({"position": [0, 1, 2, 3, 4, 5, 6, 6]}, "position 6 of stratum 'all' must be held by one subject; got 2"),
        ({"position": [0, 1, 2]}, "position must be a whole number from 0 for each of the 8 subjects"),
        ({"scheme": Scheme.of({"A": 1, "C": 1}, [2])}, "arms of times must be those of the scheme"),
    ],
)
def test_what_is_refused(change: dict[str, Any], message: str) -> None:
    times = EventTimes.of(DAYS, [True] * 8, list("ABBABAAB"))
    arguments: dict[str, Any] = {"scheme": PAIRS, "seed": 1, "draws": 10} | change
    with pytest.raises(ValueError, match=message):
        rerandomization_test(times, **arguments)


def test_three_arms_need_a_statistic() -> None:
    scheme = Scheme.of({"A": 1, "B": 1, "C": 1}, [3])
    times = EventTimes.of([3, 5, 4, 9, 8, 2], [True] * 6, list("ABCCAB"))
    with pytest.raises(ValueError, match=r"the log-rank z compares two arms; got A, B, C\. Give a statistic for more"):
        rerandomization_test(times, scheme, seed=1)

    def chi_square(drawn: EventTimes) -> float:
        return log_rank(drawn).test.statistic or 0.0

    found = rerandomization_test(times, scheme, seed=1, draws=500, statistic=chi_square)
    assert 0 < (found.p or 0) <= 1
