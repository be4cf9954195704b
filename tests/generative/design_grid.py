"""Seventy-two designs as values, each with its analytic power by five formulas.

Six hazard ratios by four allocations by three turns; size, accrual, dropout, strata and the start of the effect go
round in cycles of lengths without a common factor with these, so that they meet in all ways. One analysis at a calendar
time, one-sided 2.5 %.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property

from trialwright.design import (
    ArmRates,
    ExpectedLogRank,
    Steps,
    Stratum,
    SupposedTrial,
    expected_hazard_ratio,
    expected_log_rank,
    power_schoenfeld,
    scaled_accrual,
)

ALPHA = 0.025
HAZARD_RATIOS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RATIOS = ((1, 2), (1, 1), (2, 1), (3, 1))
SIZES = (60, 120, 240, 480, 1000)
ACCRUALS = {
    "even, 12": (Steps((0,), (1,)), 12.0),
    "even, 30": (Steps((0,), (1,)), 30.0),
    "ramp, 18": (Steps((0, 3, 6), (1, 2, 4)), 18.0),
}
DROPOUTS = {"nobody leaves": (0.0, 0.0), "as many in both arms": (0.01, 0.01), "more of the control": (0.005, 0.02)}
STRATA = {1: ((1.0, 1.0),), 2: ((0.6, 0.7), (0.4, 1.5)), 4: ((0.4, 0.5), (0.3, 1.0), (0.2, 1.6), (0.1, 2.5))}
"""Shares of the strata, and by what their hazards are multiplied."""
DELAYS = (0.0, 0.0, 0.0, 3.0)
FOLLOW_UP = 9.0
CONTROL = 0.09


@dataclass(frozen=True)
class GridDesign:
    """One design, and what formulas say of it."""

    number: int
    hazard_ratio: float
    ratio: tuple[int, int]
    patients: int
    accrual: str
    dropout: str
    strata: int
    delay: float

    def __str__(self) -> str:
        arms = f"{self.ratio[0]}:{self.ratio[1]}"
        late = f", from {self.delay:g}" if self.delay else ""
        return (
            f"{self.number}: {self.hazard_ratio}{late}, {arms}, {self.patients}, {self.strata} strata, {self.dropout}"
        )

    @property
    def time(self) -> float:
        """The analysis."""
        return ACCRUALS[self.accrual][1] + FOLLOW_UP

    @cached_property
    def trial(self) -> SupposedTrial:
        """Who enters when, and what happens to them."""
        shape, duration = ACCRUALS[self.accrual]
        leaving = [Steps.of(rate) for rate in DROPOUTS[self.dropout]]
        strata = []
        for share, factor in STRATA[self.strata]:
            control = Steps.of(CONTROL * factor)
            effect = control.times_from(self.delay, self.hazard_ratio)
            strata.append(Stratum(ArmRates(effect, leaving[0]), ArmRates(control, leaving[1]), share))
        accrual = scaled_accrual(shape, self.patients, duration)
        return SupposedTrial(accrual, tuple(strata), self.ratio[0] / self.ratio[1])

    @cached_property
    def log_rank(self) -> ExpectedLogRank:
        """The (stratified) log-rank test of the analysis."""
        return expected_log_rank(self.trial, self.time, small_sets=True)

    @cached_property
    def powers(self) -> dict[str, float]:
        """Chance of a significant result for the experimental arm, by formula."""
        average = expected_hazard_ratio(self.trial, self.time)
        named = {
            variance: self.log_rank.test(variance).power(alpha=ALPHA, sides=1)
            for variance in ("of the test", "alternative", "studentized")
        }
        schoenfeld = power_schoenfeld(
            average.average, events=average.events, alpha=ALPHA, sides=1, ratio=self.trial.ratio
        )
        return named | {"Schoenfeld": schoenfeld, "average hazard ratio": average.test().power(alpha=ALPHA, sides=1)}


def _cycled(options, place):
    """Return the option at a place of the cycle."""
    return list(options)[place % len(options)]


def _grid() -> tuple[GridDesign, ...]:
    return tuple(
        GridDesign(
            number, hazard_ratio, ratio, _cycled(SIZES, number), _cycled(ACCRUALS, number + turn),
            _cycled(DROPOUTS, number // 2 + turn), _cycled(STRATA, number // 3 + 2 * turn),
            _cycled(DELAYS, number // 5 + turn),
        )
        for number, (turn, hazard_ratio, ratio) in enumerate(itertools.product(range(3), HAZARD_RATIOS, RATIOS))
    )  # fmt: skip


GRID = _grid()
