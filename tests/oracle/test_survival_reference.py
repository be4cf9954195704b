"""Every case of the shared survival reference that this room can answer, against R survival 3.5-3."""

from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, as_list, case_times, event_times, numbers, shared, shared_cases, value

from trialwright.stats import Curve, EventTimes, cox, kaplan_meier, log_rank, reverse_kaplan_meier

CASES = shared_cases("survival.json")
TRANSFORMS = ("plain", "log", "log-log", "logit", "arcsin")
ARM_TERMS = {
    "cox/veteran/trt": "trt",
    "cox/colon_death/strat": "rx",
    "cox/palmira_like": "arm",
    "cox/palmira_like/strat": "arm",
}


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


@pytest.mark.parametrize("case", of_kind("km"))
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_kaplan_meier(case: dict[str, Any], transform: Any, differences: Differences) -> None:
    curves = kaplan_meier(case_times(case), level=case["conf_level"], interval=transform)
    assert len(curves) == len(case["expect"])
    for name, expected in case["expect"].items():
        curve, where = curves[name], f"{case['id']}/{name}"
        assert (curve.subjects, curve.total_events) == (expected["n"], expected["events"])
        check_steps(curve, expected.get("curve"), where, differences)
        limits = expected["conf"].get(transform)
        if limits is None:
            continue
        if limits["lower"] is not None:  # long curves are recorded for one transform, one only by its quantiles
            differences.check(where, f"{transform} lower", curve.lower, limits["lower"])
            differences.check(where, f"{transform} upper", curve.upper, limits["upper"])
        check_quantiles(curve, limits["quantiles"], where, differences)
        check_landmarks(curve, limits["landmark"], where, differences)


def check_steps(curve: Curve, steps: dict[str, Any] | None, where: str, differences: Differences) -> None:
    if steps is None:  # one case records limits only
        return
    assert curve.days.tolist() == steps["time"]
    assert curve.at_risk.tolist() == steps["n_risk"]
    assert curve.events.tolist() == steps["n_event"]
    assert curve.censored.tolist() == steps["n_censor"]
    differences.check(where, "survival", curve.survival, steps["surv"])
    differences.check(where, "se", curve.se, steps["se_surv"])


def check_quantiles(curve: Curve, expected: dict[str, Any], where: str, differences: Differences) -> None:
    found = [curve.quantile(p, flat="R") for p in expected["probs"]]
    for part, name in (("value", "quantile"), ("lower", "lower"), ("upper", "upper")):
        ours = [value(getattr(f, part)) for f in found]
        differences.check(where, f"{curve.interval} quantile {part}", ours, expected[name][0])


def check_landmarks(curve: Curve, expected: dict[str, Any], where: str, differences: Differences) -> None:
    days = as_list(expected["times"])
    found = [curve.at(day, beyond="carry") for day in days]
    assert curve.at_risk_at(days).tolist() == as_list(expected["n_risk"])
    for part, name in (("value", "surv"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
        ours = [value(getattr(f, part)) for f in found]
        differences.check(where, f"{curve.interval} landmark {part}", ours, as_list(expected[name]))


@pytest.mark.parametrize("case", of_kind("km"))
def test_reverse_kaplan_meier(case: dict[str, Any], differences: Differences) -> None:
    curves = reverse_kaplan_meier(case_times(case), level=case["conf_level"], interval="log-log")
    for name, expected in case["expect"].items():
        check_quantiles(curves[name], expected["reverse_km"], f"{case['id']}/{name}/reverse", differences)


@pytest.mark.parametrize("case", of_kind("logrank"))
def test_log_rank(case: dict[str, Any], differences: Differences) -> None:
    expected = case["expect"]["rho=0"]
    found = log_rank(case_times(case, case["group_levels"]))
    where = case["id"]
    assert found.subjects.tolist() == expected["n"]
    assert found.observed.tolist() == expected["observed"]
    differences.check(where, "expected", found.expected, expected["expected"])
    differences.check(where, "variance", found.variance, expected["var"])
    differences.check(where, "chi-square", found.test.statistic, expected["chisq"])
    differences.check(where, "p", found.test.p, expected["p"])
    assert found.test.df == expected["df"]
    if found.z is not None:
        assert found.z**2 == pytest.approx(found.test.statistic, rel=1e-12)
    if expected["expected_by_stratum"] and case["strata"] and isinstance(case["strata"], str):
        differences.check(where, "by stratum", found.expected_by_stratum.T, expected["expected_by_stratum"])


R_RULES: Any = {"exact": "discrete"}
"""What R calls exact is the discrete likelihood."""
COX = [
    pytest.param(p.values[0], ties, id=f"{p.id}/{ties}")
    for p in of_kind("cox")
    for ties in ("efron", "breslow", "exact")
    if p.id in ARM_TERMS and ties in p.values[0]["expect"]
]


@pytest.mark.parametrize(("case", "ties"), COX)
def test_cox(case: dict[str, Any], ties: Any, differences: Differences) -> None:
    found = cox(
        case_times({**case, "group": ARM_TERMS[case["id"]]}), ties=R_RULES.get(ties, ties), level=case["conf_level"]
    )
    check_cox(found, case["expect"][ties], f"{case['id']}/{ties}", differences)


def check_cox(
    found: Any, expected: dict[str, Any], where: str, differences: Differences, tolerance: float = 1e-9
) -> None:
    effects = found.effects
    check = differences.check
    check(where, "coef", [e.coef for e in effects], as_list(expected["coef"]), tolerance)
    check(where, "se", [e.se for e in effects], as_list(expected["se"]), tolerance)
    check(where, "hr", [e.hazard_ratio for e in effects], as_list(expected["hr"]), tolerance)
    check(where, "lower", [e.lower for e in effects], as_list(expected["hr_lower"]), tolerance)
    check(where, "upper", [e.upper for e in effects], as_list(expected["hr_upper"]), tolerance)
    check(where, "covariance", found.covariance, expected["var"], tolerance)
    check(where, "log-likelihood", found.log_likelihood, expected["loglik"], tolerance)
    check(where, "null log-likelihood", found.log_likelihood_null, expected["loglik_null"], tolerance)
    for test, name in ((found.likelihood_ratio, "lrt"), (found.wald, "wald"), (found.score, "score")):
        check(where, name, test.statistic, expected[name], tolerance)
        check(where, f"{name} p", test.p, expected[f"{name}_p"], tolerance)
        assert test.df == expected["df"]


@pytest.mark.parametrize("case", of_kind("subgroups"))
def test_subgroups(case: dict[str, Any], differences: Differences) -> None:
    """Counts, medians and the hazard ratio within each level of each factor."""
    from oracle_cases import columns

    data = columns(shared(f"data/{case['data']}"))
    if case["filter"]:
        allowed = as_list(case["filter"]["equals"])
        kept = [i for i, v in enumerate(data[case["filter"]["column"]]) if v in allowed]
        data = {name: [column[i] for i in kept] for name, column in data.items()}
    arms = sorted(set(data[case["group"]]), key=lambda name: (name == str(case["arm1"]), name))
    event = (case["event"]["column"], as_list(case["event"]["equals"]))
    everyone = event_times(data, case["time"], event, case["group"], levels=arms)
    check_subgroup(everyone, case["expect"]["overall"], f"{case['id']}/overall", differences)
    for factor in case["subgroups"]:
        for level, expected in case["expect"][factor]["levels"].items():
            chosen = everyone.only([v == level for v in data[factor]])
            check_subgroup(chosen, expected, f"{case['id']}/{factor}={level}", differences)


def check_subgroup(times: EventTimes, expected: dict[str, Any], where: str, differences: Differences) -> None:
    effect = cox(times).effect
    differences.check(where, "log hr", effect.coef, expected["loghr"])
    differences.check(where, "se", effect.se, expected["se"])
    differences.check(where, "lower", effect.lower, expected["lower"])
    differences.check(where, "upper", effect.upper, expected["upper"])


@pytest.mark.parametrize("case", of_kind("landmark_diff"))
def test_rates_at_landmarks(case: dict[str, Any], differences: Differences) -> None:
    curves = kaplan_meier(case_times(case))
    for arm, curve in curves.items():
        name = "surv1" if arm == str(case["arm1"]) else "surv0"
        ours = [curve.at(day).value for day in case["times"]]
        differences.check(case["id"], name, ours, case["expect"][name])


REFUSED = {"negative_time": "zero or more", "missing": "known", "infinite_time": "finite"}
NASTY = [p for p in of_kind("nasty") if "group" in p.values[0]["inline"]]


def nasty_times(case: dict[str, Any], grouped: bool = True) -> EventTimes:
    data = {name: as_list(column) for name, column in case["inline"].items()}
    strata = ["strata"] if "strata" in data and grouped else []
    return event_times(data, "time", ("status", [1]), "group" if grouped else None, strata)


def name_of(case: dict[str, Any]) -> str:
    return str(case["id"]).removeprefix("nasty/")


@pytest.mark.parametrize("case", [p for p in NASTY if name_of(p.values[0]) in REFUSED])
def test_impossible_data_are_refused(case: dict[str, Any]) -> None:
    inline = case["inline"]
    with pytest.raises(ValueError, match=REFUSED[name_of(case)]):
        EventTimes.of(numbers(inline["time"]), [s == 1 for s in inline["status"]], inline["group"])


@pytest.mark.parametrize("case", [p for p in of_kind("nasty") if name_of(p.values[0]) not in REFUSED])
@pytest.mark.parametrize("transform", ["plain", "log", "log-log"])
@pytest.mark.parametrize("part", ["km", "km_pooled"])
def test_hostile_curves(case: dict[str, Any], part: str, transform: Any, differences: Differences) -> None:
    if part not in case["expect"]:
        part = "km"
    expected = case["expect"][part][transform]
    grouped = part == "km" and "group" in case["inline"]
    curves = list(kaplan_meier(nasty_times(case, grouped), interval=transform).values())
    where = case["id"]
    assert np.concatenate([c.at_risk for c in curves]).tolist() == as_list(expected["n_risk"])
    for name, theirs in (("survival", "surv"), ("se", "se_surv"), ("lower", "lower"), ("upper", "upper")):
        ours = np.concatenate([getattr(c, name) for c in curves])
        differences.check(where, f"{transform} {name}", ours, as_list(expected[theirs]), 1e-9)
    for i, curve in enumerate(curves):
        check_quantiles(
            curve,
            {
                "probs": expected["probs"],
                "quantile": [expected["quantile"][i]],
                "lower": [expected["quantile_lower"][i]],
                "upper": [expected["quantile_upper"][i]],
            },
            where,
            differences,
        )


@pytest.mark.parametrize("case", [p for p in NASTY if name_of(p.values[0]) not in REFUSED])
def test_hostile_comparisons(case: dict[str, Any], differences: Differences) -> None:
    """R's numbers where it gives honest ones; a named problem where it fails or runs to infinity."""
    times, where = nasty_times(case), case["id"]
    if name_of(case) == "one_group_only":
        with pytest.raises(ValueError, match="at least two arms; got 1 only"):
            log_rank(times)
        return
    check_hostile_log_rank(times, case["expect"]["logrank"], where, differences)
    for ties in ("efron", "breslow", "exact"):
        found, expected = cox(times, ties=R_RULES.get(ties, ties)), case["expect"]["cox"][ties]
        if not expected.get("warnings") and expected.get("coef") not in ("NA", None):
            # R stopped at 1e-9 in the log-likelihood here
            differences.check(where, f"{ties} coef", found.effect.coef, expected["coef"], 1e-6)
            differences.check(where, f"{ties} score", found.score.statistic, expected["score"], 1e-6)
        else:
            check_unbounded(found, expected, f"{where}/{ties}", differences)


def check_hostile_log_rank(times: EventTimes, expected: dict[str, Any], where: str, differences: Differences) -> None:
    found = log_rank(times)
    if "error" in expected or expected["chisq"] == 0:
        assert found.test.statistic is None
        assert "no information" in (found.test.problem or "")
        return
    differences.check(where, "chi-square", found.test.statistic, expected["chisq"])


def check_unbounded(found: Any, expected: dict[str, Any], where: str, differences: Differences) -> None:
    effect = found.effect
    assert effect.se is None and effect.z is None and effect.p is None
    assert effect.problem and found.wald.statistic is None
    if effect.coef is None:
        assert "no information" in effect.problem
        assert found.score.statistic is None
        return
    assert effect.hazard_ratio in (0.0, np.inf)
    assert (effect.hazard_ratio == 0) == (expected["coef"] < 0)
    differences.check(where, "score", found.score.statistic, expected["score"], 1e-6)
    differences.check(where, "lrt", found.likelihood_ratio.statistic, expected["lrt"], 1e-6)
