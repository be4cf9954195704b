"""The command for anybody's table reproduces R and SAS: the same references as for the functions, through JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oracle_cases import Differences, as_list, columns, shared, shared_cases

from trialwright.cli import main

CASES = shared_cases("survival.json")
TRANSFORMS = ("plain", "log", "log-log", "logit", "arcsin")
Analyze = Callable[..., dict[str, Any]]


@pytest.fixture
def analyze(capsys: pytest.CaptureFixture[str]) -> Analyze:
    """Run ``trialwright analyze table FILE ... --json`` and return what it printed."""

    def analyze(file: Path, **options: Any) -> dict[str, Any]:
        given = [(f"--{name.replace('_', '-')}", str(value)) for name, value in options.items() if value is not None]
        code = main(["analyze", "table", str(file), "--json", *(part for pair in given for part in pair)])
        shown = capsys.readouterr()
        assert (code, shown.err) == (0, "")
        found: dict[str, Any] = json.loads(shown.out)
        return found

    return analyze


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def asked(case: dict[str, Any], arm: str | None = None) -> dict[str, Any]:
    """Return the options of a case; a case without groups is read off the overall figures beside any arm."""
    strata = case.get("strata")
    return {
        "time": case["time"],
        "event": case["event"]["column"],
        "event_value": case["event"]["equals"],
        "arm": arm or case.get("group") or "trt",
        "strata": ",".join(as_list(strata)) if strata else None,
        "level": case.get("conf_level"),
        "preset": "R",
        "missing": "drop",
    }


def data_of(case: dict[str, Any]) -> Path:
    return shared(f"data/{case['data']}")


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


@pytest.mark.parametrize("case", of_kind("km"))
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_curves(case: dict[str, Any], transform: str, analyze: Analyze, differences: Differences) -> None:
    first = next(iter(case["expect"].values()))
    times = as_list(first["conf"]["log"]["landmark"]["times"])
    tau = (first.get("rmst") or {}).get("tau")
    options = asked(case) | {"conf_type": transform, "landmarks": ",".join(map(str, times)), "tau": tau}
    found = analyze(data_of(case), **options)
    assert found["conventions"]["conf_type"] == transform
    for name, expected in case["expect"].items():
        arm, where = found["overall"] if name == "all" else found["arms"][name], f"{case['id']}/{name}"
        assert (arm["n"], arm["events"]) == (expected["n"], expected["events"])
        if transform in expected["conf"]:
            check_limits(arm, expected["conf"][transform], f"{where}/{transform}", differences)
        if transform == "log-log":
            check_follow_up(arm, expected["reverse_km"], where, differences)
        if name != "all" and expected.get("rmst"):
            mean = found["rmst"]["arms"][name]["mean"]
            differences.check(
                where, "rmst", [mean["value"], mean["se"]], [expected["rmst"]["rmst"], expected["rmst"]["se"]]
            )


def check_limits(arm: dict[str, Any], expected: dict[str, Any], where: str, differences: Differences) -> None:
    for part, name in (("value", "quantile"), ("lower", "lower"), ("upper", "upper")):
        ours = [nan(arm["quartiles"][f"{100 * p:g}"][part]) for p in expected["quantiles"]["probs"]]
        differences.check(where, f"quartiles {name}", ours, expected["quantiles"][name][0])
    rates = arm["landmarks"]
    assert [rate["at_risk"] for rate in rates] == as_list(expected["landmark"]["n_risk"])
    for part, name in (("value", "surv"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
        ours = [nan(rate[part]) for rate in rates]
        differences.check(where, f"landmark {name}", ours, as_list(expected["landmark"][name]))


def check_follow_up(arm: dict[str, Any], expected: dict[str, Any], where: str, differences: Differences) -> None:
    half = expected["probs"].index(0.5)
    for part, name in (("value", "quantile"), ("lower", "lower"), ("upper", "upper")):
        differences.check(where, f"follow-up {name}", nan(arm["follow_up"][part]), expected[name][0][half])


def nan(value: float | None) -> float:
    return float("nan") if value is None else value


@pytest.mark.parametrize("case", of_kind("logrank"))
def test_log_rank(case: dict[str, Any], analyze: Analyze, differences: Differences) -> None:
    found = analyze(data_of(case), **asked(case), control=case["group_levels"][0])["log_rank"]
    test, expected = found["stratified" if case["strata"] else "unstratified"], case["expect"]["rho=0"]
    assert test["df"] == expected["df"]
    assert list(test["observed"].values()) == expected["observed"]
    for name, theirs in (("chi_square", "chisq"), ("p", "p")):
        differences.check(f"{case['id']}/command", name, test[name], expected[theirs])
    differences.check(f"{case['id']}/command", "expected", list(test["expected"].values()), expected["expected"])


ARMS = {
    "cox/veteran/trt": "trt",
    "cox/colon_death/strat": "rx",
    "cox/palmira_like": "arm",
    "cox/palmira_like/strat": "arm",
}
COX = [
    pytest.param(each.values[0], ties, id=f"{each.id}/{ties}")
    for each in of_kind("cox")
    for ties in ("efron", "breslow", "discrete")
    if each.id in ARMS and ties.replace("discrete", "exact") in each.values[0]["expect"]
]


@pytest.mark.parametrize(("case", "ties"), COX)
def test_cox_model_of_the_arm(case: dict[str, Any], ties: str, analyze: Analyze, differences: Differences) -> None:
    found = analyze(data_of(case), **asked(case, ARMS[case["id"]]), ties=ties)
    model = found["cox"]["stratified" if case["strata"] else "unstratified"]
    check_model(model, case["expect"][ties.replace("discrete", "exact")], f"{case['id']}/{ties}", differences)


ADJUSTED = {
    # case: arm, covariates, and our terms (the arm first) in the order of the reference
    "cox/veteran/full": ("trt", "karno,age,celltype", (0, 1, 2, 3, 4, 5)),
    "cox/veteran/strat": ("trt", "karno", (0, 1)),
    "cox/lung": ("sex", "age,ph.karno", (1, 0, 2)),
    "cox/ovarian": ("rx", "age", (0, 1)),
    "cox/colon_death": ("rx", "sex,age,node4", (0, 1, 2, 3, 4)),
    "cox/gbsg": ("hormon", "age,size,nodes", (0, 1, 2, 3)),
}
ADJUSTED_CASES = [
    pytest.param(each.values[0], ties, id=f"{each.id}/{ties}")
    for each in of_kind("cox")
    for ties in ("efron", "breslow", "discrete")
    if each.id in ADJUSTED and ties.replace("discrete", "exact") in each.values[0]["expect"]
]


@pytest.mark.parametrize(("case", "ties"), ADJUSTED_CASES)
def test_cox_model_beside_covariates(
    case: dict[str, Any], ties: str, analyze: Analyze, differences: Differences
) -> None:
    arm, covariates, order = ADJUSTED[case["id"]]
    options = asked(case, arm) | {"covariates": covariates, "ties": ties}
    model = analyze(data_of(case), **options)["cox"]["adjusted"]
    model["terms"] = [model["terms"][i] for i in order]
    expected = case["expect"][ties.replace("discrete", "exact")]
    check_model(model, expected, f"{case['id']}/{ties}", differences)


EXACT = [
    pytest.param(case, id=f"{case['data']}/{len(case['strata'])} strata")
    for case in shared_cases("exact_marginal.json")
]


@pytest.mark.parametrize("case", EXACT)
def test_exact_marginal_ties(case: dict[str, Any], analyze: Analyze, differences: Differences) -> None:
    arm, value = case["x"]
    control = next(level for level in sorted(set(columns(data_of(case))[arm])) if level != value)
    options = {"time": case["time"], "event": case["event"][0], "event_value": case["event"][1], "arm": arm}
    strata = ",".join(case["strata"]) or None
    found = analyze(data_of(case), **options, control=control, strata=strata, ties="exact")
    model, expected = found["cox"]["stratified" if strata else "unstratified"], case["expect"]
    where = f"exact/{case['data']}/{strata}"
    differences.check(where, "coef", model["terms"][0]["coef"], expected["coef"], 1e-10)
    differences.check(where, "log-likelihood", model["log_likelihood"], expected["loglik"], 1e-10)
    differences.check(where, "se", model["terms"][0]["se"], expected["se"], 1e-8)
    differences.check(where, "score", model["score"]["statistic"], expected["score"], 1e-8)
    differences.check(where, "lrt", model["likelihood_ratio"]["statistic"], expected["lrt"], 1e-9)


def check_model(model: dict[str, Any], expected: dict[str, Any], where: str, differences: Differences) -> None:
    names = {"coef": "coef", "se": "se", "z": "z", "hazard_ratio": "hr", "lower": "hr_lower", "upper": "hr_upper"}
    for ours, theirs in names.items():
        differences.check(where, ours, [term[ours] for term in model["terms"]], as_list(expected[theirs]))
    for ours, theirs in (("likelihood_ratio", "lrt"), ("wald", "wald"), ("score", "score")):
        differences.check(where, ours, model[ours]["statistic"], expected[theirs])
        differences.check(where, f"{ours} P", model[ours]["p"], expected[f"{theirs}_p"])
        assert model[ours]["df"] == expected["df"]
    if "zph" in expected:
        check_proportional_hazards(model["proportional_hazards"], expected["zph"]["km"], where, differences)
    differences.check(where, "log-likelihood", model["log_likelihood"], expected["loglik"])
    differences.check(where, "null log-likelihood", model["log_likelihood_null"], expected["loglik_null"])
    assert (model["n"], model["events"]) == (expected["n"], expected["events"])


def check_proportional_hazards(
    test: dict[str, Any], expected: dict[str, Any], where: str, differences: Differences
) -> None:
    named = [next(name for name in (*test["terms"], "GLOBAL") if name in row) for row in as_list(expected["rows"])]
    found = [(test["terms"] | {"GLOBAL": test["global"]})[name] for name in named]
    assert len(set(named)) == len(test["terms"]) + 1
    assert [each["df"] for each in found] == as_list(expected["df"])
    differences.check(where, "zph", [each["statistic"] for each in found], as_list(expected["chisq"]))
    differences.check(where, "zph P", [each["p"] for each in found], as_list(expected["p"]))


@pytest.mark.parametrize("case", of_kind("rmst2"))
def test_restricted_means(case: dict[str, Any], analyze: Analyze, differences: Differences) -> None:
    levels = sorted(set(columns(data_of(case))[case["group"]]))
    control = next(level for level in levels if level != str(case["arm1"]))
    for expected in as_list(case["expect"]):
        found = analyze(data_of(case), **asked(case), control=control, tau=expected["tau"])["rmst"]
        assert (found["tau"], found["tau_rule"]) == (expected["tau"], "given")
        where = f"{case['id']}/{expected['tau']:g}"
        for arm, name in ((str(case["arm1"]), "arm1"), (control, "arm0")):
            differences.check(where, f"{name} mean", found["arms"][arm]["mean"]["value"], expected[name]["rmst"])
            differences.check(where, f"{name} se", found["arms"][arm]["mean"]["se"], expected[name]["se"])
        pair = found["comparisons"][f"{case['arm1']} v {control}"]
        for ours, theirs in (("difference", "diff"), ("ratio", "ratio"), ("lost_ratio", "rmtl_ratio")):
            differences.check(where, ours, pair[ours]["value"], expected[theirs])
            differences.check(where, f"{ours} P", pair[ours]["p"], expected[f"{theirs}_p"])
            differences.check(
                where, f"{ours} limits", [pair[ours]["lower"], pair[ours]["upper"]], expected[f"{theirs}_ci"]
            )


def test_sas_restricted_means(analyze: Analyze) -> None:
    expected = printed_case("sas/lifetest/rmst")
    found = analyze(
        shared("data/camis_lung.csv"),
        time="time",
        event="cnsr",
        event_value="0",
        arm="trt01pn",
        control="2",
        preset="SAS",
        tau=expected["tau"],
    )["rmst"]
    for arm, (mean, se) in expected["rmst"].items():
        assert printed(found["arms"][arm]["mean"]["value"], mean, 4)
        assert printed(found["arms"][arm]["mean"]["se"], se, 4)
    difference = found["comparisons"]["1 v 2"]["difference"]
    assert printed(difference["value"], expected["diff"], 4)
    assert printed(difference["se"], expected["diff_se"], 3)
    assert printed(difference["z"] ** 2, expected["chisq"], 4)
    assert printed(difference["p"], expected["p"], 4)


def printed_case(name: str) -> dict[str, Any]:
    cases = json.loads(shared("sas_printed.json").read_text())["cases"]
    return next(case for case in cases if case["id"] == name)


def printed(found: float | None, expected: float | None, digits: int) -> bool:
    if expected is None or found is None:
        return expected is found
    return abs(found - expected) <= 0.5 * 10**-digits + 1e-12


def check_printed(found: dict[str, Any], limits: list[float | None] | None, digits: int) -> None:
    for ours, theirs in zip((found["value"], found["lower"], found["upper"]), limits or [None] * 3, strict=True):
        assert printed(ours, theirs, digits), (found, limits)


def test_sas_lifetest(analyze: Analyze, tmp_path: Path) -> None:
    expected, data = printed_case("sas/lifetest/whas500"), columns(shared("data/whas500.csv"))
    years = [str(round(float(day) / 365.25, 2)) for day in data["lenfol"]]
    rows = zip(years, data["fstat"], data["afb"], strict=True)
    table = tmp_path / "whas500.csv"
    table.write_text("\n".join(["years,fstat,afb", *map(",".join, rows)]))
    marks = expected["timelist"][0]["time"]
    found = analyze(
        table, time="years", event="fstat", arm="afb", preset="SAS", landmarks=",".join(map(str, marks)), unit="years"
    )
    for block in expected["timelist"]:
        for i, rate in enumerate(found["arms"][str(block["group"])]["landmarks"]):
            assert printed(rate["value"], block["survival"][i], 4)
            assert printed(rate["se"], block["se"][i], 4)
            assert printed(rate["lower"], block["lower"][i], 3)
            assert printed(rate["upper"], block["upper"][i], 3)
            assert rate["at_risk"] == block["left"][i]
    for group, quartiles in expected["quartiles"]["groups"].items():
        for percent, limits in quartiles.items():
            check_printed(found["arms"][group]["quartiles"][percent], limits, 2)
    assert printed(found["log_rank"]["unstratified"]["chi_square"], expected["logrank"], 4)


def test_sas_phreg(analyze: Analyze) -> None:
    expected = printed_case("sas/phreg/whas500")
    found = analyze(shared("data/whas500.csv"), time="lenfol", event="fstat", arm="afb", control="1", preset="SAS")
    term = found["cox"]["unstratified"]["terms"][0]
    assert term["term"] == "0 v 1"
    for name, theirs, digits in (("coef", "estimate", 5), ("se", "se", 5), ("p", "p", 4), ("hazard_ratio", "hr", 3)):
        assert printed(term[name], expected[theirs], digits)
    assert printed(term["lower"], expected["hr_ci"][0], 3)
    assert printed(term["upper"], expected["hr_ci"][1], 3)
    # SAS stops at 1e-8 and prints 10.6143; the converged value, in R as well, is 10.61422
    assert found["cox"]["unstratified"]["wald"]["statistic"] == pytest.approx(expected["chisq"], abs=1e-4)


@pytest.mark.parametrize("preset", ["SAS", "R"])
def test_survival_at_one_half_until_the_end(analyze: Analyze, tmp_path: Path, preset: str) -> None:
    """The case of two SAS and R differences; a second arm, of which nothing is asked, makes it a table of two arms."""
    expected = printed_case("sas/lifetest/flat_at_half")
    rows = zip(expected["inline"]["time"], expected["inline"]["status"], strict=True)
    table = tmp_path / "flat.csv"
    table.write_text("\n".join(["t,s,a", *(f"{t},{s},x" for t, s in rows), "5,1,y", "6,0,y"]))
    marks = ",".join(expected["landmarks"])
    found = analyze(table, time="t", event="s", arm="a", preset=preset, conf_type="log-log", landmarks=marks)
    arm = found["arms"]["x"]
    if preset == "R":
        assert arm["median"]["value"] == expected["r_gives"]["median"]
        check_printed(arm["landmarks"][-1], expected["r_gives"]["rate_120"], 3)
        return
    for percent, limits in expected["quartiles"].items():
        check_printed(arm["quartiles"][percent], limits, 3)
    for rate, limits in zip(arm["landmarks"], expected["landmarks"].values(), strict=True):
        check_printed(rate, limits, 3)
