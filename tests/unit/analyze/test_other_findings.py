"""Response, harms, baseline, exposure, samples."""

import pytest

from trialwright.stats import clopper_pearson, newcombe


def one(results, endpoint, statistic, group="A", item=None):
    return results.one(endpoint=endpoint, statistic=statistic, group=group, item=item)


def test_rates_have_exact_limits(results):
    row, exact = one(results, "ORR", "rate"), clopper_pearson(1, 2)
    assert (row.value, row.lower, row.upper, row.n, row.events) == (0.5, exact.lower, exact.upper, 2, 1)
    assert (row.method, results.subjects[row.subjects]) == ("clopper-pearson", ("01",))
    assert one(results, "ORR", "rate", "all").value == 0.25


def test_best_responses_are_all_listed(results):
    rows = results.where(endpoint="ORR", statistic="best response", group="all")
    assert {row.item: row.value for row in rows} == {"CR": 0, "PR": 1, "SD": 1, "NON-CR/NON-PD": 0, "PD": 1, "NE": 1}


def test_the_difference_is_the_first_arm_less_the_control(results):
    row, expected = one(results, "ORR", "difference", "A v B"), newcombe(1, 2, 0, 2)
    assert (row.value, row.lower, row.upper) == (expected.value, expected.lower, expected.upper)
    p = one(results, "ORR", "difference P", "A v B")
    assert p.value == pytest.approx(0.24821307898992373)
    assert p.conventions == "Pearson chi-square, uncorrected, not stratified; two-sided"


@pytest.mark.parametrize(
    ("group", "statistic", "item", "events", "n"),
    [
        ("A", "any grade", "any", 2, 2),
        ("A", "grade 3 or higher", "any", 1, 2),
        ("A", "grade 3", "any", 1, 2),
        ("A", "grade 2", "any", 1, 2),
        ("A", "grade 1", "nausea", 1, 2),
        ("A", "any grade", "neutropenia", 1, 2),
        ("B", "any grade", "neutropenia", 0, 1),
        ("B", "grade 4", "nausea", 1, 1),
        ("B", "grade 5", "any", 0, 1),
    ],
)
def test_worst_grades_of_treated_patients(results, group, statistic, item, events, n):
    row = one(results, "AE", statistic, group, item)
    assert (row.events, row.n, row.value) == (events, n, events / n)
    assert len(results.subjects[row.subjects]) == events


def test_terms_follow_any_in_order(results):
    rows = results.where(endpoint="AE", statistic="any grade", group="A")
    assert [row.item for row in rows] == ["any", "nausea", "neutropenia"]


def test_harms_are_compared_where_the_plan_says_so(results):
    assert one(results, "AE", "difference", "A v B", "grade 3 or higher").value == 0.5 - 1


@pytest.mark.parametrize(
    ("statistic", "item", "group", "value"),
    [
        ("median", "age", "A", 55),
        ("median", "age", "all", 60),
        ("minimum", "age", "all", 50),
        ("maximum", "age", "B", 71),
        ("missing", "age", "B", 1),
        ("share", "ecog=1", "all", 0.75),
        ("share", "ecog=0", "B", 0),
        ("share", "visceral (as randomized)=yes", "A", 0.5),
        ("missing", "visceral", "all", 4),
    ],
)
def test_baseline(results, statistic, item, group, value):
    assert one(results, "baseline", statistic, group, item).value == value


def test_shares_are_of_the_known_values(results):
    row = one(results, "baseline", "share", "A", "visceral=yes")
    assert (row.value, row.n, row.problem) == (None, 0, "no patient")
    assert one(results, "baseline", "median", "B", "age").n == 1


def test_exposure(results):
    assert one(results, "exposure", "cycles started").value == 1.5
    assert one(results, "exposure", "cycles started", "B").value == 2
    assert one(results, "exposure", "dose reduced", item="new").value == 0.5
    assert one(results, "exposure", "dose reduced", "B", "old").events == 0


def test_relative_dose_intensity_by_hand(results):
    """01 took (100 + 75) x 21 in 56 days, planned was 100 x 21 / 28 a day: 87.5 %; 02 took all that was planned."""
    row = one(results, "exposure", "relative dose intensity", item="new")
    assert row.value == pytest.approx((0.875 + 1) / 2)
    assert one(results, "exposure", "relative dose intensity", "B", "old").value == 1


def test_samples_and_markers(results):
    taken = one(results, "samples", "taken", "all", "S0")
    assert (taken.events, taken.n) == (2, 3)
    altered = one(results, "biomarkers", "altered", "all", "ESR1")
    assert (altered.events, altered.n, altered.value) == (1, 2, 0.5)
