"""Mean and variance of (weighted, stratified) log-rank tests under hazards that change in steps; average hazard ratios.

With n1(s), n2(s) the patients of the arms expected at risk s after entry, e1, e2 their expected events per unit of time
and w a weight, the score is on average the integral of w (n2 e1 - n1 e2)/(n1 + n2), and its variance, as the test
itself estimates it, that of w^2 n1 n2 (e1 + e2)/(n1 + n2)^2 (Tsiatis, Biometrika 1981;68:311-315; Yung and Liu,
Biometrics 2020;76:939-950; Lu, Statistics in Medicine 2021;40:5521-5533). A stratified test adds both over strata; one
that is not pools patients and events first. Integrals by Gauss-Legendre between all changes of rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.design.event_probability import ArmRates, Stratum, SupposedTrial, cells
from trialwright.design.size import check_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ExpectedLogRank", "expected_log_rank"]

NODES = 24
STEEPEST = 4.0
"""A cell is cut so that no chance falls by more than exp(-4) in it: 24 nodes then leave only rounding."""


@dataclass(frozen=True)
class ExpectedLogRank:
    """What a log-rank test is expected to find at a calendar time.

    ``score`` is observed minus expected events of the experimental arm, below 0 when it does better; ``variance`` what
    the test estimates for it. ``average_hazard_ratio`` is the geometric mean of the hazard ratio weighted by the events
    of both arms (Kalbfleisch and Prentice, Biometrika 1981;68:105-112; Mukhopadhyay et al., Statistics in
    Biopharmaceutical Research 2020;12:444-454), whatever the weights of the test; None where a hazard is 0.

    >>> round(ExpectedLogRank(100.0, -12.0, 25.0, 0.62).z, 2)
    -2.4
    """

    events: float
    score: float
    variance: float
    average_hazard_ratio: float | None

    @property
    def z(self) -> float:
        """Mean of the standardized statistic."""
        return self.score / math.sqrt(self.variance)

    def power(self, *, alpha: float, sides: Literal[1, 2]) -> float:
        """Return the chance of a significant result in favor of the experimental arm."""
        from scipy.special import ndtr, ndtri

        check_share("alpha", alpha)
        if sides not in (1, 2):
            raise ValueError(f"sides must be 1 or 2; got {sides}")
        return float(ndtr(-self.z + ndtri(alpha / sides)))


def expected_log_rank(
    trial: SupposedTrial, time: float, *, rho: float = 0.0, gamma: float = 0.0, stratified: bool = True
) -> ExpectedLogRank:
    """Return mean and variance of the test with Fleming-Harrington weights S^rho (1 - S)^gamma at a calendar time.

    S is the survival of all patients of a stratum (all strata, when not stratified) in the proportions randomized; 0, 0
    is the log-rank test. ValueError unless some are at risk in both arms and events are expected.

    >>> from trialwright.design import uniform_accrual
    >>> arms = Stratum(ArmRates.of(0.1), ArmRates.of(0.2))
    >>> found = expected_log_rank(SupposedTrial(uniform_accrual(90, 12), (arms,)), 18)
    >>> round(found.average_hazard_ratio, 6)
    0.5
    """
    if not 0 < time < math.inf:
        raise ValueError(f"time must be a finite number greater than 0; got {time}")
    for name, value in (("rho", rho), ("gamma", gamma)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number of at least 0; got {value}")
    at, width = _nodes(trial, time)
    arms = [_Course.of(trial, stratum, time, at) for stratum in trial.strata]
    tested = arms if stratified else [_pooled(arms)]
    parts = [course.moments(rho, gamma, width) for course in tested]
    score, variance = (math.fsum(column) for column in zip(*parts, strict=True))
    if not variance > 0:
        raise ValueError(f"time must leave events to expect in both arms; none are by {time}")
    events = math.fsum(float(width @ course.events) for course in arms)
    return ExpectedLogRank(events, score, variance, _average(trial, arms, at, width))


@dataclass(frozen=True)
class _Course:
    """Patients at risk, events per unit of time, and survival by both arms together, at times since entry."""

    risk: tuple[Reals, Reals]
    failing: tuple[Reals, Reals]
    survival: Reals
    """Times the share of patients it is of."""
    share: float

    @classmethod
    def of(cls, trial: SupposedTrial, stratum: Stratum, time: float, at: Reals) -> _Course:
        import numpy as np

        entered = trial.accrual.until(time - at)
        rates = (stratum.experimental, stratum.control)
        shares = [trial.share(stratum, experimental=first) for first in (True, False)]
        survival = [share * np.exp(-arm.hazard.until(at)) for share, arm in zip(shares, rates, strict=True)]
        staying = [np.exp(-arm.dropout.until(at)) for arm in rates]
        risk = (entered * survival[0] * staying[0], entered * survival[1] * staying[1])
        failing = (risk[0] * rates[0].hazard.at(at), risk[1] * rates[1].hazard.at(at))
        return cls(risk, failing, survival[0] + survival[1], stratum.share)

    @property
    def events(self) -> Reals:
        return self.failing[0] + self.failing[1]

    def moments(self, rho: float, gamma: float, width: Reals) -> tuple[float, float]:
        survival = self.survival / self.share
        weight = survival**rho * (1 - survival) ** gamma
        part = self.risk[0] / (self.risk[0] + self.risk[1])
        score = weight * (self.failing[0] - part * self.events)
        variance = weight**2 * part * (1 - part) * self.events
        return float(width @ score), float(width @ variance)


def _pooled(arms: list[_Course]) -> _Course:
    risk = (_sum([one.risk[0] for one in arms]), _sum([one.risk[1] for one in arms]))
    failing = (_sum([one.failing[0] for one in arms]), _sum([one.failing[1] for one in arms]))
    return _Course(risk, failing, _sum([one.survival for one in arms]), math.fsum(one.share for one in arms))


def _sum(parts: list[Reals]) -> Reals:
    import numpy as np

    return np.asarray(np.sum(parts, axis=0))


def _average(trial: SupposedTrial, arms: list[_Course], at: Reals, width: Reals) -> float | None:
    import numpy as np

    total = weights = 0.0
    for stratum, course in zip(trial.strata, arms, strict=True):
        hazards = stratum.experimental.hazard.at(at), stratum.control.hazard.at(at)
        if not (hazards[0] > 0).all() or not (hazards[1] > 0).all():
            return None
        events = width * course.events
        total += float(events @ np.log(hazards[0] / hazards[1]))
        weights += float(events.sum())
    return math.exp(total / weights)


def _nodes(trial: SupposedTrial, time: float) -> tuple[Reals, Reals]:
    """Return the times since entry at which integrands are taken, and the weight of each."""
    import numpy as np

    arms = [arm for stratum in trial.strata for arm in (stratum.experimental, stratum.control)]
    edges = _fine(cells(trial, arms, time), arms)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    return ((edges[:-1, None] + half) + half * x).ravel(), (half * w).ravel()


def _fine(edges: Reals, arms: list[ArmRates]) -> Reals:
    import numpy as np

    steepest = np.max([arm.hazard.at(edges[:-1]) + arm.dropout.at(edges[:-1]) for arm in arms], axis=0)
    pieces = np.maximum(1, np.ceil(steepest * np.diff(edges) / STEEPEST)).astype(int)
    cut = [np.linspace(a, b, k, endpoint=False) for a, b, k in zip(edges, edges[1:], pieces, strict=False)]
    return np.concatenate([*cut, edges[-1:]])
