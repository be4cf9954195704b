"""Normal ranges are the site's, of the day of the sample; units stay as entered."""

from __future__ import annotations

from typing import Any

import pytest
from trial_desk import Desk, candidate, refused, running

from trialwright.conduct import Invalid, NotFound, RecordRow, StateRange


@pytest.fixture
def desk() -> Desk:
    desk = running()
    candidate(desk)
    desk.wait(days=200)
    desk.ask(StateRange(site="S1", test="ALT", unit="U/L", high=40, valid_from="2024-01-01"))
    desk.ask(StateRange(site="S1", test="ALT", unit="U/L", high=35, valid_from="2024-06-01"))
    return desk


def result(desk: Desk, number: int, on: str | None, **values: Any) -> dict[str, Any]:
    given = {"test": "ALT", "value": 38, "unit": "U/L", "sampled_on": on} | values
    ask = RecordRow(subject="S1-001", table="laboratory", key={"number": number}, values=given)
    kept: dict[str, Any] = desk.ask(ask)[0].body["values"]
    return kept


@pytest.mark.parametrize(
    ("on", "high"), [("2024-05-31", 40.0), ("2024-06-01", 35.0), ("2023-12-31", None), (None, None)]
)
def test_a_result_takes_the_range_of_its_day(desk: Desk, on: str | None, high: float | None) -> None:
    assert result(desk, 1, on)["high"] == high


def test_limits_that_were_given_stay_and_are_asked_about(desk: Desk) -> None:
    assert result(desk, 1, "2024-05-01", high=50)["high"] == 50
    (query,) = desk.state.cleaning.waiting("S1-001")
    assert query.check == "not the site's range"
    assert "the site stated None to 40.0 from 2024-01-01" in query.thread[0].text


def test_a_range_in_another_unit_or_of_another_site_is_not_taken(desk: Desk) -> None:
    assert result(desk, 1, "2024-05-01", unit="µkat/L", value=0.6)["high"] is None
    desk.ask(StateRange(site="S2", test="AST", unit="U/L", high=30, valid_from="2024-01-01"))
    assert result(desk, 2, "2024-05-01", test="AST")["high"] is None


def test_a_range_stated_again_for_a_day_replaces_the_first(desk: Desk) -> None:
    desk.ask(StateRange(site="S1", test="ALT", unit="U/L", low=5, high=36, valid_from="2024-06-01"))
    kept = result(desk, 1, "2024-07-01")
    assert (kept["low"], kept["high"]) == (5.0, 36.0)


def test_a_range_that_cannot_be_is_refused(desk: Desk) -> None:
    with refused("low must not be above high", Invalid):
        desk.ask(StateRange(site="S1", test="ALT", unit="U/L", low=50, high=40, valid_from="2024-01-01"))
    with refused("needs a lower or an upper limit", Invalid):
        desk.ask(StateRange(site="S1", test="ALT", unit="U/L", valid_from="2024-01-01"))
    with refused("valid_from must not be in the future", Invalid):
        desk.ask(StateRange(site="S1", test="ALT", unit="U/L", high=40, valid_from="2031-01-01"))
    with refused("site 'S9' is not in the protocol", NotFound):
        desk.ask(StateRange(site="S9", test="ALT", unit="U/L", high=40, valid_from="2024-01-01"))
