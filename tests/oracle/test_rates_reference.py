"""Proportions, stratified tables and rates against rates.json (R, and formulas of the papers) and ratesci 1.0.0."""

import math
from fractions import Fraction
from typing import Any

import pytest
from oracle_cases import Differences, numbers, shared, shared_cases, value

from trialwright import stats
from trialwright.stats import Estimate, TwoByTwoTables

R_ROOTS = 1e-2
"""R finds conditional odds ratios with uniroot's default tolerance of 1.2e-4, so that up to 0.8 % is left in them; ours
are held to their defining equations in exact arithmetic below."""

ONE = [
    pytest.param(case, float(level), id=f"{case['x']}of{case['n']}-{level}")
    for case in shared_cases("rates.json", "one_proportion")
    for level in case
    if level not in ("x", "n")
]
TWO = [
    pytest.param(case, level, id=f"{case['x1']}of{case['n1']}-{case['x2']}of{case['n2']}-{level}")
    for case in shared_cases("rates.json", "two_proportions")
    for level in case
    if level.startswith("level_")
]
STRATIFIED = [pytest.param(case, id=f"{len(case['x1'])}strata") for case in shared_cases("rates.json", "stratified")]
POISSON = [pytest.param(case, id=f"{case['x1']}v{case['x2']}") for case in shared_cases("rates.json", "poisson")]
RATESCI = [
    pytest.param(case, id="-".join(map(str, case["x"])))
    for case in shared_cases("external_reference.json", "ratesci_mn")
]


def limits(found: Estimate) -> list[float]:
    return [value(found.lower), value(found.upper)]


def all_of(found: Estimate) -> list[float]:
    return [value(found.value), *limits(found)]


def test_the_reference_is_there() -> None:
    shared("rates.json")
    shared("external_reference.json")
    assert all((ONE, TWO, STRATIFIED, POISSON, RATESCI))


@pytest.mark.parametrize(("case", "level"), ONE)
def test_one_proportion(case: dict[str, Any], level: float, differences: Differences) -> None:
    x, n, expected = case["x"], case["n"], case[f"{level:g}"]
    found = {
        "clopper_pearson": stats.clopper_pearson(x, n, level=level),
        "wilson": stats.wilson(x, n, level=level),
        "wilson_cc": stats.wilson(x, n, level=level, corrected=True),
        "wald": stats.wald(x, n, level=level, clipped=False),
        "agresti_coull_unclipped": stats.agresti_coull(x, n, level=level, clipped=False),
        "jeffreys": stats.jeffreys(x, n, level=level),
        "mid_p": stats.mid_p(x, n, level=level),
    }
    assert set(found) | {"estimate", "exact_p_vs_0.3"} == set(expected)
    for name, estimate in found.items():
        differences.check(f"rates/{x} of {n}", name, limits(estimate), expected[name])
        assert estimate.value == pytest.approx(expected["estimate"], abs=1e-15)
    exact = stats.exact_binomial_test(x, n, share=0.3)
    differences.check(f"rates/{x} of {n}", "exact P", exact.p, expected["exact_p_vs_0.3"])


@pytest.mark.parametrize(("case", "level"), TWO)
def test_two_proportions(case: dict[str, Any], level: str, differences: Differences) -> None:
    counts, expected = (case["x1"], case["n1"], case["x2"], case["n2"]), case[level]
    where, at = f"rates/{counts}", float(level.removeprefix("level_"))
    found = {
        "rd_wald": stats.wald_difference(*counts, level=at),
        "rd_newcombe": stats.newcombe(*counts, level=at),
        "rd_newcombe_cc": stats.newcombe(*counts, level=at, corrected=True),
        "rd_miettinen_nurminen": stats.miettinen_nurminen(*counts, level=at),
        "rd_mee": stats.mee(*counts, level=at),
        "rr_katz": stats.katz(*counts, level=at),
        "rr_koopman": stats.koopman(*counts, level=at),
        "rr_miettinen_nurminen": stats.miettinen_nurminen_ratio(*counts, level=at),
        "or_woolf": stats.woolf(*counts, level=at),
    }
    for name, estimate in found.items():
        if name in expected:
            differences.check(where, name, limits(estimate), expected[name])
            differences.check(where, name[:2], estimate.value, expected[name[:2]])
        else:  # the reference has no ratio where group 2 has no event
            assert estimate.value in (None, math.inf)
    differences.check(where, "fisher", stats.fisher_exact(*counts).p, expected["fisher_p"])
    check_chi_square(counts, expected, where, differences)


@pytest.mark.parametrize(("case", "level"), TWO)
def test_conditional_odds_ratios(case: dict[str, Any], level: str, differences: Differences) -> None:
    counts, expected = (case["x1"], case["n1"], case["x2"], case["n2"]), case[level]
    at = float(level.removeprefix("level_"))
    found = stats.conditional_odds_ratio(*counts, level=at)
    where = f"rates/{counts}, conditional odds ratio (R to its own 1e-2)"
    theirs = numbers(expected["fisher_or_ci"])
    assert [math.isinf(limit) for limit in limits(found)] == [math.isinf(limit) for limit in theirs]
    for ours, limit in zip(limits(found), theirs, strict=True):
        if math.isfinite(limit):
            differences.check(where, "limits", ours, limit, R_ROOTS)
    if found.value is not None and math.isfinite(found.value):
        differences.check(where, "estimate", found.value, expected["fisher_or_cmle"], R_ROOTS)
    check_conditional(found, [counts], at)


def check_chi_square(counts: Any, expected: dict[str, Any], where: str, differences: Differences) -> None:
    plain, yates = stats.pearson_chi_square(*counts), stats.pearson_chi_square(*counts, corrected=True)
    if plain.problem:  # R gives NaN: all outcomes alike
        assert math.isnan(numbers(expected["chisq"]))
        return
    differences.check(where, "chi-square", plain.statistic, expected["chisq"])
    differences.check(where, "chi-square p", plain.p, expected["chisq_p"])
    differences.check(where, "yates p", yates.p, expected["chisq_yates_p"])


def check_conditional(found: Estimate, tables: list[tuple[int, int, int, int]], level: float) -> None:
    """Hold estimate and limits to their equations: expected total, and tails of half of 1 - level, in fractions."""
    weights = exact_weights(tables)
    observed = sum(table[0] for table in tables)
    tail = (1 - level) / 2
    if found.value is not None and 0 < found.value < math.inf:
        shares = tilted(weights, found.value)
        assert float(sum(k * share for k, share in shares.items())) == pytest.approx(observed, rel=1e-12)
    if found.lower:
        above = sum(share for k, share in tilted(weights, found.lower).items() if k >= observed)
        assert float(above) == pytest.approx(tail, rel=1e-11)
    if found.upper is not None and found.upper < math.inf:
        below = sum(share for k, share in tilted(weights, found.upper).items() if k <= observed)
        assert float(below) == pytest.approx(tail, rel=1e-11)


def exact_weights(tables: list[tuple[int, int, int, int]]) -> dict[int, int]:
    weights = {0: 1}
    for x1, n1, x2, n2 in tables:
        own = {
            k: math.comb(n1, k) * math.comb(n2, x1 + x2 - k) for k in range(min(n1, x1 + x2) + 1) if x1 + x2 - k <= n2
        }
        joint: dict[int, int] = {}
        for before, weight in weights.items():
            for k, mine in own.items():
                joint[before + k] = joint.get(before + k, 0) + weight * mine
        weights = joint
    return weights


def tilted(weights: dict[int, int], odds_ratio: float) -> dict[int, Fraction]:
    psi = Fraction(odds_ratio)
    raw = {k: weight * psi**k for k, weight in weights.items()}
    total = sum(raw.values())
    return {k: weight / total for k, weight in raw.items()}


@pytest.mark.parametrize("case", STRATIFIED)
def test_stratified_tables(case: dict[str, Any], differences: Differences) -> None:
    tables, expected = TwoByTwoTables.of(case["x1"], case["n1"], case["x2"], case["n2"]), case["expect"]
    where = f"rates/stratified, {len(tables)} strata"
    for name, test in (
        ("cmh", stats.cochran_mantel_haenszel(tables)),
        ("cmh_cc", stats.cochran_mantel_haenszel(tables, corrected=True)),
    ):
        differences.check(where, name, [test.statistic, test.p], [expected[name], expected[f"{name}_p"]])
    differences.check(where, "exact P", stats.exact_stratified_test(tables).p, expected["exact_p"])
    for name, estimate, interval in (
        ("mh_or", stats.mantel_haenszel_odds_ratio(tables), "mh_or_rbg_ci"),
        ("mh_rr", stats.mantel_haenszel_risk_ratio(tables), "mh_rr_gr_ci"),
        ("mh_rd", stats.mantel_haenszel_difference(tables, variance="sato"), "mh_rd_sato_ci"),
        ("mh_rd", stats.mantel_haenszel_difference(tables, variance="greenland-robins"), "mh_rd_gr_ci"),
        ("mh_rd", stats.stratified_miettinen_nurminen(tables, weights="mantel-haenszel"), "strat_mn_weight_mh"),
        (
            "strat_rd_weight_ss",
            stats.stratified_miettinen_nurminen(tables, weights="sample size"),
            "strat_mn_weight_ss",
        ),
    ):
        differences.check(where, interval, all_of(estimate), [expected[name], *expected[interval]])
    for name, tarone in (("breslow_day", False), ("breslow_day_tarone", True)):
        found = stats.breslow_day(tables, tarone=tarone)
        differences.check(where, name, [found.statistic, found.df], [expected[name], expected["breslow_day_df"]])


@pytest.mark.parametrize("case", STRATIFIED)
def test_variances_of_the_common_difference(case: dict[str, Any], differences: Differences) -> None:
    tables, expected = TwoByTwoTables.of(case["x1"], case["n1"], case["x2"], case["n2"]), case["expect"]
    sato = stats.mantel_haenszel_difference(tables, variance="sato").se
    classic = stats.mantel_haenszel_difference(tables, variance="greenland-robins").se
    assert sato is not None and classic is not None
    where = f"rates/stratified, {len(tables)} strata"
    differences.check(where, "sato", sato**2, expected["mh_rd_sato_var"])
    differences.check(where, "greenland-robins", classic**2, expected["mh_rd_greenland_robins_var"])


@pytest.mark.parametrize("case", STRATIFIED)
def test_the_exact_common_odds_ratio(case: dict[str, Any], differences: Differences) -> None:
    tables, expected = TwoByTwoTables.of(case["x1"], case["n1"], case["x2"], case["n2"]), case["expect"]
    found = stats.exact_stratified_odds_ratio(tables)
    where = f"rates/stratified, {len(tables)} strata, exact odds ratio (R to its own 1e-2)"
    differences.check(where, "estimate", all_of(found), [expected["exact_or"], *expected["exact_or_ci"]], R_ROOTS)
    check_conditional(found, list(tables.rows), 0.95)


@pytest.mark.parametrize("case", POISSON)
def test_rates(case: dict[str, Any], differences: Differences) -> None:
    counts, expected = (case["x1"], case["t1"], case["x2"], case["t2"]), case["expect"]
    where = f"rates/poisson {counts}"
    for group in ("1", "2"):
        found = stats.poisson_rate(case[f"x{group}"], case[f"t{group}"])
        differences.check(
            where, f"rate{group}", all_of(found), [expected[f"rate{group}"], *expected[f"rate{group}_exact"]]
        )
    ratio, difference = stats.rate_ratio(*counts), stats.rate_difference(*counts)
    differences.check(where, "ratio", all_of(ratio), [expected["ratio"], *expected["ratio_exact_conditional"]])
    differences.check(where, "exact P", stats.exact_rate_test(*counts).p, expected["p_exact_conditional"])
    differences.check(where, "difference", all_of(difference), [expected["diff"], *expected["diff_wald"]])
    wald = stats.wald_rate_ratio(*counts)
    if "ratio_wald_log" in expected:
        differences.check(where, "log-Wald ratio", limits(wald), expected["ratio_wald_log"])
    else:
        assert (wald.lower, wald.upper, wald.problem) == (
            None,
            None,
            "limits of the logarithm need events in both groups",
        )


@pytest.mark.parametrize("case", RATESCI)
def test_ratesci(case: dict[str, Any], differences: Differences) -> None:
    where = f"ratesci {case['x']}"
    differences.check(where, "rd", limits(stats.miettinen_nurminen(*case["x"])), case["rd"])
    differences.check(where, "rr", limits(stats.miettinen_nurminen_ratio(*case["x"])), case["rr"])
    odds = stats.miettinen_nurminen_odds_ratio(*case["x"], bias_corrected=True)
    differences.check(where, "or (Gart's bias off)", limits(odds), case["or"])


@pytest.mark.oracle("tern")
def test_stratified_newcombe_as_tern_prints_it(differences: Differences) -> None:
    """A test of R's tern that agrees with a SAS macro: 80 made-up patients in six strata, eight printed decimals."""
    tables = TwoByTwoTables.of([8, 4, 2, 5, 6, 5], [9, 4, 5, 7, 7, 8], [3, 6, 2, 3, 3, 3], [6, 12, 5, 4, 8, 5])
    found = stats.stratified_newcombe(tables, weights="mantel-haenszel")
    printed = [0.25390590, 0.03467969, 0.44544132]
    assert all_of(found) == pytest.approx(printed, abs=0.6e-8)
    differences.check("tern/stratified Newcombe", "limits", all_of(found), printed, 1e-6)
