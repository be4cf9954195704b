"""Whatever the method: limits held, prefixes that never change, places that remember all that matters."""

from hypothesis import given
from hypothesis import strategies as st

from trialwright.randomize import BigStick, BlockUrn, Maximal, Simple, draw, sequence

keys = st.binary(min_size=32, max_size=32)
ratios = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 3), min_size=2).filter(lambda r: sum(r.values()) <= 6)


@st.composite
def methods(draw):
    ratio, limit = draw(ratios), draw(st.integers(1, 3))
    made = [Simple.of(ratio), BigStick.of(ratio, limit), BlockUrn.of(ratio, limit)]
    made.append(Maximal.of(ratio, limit, 6 * sum(ratio.values())))
    return draw(st.sampled_from(made))


@given(methods(), keys, st.integers(0, 12), st.integers(0, 12))
def test_prefix_and_replay(method, key, few, more):
    few, more = (min(number, 6) for number in (few, more))
    longer = sequence(method, key, "l", "s", few + more)
    assert sequence(method, key, "l", "s", few) == longer[:few]
    assert [draw(method, key, "l", "s", one.counts) for one in longer] == list(longer)
    assert [one.position for one in longer] == list(range(few + more))


@given(methods(), keys)
def test_limits_are_held_and_places_remember_enough(method, key):
    for one in sequence(method, key, "l", "s", 12):
        after = [count + (copy == one.choice) for copy, count in enumerate(one.counts)]
        assert one.weights[one.choice] > 0
        if isinstance(method, BigStick | Maximal):
            assert max(after) - min(after) <= method.tolerated
        if isinstance(method, BlockUrn):
            out = method.place(tuple(after))
            assert all(n <= method.sets * share for n, (_, share) in zip(out, method.ratio, strict=True))
        assert method.weights(method.place(one.counts)) == one.weights
