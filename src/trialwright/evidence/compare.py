"""Published beside found: each claim with the number of our own that answers it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.results import Result, Results
from trialwright.stats import DAYS_PER_MONTH, DAYS_PER_WEEK

if TYPE_CHECKING:
    from trialwright.evidence.claims import Link

__all__ = ["Compared", "Replayed", "compare", "published"]

PER_UNIT = {
    "days": {"months": 1 / DAYS_PER_MONTH, "weeks": 1 / DAYS_PER_WEEK, "days": 1.0},
    "share": {"percent": 100.0, "%": 100.0, "share": 1.0, "": 1.0},
}
"""Unit of a result: unit of a claim: factor."""
IMPLIED = {"months": "days", "weeks": "days", "percent": "share", "%": "share"}
"""Unit of a claim: unit of a result that does not say, for times are days and rates shares."""


@dataclass(frozen=True)
class Replayed:
    """Where a published value lies among those of many virtual trials, in the claim's unit."""

    replays: int
    estimable: int
    """Replays that gave a finite number; in the others it was not reached or could not be estimated."""
    mean: float | None
    """Over the estimable replays."""
    low: float | None
    """5 % quantile; None where that replay did not reach the number."""
    high: float | None
    """95 % quantile; None where that replay did not reach the number."""
    place: float | None
    """Share of replays below the published value, those that print the same counting half; None for a text."""
    median: float | None = None
    """50 % quantile: the middle of P values, whose mean says nothing; None where that replay did not reach it."""


@dataclass(frozen=True)
class Compared:
    """One claim beside what was found, in the claim's unit and with its decimals."""

    claim: Claim
    key: str
    """Key of the result."""
    published: str
    found: float | None
    lower: float | None
    upper: float | None
    shown: str
    """What was found, as the claim would print it; empty where there is nothing."""
    problem: str | None
    """Why nothing was found."""
    replayed: Replayed | None


def compare(claims: Claims, results: Results, replays: Mapping[str, ArrayLike] | None = None) -> tuple[Compared, ...]:
    """Return one row for each claim that names a result, in the order of the ledger.

    ``replays`` gives, for the key of a result, its value in each of many virtual trials, shape (trials,), in the unit
    of the result: infinity where it was not reached (a median beyond follow-up), NaN where it could not be estimated.
    Days become months of 365.25/12 days and shares percent, where the claim is printed so. ValueError when a result
    has a unit that cannot become the claim's.
    """
    found = {row.key: row for row in results}
    linked = [(claim, claim.result) for claim in claims.claims if claim.result is not None]
    return tuple(_compared(claim, found.get(link.key), link, (replays or {}).get(link.key)) for claim, link in linked)


def _compared(claim: Claim, row: Result | None, link: Link, values: ArrayLike | None) -> Compared:
    factor = _factor(claim, row.unit if row else "")
    value, lower, upper = (_scaled(getattr(row, name, None), factor) for name in ("value", "lower", "upper"))
    problem = f"there is no result {link.key}" if row is None else row.problem
    replayed = None if values is None else _replayed(claim, np.asarray(values, dtype=float) * factor)
    shown = _shown(claim, [value, lower, upper])
    return Compared(claim, link.key, published(claim), value, lower, upper, shown, problem, replayed)


def published(claim: Claim) -> str:
    """Return a claim as it was printed: value, interval, unit.

    >>> published(Claim(id="x", label="", cited="s", kind="reported", cut="", value=4.9, lower=3.6, upper=6.1))
    '4.9 (3.6-6.1)'
    """
    return _shown(claim, [claim.value, claim.lower, claim.upper])


def _shown(claim: Claim, numbers: Sequence[float | str | None]) -> str:
    value, lower, upper = (_printed(number, claim.printed_decimals) for number in numbers)
    return f"{value} ({lower or 'not reached'}-{upper or 'not reached'})" if value and (lower or upper) else value


def _printed(number: float | str | None, decimals: int) -> str:
    if number is None or isinstance(number, str):
        return number or ""
    return f"{number:.{decimals}f}"


def _factor(claim: Claim, unit: str) -> float:
    """Return what turns the result's unit into the claim's; a result without a unit is in days or is a share."""
    unit = unit or IMPLIED.get(claim.unit, "")
    kind = PER_UNIT.get(unit)
    if kind is None or unit == claim.unit:
        return 1.0
    if claim.unit not in kind:
        known = ", ".join(name for name in kind if name)
        raise ValueError(f"claim {claim.id} is printed in {claim.unit!r} and its result in {unit!r}; known: {known}")
    return kind[claim.unit]


def _scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _replayed(claim: Claim, values: NDArray[np.float64]) -> Replayed:
    known = values[~np.isnan(values)]
    finite = known[np.isfinite(known)]
    mean = float(finite.mean()) if finite.size else None
    low, middle, high = (_quantile(known, share) for share in (0.05, 0.5, 0.95))
    return Replayed(len(values), len(finite), mean, low, high, _place(claim, known), middle)


def _quantile(values: NDArray[np.float64], share: float) -> float | None:
    """Return the smallest value with at least that share at or below it: the one definition that allows infinity."""
    if not values.size:
        return None
    found = float(np.quantile(values, share, method="inverted_cdf"))
    return found if math.isfinite(found) else None


def _place(claim: Claim, values: NDArray[np.float64]) -> float | None:
    if not values.size or not isinstance(claim.value, int | float):
        return None
    half = 0.5 * 10.0**-claim.printed_decimals * (1 + 1e-9)
    same = np.abs(values - claim.value) <= half
    return float(((values < claim.value) & ~same).mean() + same.mean() / 2)
