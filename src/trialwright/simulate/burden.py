"""Which organs carry lesions at baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.simulate.chance import Chance

__all__ = ["Burden", "draw_burden"]


@dataclass(frozen=True)
class Burden:
    """Organs involved, in the scenario's order; arrays of shape (patients, organs)."""

    involved: NDArray[np.bool_]
    measurable: NDArray[np.bool_]

    @property
    def has_targets(self) -> NDArray[np.bool_]:
        """Return who has measurable disease, shape (patients,)."""
        return np.asarray(self.measurable.any(axis=1))


def draw_burden(scenario: Scenario, chance: Chance, trial: NDArray[np.int64], who: NDArray[np.int64]) -> Burden:
    """Draw the organs of each patient; a patient without any has lesions in ``lesions.otherwise``."""
    organs = scenario.lesions.organs
    uniform = chance.uniforms("burden", trial, who, 2 * len(organs))
    involved = uniform[:, ::2] < [organ.share for organ in organs.values()]
    involved[~involved.any(axis=1), list(organs).index(scenario.lesions.otherwise)] = True
    measurable = involved & (uniform[:, 1::2] < [organ.measurable for organ in organs.values()])
    return Burden(involved, measurable)
