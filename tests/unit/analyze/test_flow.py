from dataclasses import replace

import polars as pl
import pytest

from trialwright.analyze import run


def count(results, statistic, group="all", item=None):
    return results.one(endpoint="flow", statistic=statistic, group=group, item=item).value


def who(results, statistic, group="all", item=None):
    row = results.one(endpoint="flow", statistic=statistic, group=group, item=item)
    return results.subjects[row.subjects]


def test_screening_adds_up_without_those_still_in_it(results):
    assert count(results, "assessed") == 6
    assert (count(results, "not eligible"), count(results, "declined"), count(results, "closed")) == (1, 1, 0)
    assert count(results, "randomized") == 4
    assert who(results, "in screening") == ("07",)


def test_one_patient_may_fail_several_criteria(results):
    assert who(results, "not eligible", item="I1") == who(results, "not eligible", item="E1") == ("05",)


@pytest.mark.parametrize(
    ("statistic", "arms"),
    [
        ("allocated", (2, 2)),
        ("treated", (2, 1)),
        ("never treated", (0, 1)),
        ("discontinued treatment", (1, 0)),
        ("on treatment", (1, 1)),
        ("measurable", (2, 2)),
    ],
)
def test_each_arm(results, statistic, arms):
    assert (count(results, statistic, "A"), count(results, statistic, "B")) == arms
    assert count(results, statistic) == sum(arms)


def test_reasons_of_discontinuation_leave_out_those_never_treated(results):
    reasons = results.where(endpoint="flow", statistic="discontinued treatment", group="all")
    assert {(row.item, row.value) for row in reasons} == {(None, 1), ("progression", 1)}


def test_populations_and_places(results):
    assert count(results, "in population", "A", "treated") == 2
    assert count(results, "in population", "all", "ITT") == 4
    assert (count(results, "sites"), count(results, "countries")) == (2, 2)


def test_dates_are_days_with_the_date_beside(results):
    row = results.one(endpoint="flow", statistic="last randomized")
    assert (row.value, row.unit, row.conventions) == (19726, "date", "2024-01-04")


def test_screen_failures_without_a_stated_reason_are_counted(four, small_protocol, results):
    screened = four["screened"].with_columns(
        pl.when(pl.col("outcome") == "declined").then(pl.lit("screen failure")).otherwise("outcome").alias("outcome")
    )
    found = run(replace(four, tables={**four.tables, "screened": screened}), small_protocol, "final")
    assert (count(found, "screen failure"), count(found, "declined"), count(found, "assessed")) == (1, 0, 6)
    assert not results.where(endpoint="flow", statistic="screen failure")
