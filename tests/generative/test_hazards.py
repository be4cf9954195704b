"""Times from piecewise hazards by inversion, against algebra and against the integral of the hazard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trialwright.design import Piecewise
from trialwright.simulate.hazards import NEVER, day_of, exponential_days, piecewise_days
from trialwright.stats import DAYS_PER_MONTH

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine with other work is slow at everything; no time is promised here."""
UNIFORMS = st.floats(2.0**-33, 1 - 2.0**-33)
RATES = st.one_of(st.just(0.0), st.floats(0.01, 2))
MULTIPLIERS = st.floats(0.2, 5)


@st.composite
def hazards(draw: st.DrawFn) -> Piecewise:
    """A hazard of one to four pieces, some of them without any risk, the last one never."""
    gaps = draw(st.lists(st.floats(0.1, 12), max_size=3))
    rates = [*draw(st.lists(RATES, min_size=len(gaps), max_size=len(gaps))), draw(st.floats(0.01, 2))]
    return Piecewise(from_months=(0.0, *np.cumsum(gaps)), hazard=tuple(rates))


def cumulative(hazard: Piecewise, months: float) -> float:
    """Return the area under the hazard up to a month, piece by piece."""
    ends = (*hazard.from_months[1:], math.inf)
    pieces = zip(hazard.from_months, ends, hazard.hazard, strict=True)
    return sum(rate * max(min(months, end) - start, 0) for start, end, rate in pieces)


def months(uniform: float, hazard: Piecewise, multiplier: float = 1.0) -> float:
    return float(piecewise_days(np.array([uniform]), hazard, multiplier)[0]) / DAYS_PER_MONTH


@BUSY
@given(hazards(), UNIFORMS, MULTIPLIERS)
def test_the_cumulative_hazard_at_the_time_is_the_exponential_drawn(
    hazard: Piecewise, uniform: float, multiplier: float
) -> None:
    at = months(uniform, hazard, multiplier)
    assert multiplier * cumulative(hazard, at) == pytest.approx(-math.log(uniform), rel=1e-9, abs=1e-9)


@BUSY
@given(hazards(), UNIFORMS)
def test_the_time_is_where_a_numeric_integral_of_the_hazard_reaches_it(hazard: Piecewise, uniform: float) -> None:
    """Midpoint sums know nothing of where the hazard changes; each change costs at most a step of the grid."""
    at = months(uniform, hazard)
    grid = (np.arange(20_000) + 0.5) * at / 20_000
    piece = np.searchsorted(hazard.from_months, grid, side="right") - 1
    area = np.array(hazard.hazard)[piece].mean() * at
    slack = len(hazard.hazard) * max(hazard.hazard) * at / 20_000
    assert area == pytest.approx(-math.log(uniform), rel=1e-6, abs=slack + 1e-9)


@BUSY
@given(hazards(), UNIFORMS, UNIFORMS)
def test_a_smaller_uniform_never_gives_an_earlier_time(hazard: Piecewise, one: float, other: float) -> None:
    assert (months(min(one, other), hazard) >= months(max(one, other), hazard)) or one == other


@BUSY
@given(hazards(), UNIFORMS)
def test_nothing_happens_while_the_hazard_is_nothing(hazard: Piecewise, uniform: float) -> None:
    at = months(uniform, hazard)
    for start, end, rate in zip(hazard.from_months, hazard.from_months[1:], hazard.hazard, strict=False):
        if rate == 0:
            assert not start + 1e-6 < at < end - 1e-6


@BUSY
@given(st.floats(0.01, 2), UNIFORMS, st.lists(st.floats(0.1, 12), max_size=3))
def test_equal_pieces_are_one_exponential(rate: float, uniform: float, gaps: list[float]) -> None:
    starts = (0.0, *np.cumsum(gaps))
    whole = exponential_days(np.array([uniform]), np.array([rate]))[0]
    assert months(uniform, Piecewise(from_months=starts, hazard=(rate,) * len(starts))) * DAYS_PER_MONTH == (
        pytest.approx(whole, rel=1e-9)
    )


@BUSY
@given(hazards(), MULTIPLIERS, UNIFORMS)
def test_a_multiplier_is_a_ratio_of_hazards(hazard: Piecewise, multiplier: float, uniform: float) -> None:
    scaled = hazard.model_copy(update={"hazard": tuple(rate * multiplier for rate in hazard.hazard)})
    assert months(uniform, hazard, multiplier) == pytest.approx(months(uniform, scaled), rel=1e-9)


def test_survival_of_many_times_is_that_of_the_hazard() -> None:
    """At each of a few months the share still free lies within 4.5 standard errors of exp(-cumulative hazard)."""
    hazard = Piecewise(from_months=(0, 2, 5), hazard=(0.3, 0.0, 0.1))
    n = 100_000
    uniform = (np.arange(n) * 0.6180339887498949 + 0.5) % 1  # spread evenly, so that only the inversion is tested
    times = piecewise_days(uniform, hazard) / DAYS_PER_MONTH
    for month in (0.5, 1.9, 3, 5, 9, 20):
        expected = math.exp(-cumulative(hazard, month))
        assert abs((times > month).mean() - expected) < 4.5 * math.sqrt(expected * (1 - expected) / n), month


def test_without_a_hazard_nothing_ever_happens() -> None:
    never = exponential_days(np.array([0.5, 1e-9]), np.array([0.0, 0.0]))
    assert np.isinf(never).all()
    assert day_of(never).tolist() == [NEVER, NEVER]


@BUSY
@given(st.floats(0, 1e6))
def test_something_that_happens_during_a_day_happens_on_it(time: float) -> None:
    (day,) = day_of(np.array([time])).tolist()
    assume(time < NEVER)
    assert day >= 1
    assert day - 1 < time <= day or (time == 0 and day == 1)


def test_days_are_whole_and_never_beyond_never() -> None:
    given_days: NDArray[np.float64] = np.array([0.0, 0.2, 1.0, 1.2, 1e300, np.inf])
    assert day_of(given_days).tolist() == [1, 1, 1, 2, NEVER, NEVER]
