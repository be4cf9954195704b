"""Cumulative hazards and differences at landmarks of the shared reference, against R survival 3.5-3."""

from typing import Any

import pytest
from oracle_cases import Differences, as_list, case_times, shared, shared_cases

from trialwright.stats import kaplan_meier, nelson_aalen, survival_difference

CASES = shared_cases("survival.json")


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


@pytest.mark.parametrize("case", of_kind("km"))
def test_cumulative_hazard(case: dict[str, Any], differences: Differences) -> None:
    recorded = {name: expected["curve"] for name, expected in case["expect"].items() if expected.get("curve")}
    if not recorded:
        pytest.skip(f"{case['id']} records limits only")
    hazards = nelson_aalen(case_times(case), level=case["conf_level"])
    for name, steps in recorded.items():
        where = f"{case['id']}/{name}/hazard"
        assert hazards[name].days.tolist() == steps["time"]
        differences.check(where, "hazard", hazards[name].hazard, steps["cumhaz"])
        differences.check(where, "se", hazards[name].se, steps["se_cumhaz"])


@pytest.mark.parametrize("case", of_kind("landmark_diff"))
def test_differences_of_rates(case: dict[str, Any], differences: Differences) -> None:
    curves, expected = kaplan_meier(case_times(case)), case["expect"]
    one, zero = str(case["arm1"]), next(arm for arm in curves if arm != str(case["arm1"]))
    for i, day in enumerate(case["times"]):
        found = survival_difference(curves[one], curves[zero], day)
        for name, ours in (
            ("surv1", found.rate.value),
            ("surv0", found.reference_rate.value),
            ("diff", found.difference.value),
            ("se", found.difference.se),
            ("lower", found.difference.lower),
            ("upper", found.difference.upper),
            ("z", found.plain.z),
            ("p", found.plain.p),
            ("cloglog_z", found.log_log.z),
            ("cloglog_p", found.log_log.p),
        ):
            differences.check(case["id"], f"{name} on {day}", ours, as_list(expected[name])[i])
