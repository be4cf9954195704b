"""The figure of expected events."""

import re
import xml.etree.ElementTree as ET

import pytest

from trialwright.report import CountOnDate, milestone_figure

EVENTS = [
    CountOnDate("Jan 2024", 0, 10, 8, 12),
    CountOnDate("", 50, 60, 50, 72),
    CountOnDate("Jul 2024", 100, 110, 95, 131),
]


def texts(svg):
    return [part.text for part in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_figure_holds_axes_goal_and_legend():
    svg = milestone_figure(EVENTS, title="Events of PFS", goal=100, level=0.95)
    found = texts(svg)
    assert {"Events of PFS", "100 events", "Events expected, 95% prediction band", "Jan 2024", "Jul 2024"} <= set(found)
    assert [text for text in found if text and text.isdigit()] == ["0", "50", "100", "150"]
    assert "var(" not in svg
    assert "By Jul 2024 110 events are expected, 95 to 131 (95% prediction band); 100 are asked for." in svg


def test_curve_runs_through_the_expected_numbers():
    """150 at the top of the axis, y 66, and 0 at 366: 60 of 150 lies at 246."""
    svg = milestone_figure(EVENTS, title="t", goal=100, level=0.95)
    band, middle = re.findall(r'<path d="M([^"]+)"', svg)
    points = [tuple(map(float, point.split())) for point in middle.split("L")]
    assert [y for _, y in points] == [346, 246, 146]
    assert points[1][0] == pytest.approx((points[0][0] + points[2][0]) / 2)
    assert len(band.split("L")) == 6


def test_patients_are_drawn_beside_events():
    svg = milestone_figure(EVENTS, title="t", goal=100, level=0.8, patients=EVENTS)
    assert svg.count("<path") == 4
    assert "Patients expected, 80% prediction band" in texts(svg)


def test_one_date_is_no_curve():
    with pytest.raises(ValueError, match="at least two dates; got 1"):
        milestone_figure(EVENTS[:1], title="t", goal=100, level=0.95)
