"""Probability of success: power averaged over what is known of the effect before a trial.

Assurance: O'Hagan, Stevens, Campbell (2005, Pharm Stat 4:187-201). After an interim look the data so far have joined
the prior: :func:`trialwright.design.predictive_power` (Saint-Hilary et al. 2019, Stat Methods Med Res 28:2034-2046).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.design.boundaries import Boundaries
from trialwright.design.priors import NormalPrior
from trialwright.design.recursion import Crossing, leave_at

__all__ = ["assurance"]

Array = Any


def assurance(boundaries: Boundaries, prior: NormalPrior) -> Crossing:
    """Return the chances to stop at each look averaged over the prior; their sum above is the assurance.

    Futility bounds are kept. The ``drift`` of the answer is the mean of the prior.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> prior = NormalPrior.of_hazard_ratio(0.59, 0.25, events=127, ratio=2)
    >>> round(sum(assurance(plan, prior).above), 4)
    0.6918
    """
    t, lower, upper = (np.array(v) for v in (boundaries.information, boundaries.lower, boundaries.upper))
    inner = np.array(boundaries.inner)
    path = prior.averaged(t, lower, upper, (-inner, inner) if len(inner) else None)
    try:
        chances = leave_at(*path, 0.0)
    except ValueError:
        raise ValueError(f"a prior of sd {prior.sd:g} on the drift is too flat to average over; narrow it") from None
    return Crossing(prior.mean, *(tuple(chance.tolist()) for chance in chances))
