"""Event times of many subjects are kept as one number each; nothing that can be seen depends on it."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import trialwright.stats.packed as packed
from trialwright.stats import EventTimes, RiskTable, cox, kaplan_meier, log_rank
from trialwright.stats.event_times import packed_of

ARMS, STRATA = ("C", "E"), ("x", "y", "z")
N = packed.MANY
COLUMNS = ("day", "event", "arm", "stratum")


def columns(day: Any = np.int32, code: Any = np.int8, last: int = 700, n: int = N) -> list[Any]:
    rng = np.random.default_rng(3)
    days = rng.integers(2, last, n).astype(day)
    return [days, rng.random(n) < 0.7, rng.integers(0, 2, n).astype(code), rng.integers(0, 3, n).astype(code)]


def made(given: list[Any]) -> EventTimes:
    return EventTimes.coded(*given, arms=ARMS, strata=STRATA)


@pytest.fixture
def unpacked(monkeypatch):
    """Return event times made column by column."""

    def make(given: list[Any]) -> EventTimes:
        with monkeypatch.context() as patch:
            patch.setattr(packed, "MANY", 10**9)
            times = made(given)
        assert packed_of(times) is None
        return times

    return make


def same_columns(one: EventTimes, other: EventTimes) -> None:
    assert (one.arms, one.strata, len(one)) == (other.arms, other.strata, len(other))
    for name in COLUMNS:
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype
        assert not left.flags.writeable
        np.testing.assert_array_equal(left, right)


def same_tables(one: RiskTable, other: RiskTable) -> None:
    assert (one.arms, one.strata) == (other.arms, other.strata)
    for name in ("days", "events", "censored", "at_risk", "subjects"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("day", [np.int32, np.int64])
@pytest.mark.parametrize("code", [np.int8, np.uint8, np.int64])
def test_packed_and_plain_columns_are_the_same(unpacked, day, code):
    given = columns(day, code)
    times, plain = made(given), unpacked(given)
    assert packed_of(times) is not None
    same_tables(times.table, plain.table)
    same_columns(times, plain)


def test_rows_apart_in_memory_are_packed_alike(unpacked):
    wide = [np.repeat(column, 2)[::2] for column in columns()]
    times = made(wide)
    assert packed_of(times) is not None
    same_columns(times, unpacked(columns()))


def test_bytes_in_another_order_are_read_all_the_same(unpacked):
    swapped = [column.astype(column.dtype.newbyteorder(">")) for column in columns(np.int64, np.int32)]
    same_columns(made(swapped), unpacked(columns()))


@pytest.mark.parametrize("change", ["pooled", "unstratified"])
def test_a_table_summed_from_the_whole_is_the_table_counted(unpacked, change):
    times, plain = getattr(made(columns()), change)(), getattr(unpacked(columns()), change)()
    assert packed_of(times) is not None
    same_tables(times.table, plain.table)
    same_columns(times, plain)
    same_tables(times.pooled().unstratified().table, plain.pooled().unstratified().table)
    same_columns(times.pooled().unstratified(), plain.pooled().unstratified())


def test_the_answers_are_the_same(unpacked):
    times, plain = made(columns()), unpacked(columns())
    assert log_rank(times).test == log_rank(plain).test
    assert cox(times).effects == cox(plain).effects
    one, other = (kaplan_meier(each.pooled())["all"] for each in (times, plain))
    np.testing.assert_array_equal(one.lower, other.lower)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, -1, r"time must be zero or more; got -1.0 at position 9999 \(1 in all\)"),
        (2, 2, r"arm must be a position in \('C', 'E'\); got 2 at position 9999"),
        (2, -1, "arm must be a position in .* got -1 at position 9999"),
        (3, 3, r"stratum must be a position in \('x', 'y', 'z'\); got 3 at position 9999"),
    ],
)
@pytest.mark.parametrize("code", [np.int8, np.int64])
def test_the_last_wrong_entry_is_named(column, value, message, code):
    given = columns(np.int32, code)
    given[column][-1] = value
    with pytest.raises(ValueError, match=message):
        made(given)


def test_wrong_names_and_lengths_are_named():
    given = columns()
    with pytest.raises(ValueError, match="names of arm must be distinct"):
        EventTimes.coded(*given, arms=("A", "A"), strata=STRATA)
    with pytest.raises(ValueError, match=f"event must have one entry for each of the {N} subjects"):
        EventTimes.coded(given[0], given[1][1:], *given[2:], arms=ARMS, strata=STRATA)
    with pytest.raises(ValueError, match=f"arm must have one entry for each of the {N} subjects"):
        EventTimes.coded(*given[:2], given[2][1:], given[3], arms=ARMS, strata=STRATA)
    with pytest.raises(ValueError, match="For labels use EventTimes"):
        EventTimes.coded(*given[:2], given[2].astype(float), given[3], arms=ARMS, strata=STRATA)


def test_days_far_apart_are_not_packed(unpacked):
    given = columns()
    given[0] = given[0] * 1000
    assert packed_of(made(given)) is None
    with_entry = EventTimes.coded(*columns(), arms=ARMS, strata=STRATA, entry=np.zeros(N, int))
    assert packed_of(with_entry) is None


def test_a_source_that_changes_later_changes_nothing(unpacked):
    given = columns()
    times, plain = made(given), unpacked(given)
    for column in given:
        column[:] = 0
    same_tables(times.table, plain.table)
    same_columns(times, plain)


def test_subsets_and_copies_hold_the_columns(unpacked):
    times, plain = made(columns()), unpacked(columns())
    chosen = np.arange(N) % 3 == 0
    same_columns(times.only(chosen), plain.only(chosen))
    same_tables(times.only(chosen).table, plain.only(chosen).table)
    for other in (copy.copy(made(columns())), pickle.loads(pickle.dumps(made(columns())))):
        same_tables(other.table, plain.table)
        same_columns(other, plain)
    with pytest.raises(AttributeError, match="EventTimes has no attribute 'days'"):
        _ = times.days


def test_what_is_counted_cannot_be_changed():
    given = columns()
    given[0] -= 2  # every day up to the last has somebody, so that the table shares the counts of the packed columns
    with pytest.raises(ValueError, match="read-only"):
        made(given).table.events[0, 0, 0] = 7
