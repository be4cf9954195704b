"""What a comparison of survival at one time since entry is expected to find: its size and power.

On the plain scale the difference of the Kaplan-Meier estimates over Greenwood's error; on the complementary log-log
scale the difference of log(-log S), whose errors are those of log S over |log S| (Klein, Logan, Harhoff and Andersen,
Statistics in Medicine 2007;26:4505-4519). The second keeps its level where few or nearly all survive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trialwright.design.event_probability import SupposedTrial
from trialwright.design.expected_curve import ExpectedCurve, curves_until
from trialwright.design.expected_test import ExpectedTest

__all__ = ["ExpectedMilestone", "expected_milestone"]

Scale = Literal["plain", "cloglog"]


@dataclass(frozen=True)
class ExpectedMilestone:
    """Survival of both arms at ``milestone``; effect and standard error on the plain and on the cloglog scale.

    Effects are above 0 where more survive in the experimental arm.

    >>> ExpectedMilestone(18.0, 264.0, 191.0, 0.45, 0.3, (0.15, 0.06), (0.41, 0.17)).plain[0]
    0.15
    """

    milestone: float
    patients: float
    events: float
    experimental: float
    control: float
    plain: tuple[float, float]
    cloglog: tuple[float, float]

    def test(self, scale: Scale, *, margin: float = 0.0) -> ExpectedTest:
        """Return the Wald test on a scale; ``margin``: the difference there that non-inferiority must exclude."""
        if scale not in ("plain", "cloglog"):
            raise ValueError(f"scale must be 'plain' or 'cloglog'; got {scale!r}")
        if not 0 <= margin < math.inf:
            raise ValueError(f"margin must be finite and at least 0, the difference that may be lost; got {margin}")
        effect, error = self.plain if scale == "plain" else self.cloglog
        return ExpectedTest(f"milestone, {scale}", self.patients, self.events, effect + margin, error, error)


def expected_milestone(
    trial: SupposedTrial, time: float, milestone: float, *, stratified: bool = False
) -> ExpectedMilestone:
    """Return what a comparison of survival at ``milestone`` is expected to find at a calendar time.

    ``stratified``: differences of strata on each scale, weighted by their shares; else the curves of all strata
    together. ValueError unless the milestone is within the longest follow-up and both arms have events before it.

    >>> from trialwright.design import ArmRates, Stratum, uniform_accrual
    >>> arms = Stratum(ArmRates.of(0.05), ArmRates.of(0.1))
    >>> found = expected_milestone(SupposedTrial(uniform_accrual(90, 12), (arms,)), 24, 12)
    >>> round(found.experimental, 4), round(found.test("plain").power(alpha=0.05, sides=2), 4)
    (0.5488, 0.6894)
    """
    curves = curves_until(trial, time, milestone, "milestone", stratified=stratified)
    if not all(curve.survival_at_end < 1 for pair in curves.pairs for curve in pair):
        raise ValueError(f"milestone must leave events to expect before it in both arms; none are by {milestone:g}")
    weighted = list(zip(curves.shares, curves.pairs, strict=True))
    first, second = (math.fsum(w * pair[arm].survival_at_end for w, pair in weighted) for arm in (0, 1))
    plain, cloglog = (
        (
            math.fsum(w * (of(pair[0])[0] - of(pair[1])[0]) for w, pair in weighted),
            math.sqrt(math.fsum(w**2 * of(curve)[1] for w, pair in weighted for curve in pair)),
        )
        for of in (_plain, _cloglog)
    )
    return ExpectedMilestone(milestone, curves.patients, curves.events, first, second, plain, cloglog)


def _plain(curve: ExpectedCurve) -> tuple[float, float]:
    """Return the survival and its variance."""
    survival = curve.survival_at_end
    return survival, survival**2 * curve.log_variance_at_end


def _cloglog(curve: ExpectedCurve) -> tuple[float, float]:
    """Return -log(-log S), which rises with S, and its variance."""
    log = math.log(curve.survival_at_end)
    return -math.log(-log), curve.log_variance_at_end / log**2
