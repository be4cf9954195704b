"""What boundaries promise: power, size and expected information.

Jennison and Turnbull (2000, chapters 7 and 10). The drift is the mean of z when all planned information is in:
-log(hazard ratio) sqrt(d p1 p2) for a log-rank test with d planned events and shares p1, p2 of the arms (Schoenfeld
1981).
"""

from __future__ import annotations

import numpy as np

from trialwright.design.boundaries import Boundaries
from trialwright.design.recursion import Crossing, crossing_probabilities
from trialwright.design.rising_root import rising_root

__all__ = ["drift_for_power", "expected_information", "group_sequential_power", "inflation_factor"]


def group_sequential_power(boundaries: Boundaries, drift: float) -> Crossing:
    """Return the chances to stop at each look under this drift, futility bounds being kept; power is their sum above.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> found = group_sequential_power(plan, 2.8)
    >>> round(sum(found.above), 4)
    0.7962
    """
    return crossing_probabilities(
        boundaries.information, boundaries.lower, boundaries.upper, drift=drift, inner=boundaries.inner
    )


def drift_for_power(boundaries: Boundaries, power: float) -> float:
    """Return the drift under which the chance of success, on the side of the effect, is ``power``.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(drift_for_power(plan, 0.8) ** 2, 6)
    7.915184
    """
    from scipy.special import ndtri

    at_null = sum(group_sequential_power(boundaries, 0.0).above)
    if not at_null < power < 1:
        raise ValueError(f"power must be in ({at_null:.4g}, 1), above the type I error; got {power}")
    fixed = float(ndtri(power) - ndtri(boundaries.alpha / boundaries.sides))
    return rising_root(lambda drift: sum(group_sequential_power(boundaries, drift).above) - power, fixed)


def inflation_factor(boundaries: Boundaries, power: float) -> float:
    """Return the planned information relative to that of a trial of the same level and power with one look.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(inflation_factor(plan, 0.8), 8)
    1.00844764
    """
    from scipy.special import ndtri

    fixed = float(ndtri(1 - boundaries.alpha / boundaries.sides) + ndtri(power))
    return (drift_for_power(boundaries, power) / fixed) ** 2


def expected_information(boundaries: Boundaries, drift: float) -> float:
    """Return the mean fraction of the planned information at which the trial stops.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(expected_information(plan, 0.0), 6)
    0.998489
    """
    found = group_sequential_power(boundaries, drift)
    t = np.array(boundaries.information)
    stops = np.sum([chances[:-1] for chances in (found.above, found.below, found.within) if chances], axis=0)
    return float(t[-1] - stops @ (t[-1] - t[:-1]))
