"""Any survival curve as a hazard in steps, with the largest error of survival that this makes.

In each piece the hazard is the mean of the curve's, so survival is exact where pieces meet; pieces are halved until it
is as near in between as asked. Beyond the last time the hazard of the last piece goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.event_probability import Steps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["SteppedCurve", "log_normal_steps", "steps_of_curve", "weibull_steps"]

INSIDE = 15
"""So many places inside a piece are looked at; the error is smooth there."""
FINEST = 4096


@dataclass(frozen=True)
class SteppedCurve:
    """A hazard in steps, and how far its survival is from the curve's at most, up to ``until``.

    >>> SteppedCurve(Steps.of(0.1), 24.0, 0.0).error
    0.0
    """

    steps: Steps
    until: float
    error: float


def steps_of_curve(cumulative_hazard: Callable[[Reals], Reals], *, until: float, error: float) -> SteppedCurve:
    """Return the curve of a cumulative hazard, a function of times [M], as a hazard in steps.

    ``error``: how far survival may be off anywhere up to ``until``. ValueError where the function does not rise from 0
    or would take more than 4096 pieces.

    >>> found = steps_of_curve(lambda times: 0.01 * times**2, until=24, error=0.001)
    >>> len(found.steps.starts), found.error < 0.001
    (31, True)
    """
    import numpy as np

    _check(until, error)
    edges = np.array([0.0, float(until)])
    while True:
        at = edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0, 1, INSIDE + 2)
        hazard = np.asarray(cumulative_hazard(at.ravel()), dtype=np.float64).reshape(at.shape)
        if hazard[0, 0] != 0 or not np.isfinite(hazard).all() or (np.diff(hazard, axis=1) < 0).any():
            raise ValueError("cumulative_hazard must be 0 at 0, finite, and never fall")
        straight = hazard[:, :1] + (hazard[:, -1:] - hazard[:, :1]) * np.linspace(0, 1, INSIDE + 2)
        off = np.abs(np.exp(-hazard) - np.exp(-straight)).max(axis=1)
        if off.max() <= error:
            break
        if len(edges) > FINEST:
            raise ValueError(f"error must be larger: {len(edges) - 1} pieces leave {off.max():.2g}; got {error:g}")
        middle = (edges[:-1] + edges[1:]) / 2
        edges = np.sort(np.concatenate([edges, middle[off > error]]))
    rates = np.diff(np.append(hazard[:, 0], hazard[-1, -1])) / np.diff(edges)
    steps = Steps(tuple(edges[:-1].tolist()), tuple(rates.tolist()))
    return SteppedCurve(steps, float(until), float(off.max()))


def weibull_steps(*, shape: float, median: float, until: float, error: float) -> SteppedCurve:
    """Return a Weibull curve, survival exp(-log(2) (t/median)^shape), as a hazard in steps.

    The ratio of hazards of two such curves is constant only if they have one shape: then it is
    (median of one over median of the other)^-shape, not the ratio of the medians.

    >>> found = weibull_steps(shape=1.4, median=10, until=48, error=0.001)
    >>> round(math.exp(-found.steps.until([10])[0]), 3)
    0.5
    """
    _check_positive(shape=shape, median=median)
    return steps_of_curve(lambda times: math.log(2) * (times / median) ** shape, until=until, error=error)


def log_normal_steps(*, sigma: float, median: float, until: float, error: float) -> SteppedCurve:
    """Return a log-normal curve, survival 1 - Phi(log(t/median)/sigma), as a hazard in steps.

    >>> found = log_normal_steps(sigma=0.8, median=10, until=48, error=0.001)
    >>> round(math.exp(-found.steps.until([10])[0]), 3)
    0.5
    """
    _check_positive(sigma=sigma, median=median)

    def hazard(times: Reals) -> Reals:
        import numpy as np
        from scipy.special import log_ndtr

        with np.errstate(divide="ignore"):
            return np.asarray(-log_ndtr(-np.log(times / median) / sigma)) + 0.0

    return steps_of_curve(hazard, until=until, error=error)


def _check(until: float, error: float) -> None:
    _check_positive(until=until)
    if not 0 < error < 1:
        raise ValueError(f"error must be in (0, 1), the largest difference of survival; got {error}")


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {value}")
