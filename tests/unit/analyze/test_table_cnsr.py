"""ADaM's inverted CNSR is never read as an event."""

import polars as pl
import pytest

from trialwright.analyze import Columns, Question, analyze_table, conventions
from trialwright.errors import DataError

FRAME = pl.DataFrame({"AVAL": [5, 8, 9, 12], "CNSR": [0, 0, 1, 0], "ARM": ["A", "B", "A", "B"]})


def answered(value):
    question = Question(conventions(), 0.95, (), None, "days")
    return analyze_table(FRAME, Columns("AVAL", "CNSR", "ARM", value, None, (), ()), question)


def test_without_a_value_it_is_refused():
    with pytest.raises(DataError, match="--event-value 0"):
        answered(None)


def test_with_zero_as_event_three_are_counted():
    (test,) = answered("0").log_ranks.values()
    assert test.observed.sum() == 3
