"""Safety of the pharmaverse test study: row by row what the R packages' templates give, and why not where not."""

import polars as pl
import pytest
from pharmaverse_study import dataset, study

from trialwright.derive import LAB_TEMPLATE, AdverseEventRules, adverse_events, laboratory


def yes(column):
    return pl.when(column).then(pl.lit("Y"))


def differing(joined, ours, theirs):
    return joined.filter(pl.col(ours).ne_missing(pl.col(theirs)))


def test_adverse_events_equal_the_published_dataset_row_by_row():
    found = adverse_events(study("pharmaversesdtm"), AdverseEventRules(30))
    published = dataset("pharmaverseadam", "adae").with_columns(
        pl.col("AESEQ", "ASTDY", "AENDY", "ADURN").cast(pl.Int64)
    )
    joined = found.rows.join(published, left_on=["subject", "number"], right_on=["USUBJID", "AESEQ"], how="full")
    joined = joined.with_columns(TE=yes(pl.col("emergent")), WORST=yes(pl.col("worst")))
    assert (found.rows.height, published.height, joined.height) == (1191, 1191, 1191)
    pairs = {
        "started_on": "ASTDT",
        "start_flag": "ASTDTF",
        "ended_on": "AENDT",
        "end_flag": "AENDTF",
        "start_day": "ASTDY",
        "end_day": "AENDY",
        "days": "ADURN",
        "TE": "TRTEMFL",
        "WORST": "AOCCIFL",
    }
    assert {ours: differing(joined, ours, theirs).height for ours, theirs in pairs.items()} == dict.fromkeys(pairs, 0)
    assert joined["start_flag"].value_counts(sort=True).rows() == [(None, 1165), ("D", 15), ("M", 11)]
    assert found.findings == ()


def test_the_pilot_study_has_no_end_of_the_window_and_imputes_months_only():
    found = adverse_events(study("pharmaversesdtm"), AdverseEventRules(None)).rows
    published = dataset("cdiscpilotadam", "adae").with_columns(pl.col("AESEQ").cast(pl.Int64))
    joined = found.join(published, left_on=["subject", "number"], right_on=["USUBJID", "AESEQ"], how="full")
    flags = {"emergent": "TRTEMFL", "first": "AOCCFL", "first_in_system": "AOCCSFL", "first_of_term": "AOCCPFL"}
    marked = joined.with_columns(yes(pl.col(name)).alias(name) for name in flags)
    assert {ours: differing(marked, ours, theirs).height for ours, theirs in flags.items()} == dict.fromkeys(flags, 0)


@pytest.fixture(scope="module")
def graded():
    found = laboratory(study("pharmaversesdtm"), LAB_TEMPLATE)
    published = dataset("pharmaverseadam", "adlb").filter(pl.col("DTYPE").is_null())
    published = published.with_columns(pl.col("LBSEQ", "ADY").cast(pl.Int64))
    joined = found.rows.join(published, left_on=["subject", "number"], right_on=["USUBJID", "LBSEQ"], how="full")
    marks = {"BASELINE": "is_baseline", "ON": "on_treatment", "LAST": "last_on_treatment"}
    grades = ("grade_low", "grade_high", "base_grade_low", "base_grade_high")
    return joined.with_columns(
        *(yes(pl.col(mark)).alias(name) for name, mark in marks.items()),
        pl.col("range", "base_range").str.to_uppercase(),
        pl.col(grades).cast(pl.String),
    )


def test_laboratory_dates_ranges_and_baselines_equal_the_published_dataset(graded):
    assert graded.height == 59580
    pairs = {
        "study_day": "ADY",
        "BASELINE": "ABLFL",
        "ON": "ONTRTFL",
        "LAST": "LVOTFL",
        "range": "ANRIND",
        "base_range": "BNRIND",
        "term_low": "ATOXDSCL",
    }
    assert {ours: differing(graded, ours, theirs).height for ours, theirs in pairs.items()} == dict.fromkeys(pairs, 0)


def test_differing_baseline_values_are_those_calculated_from_fractions(graded):
    """The template adds records: absolute counts from the fraction of leukocytes, where only that was reported."""
    other = differing(graded, "base", "BASE")
    assert set(other["test"]) == {"basophils", "lymphocytes"}
    calculated = dataset("pharmaverseadam", "adlb").filter(pl.col("DTYPE") == "CALCULATION")
    assert set(other["subject"]) <= set(calculated["USUBJID"])
    assert other["base"].null_count() == other.height == 56


def test_changes_equal_the_published_ones_after_baseline(graded):
    """The template also gives a change to records before baseline, and to baselines at unscheduled visits."""
    after = graded.filter(pl.col("base").is_not_null() & pl.col("ON").is_not_null())
    assert after.height > 40_000
    assert after.filter(~((pl.col("change") - pl.col("CHG")).abs() < 1e-9)).height == 0


GRADES = {
    "grade_low": ("ATOXGRL", {"hemoglobin": 1809}),
    "grade_high": ("ATOXGRH", {"hemoglobin": 1809, "urate": 1828, "creatinine": 4}),
    "base_grade_low": ("BTOXGRL", {"hemoglobin": 1809, "lymphocytes": 8}),
    "base_grade_high": ("BTOXGRH", {"hemoglobin": 1809, "urate": 1828}),
}
"""Differing grades by test: the template has no thresholds for hemoglobin in mmol/L and does not look at urate; a
lymphocyte baseline is calculated from a fraction; creatinine before the baseline is graded against it."""


@pytest.mark.parametrize("ours", GRADES)
def test_grades_equal_the_published_ones_but_for_named_differences(graded, ours):
    theirs, named = GRADES[ours]
    other = differing(graded, ours, theirs)
    assert dict(other["test"].value_counts().rows()) == named
    absent = other.filter(pl.col("test").is_in(["hemoglobin", "urate"]))
    assert absent[theirs].null_count() == absent.height
    early = other.filter(pl.col("test") == "creatinine")
    assert early.select((pl.col("sampled_on") <= pl.col("TRTSDT")) & pl.col("BASELINE").is_null()).to_series().all()
