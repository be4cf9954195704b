"""Methods without fixed blocks, against enumeration, against algebra, and as golden lists."""

import hashlib
import hmac
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest

from trialwright.randomize import BigStick, BlockUrn, Maximal, Simple, draw, sequence

KEY = bytes(range(32))
TWO, EVEN = {"A": 2, "B": 1}, {"A": 1, "B": 1}
GOLDEN = [
    (Simple.of(TWO), "AAABBABABAABAAAAAABABABAAAAABB"),
    (BigStick.of(TWO, 2), "BABAAAABBAABABAAABABAAAAAAABAB"),
    (BlockUrn.of(TWO, 2), "BAABAAAABAABABABBAAAABAAABAABA"),
    (Maximal.of(TWO, 2, 30), "AAAABABAABBAAAABABBAAABBAAAABA"),
    (Maximal.of(EVEN, 3, 30), "AAABBBABAABABBABAABBABABBBBAAA"),
]


def law(method, places):
    """Chance of each counts after each number of places, as fractions."""
    now = {(0,) * len(method.copies): Fraction(1)}
    yield now
    for _ in range(places):
        after = Counter()
        for counts, chance in now.items():
            weights = method.weights(counts)
            for copy, weight in enumerate(weights):
                if weight:
                    new = tuple(n + (i == copy) for i, n in enumerate(counts))
                    after[new] += chance * weight / sum(weights)
        now = dict(after)
        yield now


def chance_of_first(method, now):
    """Chance that the next allocation is of the first arm, before anything is seen."""
    total = Fraction(0)
    for counts, chance in now.items():
        weights = method.weights(counts)
        first = sum(w for w, arm in zip(weights, method.copies, strict=True) if arm == 0)
        total += chance * first / sum(weights)
    return total


@pytest.mark.parametrize(("method", "arms"), GOLDEN, ids=lambda value: getattr(value, "tag", None))
def test_golden_lists(method, arms):
    assert "".join(one.arm for one in sequence(method, KEY, "golden", "all", 30)) == arms


@pytest.mark.parametrize("method", [method for method, _ in GOLDEN], ids=lambda value: value.tag)
def test_each_draw_replays_from_the_key_by_other_code(method):
    for one in sequence(method, KEY, "golden", "all", 30):
        parts = [str(x).encode() for x in (method.tag, "golden", "all", one.position, 0)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        digest, whole = hmac.new(KEY, message, hashlib.sha256).digest(), sum(one.weights)
        size = 2 * max(1, -(-(whole - 1).bit_length() // 16))
        words = [int.from_bytes(digest[i : i + size], "big") for i in range(0, 32 - size + 1, size)]
        uniform = next(word for word in words if word < 256**size // whole * whole) % whole
        assert uniform == one.uniform
        stretch = [copy for copy, weight in enumerate(one.weights) for _ in range(weight)] if whole < 1000 else None
        assert stretch is None or stretch[uniform] == one.choice
        assert one.arm == "AB"[method.copies[one.choice]]


def test_big_stick_one_to_one_is_that_of_soares_and_wu():
    method = BigStick.of(EVEN, 3)
    for first, second in product(range(8), repeat=2):
        if abs(first - second) <= 3:
            expected = {3: (0, 1), -3: (1, 0)}.get(first - second, (1, 1))
            assert method.weights((first, second)) == expected


def test_block_urn_with_one_set_is_a_permuted_block():
    *_, last = law(BlockUrn.of(TWO, 1), 6)
    assert last == {(4, 2): 1}


def test_block_urn_by_the_formula_of_zhao_and_weng():
    method = BlockUrn.of(TWO, 3)
    for now in law(method, 25):
        for (a, b), _ in now.items():
            returned = min(a // 2, b)
            whole = 9 + 3 * returned - a - b
            assert Fraction(method.weights((a, b))[0], sum(method.weights((a, b)))) == Fraction(
                6 + 2 * returned - a, whole
            )


@pytest.mark.parametrize(("ratio", "tolerated", "length"), [(EVEN, 2, 8), (EVEN, 3, 10), (TWO, 1, 6), (TWO, 2, 9)])
def test_every_list_of_the_maximal_procedure_is_equally_likely(ratio, tolerated, length):
    method = Maximal.of(ratio, tolerated, length)
    copies = len(method.copies)
    lists = 0
    for one in product(range(copies), repeat=length):
        counts, chance = [0] * copies, Fraction(1)
        fits = True
        for copy in one:
            counts[copy] += 1
            fits = fits and max(counts) - min(counts) <= tolerated
        if not fits or len(set(counts)) > 1:
            continue
        counts = [0] * copies
        for copy in one:
            weights = method.weights(tuple(counts))
            chance *= Fraction(weights[copy], sum(weights))
            counts[copy] += 1
        lists += 1
        assert chance == Fraction(1, method.lists)
    assert lists == method.lists


@pytest.mark.parametrize(
    "method",
    [
        Simple.of(TWO),
        BigStick.of(TWO, 1),
        BigStick.of({"A": 3, "B": 2}, 2),
        Maximal.of(TWO, 2, 15),
        Maximal.of({"A": 3, "B": 1}, 2, 16),
        BlockUrn.of(EVEN, 3),
    ],
    ids=repr,
)
def test_the_ratio_is_kept_at_every_place(method):
    share = Fraction(method.ratio[0][1], sum(share for _, share in method.ratio))
    for now in list(law(method, 15))[:15]:
        assert chance_of_first(method, now) == share


def test_the_block_urn_does_not_keep_two_to_one_at_every_place():
    method = BlockUrn.of(TWO, 2)
    assert {chance_of_first(method, now) == Fraction(2, 3) for now in law(method, 12)} == {True, False}


def test_a_maximal_list_ends_and_never_wraps():
    method = Maximal.of(TWO, 2, 6)
    with pytest.raises(ValueError, match="the list ends after 6 places"):
        sequence(method, KEY, "l", "all", 7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Simple.of({"A": 2 / 3, "B": 1 / 3}), "ratio must be whole numbers"),
        (lambda: Simple.of({"SECRET": 1}), "at least 2 groups; got 1"),
        (lambda: BigStick.of(TWO, 0), "tolerated must be a whole number of at least 1; got 0"),
        (lambda: BlockUrn.of(TWO, True), "sets must be a whole number of at least 1; got True"),
        (lambda: Maximal.of(TWO, 2, 10), "length must be a multiple of 3"),
        (lambda: BigStick.of(EVEN, 2).weights((5, 0)), "must not differ by more than the tolerated 2"),
        (lambda: BlockUrn.of(EVEN, 1).weights((2, 0)), "cannot have come from an urn of 1 "),
        (lambda: Maximal.of(EVEN, 1, 4).weights((2, 0)), "cannot have come from a list"),
        (lambda: draw(Simple.of(TWO), KEY, "", "all", (0, 0)), "list_id must be a text"),
        (lambda: draw(Simple.of(TWO), KEY, "l", "", (0, 0)), "stratum must be a text"),
        (lambda: draw(Simple.of(TWO), KEY, "l", "all", (0, 0, 0)), "counts must be 2 whole numbers"),
        (lambda: draw(Simple.of(TWO), KEY[:31], "l", "all", (0, 0)), "key must be 32 bytes; got 31"),
    ],
)
def test_what_is_wrong_is_said_and_no_arm_is_named(make, message):
    with pytest.raises(ValueError, match=message) as raised:
        make()
    assert "SECRET" not in str(raised.value)
