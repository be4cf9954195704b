"""Published beside found: units, rounding, and the place among replays."""

import math

import numpy as np
import pytest

from trialwright.evidence import Claim, Claims, Link, compare
from trialwright.results import Result, Results
from trialwright.stats import days

MEDIAN = {"cut": "final", "endpoint": "PFS", "population": "ITT", "group": "A", "statistic": "median"}
RATE = MEDIAN | {"statistic": "rate", "at": 183.0}


def claim(link, value, **rest):
    common = {"id": "x", "label": "X", "cited": "S", "kind": "reported", "cut": "final"}
    return Claim(**common | rest, value=value, result=None if link is None else Link(**link))


def compared(claims, rows=(), replays=None):
    return compare(Claims(sources={"S": "source"}, claims=claims), Results(tuple(rows)), replays)


def test_days_are_shown_in_months_as_printed():
    row = Result(**MEDIAN, value=150.0, lower=110.0, upper=None, unit="days")
    (found,) = compared([claim(MEDIAN, 4.9, unit="months", decimals=1, lower=3.6, upper=6.1)], [row])
    assert found.found == pytest.approx(150 / (365.25 / 12))
    assert (found.published, found.shown) == ("4.9 (3.6-6.1)", "4.9 (3.6-not reached)")
    assert (found.key, found.problem, found.replayed) == ("final/PFS/ITT/A/median", None, None)


def test_shares_are_shown_in_percent():
    row = Result(**RATE, value=0.42089, lower=0.335, upper=0.507, unit="share")
    (found,) = compared([claim(RATE, 42.1, unit="percent", decimals=1)], [row])
    assert (found.key, found.shown) == ("final/PFS/ITT/A/rate/183", "42.1 (33.5-50.7)")


@pytest.mark.parametrize(
    ("unit", "row_unit", "shown"),
    [
        ("percent", "", "50.0"),
        ("percent", "percent", "0.5"),
        ("months", "months", "0.5"),
        ("", "share", "0.5"),
        ("", "", "0.5"),
        ("patients", "subjects", "0.5"),
    ],
)
def test_other_units(unit, row_unit, shown):
    row = Result(**RATE, value=0.5, unit=row_unit)
    assert compared([claim(RATE, 9.9, unit=unit, decimals=1)], [row])[0].shown == shown


def test_units_that_do_not_meet_are_refused():
    with pytest.raises(ValueError, match="claim x is printed in 'percent' and its result in 'days'; known: months"):
        compared([claim(MEDIAN, 1, unit="percent")], [Result(**MEDIAN, value=1.0, unit="days")])


def test_what_is_missing_says_so_and_claims_without_link_are_left_out():
    rows = [Result(**RATE, value=None, problem="nobody is at risk")]
    found = compared([claim(None, 1, id="a"), claim(MEDIAN, 2, id="b"), claim(RATE, 3, id="c")], rows)
    assert [(each.claim.id, each.found, each.shown, each.problem) for each in found] == [
        ("b", None, "", "there is no result final/PFS/ITT/A/median"),
        ("c", None, "", "nobody is at risk"),
    ]


def test_the_place_among_replays():
    replays = {"final/PFS/ITT/A/median": days(np.arange(1, 101) / 10)}
    (found,) = compared([claim(MEDIAN, 4.9, unit="months", decimals=1)], replays=replays)
    spread = found.replayed
    # 48 values lie below 4.9 and one is equal to it.
    assert spread.place == pytest.approx(0.485)
    assert (spread.replays, spread.estimable) == (100, 100)
    assert (spread.mean, spread.low, spread.high) == pytest.approx((5.05, 0.5, 9.5))


def test_values_that_print_the_same_count_half():
    replays = {"final/PFS/ITT/A/rate/183": [0.41, 0.4205, 0.4214, 0.4216, 0.5]}
    (found,) = compared([claim(RATE, 42.1, unit="percent", decimals=1)], replays=replays)
    assert found.replayed.place == pytest.approx((1 + 2 / 2) / 5)


def test_a_number_not_reached_lies_above_and_one_not_estimable_nowhere():
    replays = {"final/PFS/ITT/A/median": [100, 200, math.inf, math.nan]}
    (found,) = compared([claim(MEDIAN, 150, unit="days", decimals=0)], replays=replays)
    spread = found.replayed
    assert (spread.replays, spread.estimable, spread.mean) == (4, 2, 150)
    assert (spread.low, spread.high) == (100, None)
    assert spread.place == pytest.approx(1 / 3)


def test_nothing_estimable_and_texts_have_no_place():
    replays = {"final/PFS/ITT/A/median": [math.nan] * 3, "final/PFS/ITT/A/rate/183": [0.5]}
    rows = [claim(MEDIAN, 4.9, unit="months", id="a"), claim(RATE, "not reached", id="b")]
    nothing, text = compared(rows, replays=replays)
    assert (nothing.replayed.mean, nothing.replayed.low, nothing.replayed.place) == (None, None, None)
    assert (text.published, text.replayed.mean, text.replayed.place) == ("not reached", 0.5, None)


def test_places_of_a_true_value_are_uniform():
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(400, 200))
    places = [
        compared([claim(MEDIAN, float(row[0]), unit="days", decimals=6)], replays={"final/PFS/ITT/A/median": row[1:]})[
            0
        ]
        for row in draws
    ]
    mean = np.mean([each.replayed.place for each in places])
    assert abs(mean - 0.5) < 4 * math.sqrt(1 / 12 / 400)
