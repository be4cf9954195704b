"""What a study brings to a synthesis: an estimate and its standard error, on the scale on which it is pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trialwright.evidence.quantiles import normal_limit

__all__ = ["Study", "require"]


@dataclass(frozen=True)
class Study:
    """One study, one estimate.

    >>> Study("PACE", 0.1043600153, 0.2049).se
    0.2049
    """

    label: str
    estimate: float
    """Logarithm of a ratio; a difference as it is."""
    se: float
    """Standard error of the estimate; taken as known."""
    group: str = ""
    """Subgroup of studies it belongs to."""
    source: str = ""
    """Citation."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.estimate):
            raise ValueError(f"estimate of {self.label!r} must be a finite number; got {self.estimate}. {_LEAVE}")
        if not 0 < self.se < math.inf:
            raise ValueError(
                f"se of {self.label!r} must be greater than 0 and finite; got {self.se}. A study without a variance "
                f"has no weight: take its standard error from its interval or its P value, or leave it out."
            )

    @classmethod
    def of_ratio(
        cls, label: str, ratio: float, lower: float, upper: float, *, level: float, group: str = "", source: str = ""
    ) -> Study:
        """Return the study of a ratio printed with its interval: se = (ln upper - ln lower) / 2z at its own level.

        >>> pace = Study.of_ratio("PACE", 1.11, 0.79, 1.55, level=0.90)
        >>> f"{pace.estimate:.4f} {pace.se:.4f}"
        '0.1044 0.2049'
        """
        if not 0 < lower <= ratio <= upper < math.inf or lower == upper:
            raise ValueError(
                f"the interval of {label!r} must hold its ratio and lie above 0; got {ratio:g} ({lower:g} to {upper:g})"
                f". Check the numbers, and the direction of the ratio."
            )
        se = (math.log(upper) - math.log(lower)) / (2 * normal_limit(level))
        return cls(label, math.log(ratio), se, group, source)

    @property
    def variance(self) -> float:
        """Return the square of the standard error."""
        return self.se**2


_LEAVE = "Leave out a study without an estimate, or add one half to its empty cells."


def require(studies: Sequence[Study], least: int, what: str) -> None:
    """Refuse fewer studies than ``what`` needs, naming those given, and labels that stand twice."""
    labels = [study.label for study in studies]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ValueError(f"labels of studies must differ; got {', '.join(twice)} more than once")
    if len(studies) < least:
        given = "none" if not labels else f"{len(labels)} ({', '.join(labels)})"
        alone = ". Report a single study by its own estimate and interval" if len(labels) == 1 else ""
        raise ValueError(f"{what} needs at least {least} studies; got {given}{alone}.")
