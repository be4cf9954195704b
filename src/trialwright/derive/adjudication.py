"""The accepted reading: of each time point the responses of the evaluator whom adjudication accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["accepted_responses"]


def accepted_responses(data: TrialData, responses: pl.DataFrame, name: str = "accepted") -> pl.DataFrame:
    """Return the responses of accepted assessments under one evaluator's ``name``, their records and reasons unchanged.

    Each reader's response is derived from his or her own lesions, sums and nadirs first, and only then chosen: readers
    never mix within one response. The baseline of a subject is that of the reader accepted first. ``responses`` holds
    those of every reader (``response``, put together); ``assessments.accepted`` says whose count. A time point without
    an accepted reader has no row; one with two is a finding of ``tumor_checks``, and the first by name counts.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> from trialwright.derive import response
    >>> none = TrialData.from_rows("", {}, virtual=True)
    >>> accepted_responses(none, response(none, load(study_names()[0]))).height
    0
    """
    import polars as pl

    chosen = data["assessments"].filter(pl.col("accepted")).sort("subject", "number", "evaluator")
    chosen = chosen.unique(["subject", "number"], keep="first", maintain_order=True)
    keys = pl.concat([chosen.select("subject", "evaluator", "number"), _baselines(chosen)])
    rows = responses.join(keys, on=["subject", "evaluator", "number"], how="semi", maintain_order="left")
    return rows.with_columns(evaluator=pl.lit(name)).sort("subject", "assessed_on", "number")


def _baselines(chosen: pl.DataFrame) -> pl.DataFrame:
    """Return the baseline of the reader accepted first, for subjects whose baseline names no accepted reader."""
    import polars as pl

    named = chosen.filter(pl.col("number") == 0)
    first = chosen.unique("subject", keep="first", maintain_order=True).with_columns(number=pl.lit(0, pl.Int64))
    return first.join(named, on="subject", how="anti").select("subject", "evaluator", "number")
