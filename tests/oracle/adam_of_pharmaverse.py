"""The pharmaverse study from its SDTM to our analysis datasets, and every cell that differs from the R packages'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import polars as pl
from pharmaverse_study import dataset

from trialwright import derive
from trialwright.exchange import Dataset, SdtmSettings, Variable, adam, trial_data

KINDS = {pl.String: "text", pl.Float64: "number", pl.Int64: "integer", pl.Date: "date"}
SETTINGS: dict[str, Any] = {
    "study": "CDISCPILOT01",
    "assessments": {
        "criteria": "RECIST 1.1",
        "evaluators": ["investigator"],
        "every_weeks": [[0, 3]],
        "window_days": 7,
        "baseline_within_days": 28,
        "until": "progression",
        "responses": "as recorded",
    },
    "reference": "randomization",
    "confirmation_days": 28,
    "not_evaluable_between": 1,
    "stable_minimum_days": 42,
    "benefit_weeks": 6,
    "benefit_window_days": 0,
    "after_complete": "as recorded",
    "after_new_therapy": "count",
    "without_assessment": "MISSING",
    "rules": "template",
    "clinical_progression": "ignore",
    "withdrawal": "ignore",
    "alive_by": "safety records",
    "safety": {"grading": "CTCAE v4", "window": {"days_after_last_dose": 30}},
}
"""The conventions of admiral 1.5 and admiralonco 1.4 in their templates, as settings."""
ARMS = {"Pbo": "Placebo", "Xan_Hi": "Xanomeline High Dose", "Xan_Lo": "Xanomeline Low Dose"}
PLAIN = ("DM", "DS", "EX", "AE", "LB", "SUPPAE", "CM")
TUMOR = ("TU", "TR", "RS")
EXPECTED = {
    "ADSL": "adsl",
    "ADRS": "adrs_onco",
    "ADTR": "adtr_onco",
    "ADTTE": "adtte_onco",
    "ADAE": "adae",
    "ADLB": "adlb",
}
SAME_CODE = {"RSD": "DOR"}
"""Codes of the R packages and ours for the same parameter."""


class Cell(NamedTuple):
    """One value that differs: where, theirs and ours; a row that only one side has differs in ``row``."""

    dataset: str
    subject: str
    key: tuple[Any, ...]
    field: str
    theirs: Any
    ours: Any


class Rule(NamedTuple):
    """Why cells differ: which of a dataset, how many, and which decision is behind it."""

    dataset: str
    name: str
    why: str
    count: int
    holds: Callable[[Cell], bool]


def sdtm(tumors: str = "onco_recist") -> dict[str, Dataset]:
    files = {name: name.lower() for name in PLAIN} | {name: f"{name.lower()}_{tumors}" for name in TUMOR}
    return {name: as_dataset(name, dataset("pharmaversesdtm", file)) for name, file in files.items()}


def as_dataset(name: str, rows: pl.DataFrame) -> Dataset:
    rows = rows.with_columns(pl.col(pl.Int32).cast(pl.Int64))
    return Dataset(name, "", tuple(Variable(v, "", KINDS[type(t)]) for v, t in rows.schema.items()), rows)


def analysis(datasets: dict[str, Dataset], **assessments: Any) -> dict[str, Dataset]:
    settings = SETTINGS | {"assessments": SETTINGS["assessments"] | assessments}
    plan = derive.DerivationSettings.model_validate(settings)
    data, _ = trial_data(datasets, SdtmSettings(arms=ARMS))
    options = {"prefix": "", "screened": True, "proofs": plan.proofs, "last_dose": "of complete records"}
    safety = derive.safety_tables(data, plan, derive.LAB_TEMPLATE)
    return adam(data, derive.tables(data, plan), plan, safety=safety, **options)


@cache
def ours() -> dict[str, Dataset]:
    return analysis(sdtm())


def theirs(name: str) -> pl.DataFrame:
    rows = dataset("pharmaverseadam", EXPECTED[name])
    if "PARAMCD" in rows.columns:
        rows = rows.with_columns(pl.col("PARAMCD").replace(SAME_CODE))
    return rows


def differing(name: str, keys: list[str], fields: list[str], *, only: pl.Expr | None = None) -> Iterator[Cell]:
    """Yield each value of these fields that differs, matching rows by their keys."""
    expected, found = theirs(name), ours()[name].rows
    if only is not None:
        expected, found = expected.filter(only), found.filter(only)
    whole = {key: pl.Int64 for key in keys if found.schema[key] == pl.Int64}
    left = expected.select(*keys, *fields).cast(whole).with_columns(_theirs=True)
    right = found.select(*keys, *fields).with_columns(_ours=True)
    both = left.join(right, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_ours")
    assert both.height <= expected.height + found.height
    for row in both.iter_rows(named=True):
        key = tuple(row[key] for key in keys if key != "USUBJID")
        if row["_theirs"] is None or row["_ours"] is None:
            yield Cell(name, row["USUBJID"], key, "row", row["_theirs"], row["_ours"])
            continue
        for field in fields:
            a, b = row[field], row[f"{field}_ours"]
            if not same(a, b):
                yield Cell(name, row["USUBJID"], key, field, a, b)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-9
    return a == b
