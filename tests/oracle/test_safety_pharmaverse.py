"""Safety of the pharmaverse test study: row by row what the R packages' templates give, and why not where not."""

import polars as pl
import pytest
from pharmaverse_study import dataset, study

from trialwright.derive import (
    LAB_TEMPLATE,
    AdverseEventRules,
    EventQuery,
    adverse_events,
    count_adverse_events,
    exposure,
    laboratory,
    match_queries,
    queries_from_rows,
)


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


def published_counts(arm_of):
    """Return patients and events by row and arm as the flags of the published dataset count them."""
    published = dataset("cdiscpilotadam", "adae").filter(pl.col("TRTEMFL") == "Y")
    levels = {"any": ([], "AOCCFL"), "system": (["AEBODSYS"], "AOCCSFL"), "term": (["AEBODSYS", "AEDECOD"], "AOCCPFL")}
    counts = {}
    for level, (by, flag) in levels.items():
        found = published.group_by([*by, "TRTA"]).agg(patients=(pl.col(flag) == "Y").sum(), events=pl.len())
        for row in found.iter_rows(named=True):
            key = (level, row.get("AEBODSYS"), row.get("AEDECOD"), arm_of[row["TRTA"]])
            counts[key] = (row["patients"], row["events"])
    return counts


@pytest.mark.parametrize("source", ["pharmaversesdtm", "cdiscpilot01"])
def test_the_published_adverse_event_table_regenerates(source):
    """Table 14-5.01 of the pilot's report: 254 rows (any, 23 systems, 230 terms), patients and events in three arms."""
    demographics = dataset(source, "dm").filter(pl.col("ARMCD") != "Scrnfail")
    groups = dict(demographics.select("USUBJID", "ARM").rows())
    found = adverse_events(study(source), AdverseEventRules(None)).rows.filter("emergent")
    counts = count_adverse_events(found, groups)
    assert (counts.select("level", "system", "term").n_unique(), counts.height) == (254, 3 * 254)
    assert counts["level"].value_counts(sort=True).rows() == [("term", 690), ("system", 69), ("any", 3)]
    assert dict(counts.select("group", "of").unique().rows()) == {
        "Placebo": 86,
        "Xanomeline High Dose": 84,
        "Xanomeline Low Dose": 84,
    }
    ours = {tuple(row[:4]): row[4:6] for row in counts.rows()}
    theirs = published_counts({arm: arm for arm in groups.values()})
    assert {key: pair for key, pair in ours.items() if pair != (0, 0)} == theirs
    assert ours["any", None, None, "Xanomeline High Dose"] == (76, 433)


def test_the_pilots_query_of_dermatologic_events():
    query = EventQuery(
        "DERMATOLOGIC EVENTS",
        systems=("Skin and subcutaneous tissue disorders",),
        containing=("application", "dermatitis", "erythema", "blister"),
        without=("cold sweat", "hyperhidrosis", "alopecia"),
    )
    matched = match_queries(study("pharmaversesdtm")["adverse_events"], [query])
    published = dataset("cdiscpilotadam", "adae").filter(pl.col("CQ01NAM").is_not_null())
    assert set(matched.select("subject", "number").rows()) == set(
        published.select("USUBJID", pl.col("AESEQ").cast(pl.Int64)).rows()
    )
    assert matched.height == 493


def test_standardized_queries_are_read_from_their_list():
    rows = dataset("pharmaversesdtm", "smq_db").filter(pl.col("termvar") == "AEDECOD")
    queries = queries_from_rows(rows.select(query="smq_name", term="termchar", scope="scope").to_dicts())
    assert len(queries) == rows["smq_name"].n_unique() == 2
    assert sum(len(query.terms) for query in queries) == rows.select("smq_name", "termchar").n_unique()


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


INVENTED = ("01-701-1034", "01-701-1148")
"""Patients of whom the template sets one dose to zero, to have an adjusted dose to show."""


def test_exposure_equals_the_published_dataset():
    """Six patients have a record without its last day: the template adds up the others, we give no dose and say so."""
    found = exposure(study("pharmaversesdtm"))
    published = dataset("pharmaverseadam", "adex").filter(pl.col("PARCAT1") == "OVERALL", pl.col("AVAL").is_not_null())
    wide = published.pivot(on="PARAMCD", index="USUBJID", values="AVAL")
    joined = found.rows.join(wide, left_on="subject", right_on="USUBJID", how="full")
    ours = {"dosing_days": "TDURD", "total_dose": "TDOSE", "planned_dose": "TPDOSE", "average_dose": "AVDDSE"}
    percent = joined.with_columns(dose_percent=100 * pl.col("dose_ratio"))
    differing = {
        name: percent.filter((pl.col(name) - pl.col(theirs)).abs() > 5e-7)["subject"].sort().to_list()
        for name, theirs in (ours | {"dose_percent": "TDOSINT"}).items()
    }
    doses = {name: list(INVENTED) for name in ("total_dose", "average_dose", "dose_percent")}
    assert differing == {"dosing_days": [], "planned_dose": []} | doses
    assert {finding.rule for finding in found.findings} == {"dose can be added up"}
    assert (joined.height, len(found.findings), joined["total_dose"].null_count()) == (254, 6, 6)
    placebo = joined.filter(pl.col("planned_dose") == 0)
    assert placebo["dose_ratio"].null_count() == placebo.height > 80
