"""The critical value at which a test of simulated trials would hold its level, and the power that is left then."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.simulate.outcomes import Share

__all__ = ["Calibration", "calibrate_bound", "tails"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A critical value of z with its Monte Carlo error, and the power with it.

    The error of ``power`` counts both samples: that under the effect, and that by which the bound moves.

    >>> Calibration(2.03, 0.004, Share(0.79, 0.0015)).bound
    2.03
    """

    bound: float
    se: float
    power: Share


def calibrate_bound(null: Floats, effect: Floats, level: float) -> Calibration | None:
    """Return the smallest z that at most ``level`` of the trials under no effect reach, and the power with it.

    ``null`` and ``effect`` are z of one look, [trials]; NaN, a look not taken, reaches nothing. The error of the
    bound comes from the order statistics one standard error of their rank to either side (Woodruff 1952). ``None``
    where too few trials lie beyond to tell it.

    >>> null, effect = np.arange(-500.0, 500.0), np.arange(0.0, 1000.0)
    >>> found = calibrate_bound(null, effect, 0.025)
    >>> found.bound, found.power.value
    (475.0, 0.525)
    """
    falling = -np.sort(-np.nan_to_num(null, nan=-math.inf))
    count = math.floor(len(null) * level + 1e-9)
    spread = max(1, round(math.sqrt(len(null) * level * (1 - level))))
    if count - spread < 1 or count + spread > np.isfinite(falling).sum():
        return None
    bound = float(falling[count - 1])
    high, low = falling[count - 1 - spread], falling[count - 1 + spread]
    se = float(high - low) / 2
    share = Share.of(int((effect >= bound).sum()), len(effect))
    moved = float(((effect >= low).mean() - (effect >= high).mean()) / 2)
    return Calibration(bound, se, Share(share.value, math.hypot(share.se, moved)))


def tails(z: Floats, bound: float) -> tuple[Share, Share]:
    """Return the shares of the trials at or above the bound, and at or below its mirror image.

    >>> upper, lower = tails(np.array([2.0, 0.0, -3.0, np.nan]), 1.96)
    >>> upper.value, lower.value
    (0.25, 0.25)
    """
    return Share.of(int((z >= bound).sum()), len(z)), Share.of(int((z <= -bound).sum()), len(z))
