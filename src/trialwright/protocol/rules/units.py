"""Units of the rule language: a quantity is compared only with a quantity of the same dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["UNITS", "Unit", "tidy", "unit_of"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension and how many of the dimension's base unit it is (a whole number)."""

    name: str
    dimension: str
    scale: int


UNITS: Final[dict[str, Unit]] = {
    unit.name: unit
    for unit in (
        Unit("d", "days", 1),
        Unit("wk", "days", 7),
        Unit("mo", "calendar months", 1),
        Unit("y", "calendar months", 12),
        Unit("mg", "mass", 1),
        Unit("g", "mass", 1000),
        Unit("%", "percent", 1),
        Unit("mm", "length", 1),
        Unit("cm", "length", 10),
        Unit("10^9/L", "cells per volume", 1),
        Unit("g/L", "mass per volume", 1),
        Unit("g/dL", "mass per volume", 10),
        Unit("mL/min", "clearance", 1),
        Unit("ULN", "upper limits of normal", 1),
    )
}

_NO_UNIT: Final = Unit("", "number", 1)
_EXACT: Final = 2.0**53
_GRAIN: Final = 1e9


def unit_of(name: str | None) -> Unit:
    """Return the unit of that name; None is a bare number.

    >>> unit_of("wk").scale
    7
    """
    if not name:
        return _NO_UNIT
    if name not in UNITS:
        raise ValueError(f"unit {name!r} is not known; known units: {', '.join(UNITS)}")
    return UNITS[name]


def tidy(value: float) -> float:
    """Round to 1e-9, so that a conversion or a sum does not miss a threshold by the last bit.

    The same operations in the same order as for arrays (``columns.tidy_array``), so both engines agree to the bit.

    >>> 1.005 * 1000 == 1005, tidy(1.005 * 1000) == 1005
    (False, True)
    """
    fine = value * _GRAIN
    return round(fine) / _GRAIN if abs(fine) < _EXACT else value
