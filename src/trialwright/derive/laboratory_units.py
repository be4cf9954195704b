"""Units of laboratory results: spellings of the same unit, and exact factors between units of one substance.

Molar factors rest on molar masses from the standard atomic weights (IUPAC 2021); 1 ukat = 60 U (SI Brochure, 9th
edition, table 4, and the definition of the enzyme unit). Hemoglobin in mmol/L is counted per iron, 16,114.5 g/mol
(ICSH 1978). A factor that is not in the table does not exist: nothing is guessed.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

__all__ = ["convert", "decimal", "known_unit", "unit_factor"]

_SPELLINGS = {
    "10^9/L": ("10^9/l", "x10^9/l", "10e9/l", "x10e9/l", "x 10e9/l", "gi/l", "10*9/l", "10^3/ul",
               "10*3/ul", "10^3/mm3", "k/ul", "thou/ul", "x10e3/ul"),
    "10^6/L": ("10^6/l", "10*6/l", "/ul", "cells/ul", "/mm3", "cells/mm3", "mm^-3"),
    "U/L": ("u/l", "iu/l"),
    "ukat/L": ("ukat/l", "µkat/l", "μkat/l"),
    "nkat/L": ("nkat/l",),
    "g/L": ("g/l",),
    "g/dL": ("g/dl", "gm/dl"),
    "mg/dL": ("mg/dl",),
    "mg/L": ("mg/l",),
    "mmol/L": ("mmol/l",),
    "umol/L": ("umol/l", "µmol/l", "μmol/l"),
    "mEq/L": ("meq/l",),
    "ratio": ("ratio", "1", "inr", "fraction of 1"),
    "s": ("s", "sec", "seconds"),
}  # fmt: skip
_CANONICAL = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}

_PLAIN = {
    ("10^6/L", "10^9/L"): "0.001",
    ("g/dL", "g/L"): "10",
    ("mg/dL", "g/L"): "0.01",
    ("mg/L", "mg/dL"): "0.1",
    ("mg/L", "g/L"): "0.001",
    ("mg/dL", "g/dL"): "0.001",
    ("umol/L", "mmol/L"): "0.001",
    ("ukat/L", "U/L"): "60",
    ("nkat/L", "U/L"): "0.06",
}
"""Factors that hold for every substance."""

_MOLAR_MASS = {
    "cholesterol": "386.66",
    "glucose": "180.16",
    "fasting glucose": "180.16",
    "creatinine": "113.12",
    "bilirubin": "584.67",
    "urate": "168.11",
    "calcium": "40.078",
    "corrected calcium": "40.078",
    "ionized calcium": "40.078",
    "magnesium": "24.305",
    "phosphate": "30.974",
    "triglycerides": "885.45",
    "potassium": "39.098",
    "sodium": "22.990",
    "hemoglobin": "16114.5",
}
"""Grams per mole; phosphate as phosphorus, triglycerides as triolein, both as laboratories report them."""

_VALENCE = {"potassium": 1, "sodium": 1, "calcium": 2, "corrected calcium": 2, "ionized calcium": 2, "magnesium": 2}


def known_unit(unit: str | None) -> str | None:
    """Return the one spelling of a unit; None where it is not known, or there is none.

    >>> known_unit("K/uL"), known_unit("IU/L"), known_unit("furlong")
    ('10^9/L', 'U/L', None)
    """
    return None if unit is None else _CANONICAL.get(unit.strip().lower())


@lru_cache(maxsize=4096)
def unit_factor(test: str, unit: str, to: str) -> Decimal | None:
    """Return what to multiply a result by to have it in another unit; None where no factor is known.

    >>> unit_factor("creatinine", "mg/dL", "umol/L").quantize(Decimal("0.01"))
    Decimal('88.40')
    >>> unit_factor("albumin", "mg/dL", "mmol/L") is None
    True
    """
    own, wanted = known_unit(unit), known_unit(to)
    if own is None or wanted is None:
        return Decimal(1) if own is None and wanted is None and unit == to else None
    if own == wanted:
        return Decimal(1)
    return _plain(own, wanted) or _by_substance(test, own, wanted)


def convert(test: str, value: float, unit: str, to: str) -> float:
    """Return a result in another unit; ValueError where no factor between the units is known for the test.

    >>> convert("hemoglobin", 13.5, "g/dL", "g/L")
    135.0
    """
    factor = unit_factor(test, unit, to)
    if factor is None:
        units = ", ".join(_SPELLINGS)
        raise ValueError(f"{test}: there is no factor from {unit!r} to {to!r}; known units: {units}; correct the unit")
    return float(decimal(value) * factor)


@lru_cache(maxsize=65536)
def decimal(value: float) -> Decimal:
    """Return the decimal number that a float stands for, to the 15 digits that a float carries.

    A digit beyond the 15th is noise of some conversion, and must not decide a grade.

    >>> decimal(0.1) * 3, decimal(1.1 * 1.5)
    (Decimal('0.3'), Decimal('1.65'))
    """
    return Decimal(f"{value:.15g}")


def _plain(own: str, wanted: str) -> Decimal | None:
    if (own, wanted) in _PLAIN:
        return Decimal(_PLAIN[own, wanted])
    return 1 / Decimal(_PLAIN[wanted, own]) if (wanted, own) in _PLAIN else None


def _by_substance(test: str, own: str, wanted: str) -> Decimal | None:
    """Return the factor through mmol/L, from the molar mass or the valence of the substance."""
    out, back = _to_mmol(test, own), _to_mmol(test, wanted)
    return out / back if out and back else None


def _to_mmol(test: str, unit: str) -> Decimal | None:
    if unit == "mmol/L":
        return Decimal(1)
    if unit == "umol/L":
        return Decimal("0.001")
    if unit == "mEq/L":
        return 1 / Decimal(_VALENCE[test]) if test in _VALENCE else None
    grams = _plain(unit, "g/L") if unit != "g/L" else Decimal(1)
    if grams is None or test not in _MOLAR_MASS:
        return None
    return grams * 1000 / Decimal(_MOLAR_MASS[test])
