"""Competing risks of the shared reference, against R survival 3.5-3 and cmprsk 2.2-11; comprisk where it is there."""

from typing import Any

import numpy as np
import pytest
from oracle_cases import ROOT, Differences, as_list, columns, shared, shared_cases, value

from trialwright.stats import CompetingTimes, CoxData, aalen_johansen, cox_regression, fine_gray, gray_test

CASES = [pytest.param(c, id=c["id"]) for c in shared_cases("survival.json") if c["kind"] == "competing"]
cases = pytest.mark.parametrize("case", CASES)
TRANSFORMS: Any = ("plain", "log", "log-log")
CRR = 1e-6
"""crr stops early: the reference says so."""


def data_of(case: dict[str, Any]) -> dict[str, list[str]]:
    return columns(shared(f"data/{case['data']}"))


def times_of(case: dict[str, Any]) -> CompetingTimes:
    data = data_of(case)
    days, status = [float(t) for t in data[case["time"]]], [int(s) for s in data[case["status"]]]
    return CompetingTimes.of(days, status, data[case["group"]], causes=case["event_codes"])


def covariates_of(case: dict[str, Any]) -> dict[str, Any]:
    data = data_of(case)
    group = {"sexM": [float(g == "M") for g in data[case["group"]]]}
    return group | {name: [float(v) for v in data[name]] for name in as_list(case["covariates"]) if name}


def matrix(value: Any) -> np.ndarray[Any, Any]:
    """Return [times, causes]; with one time the reference drops the rows."""
    return np.atleast_2d(np.array(value, float))


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


@cases
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_aalen_johansen(case: dict[str, Any], transform: Any, differences: Differences) -> None:
    times = times_of(case)
    for k, cause in enumerate(case["event_codes"]):
        found = aalen_johansen(times, cause, interval=transform)
        for arm, expected in case["expect"]["aj"].items():
            estimates = [found[arm].at(day) for day in as_list(expected["times"])]
            where, limits = f"{case['id']}/{arm}/{cause}", expected[f"ci_{transform}"]
            for part, theirs in (
                ("value", expected["pstate"]),
                ("se", expected["se"]),
                ("lower", limits["lower"]),
                ("upper", limits["upper"]),
            ):
                ours = [value(getattr(e, part)) for e in estimates]
                differences.check(where, f"{transform} {part}", ours, matrix(theirs)[:, k].tolist())


@cases
def test_aalens_variance(case: dict[str, Any], differences: Differences) -> None:
    expected = case["expect"]["cuminc_aalen"]
    times = times_of(case)
    for row, estimates, variances in zip(expected["rows"], expected["est"], expected["var"], strict=True):
        arm, code = row.split()
        found = aalen_johansen(times, case["event_codes"][int(code) - 1], variance="aalen")[arm]
        ours = [found.at(day) for day in as_list(expected["times"])]
        differences.check(f"{case['id']}/{row}", "cuminc", [o.value for o in ours], as_list(estimates))
        differences.check(f"{case['id']}/{row}", "Aalen variance", [o.se**2 for o in ours], as_list(variances))


@cases
def test_gray(case: dict[str, Any], differences: Differences) -> None:
    expected, times = case["expect"]["gray"], times_of(case)
    for k, cause in enumerate(case["event_codes"]):
        found = gray_test(times, cause).test
        differences.check(f"{case['id']}/Gray", f"{cause} chi-square", found.statistic, expected["statistic"][k])
        differences.check(f"{case['id']}/Gray", f"{cause} p", found.p, expected["p"][k])
        assert found.df == expected["df"][k]


@cases
def test_fine_gray(case: dict[str, Any], differences: Differences) -> None:
    times, covariates = times_of(case), covariates_of(case)
    for cause, expected in case["expect"]["finegray"].items():
        where = f"{case['id']}/Fine-Gray/{cause}"
        found = fine_gray(times, cause, covariates)
        differences.check(where, "crr coef", [e.coef for e in found.effects], as_list(expected["crr_coef"]), CRR)
        differences.check(where, "crr se", [e.se for e in found.effects], as_list(expected["crr_robust_se"]), CRR)
        differences.check(where, "crr log-likelihood", found.log_likelihood, expected["crr_loglik"], CRR)
        for ties in ("breslow", "efron"):
            found = fine_gray(times, cause, covariates, ties=ties, censoring_ties="after")
            ours = [e.coef for e in found.effects]
            differences.check(where, f"coxph {ties}", ours, as_list(expected[f"coxph_{ties}_coef"]))
        found = fine_gray(times, cause, covariates, censoring_ties="after")
        naive = [e.naive_se for e in found.effects]
        differences.check(where, "coxph naive se", naive, as_list(expected["coxph_breslow_naive_se"]))


@cases
def test_cause_specific(case: dict[str, Any], differences: Differences) -> None:
    times, covariates = times_of(case), covariates_of(case)
    for cause, expected in case["expect"]["cause_specific"].items():
        own = times.of_cause(cause)
        found = cox_regression(CoxData.of(own.day, own.event, covariates))
        where = f"{case['id']}/cause-specific/{cause}"
        effects = [found[name] for name in covariates]
        differences.check(where, "coef", [e.coef for e in effects], as_list(expected["coef"]))
        differences.check(where, "se", [e.se for e in effects], as_list(expected["se"]))


def synthetic_times() -> CompetingTimes:
    """Return three arms of oracle/data/three.csv with two causes made from the row number."""
    data = columns(ROOT / "oracle" / "data" / "three.csv")
    rows = np.arange(len(data["time"]))
    cause = np.array(data["event"], int) * (1 + ((rows * 7) % 3 == 0))
    return CompetingTimes.of(np.array(data["time"], int), cause, data["arm"], causes=["one", "two"])


def test_gray_for_three_arms_as_a_second_programmer_prints_it() -> None:
    found = gray_test(synthetic_times(), "one")
    assert found.test.df == 2
    assert found.test.statistic == pytest.approx(11.262476107243574, rel=1e-12)  # comprisk 0.8.0
    assert found.score[:2].tolist() == pytest.approx([2.22875446, 12.01889735], rel=1e-8)


@pytest.mark.parametrize("cause", [1, 2])
def test_a_second_programmer_of_grays_test(cause: int) -> None:
    comprisk = pytest.importorskip("comprisk", reason="comprisk is not installed")
    times = synthetic_times()
    theirs = comprisk.gray_test(times.day.astype(float), times.cause, times.arm, cause=cause)
    ours = gray_test(times, times.causes[cause - 1]).test
    assert ours.statistic == pytest.approx(theirs.stat, rel=1e-9)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-9)
