"""What SDTM has no variable for and supplemental qualifiers hold: written and read by one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.exchange.sdtm_source import Source

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LESION_QUALIFIERS", "with_qualifiers"]

LESION_QUALIFIERS = {
    "PREVIR": ("irradiated", "Previously Irradiated"),
    "PREVIRP": ("grown_since", "Irradiated then Subsequent Progression"),
    "SOFTTIS": ("soft_tissue", "Bone Lesion with Soft Tissue Part"),
    "SPLITFRM": ("split_from", "Lesion that Split"),
    "MERGEDTO": ("merged_into", "Lesion it Merged into"),
    "NODE": ("node_told", "Assessed as Lymph Node"),
}
"""QNAM of SUPPTU: column of the table of lesions, and label; NODE stands only where the location says otherwise."""
_TEXTS = ("split_from", "merged_into")


def with_qualifiers(source: Source, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of TU, which have TUSEQ, with the columns that SUPPTU holds; null where it says nothing."""
    import polars as pl

    held = source.rows("SUPPTU", "IDVARVAL", "QNAM", "QVAL")
    columns = [column for column, _ in LESION_QUALIFIERS.values()]
    if held is None or held.is_empty():
        return rows.with_columns(pl.lit(None, _kind(column)).alias(column) for column in columns)
    values = [
        _value(column, pl.col("QVAL").filter(pl.col("QNAM") == code).first()).alias(column)
        for code, (column, _) in LESION_QUALIFIERS.items()
    ]
    keyed = held.with_columns(pl.col("IDVARVAL").cast(pl.Float64, strict=False).alias("TUSEQ"))
    wide = keyed.group_by("subject", "TUSEQ").agg(values)
    told = rows.with_columns(pl.col("TUSEQ").cast(pl.Float64, strict=False))
    return told.join(wide, on=["subject", "TUSEQ"], how="left", maintain_order="left")


def _kind(column: str) -> pl.DataType:
    import polars as pl

    return pl.String() if column in _TEXTS else pl.Boolean()


def _value(column: str, text: pl.Expr) -> pl.Expr:
    return text if column in _TEXTS else text == "Y"
