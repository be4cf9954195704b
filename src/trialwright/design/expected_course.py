"""How many patients of each arm are expected at risk, and failing, at each time since entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.event_probability import SupposedTrial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ArmCourse", "Pair", "courses", "pooled"]


@dataclass(frozen=True)
class ArmCourse:
    """One arm of one stratum: all its patients; those at risk and failing per unit of time, at each node [M].

    ``entering`` is the patients who come to be at risk there for each unit by which the analysis is put off.
    """

    patients: float
    risk: Reals
    failing: Reals
    entering: Reals

    @property
    def hazard(self) -> Reals:
        """The hazard of all patients at risk together."""
        return self.failing / self.risk


Pair = tuple[ArmCourse, ArmCourse]
"""The experimental and the control arm."""


def courses(trial: SupposedTrial, time: float, at: Reals) -> list[Pair]:
    """Return both arms of every stratum at a calendar time."""
    import numpy as np

    entered, rate = trial.accrual.until(time - at), trial.accrual.at(np.maximum(time - at, 0.0))
    found = []
    for stratum in trial.strata:
        arms = []
        for first, arm in ((True, stratum.experimental), (False, stratum.control)):
            share = trial.share(stratum, experimental=first)
            staying = share * np.exp(-arm.hazard.until(at) - arm.dropout.until(at))
            risk = entered * staying
            arms.append(ArmCourse(share * trial.patients, risk, risk * arm.hazard.at(at), rate * staying))
        found.append((arms[0], arms[1]))
    return found


def pooled(pairs: Sequence[Pair]) -> Pair:
    """Return the arms of all strata together, as a test without strata sees them."""
    return _together([pair[0] for pair in pairs]), _together([pair[1] for pair in pairs])


def _together(arms: Sequence[ArmCourse]) -> ArmCourse:
    import numpy as np

    names = ("patients", "risk", "failing", "entering")
    patients, *columns = (np.sum([getattr(arm, name) for arm in arms], axis=0) for name in names)
    return ArmCourse(float(patients), *columns)
