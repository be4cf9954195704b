"""ADTR: the diameters of target lesions, their sums, and the changes from baseline and nadir."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright import derive
from trialwright.exchange.adam_rows import Study, evaluator_name, flagged, numbered, study_day, visit, with_subjects
from trialwright.exchange.adam_spec_efficacy import ADTR
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive import Derived, Plan
    from trialwright.exchange.datasets import Dataset
    from trialwright.records import TrialData

__all__ = ["adtr"]

TENTHS = 10
"""Tenths of a millimeter in a millimeter."""


def adtr(study: Study, data: TrialData, derived: Derived, plan: Plan) -> Dataset:
    """Return diameters and sums as ADTR, in mm; one parameter for each place of a lesion in the list of targets."""
    import polars as pl

    evaluators = plan.assessments.evaluators
    seen = _measured(data, evaluators)
    rows = pl.concat([_sums(_responses(data, derived, plan), seen), _diameters(seen)], how="diagonal_relaxed")
    ends = {who: f"R{place}" for place, who in enumerate(evaluators, 1)}
    end = pl.col("evaluator").replace_strict(ends, return_dtype=pl.String)
    short = pl.col("code").str.replace("LDIAM", "LDIA")  # 8 letters, the reader's two among them
    rows = with_subjects(study, rows).with_columns(
        PARAMCD=pl.when(end == "R1").then("code").otherwise(short + end),
        PARAM=pl.format("{} by {}", "name", pl.col("evaluator").map_elements(evaluator_name, pl.String)),
        PARCAT1=pl.lit("Target Lesion(s)"),
        PARCAT2=pl.col("evaluator").map_elements(evaluator_name, pl.String),
        PARCAT3=pl.lit("RECIST 1.1"),
        ADY=study_day("ADT", "randomized_on"),
        AVISIT=visit("number"),
        AVISITN="number",
    )
    rows = _compared(numbered(rows, "PARAMCD", "ADT", "AVISITN"))
    return built(ADTR, rows.select([variable.name for variable in ADTR.variables]))


def _responses(data: TrialData, derived: Derived, plan: Plan) -> pl.DataFrame:
    """Return the responses with their sums; where those are the recorded ones, sums come from the lesions."""
    import polars as pl

    if plan.assessments.responses == "from lesions":
        return derived.responses
    found = pl.concat([derive.response(data, plan, who) for who in plan.assessments.evaluators])
    recorded = derived.responses.select("subject", "evaluator", "assessed_on", "response").drop_nulls()
    day = ["subject", "evaluator", "assessed_on"]
    return found.drop("response").join(recorded, on=day, how="left", maintain_order="left")


def _measured(data: TrialData, evaluators: Sequence[str]) -> pl.DataFrame:
    """Return each measurement of a target lesion with the place of the lesion in its patient's list."""
    import polars as pl

    whose = ["subject", "evaluator"]
    chosen = (pl.col("role") == "target") & pl.col("evaluator").is_in(list(evaluators))
    targets = data["lesions"].filter(chosen).sort(*whose, "lesion")
    placed = targets.with_columns(place=pl.int_range(1, pl.len() + 1).over(whose))
    listed = placed.select(*whose, "lesion", "place", "node", LSEXP=pl.col("lesion").str.join(", ").over(whose))
    known = pl.col("diameter").is_not_null()
    return data["measurements"].join(listed, on=[*whose, "lesion"], how="inner").filter(known)


def _diameters(seen: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return seen.select(
        "subject",
        "evaluator",
        "number",
        "LSEXP",
        code=pl.format("{}DIAM{}", pl.when("node").then(pl.lit("NL")).otherwise(pl.lit("L")), "place"),
        name=pl.format(
            "Target Lesion {} {}", "place", pl.when("node").then(pl.lit("Short Axis")).otherwise(pl.lit("Diameter"))
        ),
        ADT="assessed_on",
        AVAL=pl.col("diameter") / TENTHS,
        LSASS="lesion",
        SRCREC=pl.format("measurements {} / number {} / lesion {}", "subject", "number", "lesion"),
    )


def _sums(responses: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Return the sums of ``derive.response``; who had no target lesion measured at an assessment has no row for it."""
    import polars as pl

    key = ["subject", "evaluator", "number"]
    measured = seen.sort(*key, "place").group_by(key, maintain_order=True)
    assessed = measured.agg(
        ADT=pl.col("assessed_on").min(), LSEXP=pl.col("LSEXP").first(), LSASS=pl.col("lesion").str.join(", ")
    )
    rows = responses.join(assessed, on=key, how="inner")
    return rows.select(
        *key,
        "ADT",
        "LSEXP",
        "LSASS",
        "complete",
        "response",
        code=pl.lit("SDIAM"),
        name=pl.lit("Target Lesions Sum of Diameters"),
        AVAL=pl.col("sum") / TENTHS,
        NADIR=pl.col("nadir") / TENTHS,
        SRCREC="source",
    )


def _compared(rows: pl.DataFrame) -> pl.DataFrame:
    """Compare each value with baseline and nadir; flags of completeness, best change and progression are of sums."""
    import polars as pl

    whose = ["USUBJID", "PARAMCD"]
    is_sum, baseline = pl.col("code") == "SDIAM", pl.col("number") == 0
    base = pl.col("AVAL").filter(baseline).last().over(whose)
    progressed = pl.col("ADT").filter(pl.col("response") == "PD").min().over(whose)
    found = rows.with_columns(
        BASE=base,
        CHG=_difference("AVAL", base),
        PCHG=_percent("AVAL", base),
        CHGNAD=_difference("AVAL", pl.col("NADIR")),
        PCHGNAD=_percent("AVAL", pl.col("NADIR")),
        ABLFL=flagged(baseline),
        ANL01FL=flagged(~is_sum | pl.col("complete")),
        ANL03FL=flagged(is_sum & pl.col("complete") & (progressed.is_null() | (pl.col("ADT") < progressed))),
        PDFL=flagged(is_sum & (pl.col("response") == "PD")),
    )
    eligible = is_sum & (pl.col("number") > 0) & pl.col("complete") & pl.col("PCHG").is_not_null()
    lowest = eligible & (pl.col("PCHG") == pl.col("PCHG").filter(eligible).min().over(whose))
    first = pl.col("ASEQ") == pl.col("ASEQ").filter(lowest).min().over(whose)
    return found.with_columns(ANL02FL=flagged(lowest & first))


def _difference(value: str, reference: pl.Expr) -> pl.Expr:
    """Return a difference of values in tenths, free of the noise of binary fractions."""
    import polars as pl

    return (pl.col(value) - reference).round(1)


def _percent(value: str, reference: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(reference > 0).then(100 * _difference(value, reference) / reference)
