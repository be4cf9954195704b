"""How many events a log-rank comparison needs, and what a number of events can show.

Schoenfeld D. The asymptotic properties of nonparametric tests for comparing survival distributions. Biometrika
1981;68:316-319, and Sample-size formula for the proportional-hazards regression model. Biometrics 1983;39:499-503,
equation 1: the log-rank statistic with d events is about normal with mean log(hazard ratio) sqrt(d p1 p2) and variance
1, p1 and p2 being the shares of patients in the two arms. Freedman (1982) gives fewer events at 2:1, Hsieh (1992) more.
"""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["events_schoenfeld", "power_schoenfeld"]


def events_schoenfeld(
    hazard_ratio: float, *, power: float, alpha: float, sides: Literal[1, 2], ratio: float, margin: float = 1.0
) -> float:
    """Return the number of events, not rounded; round it up for a protocol.

    ``alpha`` is the whole type I error of the test on ``sides`` sides, ``ratio`` the patients in the experimental arm
    for each one in the control arm: 2 for 2:1; ``margin`` the hazard ratio that non-inferiority must exclude.

    >>> round(events_schoenfeld(0.59, power=0.8, alpha=0.05, sides=2, ratio=2), 3)
    126.869
    """
    check_test(hazard_ratio, alpha, sides, ratio)
    check_share("power", power)
    check_effect(hazard_ratio, margin)
    effect = math.log(hazard_ratio / margin)
    return float((_z(1 - alpha / sides) + _z(power)) ** 2 / (_split(ratio) * effect**2))


def power_schoenfeld(
    hazard_ratio: float, *, events: float, alpha: float, sides: Literal[1, 2], ratio: float, margin: float = 1.0
) -> float:
    """Return the chance of a significant result on the side of the effect; see :func:`events_schoenfeld`.

    >>> round(power_schoenfeld(0.59, events=127, alpha=0.05, sides=2, ratio=2), 4)
    0.8004
    """
    from scipy.special import ndtr

    check_test(hazard_ratio, alpha, sides, ratio)
    check_margin(margin)
    if not events > 0:
        raise ValueError(f"events must be greater than 0; got {events}")
    distance = abs(math.log(hazard_ratio / margin)) * math.sqrt(events * _split(ratio))
    return float(ndtr(distance - _z(1 - alpha / sides)))


def _split(ratio: float) -> float:
    share = ratio / (1 + ratio)
    return share * (1 - share)


def _z(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))


def check_test(hazard_ratio: float, alpha: float, sides: int, ratio: float) -> None:
    for name, value in (("hazard_ratio", hazard_ratio), ("ratio", ratio)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {value}")
    check_share("alpha", alpha)
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2; got {sides}")


def check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must be in (0, 1); got {value}. For 80 % write 0.8.")


def check_margin(margin: float) -> None:
    if not 0 < margin < math.inf:
        raise ValueError(f"margin must be a finite number greater than 0; got {margin}")


def check_effect(hazard_ratio: float, margin: float) -> None:
    check_margin(margin)
    if hazard_ratio == margin:
        raise ValueError(
            f"hazard_ratio must differ from {margin:g}: no number of events shows a difference that is not there"
        )
