"""Which organs carry lesions at baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.simulate.world import Candidates

__all__ = ["Burden", "draw_burden"]


@dataclass(frozen=True)
class Burden:
    """Organs involved, in the scenario's order; arrays of shape (candidates, organs)."""

    involved: NDArray[np.bool_]
    measurable: NDArray[np.bool_]

    @property
    def has_targets(self) -> NDArray[np.bool_]:
        """Return who has measurable disease, shape (candidates,)."""
        return np.asarray(self.measurable.any(axis=1))


def draw_burden(candidates: Candidates) -> Burden:
    """Draw the organs of each candidate; one without any has lesions in ``lesions.otherwise``."""
    plan = candidates.world.scenario.lesions
    uniform = candidates.uniforms("burden", 2 * len(plan.organs))
    involved = uniform[:, ::2] < [organ.share for organ in plan.organs.values()]
    involved[~involved.any(axis=1), list(plan.organs).index(plan.otherwise)] = True
    measurable = involved & (uniform[:, 1::2] < [organ.measurable for organ in plan.organs.values()])
    return Burden(involved, measurable)
