"""Each subject in one row: consent, arm, doses, how treatment and study ended, death, last known alive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from trialwright.derive.course import PROOFS, last_alive
from trialwright.derive.exposure import treatment
from trialwright.derive.rows import frame

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["PROOFS", "SAFETY_PROOFS", "subjects"]

SAFETY_PROOFS = (
    ("adverse_events", "started_as"),
    ("adverse_events", "ended_as"),
    ("laboratory", "sampled_on"),
    ("doses", "ended_on"),
)
"""What proves life by the convention of the R packages' template: adverse events, laboratory and the last dose."""


def subjects(
    data: TrialData,
    proofs: Sequence[tuple[str, str]] = PROOFS,
    last_dose: Literal["unless ongoing", "of complete records"] = "unless ongoing",
) -> pl.DataFrame:
    """Return one row per subject screened or randomized, in the order of the subject numbers.

    Columns: subject, site, country, screened_on, arm, randomized_on, first_dose, last_dose, treatment_ended_on,
    treatment_ended_why, study_ended_on, study_ended_why, died_on, cause, alive_on and alive_source. ``last_dose`` is
    null while treatment goes on; ``of complete records`` it is the last day of those doses that have one, as in the R
    packages. ``proofs`` names the tables and columns whose dates prove a subject alive (see ``last_alive``); a death is
    none of them.

    >>> from trialwright.records import TrialData
    >>> subjects(TrialData.from_rows("", {}, virtual=True)).height
    0
    """
    screened = data["screened"].select("subject", "site", "country", "screened_on")
    allocated = data["allocations"].select("subject", "arm", "randomized_on")
    deaths = data["deaths"].select("subject", "died_on", "cause")
    found = screened.join(allocated, on="subject", how="full", coalesce=True)
    for table in (
        _doses(data, last_dose),
        _ended(data, "treatment"),
        _ended(data, "study"),
        deaths,
        _alive(data, proofs),
    ):
        found = found.join(table, on="subject", how="left")
    return found.sort("subject")


def _doses(data: TrialData, last_dose: str) -> pl.DataFrame:
    import polars as pl

    found = treatment(data)
    if last_dose == "unless ongoing":
        return found.select("subject", "first_dose", last_dose=pl.when(~pl.col("ongoing")).then("last_dose"))
    ends = data["doses"].group_by("subject").agg(last_dose=pl.col("ended_on").max())
    return found.select("subject", "first_dose").join(ends, on="subject", how="left")


def _ended(data: TrialData, what: str) -> pl.DataFrame:
    import polars as pl

    ends = data["dispositions"].filter(pl.col("ended") == what)
    return ends.select(
        "subject", pl.col("ended_on").alias(f"{what}_ended_on"), pl.col("reason").alias(f"{what}_ended_why")
    )


def _alive(data: TrialData, proofs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    found = last_alive(data, proofs)
    kinds = {"subject": "text", "alive_on": "date", "alive_source": "text"}
    return frame(kinds, ((subject, proof.on, proof.source) for subject, proof in found.items()))
