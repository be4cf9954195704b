"""Parametric models of log time against survreg of R survival 3.5-3."""

from typing import Any

import numpy as np
import pytest
from fitted_cases import complete
from oracle_cases import Differences, as_list, numbers, shared, shared_cases

from trialwright.stats import EventTimes, accelerated_failure

CASES = [
    pytest.param(case, name, id=f"{case['id']}/{name}")
    for case in shared_cases("survival.json")
    if case["kind"] == "aft"
    for name in case["expect"]
]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert len(CASES) >= 8


@pytest.mark.parametrize(("case", "distribution"), CASES)
def test_accelerated_failure(case: dict[str, Any], distribution: Any, differences: Differences) -> None:
    data = complete(case)
    event = [float(v) in as_list(case["event"]["equals"]) for v in data[case["event"]["column"]]]
    times = EventTimes.of(np.array(data[case["time"]], float), event)
    terms = {term: np.array(data[term], float) for term in as_list(case["terms"])}
    found = accelerated_failure(times, terms, distribution=distribution)
    expected, where = case["expect"][distribution], f"{case['id']}/{distribution}"
    # survreg stops at a relative change of 1e-9 in the log-likelihood
    differences.check(where, "coef", found.coef, expected["coef"], 1e-6)
    differences.check(where, "scale", found.scale, expected["scale"], 1e-6)
    differences.check(where, "log-likelihood", found.log_likelihood, expected["loglik"], 1e-9)
    assert found.covariance is not None
    theirs = np.array(numbers(expected["var"]))
    sd = np.sqrt(np.diag(theirs))
    differences.check(
        where, "correlation", found.covariance / np.outer(sd, sd), (theirs / np.outer(sd, sd)).tolist(), 1e-6
    )
