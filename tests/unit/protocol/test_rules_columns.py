"""Screening by columns: shapes, meanings and refusals."""

import re

import numpy as np
import pytest
from tiny_study import ANCHORS, ANSWERS, tiny

from trialwright.errors import DataError
from trialwright.protocol import Column, Records, screen, screen_columns, stratum, stratum_columns
from trialwright.protocol.rules.calendar import day_number


def test_columns_say_one_zero_or_minus_one_per_criterion():
    columns = {
        "age": Column(np.array([17.0, 18.0, np.nan]), np.array([True, True, False])),
        "ecog": Column(np.array([0, 2, 1])),
        "last_chemotherapy": Column(np.array([19770, 19769, 0]), np.array([True, True, False])),
    }
    found = screen_columns(tiny(), columns, {"entry": ANCHORS["entry"]})
    assert {name: states.tolist() for name, states in found.items()} == {
        "I01": [-1, 1, 0],
        "I02": [1, -1, 1],
        "I03": [0, 0, 0],
        "E01": [-1, 1, 0],
    }
    assert all(states.dtype == np.int8 for states in found.values())


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_codes_and_dates_may_come_in_any_whole_type(dtype):
    columns = {"ecog": Column(np.array([0, 2, 255 % 128], dtype=dtype), np.array([True, True, False]))}
    assert screen_columns(tiny(), columns, ANCHORS)["I02"].tolist() == [1, -1, 0]


def test_anchors_may_differ_by_patient():
    columns = {"last_chemotherapy": Column(np.array([19700, 19700]))}
    found = screen_columns(tiny(), columns, {"entry": np.array([19713, 19714])})
    assert found["E01"].tolist() == [-1, 1]


def test_records_belong_to_their_owners():
    organs = Column(np.array([1, 0, 0]), np.array([True, True, False]))
    lesions = Records(np.array([0, 1, 3]), 5, {"organ": organs}, np.array([True, True, True, True, False]))
    levels = tiny().randomization.strata[0].levels
    codes = stratum_columns(tiny(), {"lesions": lesions}, {})["liver"]
    assert [levels[code] if code >= 0 else None for code in codes] == ["no liver", "liver", "no liver", None, None]


def test_columns_agree_with_the_base_patient():
    columns = {
        "age": Column(np.array([60.0])),
        "ecog": Column(np.array([1])),
        "compliant": Column(np.array([True])),
        "last_chemotherapy": Column(np.array([day_number(ANSWERS["last_chemotherapy"])])),
        "lesions": Records(np.array([0]), 1, {"organ": Column(np.array([0]))}),
    }
    found = screen_columns(tiny(), columns, ANCHORS)
    answers = {f.criterion: f.answer for f in screen(tiny(), ANSWERS, ANCHORS).findings}
    assert {name: {1: "met", 0: "cannot tell", -1: "not met"}[int(s[0])] for name, s in found.items()} == answers
    assert stratum(tiny(), ANSWERS, ANCHORS) == {"liver": "liver"}
    assert stratum_columns(tiny(), columns, ANCHORS)["liver"].tolist() == [0]


def test_no_patient_gives_empty_columns():
    found = screen_columns(tiny(), {"age": Column(np.zeros(0))}, ANCHORS)
    assert {states.shape for states in found.values()} == {(0,)}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"agee": Column(np.zeros(2))}, "'agee' is no variable (did you mean 'age'?)"),
        ({"age": Column(np.array(["1"]))}, "age: expected numbers; found"),
        ({"age": Column(np.zeros((2, 2)))}, "age: expected numbers; found float64 (2, 2)"),
        ({"age": Column(np.array([1.0, np.nan]))}, "age: a number that is known must be finite"),
        ({"ecog": Column(np.array([0, 5]))}, "ecog: codes must lie from 0 to 4; found 0 to 5"),
        ({"compliant": Column(np.array([0, 1]))}, "compliant: expected booleans"),
        ({"age": Column(np.zeros(2), np.zeros(3, bool))}, "age: known must be booleans, one per value"),
        ({"age": Column(np.zeros(2)), "ecog": Column(np.zeros(3, int))}, "equally long; got age: 2, ecog: 3"),
        ({"lesions": Column(np.zeros(2))}, "a variable of type records needs Records"),
        ({"age": Records(np.zeros(1, int), 1, {})}, "a variable of type number needs a Column"),
        ({"lesions": Records(np.array([2]), 2, {})}, "owners must be whole numbers from 0 to 1"),
        ({"lesions": Records(np.array([1]), 2, {"organs": Column(np.zeros(1, int))})}, "'organs' is no field"),
        ({"lesions": Records(np.array([1]), 2, {"organ": Column(np.zeros(2, int))})}, "expected 1 values"),
        ({"lesions": Records(np.array([1]), 2, {}, np.ones(1, bool))}, "known must have one value per patient (2)"),
    ],
)
def test_a_column_of_the_wrong_kind_is_refused(columns, message):
    with pytest.raises(DataError, match=re.escape(message)):
        screen_columns(tiny(), columns, ANCHORS)


def test_an_anchor_of_the_wrong_kind_is_refused():
    columns = {"last_chemotherapy": Column(np.array([19700, 19700]))}
    with pytest.raises(DataError, match="anchor 'start' is not known; known: entry"):
        screen_columns(tiny(), columns, {"start": 1})
    with pytest.raises(DataError, match="anchor entry: expected a date or whole days"):
        screen_columns(tiny(), columns, {"entry": np.array([1, 2, 3])})
