"""Two datasets side by side: what is only in one, what differs, and what a tolerance lets pass."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from trialwright.errors import DataError
from trialwright.exchange import Dataset, Variable, compare_datasets

KINDS = {pl.String: "text", pl.Int64: "integer", pl.Float64: "number", pl.Date: "date"}


def dataset(**columns):
    rows = pl.DataFrame(columns)
    return Dataset("ADTTE", "", tuple(Variable(k, k.title(), KINDS[type(t)]) for k, t in rows.schema.items()), rows)


BASE = dataset(
    USUBJID=["1", "1", "2"], PARAMCD=["PFS", "OS", "PFS"], AVAL=[10.0, None, 100.0], ADT=[date(2020, 1, 1)] * 3
)
KEYS = ("USUBJID", "PARAMCD")


def changed(**columns):
    return dataset(**{**{name: BASE.rows[name].to_list() for name in BASE.rows.columns}, **columns})


def cells(found):
    return found.cells.select("left_record", "variable", "left", "right").rows()


def test_a_dataset_is_the_same_as_itself_in_any_order_of_records():
    turned = replace(BASE, rows=BASE.rows.reverse())
    assert compare_datasets(BASE, BASE).same
    assert compare_datasets(BASE, turned, KEYS).same
    assert not compare_datasets(BASE, turned).same


def test_values_that_differ_are_told_by_record_with_the_key():
    found = compare_datasets(
        BASE, changed(AVAL=[10.5, 3.0, 100.0], ADT=[date(2020, 1, 1), date(2020, 1, 2), None]), KEYS
    )
    assert cells(found) == [
        (1, "AVAL", "10.0", "10.5"),
        (2, "AVAL", None, "3.0"),
        (2, "ADT", "2020-01-01", "2020-01-02"),
        (3, "ADT", "2020-01-01", None),
    ]
    assert found.cells["key"][0] == "USUBJID=1, PARAMCD=PFS"
    (aval, adt) = found.variables
    assert (aval.compared, aval.differing, aval.largest_absolute) == (3, 2, 0.5)
    assert aval.largest_relative == pytest.approx(0.5 / 10.5)
    assert (adt.differing, adt.largest_absolute) == (2, None)
    assert not found.same


@pytest.mark.parametrize(
    ("tolerance", "differing"),
    [({}, 2), ({"absolute": 0.5}, 1), ({"absolute": 1.0}, 0), ({"relative": 0.01}, 1), ({"relative": 0.05}, 0)],
)
def test_numbers_within_the_tolerance_are_equal(tolerance, differing):
    found = compare_datasets(BASE, changed(AVAL=[10.5, None, 101.0]), KEYS, **tolerance)
    assert len(found.cells) == differing


def test_records_of_one_side_are_named():
    fewer = replace(BASE, rows=BASE.rows.head(2))
    found = compare_datasets(BASE, fewer, KEYS)
    assert found.only_left.rows() == [(3, "USUBJID=2, PARAMCD=PFS")]
    assert (found.matched, len(found.only_right)) == (2, 0)
    assert compare_datasets(fewer, BASE).only_right.rows() == [(3, "record 3")]


def test_records_of_one_key_are_paired_in_their_order():
    twice = dataset(USUBJID=["1", "1"], AVAL=[1.0, 2.0])
    once = dataset(USUBJID=["1"], AVAL=[1.0])
    found = compare_datasets(twice, once, ["USUBJID"])
    assert (found.matched, found.repeated_keys, len(found.cells)) == (1, 1, 0)
    assert found.only_left["record"].to_list() == [2]


def test_missing_keys_are_keys():
    one = dataset(USUBJID=["1", None], AVAL=[1.0, 2.0])
    assert compare_datasets(one, one, ["USUBJID"]).same


def test_variables_and_attributes_that_differ_are_named():
    other = replace(
        BASE,
        variables=(replace(BASE["ADT"], label="Date"), *BASE.variables[:2], Variable("AVALC", "", "text")),
        rows=BASE.rows.select("ADT", "USUBJID", "PARAMCD", pl.lit("x").alias("AVALC")),
    )
    found = compare_datasets(BASE, other, KEYS)
    assert (found.variables_only_left, found.variables_only_right) == (("AVAL",), ("AVALC",))
    told = {(each.variable, each.what): (each.left, each.right) for each in found.attributes}
    assert told["ADT", "label"] == ("Adt", "Date")
    assert told["ADT", "place"] == ("3", "1")
    assert not found.same


def test_values_of_different_kinds_are_held_against_each_other_as_text_and_numbers_as_numbers():
    whole = changed(AVAL=[10, None, 100])
    found = compare_datasets(BASE, whole, KEYS)
    assert [each.what for each in found.attributes] == ["kind"]
    assert len(found.cells) == 0
    text = compare_datasets(BASE, changed(ADT=["2020-01-01", "2020-01-01", "2020"]), KEYS)
    assert cells(text) == [(3, "ADT", "2020-01-01", "2020")]
    keyed = compare_datasets(dataset(AESEQ=[1.0], X=["a"]), dataset(AESEQ=[1], X=["a"]), ["AESEQ"])
    assert keyed.matched == 1


def test_a_key_that_is_not_there_and_a_negative_tolerance_are_refused():
    with pytest.raises(DataError, match="ADTTE: there is no variable AESEQ; known: USUBJID"):
        compare_datasets(BASE, BASE, ["AESEQ"])
    with pytest.raises(ValueError, match="must not be negative"):
        compare_datasets(BASE, BASE, absolute=-1)
