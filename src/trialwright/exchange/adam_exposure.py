"""ADEX: exposure to each drug over the whole treatment, and in each interval of constant dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trialwright.exchange.adam_rows import Study, numbered, with_subjects
from trialwright.exchange.adam_spec_safety import ADEX
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset
    from trialwright.records import TrialData

__all__ = ["adex"]

_OVERALL: Mapping[str, tuple[str, str, float, str | None]] = {
    "TDURD": ("Overall Duration", "days", 1, "days"),
    "TDOSE": ("Total Dose Administered", "total_dose", 1, None),
    "TPDOSE": ("Total Planned Dose", "planned_dose", 1, None),
    "AVDDSE": ("Average Daily Dose Administered", "average_dose", 1, None),
    "TDOSINT": ("Overall Dose Intensity", "dose_ratio", 100, "%"),
    "RDI": ("Relative Dose Intensity", "relative_dose_intensity", 100, "%"),
    "TCYC": ("Cycles Begun", "cycles", 1, "cycles"),
    "TRED": ("Dose Reductions", "reductions", 1, "changes"),
    "TINT": ("Dose Interruptions", "interruptions", 1, "changes"),
    "TDLY": ("Dose Delays", "delays", 1, "changes"),
}
"""Name, column of ``derive.exposure``, factor and unit of each parameter; no unit: that of the dose."""
_CHANGES = ("reductions", "increases", "interruptions", "delays")


def adex(study: Study, data: TrialData, exposure: pl.DataFrame) -> Dataset:
    """Return the rows of ``derive.exposure``, and the doses they come from, as ADEX."""
    import polars as pl

    units = data["doses"].group_by("subject", "intervention").agg(unit=pl.col("unit").drop_nulls().first())
    whole = exposure.join(units, on=["subject", "intervention"], how="left", maintain_order="left")
    parts = [_overall(whole, code) for code in _OVERALL]
    rows = pl.concat([*parts, _adjusted(whole), *_intervals(data)], how="diagonal_relaxed")
    made = numbered(with_subjects(study, rows), "PARAMCD", "EXTRT", "ASTDT")
    return built(ADEX, made.select([variable.name for variable in ADEX.variables]))


def _overall(rows: pl.DataFrame, code: str) -> pl.DataFrame:
    import polars as pl

    name, column, factor, unit = _OVERALL[code]
    return rows.select(
        *_common(code, name, "OVERALL"),
        ASTDT="first_dose",
        AENDT="last_dose",
        AVAL=pl.col(column).cast(pl.Float64) * factor,
        AVALC=pl.lit(None, dtype=pl.String),
        AVALU="unit" if unit is None else pl.lit(unit),
        REASON="why",
        SRCREC="source",
    )


def _adjusted(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    changes = pl.sum_horizontal(_CHANGES)
    return rows.select(
        *_common("TADJ", "Dose Adjusted During Study", "OVERALL"),
        ASTDT="first_dose",
        AENDT="last_dose",
        AVAL=changes.cast(pl.Float64),
        AVALC=_answer(changes > 0),
        AVALU=pl.lit("changes"),
        REASON="reasons",
        SRCREC="source",
    )


def _intervals(data: TrialData) -> list[pl.DataFrame]:
    """Return days, dose, planned dose and change of each record of a dose."""
    import polars as pl

    rows = data["doses"].with_columns(
        days=(pl.col("ended_on") - pl.col("started_on")).dt.total_days() + 1,
        source=pl.format("doses {} / intervention {} / cycle {}", "subject", "intervention", "cycle"),
    )
    changed = pl.col("change") != "none"
    made = {
        "DURD": ("Duration of the Dosing Interval", pl.col("days"), pl.lit("days")),
        "DOSE": ("Dose Administered in the Interval", pl.col("dose") * pl.col("days"), pl.col("unit")),
        "PLDOSE": ("Dose Planned for the Interval", pl.col("planned") * pl.col("days"), pl.col("unit")),
        "ADJ": ("Dose Adjusted in the Interval", changed.cast(pl.Float64), pl.lit(None, dtype=pl.String)),
    }
    return [
        rows.select(
            *_common(code, name, "INDIVIDUAL"),
            ASTDT="started_on",
            AENDT="ended_on",
            AVAL=value.cast(pl.Float64),
            AVALC=_answer(changed) if code == "ADJ" else pl.lit(None, dtype=pl.String),
            AVALU=unit,
            REASON="reason" if code == "ADJ" else pl.lit(None, dtype=pl.String),
            SRCREC="source",
        )
        for code, (name, value, unit) in made.items()
    ]


def _common(code: str, name: str, category: str) -> list[pl.Expr]:
    import polars as pl

    return [
        pl.col("subject"),
        pl.col("intervention").alias("EXTRT"),
        pl.lit(code).alias("PARAMCD"),
        pl.lit(name).alias("PARAM"),
        pl.lit(category).alias("PARCAT1"),
    ]


def _answer(holds: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(holds).then(pl.lit("Y")).otherwise(pl.lit("N"))
