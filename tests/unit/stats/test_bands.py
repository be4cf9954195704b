"""Simultaneous bands: critical values against closed forms and print, limits by hand, coverage by simulation."""

import math
from typing import Any

import numpy as np
import pytest

from trialwright.stats import (
    Curve,
    EventTimes,
    confidence_band,
    equal_precision_critical,
    hall_wellner_critical,
    kaplan_meier,
)

Z = 1.959963984540054


def curve(**options: Any) -> Curve:
    return kaplan_meier(EventTimes.of([2, 4, 6, 9, 11, 12], [1, 1, 1, 1, 0, 0]), **options)["all"]


def test_over_the_whole_line_it_is_kolmogorovs_distribution() -> None:
    h = hall_wellner_critical(0, 1, 0.95)
    tail = 2 * sum((-1) ** (k + 1) * math.exp(-2 * k**2 * h**2) for k in range(1, 20))
    assert tail == pytest.approx(0.05, abs=1e-12)


@pytest.mark.parametrize(
    ("a_lower", "a_upper", "printed"),
    [(0.1, 0.6, 1.3211), (0.0, 1.0, 1.3581)],  # Klein and Moeschberger 2003, example 4.2 and table C.4
)
def test_hall_wellner_as_printed(a_lower: float, a_upper: float, printed: float) -> None:
    assert hall_wellner_critical(a_lower, a_upper, 0.95) == pytest.approx(printed, abs=5e-5)


def test_at_one_time_a_band_is_a_pointwise_interval() -> None:
    assert equal_precision_critical(0.3, 0.3, 0.95) == pytest.approx(Z)
    assert equal_precision_critical(0.3, 0.3 + 1e-7, 0.95) == pytest.approx(Z, abs=1e-2)
    assert hall_wellner_critical(0.3, 0.3, 0.95) == pytest.approx(Z * math.sqrt(0.21))


def test_nairs_approximation_is_near_where_boundaries_are_far() -> None:
    e = equal_precision_critical(0.05, 0.95, 0.999)
    density, range_ = math.exp(-(e**2) / 2) / math.sqrt(2 * math.pi), math.log(0.95 * 0.95 / 0.05**2)
    assert 4 * density / e + density * (e - 1 / e) * range_ == pytest.approx(0.001, rel=0.01)


def test_critical_values_hold_their_level_on_simulated_bridges() -> None:
    rng, n, steps = np.random.default_rng(11), 20_000, 400
    a = np.linspace(0.2, 0.8, steps)
    length = np.log(a / (1 - a)) / 2
    z = rng.standard_normal(n)
    inside = np.ones(n)
    e = equal_precision_critical(0.2, 0.8, 0.9)
    for dt in np.diff(length):
        r = math.exp(-dt)
        after = r * z + math.sqrt(1 - r * r) * rng.standard_normal(n)
        for sign in (1, -1):  # a bridge between grid points crosses with this probability
            near, far = np.clip(e - sign * z, 0, None), np.clip(e - sign * after, 0, None)
            inside *= 1 - np.exp(-near * far / dt)
        z = after
    error = inside.std() / math.sqrt(n)
    assert abs(inside.mean() - 0.9) < 4 * error + 5e-4


@pytest.mark.parametrize("interval", ["plain", "log", "log-log", "arcsin"])
def test_limits_put_the_critical_value_into_the_transform(interval: Any) -> None:
    found, n = curve(interval=interval), 6
    s, sigma = found.survival[1], found.se[1] / found.survival[1]
    band = confidence_band(found, "equal precision", interval=interval)
    half = (band.critical or 0) * sigma
    upper = {
        "plain": min(1, s + s * half),
        "log": min(1, s * math.exp(half)),
        "log-log": math.exp(-math.exp(math.log(-math.log(s)) + half / math.log(s))),
        "arcsin": math.sin(min(math.pi / 2, math.asin(math.sqrt(s)) + half / 2 * math.sqrt(s / (1 - s)))) ** 2,
    }[interval]
    assert band.upper[1] == pytest.approx(upper)
    hall = confidence_band(found, "Hall-Wellner", interval="plain")
    width = (hall.critical or 0) * (1 + n * sigma**2) / math.sqrt(n) * s
    assert hall.lower[1] == pytest.approx(max(0, s - width))


def test_a_band_is_wider_than_the_pointwise_limits_and_narrower_over_fewer_days() -> None:
    found = curve()
    whole = confidence_band(found, "equal precision")
    part = confidence_band(found, "equal precision", between=(4, 9))
    assert (whole.lower[:4] < found.lower[:4]).all() and (whole.upper[:4] > found.upper[:4]).all()
    assert (whole.critical or 0) > (part.critical or 0) > Z
    assert (part.first, part.last) == (4, 9)
    assert np.isnan(part.lower).tolist() == [True, False, False, False, True, True]


def test_no_band_without_an_event() -> None:
    found = confidence_band(kaplan_meier(EventTimes.of([2, 4], [0, 0]))["all"], "Hall-Wellner")
    assert found.critical is None and "no day with an event" in str(found.problem)


def test_bands_refuse() -> None:
    wrong: Any = "Scheffe"
    with pytest.raises(ValueError, match="kind must be one of Hall-Wellner, equal precision; got 'Scheffe'"):
        confidence_band(curve(), wrong)
    with pytest.raises(ValueError, match="delayed entry"):
        confidence_band(kaplan_meier(EventTimes.of([2, 4], [1, 0], entry=[0, 1]))["all"], "Hall-Wellner")
    with pytest.raises(ValueError, match=r"0 < a_lower <= a_upper < 1; got 0\.0 and 0\.5"):
        equal_precision_critical(0.0, 0.5, 0.95)
    with pytest.raises(ValueError, match="level must be in"):
        confidence_band(curve(), "Hall-Wellner", level=95)
