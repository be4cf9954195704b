"""What a calibration is asked for and what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Achieved", "Calibration", "Observe", "Target"]

Observe = Callable[[Mapping[str, float], int, int], Mapping[str, tuple[float, float]]]
"""(parameters, seed, replays) -> quantity: (mean over the replays, standard error of that mean).

The same seed must mean the same random numbers whatever the parameters, so that two looks differ by their parameters
alone (common random numbers).
"""


@dataclass(frozen=True)
class Target:
    """A quantity to be hit, and the parameter that moves it most."""

    quantity: str
    value: float
    parameter: str
    scale: Literal["log", "logit"] = "log"
    """``log`` for a positive parameter, ``logit`` for a share."""
    tolerance: float = 0.0
    """A difference from the target that does not matter, in units of the quantity, for instance half its last digit."""


@dataclass(frozen=True)
class Achieved:
    """How near one quantity came, seen on random numbers the calibration never used."""

    quantity: str
    parameter: str
    target: float
    mean: float
    standard_error: float
    z: float
    """(mean - target) / standard error."""
    within: bool
    """Not more than two standard errors, or the target's tolerance, from the target."""
    problem: str | None
    """Why the target is not met, or cannot be."""


@dataclass(frozen=True)
class Calibration:
    """Parameters found, and what they give."""

    parameters: Mapping[str, float]
    achieved: tuple[Achieved, ...]
    looks: int
    """Calls of ``observe``."""
    seed: int
    replays: tuple[int, ...]
    """Replays of each stage; the last entry is the confirmation."""

    @property
    def hit(self) -> bool:
        """Return whether every quantity is within two standard errors of its target and none is out of reach."""
        return all(each.within and each.problem is None for each in self.achieved)
