import subprocess
import sys

import numpy as np
import pytest

from trialwright.stats import EventTimes, RiskTable


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ([1.0, float("nan")], "time must be known; got nan at position 1"),
        ([1, None], "time must be known; got nan at position 1"),
        ([-1, 2], "time must be zero or more; got -1.0 at position 0"),
        ([1, float("inf")], "time must be finite; got inf at position 1"),
        ([1.5, 2.5], r"day must be whole; got 1.5 at position 0 \(2 in all\)"),
        ([1, 2**31], "day must be at most 2147483647"),
        ([], "at least one number"),
        ([[1, 2]], "one row"),
        (np.array(["2020-01-01"], "datetime64[D]"), "Subtract the start first"),
    ],
)
def test_days_that_cannot_be(day: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventTimes.of(day, [True] * np.size(day))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([1, 2], "event must be True or False, or 1 or 0; got 2 at position 1"),
        ([0.0, float("nan")], "event must be True or False, or 1 or 0; got nan"),
        ([True, None], "event must be True or False, or 1 or 0; got None"),
        ([True], "event must have one entry for each of the 2 subjects"),
    ],
)
def test_events_in_another_coding(event: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventTimes.of([1, 2], event)


def test_labels_that_are_missing_unknown_or_too_many() -> None:
    with pytest.raises(ValueError, match="arm must be known for each subject; got None at position 1"):
        EventTimes.of([1, 2], [1, 0], ["A", None])
    with pytest.raises(ValueError, match="stratum must be known"):
        EventTimes.of([1, 2], [1, 0], None, [1.0, float("nan")])
    with pytest.raises(ValueError, match="arm 'C' is not known; known: A, B"):
        EventTimes.of([1, 2], [1, 0], ["A", "C"], arms=["A", "B"])
    with pytest.raises(ValueError, match="arm must be given for each subject"):
        EventTimes.of([1, 2], [1, 0], arms=["A", "B"])
    with pytest.raises(ValueError, match="names of arm must be distinct"):
        EventTimes.coded([1], [1], [0], arms=["A", "A"])
    with pytest.raises(ValueError, match=r"arm must be a position in \('A', 'B'\); got 2"):
        EventTimes.coded([1], [1], [2], arms=["A", "B"])
    with pytest.raises(ValueError, match="For labels use EventTimes"):
        EventTimes.coded([1], [1], ["A"], arms=["A", "B"])


def test_the_order_of_arms_is_given_or_sorted() -> None:
    assert EventTimes.of([1, 2], [1, 0], [10, 9]).arms == ("9", "10")
    assert EventTimes.of([1, 2], [1, 0], ["B", "A"], arms=["B", "A", "C"]).arms == ("B", "A", "C")
    assert EventTimes.of([1, 2], [1, 0], ["x", 1]).arms == ("1", "x")


def test_data_are_frozen_and_independent_of_their_source() -> None:
    day, event = np.array([1, 2], np.int32), np.array([True, False])
    times = EventTimes.of(day, event)
    day[0], event[0] = 9, False
    assert (times.day.tolist(), times.event.tolist()) == ([1, 2], [True, False])
    with pytest.raises(ValueError, match="read-only"):
        times.day[0] = 5


def test_a_subset_keeps_names_and_refuses_to_be_empty() -> None:
    times = EventTimes.of([1, 2, 3], [1, 0, 1], ["A", "B", "B"])
    assert times.only([False, True, True]).arms == ("A", "B")
    with pytest.raises(ValueError, match="leaves no subject"):
        times.only([False] * 3)
    with pytest.raises(ValueError, match="one entry for each of the 3 subjects"):
        times.only([True])


def test_near_ties_are_merged_only_when_asked() -> None:
    times = [0.1 + 0.2, 0.3, 0.7]
    assert EventTimes.from_continuous(times, [1, 1, 1]).day.tolist() == [1, 0, 2]
    merged = EventTimes.from_continuous(times, [1, 1, 1], tie_tolerance=1.5e-8)
    assert merged.day.tolist() == [0, 0, 1]
    assert merged.values is not None and merged.values.tolist() == [0.3, 0.7]
    large = EventTimes.from_continuous([1e6, 1e6 + 0.01, 1e6 + 0.1], [1, 1, 1], tie_tolerance=1.5e-8)
    assert large.day.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="tie_tolerance must be zero or more"):
        EventTimes.from_continuous(times, [1, 1, 1], tie_tolerance=-1)


def test_counts_and_numbers_at_risk() -> None:
    times = EventTimes.of([3, 3, 5, 5, 8], [1, 0, 1, 1, 0], list("AABBB"), list("xyxyx"))
    table = RiskTable.count(times)
    assert table.days.tolist() == [3, 5, 8]
    assert table.events.tolist() == [[[1, 0], [0, 1], [0, 0]], [[0, 0], [0, 1], [0, 0]]]
    assert table.censored.tolist() == [[[0, 0], [0, 0], [0, 1]], [[1, 0], [0, 0], [0, 0]]]
    assert table.at_risk.tolist() == [[[1, 2], [0, 2], [0, 1]], [[1, 1], [0, 1], [0, 0]]]
    assert table.subjects.tolist() == [[1, 2], [1, 1]]


def test_dense_and_sparse_days_count_alike() -> None:
    day = np.repeat(np.arange(0, 20, 2), 50)
    event = np.arange(500) % 3 == 0
    dense, sparse = (RiskTable.count(EventTimes.of(d, event)) for d in (day, day * 100_000))
    assert (dense.days * 100_000).tolist() == sparse.days.tolist()
    np.testing.assert_array_equal(dense.events, sparse.events)


def test_only_tables_of_the_same_arms_and_of_days_can_be_added() -> None:
    one = RiskTable.count(EventTimes.of([1, 2], [1, 0], ["A", "B"]))
    other = RiskTable.count(EventTimes.of([1, 2], [1, 0], ["A", "C"]))
    with pytest.raises(ValueError, match="the same arms and strata in the same order"):
        one + other
    ranks = RiskTable.count(EventTimes.from_continuous([0.5], [1]))
    with pytest.raises(ValueError, match="continuous times"):
        ranks + ranks


def test_a_table_that_would_not_fit_is_refused() -> None:
    n = 12_000
    times = EventTimes.coded(range(n), [1] * n, [0] * n, range(n), arms=["A"], strata=[str(i) for i in range(n)])
    with pytest.raises(ValueError, match="12000 strata x 12000 days x 1 arms"):
        RiskTable.count(times)


def test_the_room_is_entered_without_heavy_libraries() -> None:
    code = "import sys, trialwright.stats; print([m for m in ('numba', 'scipy', 'polars') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
