"""Mean and variances of (weighted, stratified) log-rank tests under hazards that change in steps.

With n1(s), n2(s) the patients of the arms expected at risk s after entry, e1, e2 their expected events per unit of
time, m the hazard ratio tested (1, or the margin of non-inferiority), p = m n1/(m n1 + n2) and w a weight, the score
is on average the integral of w (e1 - p (e1 + e2)). Its variance, as the test itself estimates it, is that of
w^2 p (1 - p) (e1 + e2) (Tsiatis, Biometrika 1981;68:311-315). What it really varies by is another thing where hazards
differ: a patient adds w (a - p) at his event, less its compensator under the hazard of both arms together (Lin and Wei,
Journal of the American Statistical Association 1989;84:1074-1078), and these sums have the variance of Yung and Liu
(Biometrics 2020;76:939-950), here in strata, with arms balanced by blocks or not, at a time or at a number of events.

The test divides by the root of a variance V that it estimates, and with unequal allocation chance moves both together:
patients who happen to do well in the larger arm leave less of V. It rejects beyond c where the score passes c sqrt(V);
to first order that sum varies as the score plus c V/(2 sqrt(V)), and V, too, is a sum over patients, of w^2 p (1 - p)
at an event and the hazard of both arms times w^2 (1 - 2p)(a - p) while at risk (delta method; own derivation, held to
simulated trials). This is what makes one-sided levels at 2:1 other than 2.5 %.

A stratified test adds over strata; one that is not pools patients and events first. Weights are taken as known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.design.average_hazard_ratio import average_of
from trialwright.design.event_probability import SupposedTrial
from trialwright.design.expected_course import Pair, courses, pooled
from trialwright.design.expected_test import Benefit, ExpectedTest, check_time
from trialwright.design.expected_weights import expected_weight, follows_the_calendar, kinks
from trialwright.design.patient_sums import ArmSums, Summand, arm_sums, spreads
from trialwright.design.quadrature import Grid, grid_of
from trialwright.design.size import check_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trialwright.stats import Weight

    Reals = NDArray[np.float64]

__all__ = ["ExpectedLogRank", "expected_log_rank"]

Variance = Literal["of the test", "alternative", "studentized"]


@dataclass(frozen=True)
class ExpectedLogRank:
    """What a log-rank test is expected to find at a calendar time.

    ``score`` is observed minus expected events of the experimental arm, below 0 when it does better; ``variance`` what
    the test estimates for it, ``alternative_variance`` what it has; ``covariance`` is that of the score with the
    estimate, ``variance_spread`` the variance of the estimate. ``average_hazard_ratio`` is weighted by events, whatever
    the weights of the test; None where a hazard is 0.

    >>> round(ExpectedLogRank("log-rank", 198.0, 100.0, -12.0, 25.0, 24.0, 2.0, 4.0, 0.62).z, 2)
    -2.4
    """

    statistic: str
    patients: float
    events: float
    score: float
    variance: float
    alternative_variance: float
    covariance: float
    variance_spread: float
    average_hazard_ratio: float | None

    @property
    def z(self) -> float:
        """Mean of the standardized statistic."""
        return self.score / math.sqrt(self.variance)

    def test(self, variance: Variance) -> ExpectedTest:
        """Return the test with a variance: the one it takes itself to have; the one it has, by Yung and Liu; or this
        one with the estimate it is divided by, which comes nearest to simulated trials.
        """
        null = math.sqrt(self.variance)
        found = {"of the test": null, "alternative": math.sqrt(self.alternative_variance)}
        if variance == "studentized":
            beside = (-self.covariance, self.variance_spread)
            error = found["alternative"]
            return ExpectedTest(self.statistic, self.patients, self.events, -self.score, null, error, *beside)
        if variance not in found:
            raise ValueError(f"variance must be 'of the test', 'alternative' or 'studentized'; got {variance!r}")
        return ExpectedTest(self.statistic, self.patients, self.events, -self.score, null, found[variance])

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
    small_sets: bool = False,
) -> ExpectedLogRank:
    """Return mean and variances of the test at a calendar time; without ``weight`` every event counts alike.

    ``weight`` is one of stats: FlemingHarrington, Gehan, TaroneWare, PetoPeto, ModestlyWeighted. ``balanced``: arms are
    in proportion in each stratum, as blocks keep them; else drawn for each patient. ``at_events``: the analysis waits
    for the events expected by ``time``, and the score varies a little less. ``small_sets``: what the last sets at risk,
    which may be all of one arm, take from score and variance; it matters below some 30 patients a stratum. ValueError
    unless some are at risk in both arms and events are expected.

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
    per_event = _per_event(scores, weight) if at_events else (0.0, 0.0)
    told = zip(scores, groups, strict=True)
    sums = [score.sums(grid, pair, per_event) for score, group in told for pair in group]
    of_score, together, of_variance = spreads(sums, balanced=balanced)
    kept = math.fsum(score.finite[1] for score in scores) / variance if small_sets else 1.0
    return ExpectedLogRank(
        "log-rank" if weight is None else f"log-rank, {weight}",
        trial.patients,
        math.fsum(grid.total(arm.failing) for pair in pairs for arm in pair),
        math.fsum(score.finite[0] if small_sets else score.mean for score in scores),
        variance * kept,
        of_score * kept,
        together * kept,
        of_variance * kept,
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
class _Score:
    """The score of one tested group and the variance it estimates, and what one patient of each arm adds to both.

    ``finite`` is mean and variance with sets at risk of whole patients; ``later`` what both gain for each unit by which
    the analysis is put off, ``events`` the events gained.
    """

    score: tuple[Summand, Summand]
    estimate: tuple[Summand, Summand]
    mean: float
    variance: float
    finite: tuple[float, float]
    later: tuple[float, float]
    events: float

    @classmethod
    def of(cls, grid: Grid, pair: Pair, weight: Weight | None, margin: float) -> _Score:
        risk, failing = (margin * pair[0].risk, pair[1].risk), pair[0].failing + pair[1].failing
        w, together = expected_weight(weight, grid, pair), risk[0] + risk[1]
        part, hazard = risk[0] / together, failing / together
        score = w * (pair[0].failing - part * failing)
        variance = w**2 * part * (1 - part) * failing
        # Patients at risk, hence both densities, come in proportion to those who have entered early enough.
        gained = pair[0].entering / pair[0].risk
        kept = _mixed(pair)
        counts = (w * (1 - part), -w * part)
        held = (counts[0] * margin * hazard, counts[1] * hazard)
        at_event, at_risk = w**2 * part * (1 - part), -w * (1 - 2 * part)
        return cls(
            (Summand(counts[0], held[0]), Summand(counts[1], held[1])),
            (Summand(at_event, at_risk * held[0]), Summand(at_event, at_risk * held[1])),
            grid.total(score),
            grid.total(variance),
            (grid.total(score * kept), grid.total(variance * kept)),
            (grid.total(score * gained), grid.total(variance * gained)),
            grid.total(failing * gained),
        )

    def sums(self, grid: Grid, pair: Pair, per_event: tuple[float, float]) -> tuple[ArmSums, ArmSums]:
        """Return the sums over the patients of both arms of one stratum."""
        first, second = (
            arm_sums(grid, pair[arm], self.score[arm].less(per_event[0]), self.estimate[arm].less(per_event[1]))
            for arm in (0, 1)
        )
        return first, second


def _mixed(pair: Pair) -> Reals:
    """Return E p (1 - p) of the patients at risk at an event over that of the means of both arms [M].

    Patients at risk are about drawn without replacement from N, of whom so many are in each arm: of n of them p varies
    by p (1 - p)/n (N - n)/(N - 1) (Cochran 1977, theorem 2.2); the mean of 1/n at an event, the others at risk being
    Poisson, is (1 - exp(-n))/n.
    """
    import numpy as np

    n, whole = pair[0].risk + pair[1].risk, pair[0].patients + pair[1].patients
    left = np.maximum(0.0, whole - n) / max(whole - 1, 1.0)
    return 1 + np.expm1(-n) / n * left


def _per_event(scores: Sequence[_Score], weight: Weight | None) -> tuple[float, float]:
    """Return what score and estimate gain with each event by waiting: so much of a surplus of events is undone."""
    if follows_the_calendar(weight):
        raise ValueError(f"at_events needs weights that waiting does not change; those of {weight} grow with accrual")
    events = math.fsum(score.events for score in scores)
    if not events > 0:
        return 0.0, 0.0
    first, second = (math.fsum(score.later[i] for score in scores) / events for i in (0, 1))
    return first, second
