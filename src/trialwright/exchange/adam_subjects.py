"""ADSL: each subject in one row, and the populations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from trialwright import derive
from trialwright.exchange.adam_rows import Study
from trialwright.exchange.adam_spec_subjects import ADSL, STRATA_HELD
from trialwright.exchange.countries import COUNTRY_CODES
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset
    from trialwright.records import TrialData

__all__ = ["adsl", "study_of"]

_STATED = {"AGE": "age", "SEX": "sex", "RACE": "race", "ETHNIC": "ethnicity"}
"""Screening data that have a variable of their own, by the name of the protocol's variable."""


def study_of(
    data: TrialData,
    arms: Mapping[str, str],
    prefix: str,
    proofs: Sequence[tuple[str, str]],
    last_dose: Literal["unless ongoing", "of complete records"],
) -> Study:
    """Return the study with a row for each subject, from which every dataset takes identifiers and treatment.

    ``arms`` holds the labels of the arms; ``prefix`` makes a subject number unique beyond the study.
    """
    import polars as pl

    found = derive.subjects(data, proofs, last_dose)
    planned = pl.col("arm").replace(dict(arms))
    return Study(
        data.study.upper(),
        found.with_columns(
            USUBJID=pl.format("{}{}", pl.lit(prefix), "subject"),
            TRTP=planned,
            TRTA=pl.when(pl.col("first_dose").is_not_null()).then(planned),
        ),
    )


def adsl(study: Study, data: TrialData, responses: Dataset, true_strata: pl.DataFrame | None) -> Dataset:
    """Return ADSL; ``responses`` is ADRS, which tells who had measurable disease at baseline.

    ``true_strata`` are the rows of ``derive.true_strata``, where there is a protocol.
    """
    import polars as pl

    measured = responses.rows.filter(pl.col("PARAMCD") == "MDIS", pl.col("AVALC") == "Y")["USUBJID"]
    randomized, treated = pl.col("randomized_on").is_not_null(), pl.col("first_dose").is_not_null()
    ended, left = pl.col("treatment_ended_on").is_not_null(), pl.col("study_ended_on").is_not_null()
    rows = study.subjects.join(_stated(data), on="subject", how="left").with_columns(
        STUDYID=pl.lit(study.id),
        SUBJID="subject",
        SITEID="site",
        COUNTRY=pl.col("country").replace(COUNTRY_CODES),
        AGEU=pl.when(pl.col("AGE").is_not_null()).then(pl.lit("YEARS")),
        ARM=pl.when(randomized).then("TRTP").otherwise(pl.lit("SCREEN FAILURE")),
        TRT01P="TRTP",
        TRT01A="TRTA",
        RANDFL=_answer(randomized),
        ITTFL=_answer(randomized),
        SAFFL=_answer(randomized & treated),
        MDISFL=_answer(pl.col("USUBJID").is_in(measured.to_list())),
        RFICDT="screened_on",
        RANDDT="randomized_on",
        TRTSDT="first_dose",
        TRTEDT="last_dose",
        TRTDURD=(pl.col("last_dose") - pl.col("first_dose")).dt.total_days() + 1,
        EOTSTT=pl.when(treated & (ended | ~left)).then(_status(ended, "treatment_ended_why")),
        EOTDT="treatment_ended_on",
        DCTREAS=_reason("treatment_ended_why"),
        EOSSTT=pl.when(randomized).then(_status(left, "study_ended_why")),
        EOSDT="study_ended_on",
        DCSREAS=_reason("study_ended_why"),
        DTHFL=pl.when(pl.col("died_on").is_not_null()).then(pl.lit("Y")),
        DTHDT="died_on",
        DTHCAUS=pl.col("cause").str.to_uppercase(),
        LSTALVDT="alive_on",
    )
    rows = rows.join(_strata(data, true_strata), on="subject", how="left")
    return built(ADSL, rows.select(variable.name for variable in ADSL.variables if variable.name in rows.columns))


def _answer(holds: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(holds).then(pl.lit("Y")).otherwise(pl.lit("N"))


def _status(ended: pl.Expr, why: str) -> pl.Expr:
    import polars as pl

    completed = pl.when(pl.col(why) == "completed").then(pl.lit("COMPLETED")).otherwise(pl.lit("DISCONTINUED"))
    return pl.when(ended).then(completed).otherwise(pl.lit("ONGOING"))


def _reason(why: str) -> pl.Expr:
    import polars as pl

    return pl.when(pl.col(why) != "completed").then(pl.col(why).str.to_uppercase())


def _stated(data: TrialData) -> pl.DataFrame:
    """Return what was said at screening of age, sex, race and ethnicity, by subject."""
    import polars as pl

    rows = data["answers"].filter(pl.col("variable").is_in(list(_STATED.values())), pl.col("value").is_not_null())
    found = data["answers"].select(pl.col("subject").unique())
    for name, variable in _STATED.items():
        one = rows.filter(pl.col("variable") == variable)
        values = [json.loads(value) for value in one["value"]]
        kind: type[pl.DataType] = pl.Int64 if name == "AGE" else pl.String
        said = [int(v) if name == "AGE" else str(v)[:1].upper() if name == "SEX" else str(v).upper() for v in values]
        made = pl.DataFrame({"subject": one["subject"], name: pl.Series(name, said, dtype=kind)})
        found = found.join(made, on="subject", how="left")
    return found


def _strata(data: TrialData, true: pl.DataFrame | None) -> pl.DataFrame:
    """Return the strata as allocation used them: all in one text, and each factor by itself up to the number held."""
    import polars as pl

    rows = data["strata"].sort("subject", "factor")
    said = pl.format("{}={}", "factor", "level").str.join("|").alias("STRATAR")
    found = rows.group_by("subject", maintain_order=True).agg(said)
    for place, factor in enumerate(sorted(rows["factor"].unique())[:STRATA_HELD], 1):
        level = rows.filter(pl.col("factor") == factor).select(
            "subject", pl.col("factor").alias(f"STRAT{place}D"), pl.col("level").alias(f"STRAT{place}R")
        )
        found = found.join(level, on="subject", how="left")
        if true is not None:
            verified = true.filter(pl.col("factor") == factor)
            named = verified.select("subject", pl.col("as_true").alias(f"STRAT{place}V"))
            found = found.join(named, on="subject", how="left")
    return found
