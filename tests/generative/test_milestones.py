"""Forecasts of any data at a cut-off keep what is known and never contradict themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.design import Centers, Interim, fit_interim, forecast_interim

DRAWS = 60


@st.composite
def interims(draw):
    """A cut-off with patients who had the event, left or are followed; at least one event."""
    now = draw(st.integers(5, 900))
    rows = []
    for _ in range(draw(st.integers(2, 25))):
        randomized = draw(st.integers(1, now))
        fate = draw(st.sampled_from(["event", "left", "followed"])) if rows else "event"
        longest = now - randomized + 1
        rows.append((randomized, longest if fate == "followed" else draw(st.integers(1, longest)), fate))
    randomized, days, fates = zip(*rows, strict=True)
    fate = np.array(fates)
    return Interim.of(randomized, days, fate == "event", fate == "left", now=now)


@given(interims(), st.integers(0, 30), st.integers(0, 2**64 - 1))
@settings(max_examples=60, deadline=None)
def test_a_forecast_keeps_the_past_and_orders_the_future(interim, coming, seed):
    here, now = len(interim.days), interim.now
    opened = {"a": 1, "b": now + 10}
    centers = Centers.of(["a"] * here, interim.randomized.tolist(), opened=opened, now=now)
    forecast = forecast_interim(fit_interim(interim, patients=here + coming, centers=centers), draws=DRAWS, seed=seed)
    events, entered = forecast.events, forecast.entered
    assert events.shape == entered.shape == (DRAWS, here + coming)
    assert (entered[:, :here] == interim.randomized).all() and (entered[:, here:] > now).all()
    had = np.append(interim.event, np.zeros(coming, bool))
    assert (events[:, had] == (interim.randomized + interim.days - 1)[interim.event]).all()
    assert np.isinf(events[:, :here][:, interim.left]).all()
    assert (events[:, ~had] > now).all() and (events >= entered).all()
    assert (events[np.isfinite(events)] % 1 == 0).all()


@given(interims(), st.lists(st.integers(0, 2000), min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_answers_agree_with_each_other(interim, later):
    """Counts and chances rise with the date; the limits enclose the median and widen with the level."""
    forecast = forecast_interim(fit_interim(interim, patients=len(interim.days)), draws=DRAWS, seed=1)
    days = sorted(interim.now + each for each in later)
    known = int(interim.event.sum())
    number = min(known + 1, forecast.patients)
    means = [forecast.mean_events_by(day) for day in days]
    chances = [forecast.chance_by(number, day).value for day in (*days, float("inf"))]
    assert means == sorted(means) and means[0] >= known
    assert chances == sorted(chances)
    for found in (forecast.date_of_event(number), forecast.events_by(days[0])):
        (_, a, d), (_, b, e), (_, c, f) = found.intervals
        assert c <= b <= a <= found.median <= d <= e <= f
