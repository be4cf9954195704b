"""ADLB: laboratory results against baseline and normal range, with their grades in both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trialwright.exchange.adam_rows import Study, flagged, numbered, own_code, with_subjects
from trialwright.exchange.adam_spec_safety import ADLB
from trialwright.exchange.sdtm_settings import SdtmSettings
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset

__all__ = ["adlb"]

_KEY = ["test", "specimen", "unit"]
_FLAGS = {"ABLFL": "is_baseline", "ONTRTFL": "on_treatment", "LVOTFL": "last_on_treatment"}


def adlb(study: Study, results: pl.DataFrame) -> Dataset:
    """Return the rows of ``derive.laboratory`` as ADLB; another unit or specimen is another parameter."""
    import polars as pl

    named = results.join(_parameters(results), on=_KEY, how="left", nulls_equal=True, maintain_order="left")
    rows = with_subjects(study, named).with_columns(
        ADT="sampled_on",
        ADY="study_day",
        AVISIT="visit",
        AVAL="value",
        AVALC="text",
        BASE="base",
        CHG="change",
        PCHG="percent_change",
        ANRLO="low",
        ANRHI="high",
        ANRIND=pl.col("range").str.to_uppercase(),
        BNRIND=pl.col("base_range").str.to_uppercase(),
        ATOXGRLN="grade_low",
        ATOXGRHN="grade_high",
        BTOXGRLN="base_grade_low",
        BTOXGRHN="base_grade_high",
        ATOXDSCL="term_low",
        ATOXDSCH="term_high",
        LBSEQ="number",
        SRCREC="source",
        **{name: flagged(pl.col(mark)) for name, mark in _FLAGS.items()},
    )
    rows = numbered(rows, "PARAMCD", "ADT", "LBSEQ")
    return built(ADLB, rows.select([variable.name for variable in ADLB.variables]))


def _parameters(results: pl.DataFrame) -> pl.DataFrame:
    """Return the code and name of each test, specimen and unit; of one test the commonest has its usual code."""
    import polars as pl

    usual = {test: code for code, test in SdtmSettings().tests.items()}
    found = results.group_by(_KEY).len().sort("len", *_KEY, descending=[True, False, False, False], nulls_last=True)
    codes: list[str] = []
    for test in found["test"]:
        codes.append(own_code(usual.get(test) or re.sub(r"[^A-Z0-9]", "", test.upper()), codes))
    names = [_name(*row) for row in found.select(_KEY).iter_rows()]
    made = {"PARAMCD": pl.Series(codes, dtype=pl.String), "PARAM": pl.Series(names, dtype=pl.String)}
    return found.select(_KEY).with_columns(**made)


def _name(test: str, specimen: str | None, unit: str | None) -> str:
    """Return the name of a parameter.

    >>> _name("glucose", "urine", "mmol/L"), _name("hematocrit", None, None)
    ('Glucose, urine (mmol/L)', 'Hematocrit')
    """
    of = f", {specimen}" if specimen else ""
    return f"{test[:1].upper()}{test[1:]}{of}" + (f" ({unit})" if unit else "")
