"""Whatever the scheme: exact ratio in each block, prefixes that never change, strata that do not meet."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trialwright.randomize import Allocator, Scheme, allocate

ratios = st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 4), min_size=2)
keys = st.binary(min_size=32, max_size=32)


@st.composite
def schemes(draw):
    ratio = draw(ratios)
    sizes = draw(st.lists(st.integers(1, 4).map(lambda times: times * sum(ratio.values())), min_size=1, max_size=3))
    factors = draw(st.dictionaries(st.sampled_from(["f", "g"]), st.sampled_from([["a"], ["a", "b"]])))
    return Scheme.of(ratio, sizes, factors)


@given(schemes(), keys, st.text(min_size=1))
def test_each_completed_block_has_the_exact_ratio(plan, key, list_id):
    allocator = Allocator(plan, key, list_id)
    given_out = [allocator.next(plan.strata[-1]) for _ in range(60)]
    blocks = {}
    for assignment in given_out:
        blocks.setdefault(assignment.block, []).append(assignment)
    assert list(blocks) == list(range(len(blocks)))
    for number in list(blocks)[:-1]:
        size = len(blocks[number])
        assert size in plan.block_sizes
        assert [assignment.place for assignment in blocks[number]] == list(range(size))
        counts = Counter(assignment.arm for assignment in blocks[number])
        assert counts == {arm: share * size // plan.whole for arm, share in plan.ratio}


@given(schemes(), keys, st.integers(0, 50), st.integers(0, 50))
def test_what_was_allocated_never_depends_on_what_comes_after(plan, key, few, more):
    stratum = plan.strata[0]
    short, long = Allocator(plan, key, "l"), Allocator(plan, key, "l")
    first = [short.next(stratum) for _ in range(few)]
    longer = [long.next(stratum) for _ in range(few + more)]
    assert first == longer[:few]
    assert [allocate(plan, key, "l", stratum, position) for position in range(few)] == first


@given(schemes(), keys, st.lists(st.integers(0, 3), max_size=60))
def test_other_strata_change_nothing(plan, key, arrivals):
    arrivals = [code % len(plan.strata) for code in arrivals]
    together = Allocator(plan, key, "l")
    mixed = [together.next(plan.strata[code]) for code in arrivals]
    for code, stratum in enumerate(plan.strata):
        alone = Allocator(plan, key, "l")
        assert [alone.next(stratum) for _ in range(arrivals.count(code))] == [a for a in mixed if a.stratum == stratum]
