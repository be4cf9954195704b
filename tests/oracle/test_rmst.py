"""Restricted means against R (survfit, survRM2, also with covariates) and SAS."""

import json
from typing import Any

import pytest
from oracle_cases import Differences, case_times, columns, event_times, label, shared, shared_cases

from trialwright.stats import (
    Contrast,
    EventTimes,
    adjusted_restricted_means,
    compare_restricted_means,
    propose_tau,
    restricted_means,
)

CASES = shared_cases("survival.json")
TWO_ARMS = [
    pytest.param(case, expected, id=f"{case['id']}-{expected['tau']}")
    for case in CASES
    if case["kind"] == "rmst2"
    for expected in case["expect"]
]
ONE_ARM = [
    pytest.param(case, name, id=f"{case['id']}-{name}")
    for case in CASES
    if case["kind"] == "km"
    for name in case["expect"]
    if "rmst" in case["expect"][name]
]


def external() -> dict[str, Any]:
    return dict(json.loads(shared("external_reference.json").read_text())["survRM2"])


def palmira_like() -> tuple[EventTimes, dict[str, list[str]]]:
    data = columns(shared("data/palmira_like.csv"))
    return event_times(data, "day", ("event", [1]), "arm", levels=["ET", "PALBO+ET"]), data


def test_the_references_are_there() -> None:
    shared("survival.json")
    assert len(TWO_ARMS) >= 10 and len(ONE_ARM) >= 15


@pytest.mark.parametrize(("case", "name"), ONE_ARM)
def test_survfit(case: dict[str, Any], name: str, differences: Differences) -> None:
    expected = case["expect"][name]["rmst"]
    times = case_times(case)
    found = restricted_means(times if case.get("group") else times.pooled(), tau=expected["tau"], beyond="carry")[name]
    differences.check(f"{case['id']}/rmst", "mean", found.mean.value, expected["rmst"])
    differences.check(f"{case['id']}/rmst", "se", found.mean.se, expected["se"])


@pytest.mark.parametrize(("case", "expected"), TWO_ARMS)
def test_two_arms(case: dict[str, Any], expected: dict[str, Any], differences: Differences) -> None:
    times, where = case_times(case), f"{case['id']}/{expected['tau']}"
    assert times.arms[1] == label(case["arm1"])
    found = compare_restricted_means(times, tau=expected["tau"])
    for arm, mean in zip(("arm0", "arm1"), found.means, strict=True):
        differences.check(where, arm, [mean.value, mean.se], [expected[arm]["rmst"], expected[arm]["se"]])
        lost = restricted_means(times, tau=expected["tau"])[times.arms[arm == "arm1"]].lost
        differences.check(where, f"{arm} lost", [lost.value, lost.se], [expected[arm]["rmtl"], expected[arm]["se"]])
    differences.check(where, "diff se", found.difference.se, expected["diff_se"])
    for name, contrast in (("diff", found.difference), ("ratio", found.ratio), ("rmtl_ratio", found.lost_ratio)):
        theirs = [expected[name], *expected[f"{name}_ci"], expected[f"{name}_p"]]
        differences.check(where, name, row(contrast), theirs)


def row(contrast: Contrast) -> list[float | None]:
    return [contrast.value, contrast.lower, contrast.upper, contrast.p]


@pytest.mark.reference("survRM2")
def test_survrm2(differences: Differences) -> None:
    times, _ = palmira_like()
    expected = external()
    found = compare_restricted_means(times, tau=expected["tau"])
    for contrast, theirs in zip(contrasts(found), expected["unadjusted"], strict=True):
        differences.check("survRM2", "unadjusted", row(contrast), theirs)


@pytest.mark.reference("survRM2")
def test_survrm2_with_covariates(differences: Differences) -> None:
    times, data = palmira_like()
    expected = external()
    covariates = {name: [float(value) for value in data[name]] for name in ("age", "ecog")}
    found = adjusted_restricted_means(times, covariates, tau=expected["tau"])
    for contrast, theirs in zip(contrasts(found), expected["adjusted_age_ecog"]["values"], strict=True):
        differences.check("survRM2", "adjusted", row(contrast), theirs)


def contrasts(found: Any) -> list[Contrast]:
    return [found.difference, found.ratio, found.lost_ratio]


@pytest.mark.reference("sas/lifetest/rmst")
def test_as_printed_by_sas(differences: Differences) -> None:
    """No factor m / (m - 1) in the standard errors; the difference is of the first arm less the second there."""
    cases = json.loads(shared("sas_printed.json").read_text())["cases"]
    printed = next(case for case in cases if case["id"] == "sas/lifetest/rmst")
    data = columns(shared(f"data/{printed['data']}"))
    times = event_times(data, "time", ("cnsr", [0]), "trt01pn", levels=["2", "1"])
    found = compare_restricted_means(times, tau=printed["tau"])
    for name, mean in zip(found.arms, found.means, strict=True):
        differences.digits(printed["id"], "mean", [mean.value, mean.se], printed["rmst"][name], 4)
    gap = found.difference
    ours, theirs = (
        [gap.value, gap.se, (gap.z or 0) ** 2, gap.p],
        [printed[k] for k in ("diff", "diff_se", "chisq", "p")],
    )
    differences.digits(printed["id"], "difference", ours, theirs, 4)


def test_the_proposed_tau_of_survrm2() -> None:
    times, data = palmira_like()
    lasts = [max(int(day) for day, arm in zip(data["day"], data["arm"], strict=True) if arm == a) for a in times.arms]
    assert propose_tau(times).time == min(lasts)
