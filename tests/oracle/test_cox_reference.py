"""The Cox model with covariates against R survival, the exact marginal reference and SAS, case by case."""

import re
from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, as_list, columns, numbers, shared, shared_cases

from trialwright.stats import (
    CoxData,
    Design,
    EventTimes,
    baseline_hazard,
    concordance,
    cox,
    cox_regression,
    design_matrix,
)

NEAR = 1.5e-8
R_RULES: Any = {"exact": "discrete"}
"""What R calls exact is the discrete likelihood."""
CASES = [
    pytest.param(case, ties, id=f"{case['id']}/{ties}")
    for case in shared_cases("survival.json")
    if case["kind"] == "cox"
    for ties in case["expect"]
]
MARGINAL = [
    pytest.param(case, id=f"{case['data']}/{'+'.join(case['strata']) or 'unstratified'}")
    for case in shared_cases("exact_marginal.json")
]
NASTY = {case["id"]: case for case in shared_cases("survival.json") if case["kind"] == "nasty"}


def test_the_references_are_there() -> None:
    shared("survival.json")
    shared("exact_marginal.json")
    assert CASES and MARGINAL and NASTY


def typed(values: list[str]) -> list[Any]:
    try:
        return [float(v) for v in values]
    except ValueError:
        return values


def named_terms(case: dict[str, Any]) -> tuple[list[str], set[str]]:
    """Return our terms for R's, and the factors among them."""
    factors = {m[1] for term in as_list(case["terms"]) if (m := re.match(r"factor\((.*)\)", term))}
    terms = [re.sub(r"factor\((.*)\)|I\((\w+)==.*\)", r"\1\2", term) for term in as_list(case["terms"])]
    return terms, factors


def cox_data(case: dict[str, Any]) -> CoxData:
    data = columns(shared(f"data/{case['data']}"))
    terms, factors = named_terms(case)
    strata = as_list(case["strata"]) if case["strata"] else []
    covariates = {name for term in terms for name in term.split("*")}
    singles = [case["time"], case["event"]["column"], *filter(None, (case["start"], case["cluster"]))]
    kept = [
        i
        for i in range(len(data[case["time"]]))
        if all(data[c][i] not in ("", "NA") for c in {*singles, *strata, *covariates})
    ]
    rows = {name: typed([column[i] for i in kept]) for name, column in data.items()}
    levels = {name: sorted(set(rows[name])) for name in factors}
    if "arm" in covariates:
        levels["arm"] = sorted(set(rows["arm"]), key=lambda arm: arm == "PALBO+ET")
    equals = [float(e) for e in as_list(case["event"]["equals"])]
    return CoxData.of(
        rows[case["time"]],
        np.isin(rows[case["event"]["column"]], equals),
        design_matrix({name: rows[name] for name in sorted(covariates)}, terms, levels=levels),
        entry=rows[case["start"]] if case["start"] else None,
        stratum=["/".join(str(rows[s][i]) for s in strata) for i in range(len(kept))] if strata else None,
        cluster=rows[case["cluster"]] if case["cluster"] else None,
        tie_tolerance=NEAR,
    )


@pytest.mark.parametrize(("case", "ties"), CASES)
def test_cox_regression(case: dict[str, Any], ties: str, differences: Differences) -> None:
    expected, where = case["expect"][ties], f"{case['id']}/{ties}/covariates"
    fit = cox_regression(cox_data(case), ties=R_RULES.get(ties, ties), level=case["conf_level"])
    assert (fit.subjects, fit.events, fit.problem) == (expected["n"], expected["events"], None)
    found = fit.coefficients
    for what, ours, theirs in (
        ("coef", [c.coef for c in found], expected["coef"]),
        ("se", [c.se for c in found], expected["se"]),
        ("hr", [c.hazard_ratio for c in found], expected["hr"]),
        ("lower", [c.lower for c in found], expected["hr_lower"]),
        ("upper", [c.upper for c in found], expected["hr_upper"]),
        ("model z", [(c.coef or 0) / (c.se or 1) for c in found], expected["z"]),
    ):
        differences.check(where, what, ours, as_list(theirs))
    differences.check(where, "covariance", fit.covariance, expected["var"])
    differences.check(where, "log-likelihood", fit.log_likelihood, expected["loglik"])
    differences.check(where, "null log-likelihood", fit.log_likelihood_null, expected["loglik_null"])
    for test, name in ((fit.likelihood_ratio, "lrt"), (fit.wald, "wald"), (fit.score, "score")):
        differences.check(where, name, test.statistic, expected[name])
        differences.check(where, f"{name} p", test.p, expected[f"{name}_p"])
        assert test.df == expected["df"]
    differences.check(where, "concordance", concordance(fit).value, expected["concordance"])
    if "robust_var" in expected:
        differences.check(where, "robust covariance", fit.robust_covariance, expected["robust_var"])
        differences.check(where, "robust se", [c.robust_se for c in found], as_list(expected["robust_se"]))
    else:
        assert fit.robust_covariance is None
    if expected.get("basehaz"):
        base = baseline_hazard(fit)["all"]
        times = as_list(expected["basehaz"]["time"])
        differences.check(where, "baseline hazard", base.at(times), as_list(expected["basehaz"]["hazard"]))


@pytest.mark.parametrize("case", MARGINAL)
def test_exact_marginal(case: dict[str, Any], differences: Differences) -> None:
    """Both paths: the risk table of the arm, and rows with a covariate."""
    data, (column, one) = columns(shared(f"data/{case['data']}")), case["x"]
    event, value = case["event"]
    kept = [i for i, t in enumerate(data[case["time"]]) if t not in ("", "NA") and data[event][i] not in ("", "NA")]
    times = EventTimes.of(
        [float(data[case["time"]][i]) for i in kept],
        [float(data[event][i]) == float(value) for i in kept],
        [int(data[column][i] == one) for i in kept],
        ["/".join(data[s][i] for s in case["strata"]) for i in kept],
    )
    table, rows = cox(times, ties="exact"), cox_regression(CoxData.from_times(times), ties="exact")
    expected, where = case["expect"], f"exact marginal/{case['data']}/{'+'.join(case['strata'])}"
    for path, fit, own in (("table", table, table.effect), ("rows", rows, rows.coefficients[0])):
        differences.check(f"{where}/{path}", "coef", own.coef, expected["coef"], 1e-10)
        differences.check(f"{where}/{path}", "log-likelihood", fit.log_likelihood, expected["loglik"], 1e-10)
        differences.check(f"{where}/{path}", "null", fit.log_likelihood_null, expected["loglik_null"], 1e-10)
        differences.check(f"{where}/{path}", "se", own.se, expected["se"], 1e-8)
        differences.check(f"{where}/{path}", "score", fit.score.statistic, expected["score"], 1e-8)
        differences.check(f"{where}/{path}", "lrt", fit.likelihood_ratio.statistic, expected["lrt"], 1e-8)


@pytest.mark.parametrize("name", ["huge_covariate", "offset_covariate"])
@pytest.mark.parametrize("ties", ["efron", "breslow", "discrete", "exact"])
def test_badly_placed_covariates(name: str, ties: Any, differences: Differences) -> None:
    """Values around 10^6 and 10^8: R stops at 1e-9 in the log-likelihood here; there are no ties."""
    case = NASTY[f"nasty/{name}"]
    inline, expected = case["inline"], case["expect"]["cox_x"]
    fit = cox_regression(CoxData.of(inline["time"], inline["status"], {"x": inline["x"]}), ties=ties)
    reference = expected.get("efron", expected)
    differences.check(case["id"], f"{ties} coef", fit["x"].coef, reference["coef"], 1e-6)
    differences.check(case["id"], f"{ties} se", fit["x"].se, reference["se"], 1e-6)


def test_a_constant_covariate_is_named() -> None:
    inline = NASTY["nasty/constant_covariate"]["inline"]
    fit = cox_regression(CoxData.of(inline["time"], inline["status"], {"x": inline["x"]}))
    assert fit["x"].coef is None and fit.wald.statistic is None
    assert "no information" in (fit.problem or "")


@pytest.mark.parametrize("name", sorted(n for n, c in NASTY.items() if "cox" in c["expect"]))
def test_hostile_data_answer_alike_on_both_paths(name: str) -> None:
    inline = {key: as_list(v) for key, v in NASTY[name]["inline"].items()}
    times = numbers(inline["time"])
    if any(t != t or t < 0 or t == np.inf for t in times) or len(set(inline["group"])) < 2:
        with pytest.raises(ValueError, match=r"must be known|zero or more|finite|two arms"):
            cox(EventTimes.from_continuous(times, inline["status"], inline["group"]))
        return
    event_times = EventTimes.from_continuous(
        times, inline["status"], inline["group"], inline.get("strata"), tie_tolerance=NEAR
    )
    for ties in ("efron", "breslow", "discrete", "exact"):
        table, fit = cox(event_times, ties=ties), cox_regression(CoxData.from_times(event_times), ties=ties)
        one, other = table.effect, fit.coefficients[0]
        assert (one.problem is None) == (other.problem is None)
        for a, b in ((one.hazard_ratio, other.hazard_ratio), (one.lower, other.lower), (one.upper, other.upper)):
            assert (a is None) == (b is None)
            assert a is None or a == pytest.approx(b, rel=1e-9)
        assert (table.score.p is None) == (fit.score.p is None)
        assert table.likelihood_ratio.p == (
            None if fit.likelihood_ratio.p is None else pytest.approx(fit.likelihood_ratio.p, rel=1e-9)
        )


SUBGROUPS = [pytest.param(c, id=c["id"]) for c in shared_cases("survival.json") if c["kind"] == "subgroups"]


@pytest.mark.parametrize("case", SUBGROUPS)
def test_subgroups_and_interaction(case: dict[str, Any], differences: Differences) -> None:
    """The hazard ratio in each level, and the likelihood-ratio test of arm by factor, from models with covariates."""
    data = columns(shared(f"data/{case['data']}"))
    if case["filter"]:
        allowed = as_list(case["filter"]["equals"])
        rows = [i for i, v in enumerate(data[case["filter"]["column"]]) if v in allowed]
        data = {name: [column[i] for i in rows] for name, column in data.items()}
    equals = [float(e) for e in as_list(case["event"]["equals"])]
    time, event = typed(data[case["time"]]), np.isin(typed(data[case["event"]["column"]]), equals)
    arm = np.array([float(a == str(case["arm1"])) for a in data[case["group"]]])
    whole = CoxData.of(time, event, Design(("arm",), arm[:, None], ("arm",)))
    check_level(whole, case["expect"]["overall"], f"{case['id']}/rows/overall", differences)
    for factor in case["subgroups"]:
        for level, expected in case["expect"][factor]["levels"].items():
            chosen = whole.only([v == level for v in data[factor]])
            check_level(chosen, expected, f"{case['id']}/rows/{factor}={level}", differences)


def check_level(data: CoxData, expected: dict[str, Any], where: str, differences: Differences) -> None:
    found = cox_regression(data)["arm"]
    for what, ours, theirs in (
        ("log hr", found.coef, "loghr"),
        ("se", found.se, "se"),
        ("lower", found.lower, "lower"),
        ("upper", found.upper, "upper"),
    ):
        differences.check(where, what, ours, expected[theirs])


def test_phreg_as_printed() -> None:
    """SAS 9.4 PHREG on whas500, Breslow."""
    case = next(c for c in shared_cases("sas_printed.json") if c["id"] == "sas/phreg/whas500")
    data = columns(shared("data/whas500.csv"))
    afb = [float(v) == 0 for v in data["afb"]]
    rows = CoxData.of(typed(data["lenfol"]), [float(v) == 1 for v in data["fstat"]], {"afb": np.array(afb, float)})
    found = cox_regression(rows, ties="breslow")["afb"]
    assert found.coef == pytest.approx(case["estimate"], abs=5e-6)
    assert found.se == pytest.approx(case["se"], abs=5e-6)
    assert [found.hazard_ratio, found.lower, found.upper] == pytest.approx([case["hr"], *case["hr_ci"]], abs=5e-4)
    assert found.p == pytest.approx(case["p"], abs=5e-5)
