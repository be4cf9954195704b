"""The test of proportional hazards against cox.zph of R survival 3.5-3, every case and transform."""

from typing import Any

import pytest
from fitted_cases import fitted
from oracle_cases import Differences, as_list, shared, shared_cases

from trialwright.stats import proportional_hazards_test

CASES = [
    pytest.param(case, ties, transform, id=f"{case['id']}/{ties}/{transform}")
    for case in shared_cases("survival.json")
    if case["kind"] == "cox"
    for ties in ("efron", "breslow")
    for transform in case["expect"].get(ties, {}).get("zph") or {}
]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert len(CASES) > 50


@pytest.mark.parametrize(("case", "ties", "transform"), CASES)
def test_proportional_hazards(case: dict[str, Any], ties: Any, transform: Any, differences: Differences) -> None:
    found = proportional_hazards_test(fitted(case, ties), transform)
    expected = case["expect"][ties]["zph"][transform]
    assert [*found.terms, "GLOBAL"] == [row.replace(' == "', "=='").replace('")', "')") for row in expected["rows"]]
    tests = [*found.terms.values(), found.overall]
    where = f"{case['id']}/{ties}/zph"
    assert [t.df for t in tests] == as_list(expected["df"])
    differences.check(where, f"{transform} chi-square", [t.statistic for t in tests], as_list(expected["chisq"]))
    differences.check(where, f"{transform} p", [t.p for t in tests], as_list(expected["p"]))
