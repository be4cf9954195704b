"""Whether the intervals of forecasts hold the outcome as often as they say, over 400 virtual trials at each look."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import pytest

from trialwright.design import (
    ArmRates,
    EventModel,
    PlannedCenters,
    Stratum,
    SupposedTrial,
    forecast_calibration,
    uniform_accrual,
)

pytestmark = pytest.mark.soak
TRIALS, DRAWS, LEVELS = 400, 1000, (0.5, 0.8, 0.9, 0.95)
ALL: tuple[EventModel, ...] = ("exponential", "weibull", "lognormal", "piecewise exponential")
CENTERS = PlannedCenters.alike(40, within=300, rate=198 / 40 / 600, shape=1.2)
ONE = ArmRates.of(0.004, 0.0005)
TWO = Stratum(ArmRates.of(0.0023, 0.0005), ArmRates.of(0.0038, 0.0005))


def trial(stratum: Stratum) -> SupposedTrial:
    return SupposedTrial(uniform_accrual(198, 700), (stratum,), ratio=2)


@pytest.mark.parametrize(("look", "number"), [(30, 127), (60, 127), (100, 150)])
@pytest.mark.parametrize(
    ("stratum", "models"), [(Stratum(ONE, ONE), ("exponential",)), (TWO, ALL)], ids=["the true model", "averaged"]
)
def test_intervals_hold_the_outcome(
    stratum: Stratum, models: tuple[EventModel, ...], look: int, number: int, say: Callable[[str], None]
) -> None:
    """Not below by more than 3 standard errors; with the true model not above either. Averaging may only widen."""
    found = forecast_calibration(
        trial(stratum), CENTERS, look=look, number=number, trials=TRIALS, draws=DRAWS, seed=11, levels=LEVELS,
        models=models,
    )  # fmt: skip
    shares = {level: found.coverage(level).value for level in LEVELS}
    shown = ", ".join(f"{share:.1%} of {level:.0%}" for level, share in shares.items())
    say(f"\nevent {number} forecast at {look}, {', '.join(models)}: {shown}; {found.late.value:.1%} after the median")
    for level, share in shares.items():
        error = sqrt(level * (1 - level) / TRIALS)
        assert share > level - 3 * error
        assert share < level + (3 * error if models == ("exponential",) else 1)
    # Few events and few patients make early forecasts lean a little towards late, which 5 percent allow for.
    assert abs(found.late.value - 0.5) < 3 * sqrt(0.25 / TRIALS) + 0.05
