"""ADAE: adverse events with whole dates, whether they are treatment-emergent, and which are first or worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.exchange.adam_rows import Study, flagged, with_subjects
from trialwright.exchange.adam_spec_safety import ADAE
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset

__all__ = ["adae"]

_FLAGS = {
    "TRTEMFL": "emergent",
    "AOCCFL": "first",
    "AOCCSFL": "first_in_system",
    "AOCCPFL": "first_of_term",
    "AOCCIFL": "worst",
    "AOCCPIFL": "worst_of_term",
}
"""Flags by the mark of ``derive.adverse_events`` that they are."""


def adae(study: Study, events: pl.DataFrame) -> Dataset:
    """Return the rows of ``derive.adverse_events`` as ADAE."""
    import polars as pl

    serious = pl.when(pl.col("serious")).then(pl.lit("Y")).when(~pl.col("serious")).then(pl.lit("N"))
    recorded = {
        which: pl.coalesce(f"{which}_as", pl.when(pl.col(flag).is_null()).then(pl.col(f"{which}_on").cast(pl.String)))
        for which, flag in (("started", "start_flag"), ("ended", "end_flag"))
    }
    rows = with_subjects(study, events).with_columns(
        AESEQ="number",
        AETERM=pl.coalesce("verbatim", "term"),
        AEDECOD="term",
        AEBODSYS="system",
        AESTDTC=recorded["started"],
        ASTDT="started_on",
        ASTDTF="start_flag",
        AEENDTC=recorded["ended"],
        AENDT="ended_on",
        AENDTF="end_flag",
        ASTDY="start_day",
        AENDY="end_day",
        ADURN="days",
        ADURU=pl.when(pl.col("days").is_not_null()).then(pl.lit("DAYS")),
        AESER=serious,
        AESEV=pl.col("severity").str.to_uppercase(),
        ATOXGR=pl.col("grade").cast(pl.String),
        ATOXGRN="grade",
        AEREL="related",
        AEACN="action",
        AEOUT="outcome",
        REASON="why",
        SRCREC="source",
        **{name: flagged(pl.col(mark)) for name, mark in _FLAGS.items()},
    )
    return built(ADAE, rows.select([variable.name for variable in ADAE.variables]))
