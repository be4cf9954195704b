"""Subgroups and interaction against R survival 3.5-3."""

from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, columns, event_times, numbers, shared, shared_cases, value

from trialwright.stats import EventTimes, cox, interaction, kaplan_meier

CASES = [case for case in shared_cases("survival.json") if case["kind"] == "subgroups"]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


def rows_of(case: dict[str, Any]) -> dict[str, list[str]]:
    data = columns(shared(f"data/{case['data']}"))
    keep = case["filter"]
    if keep is None:
        return data
    chosen = [label in keep["equals"] for label in data[keep["column"]]]
    return {name: [v for v, wanted in zip(values, chosen, strict=True) if wanted] for name, values in data.items()}


def times_of(case: dict[str, Any], data: dict[str, list[str]]) -> EventTimes:
    control = next(label for label in data[case["group"]] if label != case["arm1"])
    event = (case["event"]["column"], [case["event"]["equals"]])
    return event_times(data, case["time"], event, case["group"], levels=[control, case["arm1"]])


def check(where: str, times: EventTimes, expected: dict[str, Any], differences: Differences) -> None:
    fit = cox(times, ties="efron")
    curves = kaplan_meier(times)
    for key, arm in (("arm0", times.arms[0]), ("arm1", times.arms[1])):
        assert (curves[arm].subjects, curves[arm].total_events) == (expected[key]["n"], expected[key]["events"])
        median = value(curves[arm].quantile(0.5, flat="R").value)
        differences.check(where, f"median {key}", median, numbers(expected[key]["median"]))
    for ours, theirs in (
        ("coef", "loghr"),
        ("se", "se"),
        ("hazard_ratio", "hr"),
        ("lower", "lower"),
        ("upper", "upper"),
    ):
        differences.check(where, theirs, getattr(fit.effect, ours), expected[theirs])


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_subgroups(case: dict[str, Any], differences: Differences) -> None:
    data = rows_of(case)
    times = times_of(case, data)
    check(case["id"], times, case["expect"]["overall"], differences)
    for factor in case["subgroups"]:
        expected, where = case["expect"][factor], f"{case['id']}/{factor}"
        levels = list(expected["levels"])
        for level in levels:
            part = times.only([label == level for label in data[factor]])
            check(f"{where}={level}", part, expected["levels"][level], differences)
        found = interaction(times, np.array([levels.index(label) for label in data[factor]]))
        assert found.likelihood_ratio.df == expected["interaction_df"]
        differences.check(where, "interaction_wald", found.wald.statistic, expected["interaction_wald"])
        differences.check(where, "interaction_wald_p", found.wald.p, expected["interaction_wald_p"])
        # twice the difference of log-likelihoods of thousands: round-off is absolute
        ratio = found.likelihood_ratio
        differences.absolute(where, "interaction_lrt", ratio.statistic, expected["interaction_lrt"], 1e-10)
        differences.absolute(where, "interaction_lrt_p", ratio.p, expected["interaction_lrt_p"], 1e-9)
