"""Results as files: the same rows in every format, each with the hash of its data."""

import io
import json

import polars as pl
import pytest

from trialwright.errors import OutputError
from trialwright.exchange import results_file
from trialwright.results import Method, Result, Results

FOUND = Results(
    (
        Result("final", "PFS", "ITT", "A", "median", 150.0, lower=120.5, level=0.95, method="median"),
        Result("final", "PFS", "ITT", "A", "rate", None, at=365.0, problem="day 365 is after the last follow-up"),
        Result("interim", "PFS", "ITT", "A", "events", 7.0),
    ),
    {"median": Method("median", "Median", "Half.", "-")},
    data={"final": "ab" * 32, "interim": "cd" * 32},
)


def test_csv_and_parquet_hold_the_same_rows_with_the_hash_of_their_data():
    parquet = pl.read_parquet(io.BytesIO(results_file(FOUND, "x.parquet", title="")))
    assert parquet.equals(FOUND.frame())
    csv = pl.read_csv(io.BytesIO(results_file(FOUND, "x.CSV", title="")))
    assert csv["key"].to_list() == parquet["key"].to_list()
    assert csv["value"].to_list() == [150.0, None, 7.0]
    assert csv["data"].to_list() == ["ab" * 32, "ab" * 32, "cd" * 32]


def test_json_lists_the_hashes():
    assert json.loads(results_file(FOUND, "x.json", title=""))["data"] == dict(FOUND.data)


def test_ars_is_told_from_json_by_its_ending():
    assert json.loads(results_file(FOUND, "x.ars.json", title="Trial"))["name"] == "Trial"


def test_other_endings_are_refused():
    with pytest.raises(OutputError, match=r"\.csv, \.parquet, \.json or \.ars\.json"):
        results_file(FOUND, "x.xlsx", title="")


def test_results_of_one_cut_from_two_states_of_the_data_do_not_add():
    other = Results((Result("final", "OS", "ITT", "A", "events", 1.0),), data={"final": "ef" * 32})
    with pytest.raises(ValueError, match="cut 'final' comes from other data"):
        FOUND + other
    same = Results((Result("final", "OS", "ITT", "A", "events", 1.0),), data={"final": "ab" * 32})
    assert (FOUND + same).data == FOUND.data
