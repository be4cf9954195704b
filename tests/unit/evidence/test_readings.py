"""C3 and C4 with their readings: levels, sides and events of an interval too narrow for its trial."""

import math

import pytest
from claims_made_up import claim, found, median, ratio

EARLY = ratio(0.8, 0.6, 1.1, 0.206, sides=2, events=155, n_by_arm={"A": 136, "B": 62}, cut="first", id="early")
FINAL = ratio(0.84, 0.66, 1.07, 0.149, n_by_arm={"A": 136, "B": 62})
SURVIVAL = ratio(1.06, 0.75, 1.51, n_by_arm={"A": 136, "B": 62}, endpoint="OS", id="os")


def readings(*claims):
    (bound,) = [each for each in found("C3", *claims) if each.claim == "ratio"]
    return bound, {reading.name: reading for reading in bound.readings}


def test_readings_of_an_impossible_interval():
    bound, by_name = readings(EARLY, FINAL, SURVIVAL)
    assert (bound.verdict, bound.available) == ("impossible", 198)
    assert [(reading.name, reading.fits) for reading in bound.readings] == [
        ("A", "no"),
        ("B", "yes"),
        ("C", "yes"),
        ("D", "cannot be told"),
        ("E", "cannot be told"),
    ]
    assert by_name["A"].why == "250 to 322 events; 155 at the cut first, and at most 198, all of 198 patients"
    assert by_name["B"].what == "an interval at 85% and a one-sided P"
    assert "about 165 split like the patients" in by_name["B"].why
    assert "OS 66 to 81 events" in by_name["B"].why
    assert "only 155 to 161 possible; read so, OS 61 to 75 events" in by_name["C"].why


def test_the_85_percent_reading_by_hand():
    """SE = ln(1.07/.66)/(2 x 1.43953) = .16781; 1/(SE^2 p(1-p)) with p = 136/198 is 165.1; z = 1.039, P .149."""
    error = math.log(1.07 / 0.66) / (2 * 1.439531)
    p = 136 / 198
    assert 1 / (error**2 * p * (1 - p)) == pytest.approx(165.1, abs=0.05)
    assert math.erfc(-math.log(0.84) / error / math.sqrt(2)) / 2 == pytest.approx(0.149, abs=0.0005)


def test_without_an_earlier_cut_or_another_ratio():
    _, by_name = readings(FINAL)
    assert by_name["A"].why == "250 to 322 events; none known before, and at most 198, all of 198 patients"
    assert by_name["C"].why == "125 to 161 events"
    assert by_name["E"].why.endswith("no other ratio of this cut to compare")


def test_printed_events_leave_no_room():
    _, by_name = readings(ratio(0.84, 0.66, 1.07, 0.149, n=400, events=170))
    assert "170 events are printed" in by_name["A"].why
    assert by_name["C"].fits == "no"
    assert by_name["B"].fits == "no"


def test_an_immature_endpoint_leaves_half_the_patients():
    immature = ratio(1.06, 0.75, 1.51, n_by_arm={"A": 136, "B": 62}, endpoint="OS", immature=True)
    medians = [median(arm, 28.5, arm, endpoint="OS") for arm in "AB"]
    bound, by_name = readings(immature, *medians)
    assert bound.verdict == "implausible"
    assert "the source calls the data immature" in bound.message
    assert "at most 99, fewer than half of 198 patients" in by_name["A"].why
    assert [reading.what for reading in bound.readings if reading.name == "B"] == [
        f"an interval at {level}%" for level in (80, 85, 90)
    ]


def test_information_at_the_allocation_never_speaks_alone():
    """245 events of 250 patients 200:50: C3 needs 231 at least, C4 361; only C4 would cry wolf."""
    error = 2 / math.sqrt(233)
    limits = {"lower": round(math.exp(-1.96 * error), 3), "upper": round(math.exp(1.96 * error), 3)}
    alone = ratio(1.0, n_by_arm={"A": 200, "B": 50}, events=245, decimals=3, **limits)
    (bound,) = found("C3", alone)
    (split,) = found("C4", alone)
    assert (bound.verdict, split.verdict) == ("consistent", "consistent")
    assert "events need not split so and C3 passes" in split.message
    both = found("C4", EARLY, FINAL)
    assert [(each.claim, each.verdict) for each in both] == [("early", "consistent"), ("ratio", "implausible")]


def test_events_printed_for_the_endpoint_are_those_of_its_ratio():
    events = claim("events", 155, statistic="events", unit="events")
    (bound,) = found("C3", ratio(0.84, 0.66, 1.07, n=400), events)
    assert (bound.verdict, bound.available) == ("impossible", 155)
    assert bound.message.endswith("only 155 events are printed")
