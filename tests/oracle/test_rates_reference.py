"""Proportions against the shared reference rates.json (R base functions and formulas of the papers)."""

import math
from typing import Any

import pytest
from oracle_cases import Differences, shared, shared_cases

from trialwright.stats import clopper_pearson, fisher_exact, newcombe, pearson_chi_square, wilson

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


def test_the_reference_is_there() -> None:
    shared("rates.json")
    assert ONE and TWO


@pytest.mark.parametrize(("case", "level"), ONE)
def test_one_proportion(case: dict[str, Any], level: float, differences: Differences) -> None:
    x, n, expected = case["x"], case["n"], case[f"{level:g}"]
    for name, found in (
        ("clopper_pearson", clopper_pearson(x, n, level=level)),
        ("wilson", wilson(x, n, level=level)),
        ("wilson_cc", wilson(x, n, level=level, corrected=True)),
    ):
        differences.check(f"rates/{x} of {n}", name, [found.lower, found.upper], expected[name])
        assert found.value == pytest.approx(expected["estimate"], abs=1e-15)


@pytest.mark.parametrize(("case", "level"), TWO)
def test_two_proportions(case: dict[str, Any], level: str, differences: Differences) -> None:
    counts, expected = (case["x1"], case["n1"], case["x2"], case["n2"]), case[level]
    where, confidence = f"rates/{counts}", float(level.removeprefix("level_"))
    for name, corrected in (("rd_newcombe", False), ("rd_newcombe_cc", True)):
        found = newcombe(*counts, level=confidence, corrected=corrected)
        differences.check(where, name, [found.lower, found.upper], expected[name])
        assert found.value == pytest.approx(expected["rd"], abs=1e-15)
    differences.check(where, "fisher", fisher_exact(*counts).p, expected["fisher_p"])
    check_chi_square(counts, expected, where, differences)


def check_chi_square(counts: Any, expected: dict[str, Any], where: str, differences: Differences) -> None:
    plain, yates = pearson_chi_square(*counts), pearson_chi_square(*counts, corrected=True)
    if plain.problem:  # R gives NaN: all outcomes alike
        assert math.isnan(float(str(expected["chisq"]).replace("NA", "nan")))
        return
    differences.check(where, "chi-square", plain.statistic, expected["chisq"])
    differences.check(where, "chi-square p", plain.p, expected["chisq_p"])
    differences.check(where, "yates p", yates.p, expected["chisq_yates_p"])
