"""Total calcium corrected for albumin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.derive.laboratory_units import convert, unit_factor
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

__all__ = ["corrected_calcium"]

NORMAL_ALBUMIN = 40
"""Grams per liter at which nothing is corrected (Payne et al. 1973, Br Med J 4:643)."""
PER_GRAM = 0.02
"""Millimoles of calcium per liter for each gram of albumin per liter below that."""


def corrected_calcium(results: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the results with a row of ``corrected calcium`` for each ``calcium`` with an albumin of the same day.

    Corrected calcium (mmol/L) = calcium + 0.02 x (40 - albumin in g/L) (Payne et al. 1973), in the unit and with the
    limits of the calcium; ``source`` names both records. Ten decimals are kept. A calcium without an albumin of its
    subject, specimen and day, or in a unit that is not known, is listed as a finding and not corrected.
    """
    import polars as pl

    day = ["subject", "specimen", "sampled_on"]
    albumin = results.filter((pl.col("test") == "albumin") & pl.col("value").is_not_null()).sort("number")
    named = albumin.unique(day, keep="last", maintain_order=True).select(
        *day, _albumin="value", _albumin_unit="unit", _albumin_source="source"
    )
    calcium = results.filter((pl.col("test") == "calcium") & pl.col("value").is_not_null())
    pairs = calcium.join(named, on=day, how="left", nulls_equal=True)
    rows = [_row(pair) for pair in pairs.iter_rows(named=True)]
    made = pl.DataFrame([row for row in rows if isinstance(row, dict)], schema=results.schema, orient="row")
    return pl.concat([results, made]), tuple(_left_out(rows))


def _row(pair: dict[str, Any]) -> dict[str, Any] | Finding:
    value = _corrected(pair)
    if isinstance(value, str):
        return Finding("laboratory", pair["source"], "calcium can be corrected", value)
    kept = {name: cell for name, cell in pair.items() if not name.startswith("_")}
    sources = f"{pair['source']}; {pair['_albumin_source']}"
    return kept | {"test": "corrected calcium", "value": value, "text": None, "source": sources}


def _corrected(pair: dict[str, Any]) -> float | str:
    """Return the corrected calcium in the unit of the calcium, or why there is none."""
    if pair["_albumin"] is None:
        return "no albumin of the same day; not graded"
    unit, albumin_unit = pair["unit"], pair["_albumin_unit"]
    if not unit or unit_factor("calcium", "mmol/L", unit) is None:
        return f"the unit of calcium is {unit!r}; not graded"
    if not albumin_unit or unit_factor("albumin", albumin_unit, "g/L") is None:
        return f"the unit of albumin is {albumin_unit!r}; not graded"
    grams = convert("albumin", pair["_albumin"], albumin_unit, "g/L")
    added = convert("calcium", PER_GRAM * (NORMAL_ALBUMIN - grams), "mmol/L", unit)
    return round(float(pair["value"]) + added, 10)


def _left_out(rows: list[dict[str, Any] | Finding]) -> Iterator[Finding]:
    for row in rows:
        if isinstance(row, Finding):
            yield row
