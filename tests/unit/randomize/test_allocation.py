"""Allocation: equally likely blocks, exact ratio, pure function of the position."""

from collections import Counter
from math import comb

import numpy as np
import pytest
from scipy.special import gammaincc

from trialwright.randomize import Allocator, Scheme, allocate, allocate_many, commitment, key_from_seed, scheme
from trialwright.randomize.draws import below, block, block_size, fields

KEY = bytes(range(32))
TWO_TO_ONE = Scheme.of({"A": 2, "B": 1}, [3, 6, 9], {"et": ["ai", "fulvestrant"], "visceral": ["no", "yes"]})


def chi_square_p(counts, expected):
    """Upper tail of Pearson's chi-square for equally likely cells."""
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    return gammaincc((len(counts) - 1) / 2, statistic / 2)


@pytest.mark.parametrize(("ratio", "size"), [({"A": 2, "B": 1}, 6), ({"A": 1, "B": 1}, 6)])
def test_all_arrangements_of_a_block_are_equally_likely(ratio, size):
    plan, blocks = Scheme.of(ratio, [size]), 100_000
    seen = Counter(block(plan, KEY, "chi", "all", number) for number in range(blocks))
    arrangements = comb(size, size * ratio["B"] // sum(ratio.values()))
    assert len(seen) == arrangements
    assert chi_square_p(seen.values(), blocks / arrangements) > 0.001


def test_block_sizes_are_drawn_equally_often():
    sizes = Counter(block_size(TWO_TO_ONE, KEY, "sizes", "x", number) for number in range(30_000))
    assert sorted(sizes) == [3, 6, 9]
    assert chi_square_p(sizes.values(), 10_000) > 0.001


def test_a_word_in_the_incomplete_stretch_is_thrown_away():
    # 65536 = 3 * 21845 + 1: only the last word is incomplete.
    assert below(3, iter([65535, 65534])) == 65534 % 3
    assert below(6, iter([65532, 65533, 65534, 65535, 5])) == 5
    assert below(4, iter([65535])) == 3
    with pytest.raises(ValueError, match="no word below 65535"):
        below(3, iter([65535]))


def test_fields_cannot_run_into_each_other():
    assert fields("ab", "c") != fields("a", "bc")
    assert fields(1, 11) != fields(11, 1)
    assert fields("ñ") == b"\x00\x00\x00\x02\xc3\xb1"


def test_an_assignment_says_how_to_replay_it():
    allocator = Allocator(TWO_TO_ONE, KEY, "replay")
    handed_out = [allocator.next(stratum) for stratum in TWO_TO_ONE.strata * 50]
    for given in handed_out:
        assert allocate(TWO_TO_ONE, KEY, given.list_id, given.stratum, given.position) == given
        assert block(TWO_TO_ONE, KEY, "replay", given.stratum, given.block)[given.place] == "AB".index(given.arm)


def test_positions_may_be_asked_in_any_order():
    allocator = Allocator(TWO_TO_ONE, KEY, "order")
    backwards = [allocator.at("et=ai|visceral=no", position).arm for position in reversed(range(40))]
    assert backwards[::-1] == [allocator.next("et=ai|visceral=no").arm for _ in range(40)]


def test_key_list_and_stratum_each_change_the_list():
    def arms(key=KEY, list_id="one", stratum=TWO_TO_ONE.strata[0]):
        return [allocate(TWO_TO_ONE, key, list_id, stratum, position).arm for position in range(60)]

    lists = [arms(), arms(key=bytes(32)), arms(list_id="two"), *(arms(stratum=s) for s in TWO_TO_ONE.strata[1:])]
    assert len({tuple(each) for each in lists}) == len(lists)


def test_strata_are_not_correlated():
    first, second = (
        np.array([block(Scheme.of({"A": 1, "B": 1}, [2]), KEY, "pairs", s, b)[0] for b in range(20_000)])
        for s in ("x", "y")
    )
    agreements = int((first == second).sum())
    assert abs(agreements - 10_000) < 4 * np.sqrt(5_000)


def test_many_trials_are_the_same_allocations():
    keys = [key_from_seed(7, trial) for trial in range(20)]
    codes = np.random.default_rng(3).integers(-1, 4, size=(20, 198))
    arms = allocate_many(TWO_TO_ONE, keys, "many", codes)
    for trial, key in enumerate(keys):
        allocator = Allocator(TWO_TO_ONE, key, "many")
        one_by_one = [-1 if c < 0 else "AB".index(allocator.next(TWO_TO_ONE.strata[c]).arm) for c in codes[trial]]
        assert arms[trial].tolist() == one_by_one


def test_the_order_in_a_file_does_not_matter():
    turned = Scheme.of({"B": 1, "A": 2}, [9, 3, 6], dict(TWO_TO_ONE.factors))
    assert turned == TWO_TO_ONE


def test_scheme_of_a_protocol():
    class Factor:
        id, levels = "ecog", ("0", "1")

    class Plan:
        ratio, block_sizes, strata = {"T": 1, "C": 1}, (4, 2), (Factor,)

    class Document:
        randomization = Plan

    assert scheme(Document) == Scheme((("C", 1), ("T", 1)), (2, 4), (("ecog", ("0", "1")),))


def test_without_factors_there_is_one_stratum():
    assert Scheme.of({"A": 1, "B": 1}, [2]).strata == ("all",)


def test_commitment_is_the_sha256_of_the_key():
    assert commitment(bytes(32)) == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"


def test_keys_of_trials_differ():
    keys = {key_from_seed(seed, trial) for seed in range(30) for trial in range(30)}
    assert len(keys) == 900
    assert {len(key) for key in keys} == {32}


WRONG = {
    "stratum 'x' is not in the scheme; known: et=ai|visceral=no, ": {"stratum": "x"},
    "position must be a whole number from 0; got -1": {"position": -1},
    "position must be a whole number from 0; got 1.0": {"position": 1.0},
    "position must be a whole number from 0; got True": {"position": True},
    "key must be 32 bytes; got 31": {"key": bytes(31)},
    "key must be bytes; got str": {"key": "k" * 32},
    "list_id must name the list": {"list_id": ""},
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_argument_is_named_and_no_arm_is(message):
    right = {"scheme": Scheme.of({"experimental": 2, "control": 1}, [6], dict(TWO_TO_ONE.factors)), "key": KEY}
    right |= {"list_id": "errors", "stratum": "et=ai|visceral=no", "position": 0}
    with pytest.raises(ValueError, match=message.replace("|", r"\|")) as raised:
        allocate(**right | WRONG[message])
    assert "experimental" not in str(raised.value)
    assert "control" not in str(raised.value)


def test_a_key_is_shown_nowhere():
    secret = b"\xab" * 31
    with pytest.raises(ValueError, match="must be 32 bytes") as raised:
        commitment(secret)
    shown = str(raised.value) + repr(Allocator(TWO_TO_ONE, secret + b"\xab", "shown"))
    assert "abab" not in shown
    assert "\\xab" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"A": 0, "B": 1}, [2]), "ratio must be whole numbers of at least 1; got \\[0, 1\\]"),
        (({"A": 2 / 3, "B": 1 / 3}, [3]), "ratio must be whole numbers"),
        (({}, [3]), "ratio must be whole numbers"),
        (({"A": 2, "B": 1}, []), "block_sizes must name at least one size"),
        (({"A": 2, "B": 1}, [3, 4]), "multiple of 3, the sum of the ratio, up to 65536; got 4"),
        (({"A": 2, "B": 1}, [3 * 65536]), "up to 65536"),
        (({"A": 1, "B": 1}, [2], {"f": []}), "factor 'f' must have levels"),
        (({"A": 1, "B": 1}, [2], {"f": ["a", "a"]}), "each named once"),
        (({"A": 1, "B": 1}, [2], {"f": ["a|b"]}), "must not be empty or hold"),
    ],
)
def test_an_impossible_scheme_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Scheme.of(*arguments)


def test_a_scheme_out_of_order_is_refused():
    with pytest.raises(ValueError, match=r"Scheme\.of"):
        Scheme((("B", 1), ("A", 1)), (2,))
    with pytest.raises(ValueError, match="must ascend"):
        Scheme((("A", 1), ("B", 1)), (4, 2))


def test_levels_must_name_every_factor():
    with pytest.raises(ValueError, match="exactly these factors"):
        TWO_TO_ONE.stratum({"et": "ai"})
    with pytest.raises(ValueError, match="not in the scheme"):
        TWO_TO_ONE.stratum({"et": "ai", "visceral": "maybe"})


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 5), int), "strata must have shape"),
        (np.zeros((1, 5)), "strata must be whole numbers"),
        (np.full((1, 5), 4), "strata must be -1 to 3; got 4 to 4"),
    ],
)
def test_wrong_strata_of_many_trials(codes, message):
    with pytest.raises(ValueError, match=message):
        allocate_many(TWO_TO_ONE, [KEY], "many", codes)
