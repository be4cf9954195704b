"""What a comparison of restricted mean survival times is expected to find: its size and power.

The restricted mean is the area under the survival curve up to tau; its variance the integral over t of
(area from t to tau)^2 h/n (Pepe and Fleming, Biometrics 1989;45:497-507; Uno et al., Journal of Clinical Oncology
2014;32:2380-2385), with n those expected at risk when patients enter and leave as supposed. Nothing is simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialwright.design.event_probability import SupposedTrial
from trialwright.design.expected_curve import curves_until
from trialwright.design.expected_test import ExpectedTest

__all__ = ["ExpectedRestrictedMean", "expected_restricted_mean"]


@dataclass(frozen=True)
class ExpectedRestrictedMean:
    """Restricted means of both arms up to ``tau``, in the unit of time, and the variance of their difference.

    >>> found = ExpectedRestrictedMean(18.0, 264.0, 191.0, 12.5, 11.0, 0.75)
    >>> found.difference
    1.5
    """

    tau: float
    patients: float
    events: float
    experimental: float
    control: float
    variance: float

    @property
    def difference(self) -> float:
        """Time won by the experimental arm, up to tau."""
        return self.experimental - self.control

    def test(self, *, margin: float = 0.0) -> ExpectedTest:
        """Return the Wald test of a difference of ``-margin``: time lost that non-inferiority must exclude, 0 or more.

        ``margin`` is in the unit of time. The estimated variance is that under the effect, whichever way the test ends.
        """
        if not 0 <= margin < math.inf:
            raise ValueError(f"margin must be finite and at least 0, the time that may be lost; got {margin}")
        error = math.sqrt(self.variance)
        return ExpectedTest("restricted mean", self.patients, self.events, self.difference + margin, error, error)


def expected_restricted_mean(
    trial: SupposedTrial, time: float, tau: float, *, stratified: bool = False
) -> ExpectedRestrictedMean:
    """Return what a comparison of restricted means up to ``tau`` is expected to find at a calendar time.

    ``stratified``: differences of strata, weighted by their shares; else the curves of all strata together. ValueError
    unless tau is within the longest follow-up.

    >>> from trialwright.design import ArmRates, Stratum, uniform_accrual
    >>> arms = Stratum(ArmRates.of(0.05), ArmRates.of(0.1))
    >>> found = expected_restricted_mean(SupposedTrial(uniform_accrual(90, 12), (arms,)), 24, tau=12)
    >>> round(found.difference, 4), round(found.test().power(alpha=0.05, sides=2), 4)
    (2.0357, 0.6395)
    """
    curves = curves_until(trial, time, tau, "tau", stratified=stratified)
    weighted = list(zip(curves.shares, curves.pairs, strict=True))
    first, second = (math.fsum(w * pair[arm].restricted_mean for w, pair in weighted) for arm in (0, 1))
    variance = math.fsum(w**2 * curve.restricted_mean_variance for w, pair in weighted for curve in pair)
    return ExpectedRestrictedMean(tau, curves.patients, curves.events, first, second, variance)
