"""Laboratory results against their baseline and normal range, graded in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from trialwright.derive.checked import Checked
from trialwright.derive.corrected_calcium import corrected_calcium
from trialwright.derive.ctcae import PRESUMPTIONS, GradeRule, LabResult, grade_result, grade_rules, lab_tests
from trialwright.derive.exposure import treatment
from trialwright.derive.laboratory_units import known_unit, unit_factor
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["LAB_TEMPLATE", "LabRules", "laboratory"]

_GRADED = ("blood", "capillary blood", "plasma", "serum", "serum or plasma", "serum/plasma", "whole blood")
"""Specimens whose results are graded; a result without a specimen is taken to be of blood."""


@dataclass(frozen=True)
class LabRules:
    """How results are graded, and until when they count as on treatment.

    ``version``: of CTCAE, ``4`` or ``5``. ``presume``: clinical facts taken as present (see ``PRESUMPTIONS``).
    ``days_after_last_dose``: the window on treatment; None has no end. ``graded_as``: tests graded by the terms of
    another test. ``correct_calcium``: total calcium is corrected for the albumin of the day, and graded so.

    >>> LabRules("5", presume=(), days_after_last_dose=30).correct_calcium
    True
    """

    version: str
    presume: tuple[str, ...]
    days_after_last_dose: int | None
    graded_as: Mapping[str, str] = field(default_factory=dict)
    correct_calcium: bool = True

    def __post_init__(self) -> None:
        grade_rules(self.version)
        if strange := sorted(set(self.presume) - set(PRESUMPTIONS)):
            raise ValueError(f"presume must be of {', '.join(PRESUMPTIONS)}; got {strange[0]!r}")
        if strange := sorted(set(self.graded_as.values()) - set(lab_tests())):
            raise ValueError(f"graded_as must name tests with grades: {', '.join(lab_tests())}; got {strange[0]!r}")


LAB_TEMPLATE = LabRules(
    "4",
    PRESUMPTIONS,
    0,
    {"lymphocytes": "CD4 lymphocytes", "calcium": "corrected calcium"},
    correct_calcium=False,
)
"""What the R packages' template does: version 4, the worst case, all lymphocytes as CD4, calcium as measured."""


def laboratory(data: TrialData, rules: LabRules) -> Checked:
    """Return one row per result with its baseline, range and grades, by subject, test and day; and findings.

    To the columns of the table come ``study_day``, ``range`` (low, normal, high), ``is_baseline``, ``base`` and
    ``base_range``, ``change`` and ``percent_change`` (after baseline), ``on_treatment``, ``last_on_treatment``, and by
    direction ``term_low``, ``grade_low``, ``why_low``, ``base_grade_low``, and the same of ``high``. ``source`` names
    the record.

    The baseline of a subject, test and specimen is the last result with a value on or before the day of the first
    dose (of one day, the highest number); it and earlier results are never graded against it. A baseline in another
    unit is converted. A grade is null where it cannot be told, and ``why_low`` or ``why_high`` says why.

    >>> from datetime import date
    >>> from trialwright.records import TrialData
    >>> dose = {"subject": "01", "intervention": "drug", "product": "drug", "cycle": 1, "change": "none"}
    >>> result = {"subject": "01", "test": "neutrophils", "unit": "10^9/L", "low": 2.0, "high": 7.0}
    >>> results = [result | {"number": 1, "value": 4.0, "sampled_on": date(2024, 1, 1)},
    ...            result | {"number": 2, "value": 0.9, "sampled_on": date(2024, 1, 15)}]
    >>> tables = {"doses": [dose | {"started_on": date(2024, 1, 1)}], "laboratory": results}
    >>> found = laboratory(TrialData.from_rows("study", tables, virtual=False), LabRules("5", (), 30)).rows
    >>> found.select("is_baseline", "base", "change", "grade_low", "why_low").row(1)
    (False, 4.0, -3.1, 3, '< 1.0 10^9/L')
    """
    import polars as pl

    results, lost = _placed(data, rules)
    based = _based(results)
    graded = _graded(based, rules)
    baseline = graded.filter("is_baseline").select(
        "subject", "test", "specimen", base_grade_low="grade_low", base_grade_high="grade_high"
    )
    rows = graded.join(baseline, on=["subject", "test", "specimen"], how="left", nulls_equal=True)
    order = ("subject", "test", "specimen", "sampled_on", "number")
    shown = rows.select(pl.exclude("^_.*$"))
    return Checked(shown.sort(order, nulls_last=True), (*lost, *_findings(shown)))


def _placed(data: TrialData, rules: LabRules) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the results with the subject's treatment, their study day and source."""
    import polars as pl

    numeric = pl.when(pl.col("value").is_finite()).then("value")
    results = data["laboratory"].with_columns(
        value=numeric, source=pl.format("laboratory {} / number {}", "subject", "number")
    )
    lost: tuple[Finding, ...] = ()
    if rules.correct_calcium:
        results, lost = corrected_calcium(results)
    days = (pl.col("sampled_on") - pl.col("first_dose")).dt.total_days()
    window = pl.duration(days=rules.days_after_last_dose or 0)
    endless = pl.lit(rules.days_after_last_dose is None) | pl.col("ongoing")
    treated = results.join(treatment(data).drop("unfinished", "stopped"), on="subject", how="left")
    placed = treated.with_columns(
        study_day=pl.when(days >= 0).then(days + 1).otherwise(days),
        _in_time=endless | (pl.col("sampled_on") <= pl.col("last_dose") + window),
    )
    return placed, lost


def _based(results: pl.DataFrame) -> pl.DataFrame:
    """Return the results with their baseline, change and whether they count as on treatment."""
    import polars as pl

    known = results.filter(pl.col("value").is_not_null() & (pl.col("sampled_on") <= pl.col("first_dose")))
    of = ["subject", "test", "specimen"]
    held = ("value", "unit", "low", "high", "number")
    baseline = known.sort("sampled_on", "number").unique(of, keep="last", maintain_order=True)
    named = baseline.select(*of, *(pl.col(name).alias(f"_base_{name}") for name in held), _base_on="sampled_on")
    same = (pl.col("sampled_on") == pl.col("_base_on")) & (pl.col("number") == pl.col("_base_number"))
    later = (pl.col("sampled_on") > pl.col("_base_on")) | (
        (pl.col("sampled_on") == pl.col("_base_on")) & (pl.col("number") > pl.col("_base_number"))
    )
    found = results.join(named, on=of, how="left", nulls_equal=True)
    found = _converted(found).with_columns(is_baseline=same.fill_null(False), _after=later.fill_null(True))
    change = pl.when("_after").then(pl.col("value") - pl.col("base"))
    on_treatment = pl.col("_after") & (pl.col("sampled_on") >= pl.col("first_dose")) & pl.col("_in_time")
    base = (pl.col("_base_value"), pl.col("_base_low"), pl.col("_base_high"))
    found = found.with_columns(
        range=_range(pl.col("value"), pl.col("low"), pl.col("high")),
        base_range=_range(*base),
        _beyond_low=pl.col("_base_value") < pl.col("_base_low"),
        _beyond_high=pl.col("_base_value") > pl.col("_base_high"),
        change=change,
        percent_change=pl.when(pl.col("base") != 0).then(100 * change / pl.col("base")),
        on_treatment=on_treatment.fill_null(False),
    )
    return _last(found).drop("_in_time", "first_dose", "last_dose", "ongoing")


def _last(results: pl.DataFrame) -> pl.DataFrame:
    """Return the results with the last one on treatment of each test marked."""
    import polars as pl

    numbered = results.with_row_index("_row")
    recorded = pl.col("value").is_not_null() | pl.col("text").is_not_null()
    counted = numbered.filter(pl.col("on_treatment") & recorded).sort("sampled_on", "number")
    last = counted.unique(["subject", "test", "specimen"], keep="last", maintain_order=True)["_row"].implode()
    return numbered.with_columns(last_on_treatment=pl.col("_row").is_in(last)).drop("_row")


def _range(value: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    import polars as pl

    inside = (low.is_null() | (value >= low)) & (high.is_null() | (value <= high))
    normal = pl.when(inside & (low.is_not_null() | high.is_not_null())).then(pl.lit("normal"))
    return pl.when(value < low).then(pl.lit("low")).when(value > high).then(pl.lit("high")).otherwise(normal)


def _converted(results: pl.DataFrame) -> pl.DataFrame:
    """Return the results with ``base``: the baseline in the unit of the result, null where there is no factor."""
    import polars as pl

    pairs = results.select("test", "_base_unit", "unit").unique()
    factors = [_factor(*row) for row in pairs.iter_rows()]
    known = pairs.with_columns(_factor=pl.Series(factors, dtype=pl.Float64))
    joined = results.join(known, on=["test", "_base_unit", "unit"], how="left", nulls_equal=True)
    return joined.with_columns(base=pl.col("_base_value") * pl.col("_factor")).drop("_factor")


def _factor(test: str, unit: str | None, to: str | None) -> float | None:
    if unit == to:
        return 1.0
    factor = unit_factor(test, unit, to) if unit and to else None
    return None if factor is None else float(factor)


_DECIDES = ("test", "specimen", "value", "unit", "low", "high", "base", "_beyond_low", "_beyond_high", "_after")


def _graded(results: pl.DataFrame, rules: LabRules) -> pl.DataFrame:
    """Return the results with their grades; equal results are graded once."""
    import polars as pl

    distinct = results.select(_DECIDES).unique(maintain_order=True)
    by_test = {test: _rules_of(test, rules) for test in distinct["test"].unique()}
    rows = [
        tuple(chain.from_iterable(_grades(row, by_test[row["test"]], rules))) for row in distinct.iter_rows(named=True)
    ]
    kinds = {"term": pl.String, "grade": pl.Int64, "why": pl.String}
    schema = {f"{name}_{way}": kind for way in ("low", "high") for name, kind in kinds.items()}
    found = pl.concat([distinct, pl.DataFrame(rows, schema=schema, orient="row")], how="horizontal")
    return results.join(found, on=_DECIDES, how="left", nulls_equal=True, maintain_order="left")


def _rules_of(test: str, rules: LabRules) -> dict[str, GradeRule]:
    named = rules.graded_as.get(test, test)
    return {rule.direction: rule for rule in grade_rules(rules.version, named)} if named in lab_tests() else {}


def _grades(
    row: Mapping[str, Any], by_direction: Mapping[str, GradeRule], rules: LabRules
) -> Iterator[tuple[str | None, int | None, str | None]]:
    """Yield term, grade and why of the low and the high direction."""
    for direction in ("low", "high"):
        rule = by_direction.get(direction)
        if rule is None:
            yield None, None, None
        elif (row["specimen"] or "blood").lower() not in _GRADED:
            yield None, None, f"not graded in {row['specimen']}"
        elif row["value"] is None:
            yield rule.term, None, "no value"
        else:
            beyond = None if row["base"] is None else row[f"_beyond_{direction}"]
            value, unit, limits = row["value"], row["unit"], (row["low"], row["high"])
            result = LabResult(rule.tests[0], value, unit, *limits, row["base"], beyond, not row["_after"])
            yield rule.term, *grade_result(rule, result, rules.presume)


def _findings(rows: pl.DataFrame) -> Iterator[Finding]:
    """Yield the results that have terms and no grade, once for each record, with the reason."""
    import polars as pl

    graded = pl.col("term_low").is_not_null() | pl.col("term_high").is_not_null()
    names = ("source", "test", "value", "text", "unit", "sampled_on", "grade_low", "term_low", "why_low", "why_high")
    for source, test, value, text, unit, on, grade_low, term_low, low, high in (
        rows.filter(graded).select(names).iter_rows()
    ):
        if on is None:
            yield Finding("laboratory", source, "date is known", f"{test}: neither baseline nor on treatment")
        if value is None:
            yield Finding("laboratory", source, "result is a number", f"{test} is {text!r}; no grade")
            continue
        why = low if term_low is not None and grade_low is None else high
        if why is not None and "unit" in why:
            said = f"{test} in {unit!r}: {why}"
            rule = "unit is known" if known_unit(unit) is None else "unit goes with the test"
            yield Finding("laboratory", source, rule, said)
