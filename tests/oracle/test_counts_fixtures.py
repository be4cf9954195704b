"""Counts of our own against the values that oracle/counts.R wrote with base R, its roots searched to the end."""

import json
from typing import Any

import pytest
from oracle_cases import FIXTURES, Differences, value

from trialwright import stats
from trialwright.stats import Estimate, TwoByTwoTables

pytestmark = pytest.mark.oracle("R 4.2.2")

FOUND = json.loads((FIXTURES / "counts.json").read_text())
BY_SCORE = 1e-9
"""The fixture solves the score of the likelihood numerically within the search for each limit."""


def cases(kind: str) -> Any:
    return pytest.mark.parametrize("case", [pytest.param(c, id=f"{kind}{i}") for i, c in enumerate(FOUND[kind], 1)])


def limits(found: Estimate) -> list[float]:
    return [value(found.lower), value(found.upper)]


def all_of(found: Estimate) -> list[float]:
    return [value(found.value), *limits(found)]


@cases("one")
def test_one_proportion(case: dict[str, Any], differences: Differences) -> None:
    x, n, level = case["x"], case["n"], case["level"]
    for name in ("clopper_pearson", "wilson", "jeffreys"):
        found = getattr(stats, name)(x, n, level=level)
        differences.check(f"counts/{x} of {n}", name, limits(found), case[name])
    exact = stats.exact_binomial_test(x, n, share=case["share"])
    differences.check(f"counts/{x} of {n}", "exact P", exact.p, case["p"])


@cases("two")
def test_two_proportions(case: dict[str, Any], differences: Differences) -> None:
    counts, level = case["counts"], case["level"]
    where = f"counts/{counts}"
    for name, ours in (
        ("odds", all_of(stats.conditional_odds_ratio(*counts, level=level))),
        ("fisher", stats.fisher_exact(*counts).p),
        ("chi", stats.pearson_chi_square(*counts).statistic),
        ("yates", stats.pearson_chi_square(*counts, corrected=True).statistic),
        ("wald", limits(stats.wald_difference(*counts, level=level))),
    ):
        differences.check(where, name, ours, case[name])
    for name, ours in (
        ("difference", all_of(stats.miettinen_nurminen(*counts, level=level))),
        ("koopman", limits(stats.koopman(*counts, level=level))),
        ("ratio", limits(stats.miettinen_nurminen_ratio(*counts, level=level))),
    ):
        differences.check(where, name, ours, case[name], BY_SCORE)


@cases("strata")
def test_strata(case: dict[str, Any], differences: Differences) -> None:
    tables = TwoByTwoTables.of(case["x1"], case["n1"], case["x2"], case["n2"])
    where, level = f"counts/{len(tables)} strata", case["level"]
    for name, ours in (
        ("cmh", stats.cochran_mantel_haenszel(tables).statistic),
        ("corrected", stats.cochran_mantel_haenszel(tables, corrected=True).statistic),
        ("odds", all_of(stats.mantel_haenszel_odds_ratio(tables, level=level))),
        ("exact_p", stats.exact_stratified_test(tables).p),
        ("exact", all_of(stats.exact_stratified_odds_ratio(tables, level=level))),
    ):
        differences.check(where, name, ours, case[name])
    for weights in ("mantel-haenszel", "sample size"):
        found = stats.stratified_miettinen_nurminen(tables, weights=weights, level=level)  # type: ignore[arg-type]
        differences.check(where, weights, all_of(found), case[weights.replace("-", "_").replace(" ", "_")], BY_SCORE)


@cases("rates")
def test_rates(case: dict[str, Any], differences: Differences) -> None:
    counts, level = case["counts"], case["level"]
    where = f"counts/rates {counts}"
    differences.check(where, "rate", limits(stats.poisson_rate(*counts[:2], level=level)), case["rate"])
    differences.check(where, "ratio", limits(stats.rate_ratio(*counts, level=level)), case["ratio"])
    differences.check(where, "P", stats.exact_rate_test(*counts).p, case["p"])
