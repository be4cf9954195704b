"""Mean and variances of (weighted, stratified) log-rank tests under hazards that change in steps.

With n1(s), n2(s) the patients of the arms expected at risk s after entry, e1, e2 their expected events per unit of
time, m the hazard ratio tested (1, or the margin of non-inferiority), p = m n1/(m n1 + n2) and w a weight, the score
is on average the integral of w (e1 - p (e1 + e2)). Its variance, as the test itself estimates it, is that of
w^2 p (1 - p) (e1 + e2) (Tsiatis, Biometrika 1981;68:311-315). What it really varies by is another thing where hazards
differ: a patient adds w (a - p) at his event, less its compensator under the hazard of both arms together (Lin and Wei,
Journal of the American Statistical Association 1989;84:1074-1078), and these sums have the variance of Yung and Liu
(Biometrics 2020;76:939-950), here in strata, with arms balanced by blocks or not, at a time or at a number of events.

A stratified test adds over strata; one that is not pools patients and events first. Weights are taken as known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.design.average_hazard_ratio import average_of
from trialwright.design.event_probability import SupposedTrial
from trialwright.design.expected_course import ArmCourse, Pair, courses, pooled
from trialwright.design.expected_test import Benefit, ExpectedTest, check_time
from trialwright.design.expected_weights import expected_weight, follows_the_calendar, kinks
from trialwright.design.quadrature import Grid, grid_of
from trialwright.design.size import check_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trialwright.stats import Weight

    Reals = NDArray[np.float64]

__all__ = ["ExpectedLogRank", "expected_log_rank"]

Variance = Literal["of the test", "alternative"]


@dataclass(frozen=True)
class ExpectedLogRank:
    """What a log-rank test is expected to find at a calendar time.

    ``score`` is observed minus expected events of the experimental arm, below 0 when it does better; ``variance`` what
    the test estimates for it, ``alternative_variance`` what it has. ``average_hazard_ratio`` is weighted by events,
    whatever the weights of the test; None where a hazard is 0.

    >>> round(ExpectedLogRank("log-rank", 198.0, 100.0, -12.0, 25.0, 24.0, 0.62).z, 2)
    -2.4
    """

    statistic: str
    patients: float
    events: float
    score: float
    variance: float
    alternative_variance: float
    average_hazard_ratio: float | None

    @property
    def z(self) -> float:
        """Mean of the standardized statistic."""
        return self.score / math.sqrt(self.variance)

    def test(self, variance: Variance = "alternative") -> ExpectedTest:
        """Return the test with the variance it really has, or with the one it takes itself to have."""
        if variance not in ("of the test", "alternative"):
            raise ValueError(f"variance must be 'of the test' or 'alternative'; got {variance!r}")
        null = math.sqrt(self.variance)
        error = null if variance == "of the test" else math.sqrt(self.alternative_variance)
        return ExpectedTest(self.statistic, self.patients, self.events, -self.score, null, error)

    def power(self, *, alpha: float, sides: Literal[1, 2], benefit: Benefit = "fewer events") -> float:
        """Return the chance of a significant result in favor of the experimental arm, by the test's own variance."""
        return self.test("of the test").power(alpha=alpha, sides=sides, benefit=benefit)


def expected_log_rank(
    trial: SupposedTrial,
    time: float,
    *,
    weight: Weight | None = None,
    stratified: bool = True,
    margin: float = 1.0,
    balanced: bool = True,
    at_events: bool = False,
) -> ExpectedLogRank:
    """Return mean and variances of the test at a calendar time; without ``weight`` every event counts alike.

    ``weight`` is one of stats: FlemingHarrington, Gehan, TaroneWare, PetoPeto, ModestlyWeighted. ``balanced``: arms are
    in proportion in each stratum, as blocks keep them; else drawn for each patient. ``at_events``: the analysis waits
    for the events expected by ``time``, and the score varies a little less. ValueError unless some are at risk in both
    arms and events are expected.

    >>> from trialwright.design import ArmRates, Stratum, uniform_accrual
    >>> arms = Stratum(ArmRates.of(0.1), ArmRates.of(0.2))
    >>> found = expected_log_rank(SupposedTrial(uniform_accrual(90, 12), (arms,)), 18)
    >>> round(found.average_hazard_ratio, 6)
    0.5
    """
    check_time(time)
    check_margin(margin)
    grid = _smooth(trial, time, weight, stratified=stratified)
    pairs = courses(trial, time, grid.at)
    groups = [[pair] for pair in pairs] if stratified else [pairs]
    scores = [_Score.of(grid, pooled(group), weight, margin) for group in groups]
    variance = math.fsum(score.variance for score in scores)
    if not variance > 0:
        raise ValueError(f"time must leave events to expect in both arms; none are by {time}")
    per_event = _per_event(grid, scores, weight) if at_events else 0.0
    parts = [
        score.moments(grid, pair, per_event) for score, group in zip(scores, groups, strict=True) for pair in group
    ]
    return ExpectedLogRank(
        "log-rank" if weight is None else f"log-rank, {weight}",
        trial.patients,
        math.fsum(grid.total(arm.failing) for pair in pairs for arm in pair),
        math.fsum(score.mean for score in scores),
        variance,
        _spread(parts, balanced=balanced),
        average_of(trial, grid, pairs),
    )


def _smooth(trial: SupposedTrial, time: float, weight: Weight | None, *, stratified: bool) -> Grid:
    """Return a grid with cells cut where the weight has a kink; the second time the kink is known to many digits."""
    grid = grid_of(trial, time)
    for _ in range(3 if kinks(weight, grid, courses(trial, time, grid.at)[:1]) else 0):
        pairs = courses(trial, time, grid.at)
        grid = grid_of(trial, time, cuts=kinks(weight, grid, pairs if stratified else [pooled(pairs)]))
    return grid


@dataclass(frozen=True)
class _Moments:
    """Sums over the patients of one arm of one stratum: of what each adds to the score, and of its square."""

    patients: float
    first: float
    second: float


@dataclass(frozen=True)
class _Score:
    """The score of one tested group: what an event counts in each arm, and the hazard it is held against.

    ``later`` is what the score gains for each unit by which the analysis is put off, ``events`` the events gained.
    """

    counts: tuple[Reals, Reals]
    held: tuple[Reals, Reals]
    mean: float
    variance: float
    later: float
    events: float

    @classmethod
    def of(cls, grid: Grid, pair: Pair, weight: Weight | None, margin: float) -> _Score:
        risk, failing = (margin * pair[0].risk, pair[1].risk), pair[0].failing + pair[1].failing
        w, part = expected_weight(weight, grid, pair), risk[0] / (risk[0] + risk[1])
        hazard = failing / (risk[0] + risk[1])
        density = w * (pair[0].failing - part * failing)
        # Patients at risk, hence the density, come in proportion to those who have entered early enough.
        gained = pair[0].entering / pair[0].risk
        return cls(
            (w * (1 - part), -w * part),
            (margin * hazard, hazard),
            grid.total(density),
            grid.total(w**2 * part * (1 - part) * failing),
            grid.total(density * gained),
            grid.total(failing * gained),
        )

    def moments(self, grid: Grid, pair: Pair, per_event: float) -> tuple[_Moments, _Moments]:
        first, second = (
            _moments(grid, arm, counts, held, per_event)
            for arm, counts, held in zip(pair, self.counts, self.held, strict=True)
        )
        return first, second


def _moments(grid: Grid, arm: ArmCourse, counts: Reals, held: Reals, per_event: float) -> _Moments:
    """Return the moments of g(X) D - G(X) - c D, with G the integral of g times the hazard held, D the event."""
    against = grid.until(counts * held)
    at_event = counts - per_event
    first = grid.total(at_event * arm.failing - arm.risk * counts * held)
    # E G(X)^2 by parts is twice the integral of the chance at risk times G dG.
    second = grid.total(arm.failing * (at_event**2 - 2 * at_event * against) + 2 * arm.risk * against * counts * held)
    return _Moments(arm.patients, first, second)


def _per_event(grid: Grid, scores: Sequence[_Score], weight: Weight | None) -> float:
    """Return what the score gains with each event by waiting: so much of a chance surplus of events is undone."""
    if follows_the_calendar(weight):
        raise ValueError(f"at_events needs weights that waiting does not change; those of {weight} grow with accrual")
    gained = math.fsum(score.events for score in scores)
    return math.fsum(score.later for score in scores) / gained if gained > 0 else 0.0


def _spread(parts: Sequence[tuple[_Moments, _Moments]], *, balanced: bool) -> float:
    """Return the variance of the sum: strata are drawn with each patient, arms are not where they are balanced."""
    arms = [arm for pair in parts for arm in pair]
    patients, total = math.fsum(arm.patients for arm in arms), math.fsum(arm.first for arm in arms)
    if not balanced:
        return math.fsum(arm.second for arm in arms) - total**2 / patients
    within = math.fsum(arm.second - arm.first**2 / arm.patients for arm in arms)
    between = math.fsum((a.first + b.first) ** 2 / (a.patients + b.patients) for a, b in parts)
    return within + between - total**2 / patients
