"""A test as a design expects it: what it measures, what it divides by, and how much it varies; power and size of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trialwright.design.size import check_share

__all__ = ["Benefit", "ExpectedTest"]

Benefit = Literal["fewer events", "more events"]


@dataclass(frozen=True)
class ExpectedTest:
    """What a test is expected to find in some number of patients, entering and followed as supposed.

    ``effect`` is the mean of what the test measures, above 0 where the experimental arm has fewer events;
    ``null_error`` the standard error it is divided by, ``error`` the standard deviation it has. The chance of a result
    beyond z is that of a normal variable beyond (z null_error - effect) / error; as effect over error grows with the
    root of the patients, size follows (Yung and Liu, Biometrics 2020;76:939-950, equations 2 and 3).
    ``covariance`` is that of the effect with the squared standard error that the test estimates, ``spread`` the
    variance of this square: what is compared with z then varies by them too, the less the more patients there are.

    >>> found = ExpectedTest("log-rank", 200.0, 127.0, 0.5, 0.18, 0.19)
    >>> round(found.power(alpha=0.05, sides=2), 4), round(found.patients_for(0.8, alpha=0.05, sides=2), 1)
    (0.7808, 210.3)
    """

    statistic: str
    patients: float
    events: float
    effect: float
    null_error: float
    error: float
    covariance: float = 0.0
    spread: float = 0.0

    @property
    def z(self) -> float:
        """Mean of the standardized statistic."""
        return self.effect / self.null_error

    def power(self, *, alpha: float, sides: Literal[1, 2], benefit: Benefit = "fewer events") -> float:
        """Return the chance of a significant result on the side of the benefit."""
        return self._power(1.0, _critical(alpha, sides), self._sign(benefit))

    def patients_for(
        self, power: float, *, alpha: float, sides: Literal[1, 2], benefit: Benefit = "fewer events"
    ) -> float:
        """Return the patients, not rounded, with whom the test has this power, accrual being that much faster.

        ValueError where the benefit is not what is expected: more patients would only show that.
        """
        from scipy.optimize import brentq
        from scipy.special import ndtri

        check_share("power", power)
        critical, sign = _critical(alpha, sides), self._sign(benefit)
        if not sign * self.effect > 0:
            raise ValueError(
                f"no number of patients gives {self.statistic} power for {benefit}: its expected effect is "
                f"{sign * self.effect:.4g}"
            )
        if power <= alpha / sides:
            raise ValueError(f"power must exceed the type I error of one side; got {power}")
        # Without covariance and spread the answer has a closed form; with them it is near, where there is one.
        start = ((critical * self.null_error + float(ndtri(power)) * self.error) / self.effect) ** 2
        if not (self.covariance or self.spread):
            return self.patients * start
        low, high = start / 8, start * 8
        if not self._power(low, critical, sign) < power < self._power(high, critical, sign):
            raise ValueError(
                f"power ({power:g}) must be larger for {self.statistic}: about {self.patients * start:.3g} patients "
                "are too few for what it says of so few"
            )
        times = brentq(lambda times: self._power(times, critical, sign) - power, low, high, xtol=1e-14, rtol=1e-14)
        return self.patients * float(times)

    def events_for(
        self, power: float, *, alpha: float, sides: Literal[1, 2], benefit: Benefit = "fewer events"
    ) -> float:
        """Return the events expected of so many patients as :meth:`patients_for` says, at the same time."""
        return self.events * self.patients_for(power, alpha=alpha, sides=sides, benefit=benefit) / self.patients

    def _power(self, times: float, critical: float, sign: int) -> float:
        """Return the power of so many times the patients."""
        from scipy.special import ndtr

        null = self.null_error
        part = critical / (2 * math.sqrt(times))
        covariance, spread = sign * self.covariance / null**3, self.spread / null**4
        variance = (self.error / null) ** 2 - 2 * part * covariance + part**2 * spread
        return float(ndtr((math.sqrt(times) * sign * self.effect / null - critical) / math.sqrt(variance)))

    @staticmethod
    def _sign(benefit: Benefit) -> int:
        if benefit not in ("fewer events", "more events"):
            raise ValueError(f"benefit must be 'fewer events' or 'more events'; got {benefit!r}")
        return 1 if benefit == "fewer events" else -1


def _critical(alpha: float, sides: int) -> float:
    from scipy.special import ndtri

    check_share("alpha", alpha)
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2; got {sides}")
    return -float(ndtri(alpha / sides))


def check_time(time: float) -> None:
    if not 0 < time < math.inf:
        raise ValueError(f"time must be a finite number greater than 0; got {time}")
