"""C5 and C6 of percentages: whole patients, and limits of which method."""

import pytest
from claims_made_up import claim, found, rate


@pytest.mark.parametrize(
    ("value", "lower", "upper", "n", "events", "method"),
    [
        (41.9, 33.5, 50.7, 136, 57, "exact (Clopper-Pearson)"),
        (70.0, 39.7, 89.2, 10, 7, "score (Wilson)"),
        (70.0, 41.6, 98.4, 10, 7, "Wald"),
    ],
)
def test_the_method_is_named(value, lower, upper, n, events, method):
    """7 of 10: Wilson .3968-.8922 and Wald .7 -+ 1.96 sqrt(.021), both by hand."""
    (said,) = found("C6", rate("r", value, "A", n=n, events=events, lower=lower, upper=upper, level=0.95, decimals=1))
    assert said.verdict == "consistent"
    assert f"the {method} ones of {events}/{n}" in said.message


def test_an_estimate_that_rounds_onto_its_limit_is_within():
    touching = claim("t", 0.65, statistic="text", lower=0.66, upper=1.07)
    assert found("C0", touching) == [], "both may stand for 0.655"
    (outside,) = found("C0", touching.model_copy(update={"value": 0.64}))
    assert outside.verdict == "impossible"


def test_limits_of_no_method_are_a_note():
    (said,) = found("C6", rate("r", 41.9, "A", n=136, events=57, lower=30.0, upper=50.7, level=0.95, decimals=1))
    assert said.verdict == "note"
    assert "exact (Clopper-Pearson) 33.51-50.6" in said.steps[0]


def test_patients_who_may_be_fewer_than_took_part():
    """34.4 % is of no whole number of 33; 11 of 32 it is, and the exact limits 18.6-53.2 are those of 11/32."""
    share = rate("r", 34.4, "A", n=33, lower=18.6, upper=53.2, level=0.95)
    (count,) = found("C5", share)
    assert (count.verdict, count.message) == ("note", "no whole number of 33 patients is 34.4 %; it is of 32")
    (limits,) = found("C6", share)
    assert limits.message == "18.6-53.2 are the exact (Clopper-Pearson) ones of 11/32"


def test_limits_without_level_or_patients_cannot_be_checked():
    assert found("C6", rate("r", 34.4, "A", lower=18.6, upper=53.2, level=0.95))[0].verdict == "not checkable"
    assert found("C6", rate("r", 34.4, "A", n=33, lower=18.6, upper=53.2))[0].verdict == "not checkable"
    assert found("C6", rate("r", 99.0, "A", n=3, lower=50, upper=99.9, level=0.95))[0].verdict == "not checkable"


def test_a_share_cut_off_instead_of_rounded_is_a_note():
    (said,) = found("C5", rate("r", 86.5, "A", n=119, events=103))
    assert said.verdict == "note"
    assert said.message.endswith("103 are, cut off instead of rounded")
    assert said.steps == ("102/119 = 85.71 %, 103/119 = 86.55 %",)


def test_which_patients_fit_all_percentages_of_a_table():
    """135 is the only number up to 136 of which 47.4, 38.5 and 3.7 % are whole patients."""
    table = [rate(f"r{value}", value, "A", population="safety", item=f"t{value}") for value in (47.4, 38.5, 3.7)]
    treated = claim("n", 135, statistic="patients", population="safety", arm="A", unit="patients")
    (said,) = found("C5", *table, treated)
    assert (said.claim, said.verdict, said.beside) == ("n", "consistent", ("r47.4", "r38.5", "r3.7"))
    wrong = claim("n", 136, statistic="patients", population="safety", arm="A", unit="patients")
    (said,) = found("C5", *table, wrong)
    assert said.verdict == "implausible"
    assert said.message.endswith("not every one of 3 percentages is a whole number; it is of 135")


def test_rates_at_a_landmark_are_no_counts():
    assert found("C5", rate("r", 42.1, "A", at=6, n=136)) == []
