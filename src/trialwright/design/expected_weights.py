"""What the weights of the log-rank family come near to in many patients, at each time since entry.

The test takes them from its data, arms together: S is then the Kaplan-Meier estimate of a stratum (of all patients when
not stratified), which follows the events among those at risk, not the survival of those randomized; the two differ
where the arms leave at different rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.design.expected_course import Pair
from trialwright.design.quadrature import Grid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trialwright.stats import Weight

    Reals = NDArray[np.float64]

__all__ = ["expected_weight", "follows_the_calendar", "kinks"]


def expected_weight(weight: Weight | None, grid: Grid, pair: Pair) -> Reals:
    """Return the weight at each node [M]; 1 without one. ValueError for a weight of which no limit is known."""
    import numpy as np

    from trialwright.stats import FlemingHarrington, Gehan, ModestlyWeighted, PetoPeto, TaroneWare

    match weight:
        case None:
            return np.ones_like(grid.at)
        case FlemingHarrington(rho=rho, gamma=gamma):
            survival = _survival(grid, pair)
            return np.asarray(survival**rho * (1 - survival) ** gamma)
        case Gehan():
            return pair[0].risk + pair[1].risk
        case TaroneWare():
            return np.sqrt(pair[0].risk + pair[1].risk)
        case PetoPeto():
            return _survival(grid, pair)
        case ModestlyWeighted():
            survival = _survival(grid, pair)
            return 1 / np.maximum(survival, _floor(weight, grid, survival))
    raise ValueError(
        "weight must be FlemingHarrington, Gehan, TaroneWare, PetoPeto or ModestlyWeighted of trialwright.stats; "
        f"got {weight!r}"
    )


def follows_the_calendar(weight: Weight | None) -> bool:
    """Tell whether the weight at a time since entry changes while more patients enter."""
    from trialwright.stats import Gehan, TaroneWare

    return isinstance(weight, Gehan | TaroneWare)


def kinks(weight: Weight | None, grid: Grid, pairs: list[Pair]) -> list[float]:
    """Return the times at which a weight stops being smooth, as near as the grid tells."""
    import numpy as np

    from trialwright.stats import ModestlyWeighted

    if not isinstance(weight, ModestlyWeighted):
        return []
    if weight.until is not None:
        return [weight.until]
    least = weight.at_least
    return [float(np.interp(-(least or 0.0), -_survival(grid, pair), grid.at)) for pair in pairs]


def _floor(weight: object, grid: Grid, survival: Reals) -> float:
    import numpy as np

    at_least, until = getattr(weight, "at_least", None), getattr(weight, "until", None)
    if at_least is not None:
        return float(at_least)
    # The grid is cut at ``until``; beyond the longest follow-up the floor is never reached.
    assert until is not None
    before, after = int(np.searchsorted(grid.at, until)) - 1, int(np.searchsorted(grid.at, until))
    if before < 0:
        return 1.0
    if after == len(grid.at):
        return 0.0
    return float(np.exp(np.interp(until, grid.at[[before, after]], np.log(survival[[before, after]]))))


def _survival(grid: Grid, pair: Pair) -> Reals:
    import numpy as np

    hazard = (pair[0].failing + pair[1].failing) / (pair[0].risk + pair[1].risk)
    return np.exp(-grid.until(hazard))
