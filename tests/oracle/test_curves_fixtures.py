"""Delayed entry, weights, Nelson-Aalen and competing risks against R survival, fixtures of oracle/curves.R."""

import json
from typing import Any

import numpy as np
import pytest
from oracle_cases import FIXTURES, ROOT, Differences, as_list, columns, numbers

from trialwright.stats import (
    CompetingTimes,
    Curve,
    EventTimes,
    aalen_johansen,
    cause_specific_hazards,
    cox,
    fine_gray,
    fleming_harrington,
    kaplan_meier,
    nelson_aalen,
)

pytestmark = pytest.mark.oracle("R 4.2.2, survival 3.5-3")

CASES = json.loads((FIXTURES / "curves.json").read_text())["cases"]
cases = pytest.mark.parametrize("case", [pytest.param(c, id=c["data"]) for c in CASES])


def columns_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that oracle/curves.R makes: entry, weights, cause and x by rules of the row number."""
    raw = columns(ROOT / "oracle" / "data" / case["data"])
    kept = [i for i, time in enumerate(raw["time"]) if int(time) >= 1]
    data: dict[str, Any] = {name: np.array(column)[kept] for name, column in raw.items()}
    day, event, i = data["time"].astype(int), data["event"].astype(int), np.arange(len(kept))
    return {
        "day": day,
        "event": event,
        "arm": data["arm"].tolist(),
        "stratum": data["stratum"].tolist(),
        "entry": np.minimum((i * 37) % 60, day - 1),
        "whole": 1 + i % 3,
        "part": 0.5 + (i % 4) / 4,
        "cause": event * (1 + ((i * 7) % 3 == 0)),
        "x": ((i * 13) % 17) / 17,
    }


def times_of(case: dict[str, Any], **options: str) -> EventTimes:
    data = columns_of(case)
    given = {name: data[column] for name, column in options.items()}
    return EventTimes.of(data["day"], data["event"], data["arm"], data["stratum"], **given)


def competing_times(case: dict[str, Any]) -> CompetingTimes:
    data = columns_of(case)
    return CompetingTimes.of(data["day"], data["cause"], data["arm"], causes=["one", "two"])


def check_curve(found: Curve, expected: dict[str, Any], where: str, differences: Differences) -> None:
    assert found.days.tolist() == as_list(expected["time"])
    differences.check(where, "at risk", found.at_risk, as_list(expected["at_risk"]))
    differences.check(where, "survival", found.survival, as_list(expected["survival"]))
    positive = found.survival > 0  # R's sigma is infinite at 0
    sigma = found.se[positive] / found.survival[positive]
    differences.check(where, "sigma", sigma, np.array(numbers(as_list(expected["sigma"])))[positive].tolist())
    differences.check(where, "lower", found.lower, as_list(expected["lower"]))
    differences.check(where, "upper", found.upper, as_list(expected["upper"]))


@cases
def test_curves_with_delayed_entry(case: dict[str, Any], differences: Differences) -> None:
    times = times_of(case, entry="entry")
    curves, hazards = kaplan_meier(times, interval="log-log"), nelson_aalen(times)
    for arm, expected in case["delayed"]["curve"].items():
        where = f"curves/{case['data']}/{arm}/delayed"
        check_curve(curves[arm], expected, where, differences)
        differences.check(where, "hazard", hazards[arm].hazard, expected["hazard"])
        differences.check(where, "hazard se", hazards[arm].se, expected["hazard_se"])


@cases
def test_survival_from_the_hazard(case: dict[str, Any], differences: Differences) -> None:
    curves = fleming_harrington(times_of(case, entry="entry"), interval="log")
    for arm, expected in case["delayed"]["harrington"].items():
        check_curve(curves[arm], expected, f"curves/{case['data']}/{arm}/Fleming-Harrington", differences)


@cases
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_cox_model_of_the_arm_with_delayed_entry(case: dict[str, Any], ties: Any, differences: Differences) -> None:
    expected, where = case["delayed"]["cox"][ties], f"curves/{case['data']}/{ties}/delayed"
    found = cox(times_of(case, entry="entry"), ties=ties)
    differences.check(where, "coef", [e.coef for e in found.effects], as_list(expected["coef"]))
    differences.check(where, "se", [e.se for e in found.effects], as_list(expected["se"]))
    likelihoods = [found.log_likelihood_null, found.log_likelihood]
    differences.check(where, "log-likelihood", likelihoods, expected["loglik"])
    differences.check(where, "score", found.score.statistic, expected["score"])


@cases
@pytest.mark.parametrize("weight", ["whole", "part"])
def test_weights(case: dict[str, Any], weight: str, differences: Differences) -> None:
    times = times_of(case, weight=weight)
    curves = kaplan_meier(times, interval="plain")
    for arm, expected in case[weight]["curve"].items():
        where = f"curves/{case['data']}/{arm}/{weight} weights"
        assert curves[arm].at_risk.tolist() == as_list(expected["at_risk"])
        differences.check(where, "survival", curves[arm].survival, as_list(expected["survival"]))
        differences.check(where, "hazard", nelson_aalen(times)[arm].hazard, as_list(expected["hazard"]))
        if weight == "whole":
            check_curve(curves[arm], expected, where, differences)
    found, expected = cox(times, ties="breslow"), case[weight]["breslow"]
    where = f"curves/{case['data']}/breslow/{weight} weights"
    differences.check(where, "coef", [e.coef for e in found.effects], as_list(expected["coef"]))
    differences.check(where, "se", [e.se for e in found.effects], as_list(expected["se"]))


@cases
@pytest.mark.parametrize("cause", ["one", "two"])
def test_incidence(case: dict[str, Any], cause: str, differences: Differences) -> None:
    expected, column = case["competing"], ["one", "two"].index(cause)
    found = aalen_johansen(competing_times(case), cause)
    for arm, day, incidence, se in zip(*(expected[name] for name in ("arms", "time", "incidence", "se")), strict=True):
        ours, where = found[arm].at(day, beyond="carry"), f"curves/{case['data']}/{arm}/incidence of {cause}"
        differences.check(where, f"incidence on {day}", ours.value, incidence[column])
        differences.check(where, f"se on {day}", ours.se, se[column])


@cases
@pytest.mark.parametrize("cause", ["one", "two"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_subdistribution_hazards(case: dict[str, Any], cause: str, ties: Any, differences: Differences) -> None:
    times, expected = competing_times(case), case["competing"]["fine_gray"][cause][ties]
    columns = {arm: times.arm == a for a, arm in enumerate(times.arms) if a > 0} | {"x": columns_of(case)["x"]}
    found = fine_gray(times, cause, columns, ties=ties, censoring_ties="after")
    where = f"curves/{case['data']}/Fine-Gray {cause} {ties}"
    differences.check(where, "coef", [e.coef for e in found.effects], expected["coef"])
    differences.check(where, "naive se", [e.naive_se for e in found.effects], expected["naive"])


@cases
@pytest.mark.parametrize("cause", ["one", "two"])
def test_cause_specific_hazards(case: dict[str, Any], cause: str, differences: Differences) -> None:
    expected = case["competing"]["cause_specific"][cause]
    found = cause_specific_hazards(competing_times(case))[cause]
    where = f"curves/{case['data']}/cause-specific {cause}"
    differences.check(where, "coef", [e.coef for e in found.effects], as_list(expected["coef"]))
    differences.check(where, "se", [e.se for e in found.effects], as_list(expected["se"]))
    differences.check(where, "score", found.score.statistic, expected["score"])
