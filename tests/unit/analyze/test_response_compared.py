"""Responses compared: the plan's method of the difference, score limits, odds ratios, strata as randomized."""

import pytest

from trialwright.analyze import run
from trialwright.stats import (
    TwoByTwoTables,
    breslow_day,
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mee,
    miettinen_nurminen,
    newcombe,
    stratified_miettinen_nurminen,
    woolf,
)

ARMS = {"A": "PR PR SD PR PD SD", "B": "PR SD SD PD PD PR"}
STRATA = {"A": "x x x y y y", "B": "x x x y y z"}
COUNTS = (3, 6, 2, 6)
TABLES = TwoByTwoTables.of([2, 1, 0], [3, 3, 0], [1, 0, 1], [3, 2, 1])


@pytest.fixture(scope="module")
def data(trial):
    """Six in each arm; stratum z has nobody in arm A."""
    subjects, scans = ["subject | arm | stratum"], ["subject | assessed_on | response"]
    for arm, responses in ARMS.items():
        for i, (best, stratum) in enumerate(zip(responses.split(), STRATA[arm].split(), strict=True)):
            subjects.append(f"{arm}{i} | {arm} | {stratum}")
            scans.append(f"{arm}{i} | 2024-02-26 | {best}")
    return trial(subjects="\n".join(subjects), assessments="\n".join(scans))


@pytest.fixture(scope="module")
def found(data, protocol_with):
    def of(**plan):
        items = [{"endpoint": "ORR", "population": "ITT"}]
        return run(data, protocol_with(analysis={"items": items} | plan))

    return of


def row(results, statistic, item=None):
    return results.one(endpoint="ORR", statistic=statistic, group="A v B", item=item)


def limits(result):
    return result.value, result.lower, result.upper


def three(estimate):
    return pytest.approx((estimate.value, estimate.lower, estimate.upper))


def test_without_a_named_method_the_difference_is_newcombes_and_says_so(found):
    named = row(found(), "difference")
    assert limits(named) == three(newcombe(*COUNTS))
    assert (named.method, named.events, named.n) == ("newcombe", 5, 12)
    assert named.conventions.endswith("; the plan names no method")


def test_a_named_method_is_followed(found):
    results = found(difference_interval="mee")
    assert limits(row(results, "difference")) == three(mee(*COUNTS))
    assert "names no method" not in row(results, "difference").conventions
    assert limits(row(results, "difference, score limits")) == three(miettinen_nurminen(*COUNTS))


def test_score_limits_are_not_given_twice(found):
    results = found(difference_interval="miettinen-nurminen")
    assert limits(row(results, "difference")) == three(miettinen_nurminen(*COUNTS))
    assert not results.where(statistic="difference, score limits")


def test_odds_ratio(found):
    assert limits(row(found(), "odds ratio")) == three(woolf(*COUNTS))


@pytest.mark.parametrize("weights", ["mantel-haenszel", "sample size"])
def test_common_differences_name_their_weights(found, weights):
    expected = stratified_miettinen_nurminen(TABLES, weights=weights)
    item = f"{weights} weights"
    for results in (found(), found(stratum_weights=weights)):
        common = row(results, "difference, stratified", item)
        assert limits(common) == three(expected)
        assert common.conventions == (
            f"3 strata as randomized; 1 with one arm only counts for nothing; weights of strata: {weights}"
        )
    assert len(found(stratum_weights=weights).where(statistic="difference, stratified")) == 1


def test_strata_as_randomized_in_odds_ratio_and_tests(found):
    results = found()
    assert limits(row(results, "odds ratio, stratified")) == three(mantel_haenszel_odds_ratio(TABLES))
    assert row(results, "stratified P").value == pytest.approx(cochran_mantel_haenszel(TABLES).p)
    assert row(results, "homogeneity P").problem == breslow_day(TABLES).problem
    assert "as randomized" in row(results, "stratified P").conventions


def test_an_unstratified_plan_has_no_strata(found):
    results = found(stratified=False)
    assert {r.statistic for r in results.where(endpoint="ORR", group="A v B")} == {
        "difference",
        "difference P",
        "difference, score limits",
        "odds ratio",
    }


def test_an_empty_arm_is_a_row_with_its_problem(trial, protocol_with):
    data = trial(subjects="subject | arm\n01 | A", assessments="subject | assessed_on | response\n01 | 2024-02-26 | PR")
    results = run(data, protocol_with(analysis={"items": [{"endpoint": "ORR", "population": "ITT"}]}))
    for result in results.where(endpoint="ORR", group="A v B"):
        assert result.value is None
        assert result.problem


def test_infinite_odds_have_no_value(trial, protocol_with):
    subjects = "subject | arm\n01 | A\n02 | B"
    scans = "subject | assessed_on | response\n01 | 2024-02-26 | PR\n02 | 2024-02-26 | PD"
    results = run(
        trial(subjects=subjects, assessments=scans),
        protocol_with(analysis={"items": [{"endpoint": "ORR", "population": "ITT"}]}),
    )
    for statistic in ("odds ratio", "odds ratio, stratified"):
        assert (row(results, statistic).value, row(results, statistic).problem) == (None, "the ratio is infinite")
