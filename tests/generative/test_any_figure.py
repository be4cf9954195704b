"""What must hold for a figure of any patients: what is printed comes back, and nobody dies who need not."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialwright.evidence import ReadCurve, read_curves, reconstruct
from trialwright.evidence.reconstruct_cells import falling
from trialwright.stats import EventTimes, kaplan_meier


@st.composite
def patients(draw: st.DrawFn) -> EventTimes:
    n = draw(st.integers(8, 80))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale, longest = draw(st.floats(50, 900)), draw(st.integers(60, 900))
    ends = chance.integers(1, longest + 1, n)
    dies = np.ceil(scale * chance.weibull(draw(st.floats(0.6, 2.0)), n)).astype(int)
    return EventTimes.of(np.minimum(ends, dies), dies <= ends)


def figure(times: EventTimes) -> ReadCurve:
    curve = kaplan_meier(times)["all"]
    day = np.linspace(0, float(curve.days[-1]), 101)[1:]
    level = [curve.at(each, beyond="carry").value for each in day]
    when = np.linspace(0, float(curve.days[-1]), 5)[:-1]
    return ReadCurve.of(day, level, unit="days", at_risk_time=when, at_risk=curve.at_risk_at(when))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(patients(), st.integers(0, 2**32))
def test_printed_numbers_hold_in_every_data_set(times: EventTimes, seed: int) -> None:
    read = figure(times)
    found = reconstruct(read, seed=seed, solutions=4)
    for made in found.solutions:
        assert len(made) == len(times)
        assert [int((made.day >= day).sum()) for day in read.at_risk_day] == read.at_risk.tolist()
        assert made.day.min() >= 1 and made.day.max() <= np.ceil(read.day[-1])
    assert found.events.max() <= len(times)
    if not times.event.any():
        assert found.events.max() == 0


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(patients(), st.integers(0, 2**32))
def test_true_events_can_always_be_had(times: EventTimes, seed: int) -> None:
    found = reconstruct(figure(times), seed=seed, solutions=4, events=int(times.event.sum()))
    assert found.events.ravel().tolist() == [int(times.event.sum())] * 4


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.data())
def test_the_nearest_falling_sequence_falls_and_keeps_the_mean(values: list[float], data: st.DataObject) -> None:
    weights = np.array(data.draw(st.lists(st.floats(0.1, 9), min_size=len(values), max_size=len(values))))
    level = falling(np.array(values), weights)
    assert (np.diff(level) <= 1e-12).all()
    assert np.isclose(level @ weights, np.array(values) @ weights)
    again = falling(level, weights)
    assert np.allclose(again, level)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_read_or_refused_with_a_message(tmp_path: Any, text: str) -> None:
    from trialwright.errors import DataError

    path = tmp_path / "curve.csv"
    path.write_text(f"time,survival\n{text}", encoding="utf-8", newline="")
    try:
        read_curves(path, unit="days", patients={"all": 10})
    except DataError as error:
        assert str(error)
