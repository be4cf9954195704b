"""Treatment-emergent adverse events: the worst grade of each term in each treated patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["worst_grades"]


def worst_grades(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return subject, system, term, grade, started_on, why and source: one row per treated subject and term.

    An event is treatment-emergent when it starts on or after the first dose, and at most
    ``safety.window.days_after_last_dose`` days after the last. While the last cycle has no last day and the end of
    treatment is not recorded, treatment goes on and nothing is too late. Of two events of the same grade the earlier is
    the source.
    """
    import polars as pl

    window = protocol.safety.window.days_after_last_dose
    worst_first = emergent_events(data, protocol).sort(
        "subject", "term", "grade", "started_on", "number", descending=[False, False, True, False, False]
    )
    return worst_first.unique(["subject", "term"], keep="first", maintain_order=True).select(
        "subject",
        "system",
        "term",
        "grade",
        "started_on",
        why=pl.lit(f"worst grade from the first dose to {window} days after the last"),
        source=pl.format("adverse_events {} / number {}", "subject", "number"),
    )


def emergent_events(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return the treatment-emergent rows of ``adverse_events`` with the columns of ``treatment``."""
    import polars as pl

    window = pl.duration(days=protocol.safety.window.days_after_last_dose)
    late = pl.col("started_on") > pl.col("last_dose") + window
    joined = data["adverse_events"].join(treatment(data), on="subject", how="inner")
    return joined.filter((pl.col("started_on") >= pl.col("first_dose")) & (pl.col("ongoing") | ~late))


def treatment(data: TrialData) -> pl.DataFrame:
    """Return first and last dose of each treated subject, and whether treatment goes on."""
    import polars as pl

    ended = data["dispositions"].filter(pl.col("ended") == "treatment").select("subject", stopped=pl.lit(True))
    latest = pl.col("started_on") == pl.col("started_on").max()
    doses = data["doses"].group_by("subject", maintain_order=True)
    return (
        doses.agg(
            first_dose=pl.col("started_on").min(),
            last_dose=pl.max_horizontal(pl.col("started_on").max(), pl.col("ended_on").max()),
            unfinished=(latest & pl.col("ended_on").is_null()).any(),
        )
        .join(ended, on="subject", how="left")
        .with_columns(ongoing=pl.col("unfinished") & pl.col("stopped").is_null())
    )
