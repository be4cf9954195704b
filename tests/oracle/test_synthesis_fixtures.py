"""Synthesis against R's metafor: the values that oracle/metafor.R wrote, and its counts run in R here and now."""

import json
import math
import shutil
import subprocess
from typing import Any

import pytest
from oracle_cases import FIXTURES, ROOT, Differences

from trialwright.evidence import (
    Study,
    cumulative,
    egger,
    influence,
    leave_one_out,
    meta_regression,
    pool,
    pool_mantel_haenszel,
    pool_peto,
    rank_test,
    studies_of_tables,
    trim_and_fill,
)
from trialwright.stats import TwoByTwoTables

pytestmark = pytest.mark.oracle("metafor 3.8.1")

FOUND = json.loads((FIXTURES / "metafor.json").read_text())
WITHIN = 1e-6
METHOD = {"EE": "common"}
TEST = {"knha": "HK", "adhoc": "HK ad hoc"}
MEASURE = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference"}


def cases_with(part: str) -> Any:
    """Return the cases of which metafor was asked this."""
    return pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in FOUND["cases"] if c[part]])


def studies(case: dict[str, Any]) -> list[Study]:
    rows = zip(case["y"], case["v"], strict=True)
    return [Study(str(i), y, math.sqrt(v)) for i, (y, v) in enumerate(rows, 1)]


@cases_with("pooled")
def test_pooled(case: dict[str, Any], differences: Differences) -> None:
    for theirs in case["pooled"]:
        method, test = METHOD.get(theirs["method"], theirs["method"]), TEST.get(theirs["test"], theirs["test"])
        ours = pool(studies(case), method=method, test=test)
        mean, spread = ours.inference, ours.heterogeneity
        found = {
            "estimate": mean.estimate, "se": mean.se, "lower": mean.lower, "upper": mean.upper,
            "statistic": mean.statistic, "p": mean.p, "tau2": spread.tau2, "q": spread.q, "q_p": spread.p,
            "i2": spread.i2, "h2": spread.h2, "weights": ours.weights,
        }  # fmt: skip
        for name, value in found.items():
            differences.check(f"metafor/{case['name']}", f"{method} {test} {name}", value, theirs[name], WITHIN)
        for name, kind in (("z", "z"), ("k1", "t, k-1"), ("k2", "t, k-2")):
            predicted = ours.predict(kind)
            if not theirs[name]:
                assert predicted.lower is None and predicted.problem
                continue
            ends = [predicted.lower, predicted.upper]
            what = f"{method} {test} predicted {kind}"
            differences.check(f"metafor/{case['name']}", what, ends, theirs[name], WITHIN)


@cases_with("profile")
def test_q_profile(case: dict[str, Any], differences: Differences) -> None:
    for theirs in case["profile"]:
        ours = pool(studies(case), method="DL", level=theirs["level"]).heterogeneity
        if theirs["empty"]:
            assert ours.lower is None and ours.problem
            continue
        where = f"metafor/{case['name']}"
        differences.check(where, f"tau2 {theirs['level']}", [ours.lower, ours.upper], theirs["tau2"], WITHIN)
        differences.check(where, f"I2 {theirs['level']}", [ours.i2_lower, ours.i2_upper], theirs["i2"], WITHIN)


@cases_with("regressed")
def test_meta_regression(case: dict[str, Any], differences: Differences) -> None:
    for theirs in case["regressed"]:
        method, test = METHOD.get(theirs["method"], theirs["method"]), TEST.get(theirs["test"], theirs["test"])
        moderators = case["moderators"][theirs["set"]]
        ours = meta_regression(studies(case), moderators, method=method, test=test)
        found = list(ours.coefficients.values())
        named = {name: [getattr(each, name) for each in found] for name in ("estimate", "se", "lower", "upper", "p")}
        spread = ours.heterogeneity
        # metafor shows no R2 for a common effect, and 0 where nothing is to be explained
        explained = {} if method == "common" else {"explained": ours.explained or 0.0}
        named |= {"tau2": spread.tau2, "qe": spread.q, "qm": ours.moderators.statistic, "qm_p": ours.moderators.p}
        for name, value in {**named, **explained, "i2": spread.i2}.items():
            what = f"{theirs['set']} {method} {test} {name}"
            expected = 0.0 if name == "explained" and theirs[name] in (None, "NA") else theirs[name]
            differences.check(f"metafor/{case['name']}", what, value, expected, WITHIN)


@cases_with("cumulated")
def test_left_out_and_cumulated(case: dict[str, Any], differences: Differences) -> None:
    for key, method, test in (("z", "REML", "z"), ("knha", "DL", "HK")):
        rows = [("left out", each.label, each.synthesis.inference, each.synthesis.heterogeneity.tau2, theirs)
                for each, theirs in zip(leave_one_out(studies(case), method=method, test=test),
                                        case["left_out"][key], strict=True)] if case["left_out"] else []  # fmt: skip
        first, *others = cumulative(studies(case), method=method, test=test)
        assert (first.inference.estimate, first.inference.se) == (case["y"][0], math.sqrt(case["v"][0]))
        rows += [("cumulated", each.label, each.inference, each.tau2, theirs)
                 for each, theirs in zip(others, case["cumulated"][key], strict=True)]  # fmt: skip
        for what, label, mean, tau2, theirs in rows:
            ours = [mean.estimate, mean.se, mean.lower, mean.upper, mean.p, tau2]
            expected = [theirs[name] for name in ("estimate", "se", "lower", "upper", "p", "tau2")]
            differences.check(f"metafor/{case['name']}", f"{what} {label} {method} {test}", ours, expected, WITHIN)


@cases_with("influence")
def test_influence(case: dict[str, Any], differences: Differences) -> None:
    for theirs in case["influence"]:
        ours = influence(studies(case), method=theirs["method"])
        pairs = {"residual": "rstudent", "dffits": "dffits", "cook": "cook", "covariance_ratio": "cov",
                 "tau2_without": "tau2", "q_without": "qe", "weight": "weight"}  # fmt: skip
        for name, key in pairs.items():
            found = [getattr(each, name) for each in ours]
            where = f"metafor/{case['name']}"
            differences.check(where, f"{theirs['method']} {name}", found, theirs[key], WITHIN)
        assert [each.is_influential for each in ours] == theirs["influential"]


@cases_with("small")
def test_small_studies(case: dict[str, Any], differences: Differences) -> None:
    theirs, where = case["small"], f"metafor/{case['name']}"
    for model, key in (("dispersion", "lm"), ("random effects", "re")):
        ours, expected = egger(studies(case), model=model), theirs[key]
        ends = [ours.limit.estimate, ours.limit.lower, ours.limit.upper]
        differences.check(where, f"Egger {model}", [ours.slope.statistic, ours.slope.p], expected["test"], WITHIN)
        differences.check(where, f"Egger {model} limit", ends, expected["limit"], WITHIN)
    rank = rank_test(studies(case))
    differences.check(where, "Egger slope", egger(studies(case)).slope.estimate, theirs["slope"], WITHIN)
    differences.check(where, "rank test", [rank.tau, rank.p], [theirs["rank"]["tau"], theirs["rank"]["p"]], WITHIN)
    assert trim_and_fill(studies(case)).side == theirs["auto"]
    for filled in theirs["filled"]:
        side, rule = filled["side"], filled["rule"]
        ours = trim_and_fill(studies(case), side=side, rule=rule, method="DL", test="z")
        assert ours.missing == filled["missing"], (side, rule)
        found = [ours.synthesis.inference.estimate, ours.synthesis.heterogeneity.tau2]
        differences.check(where, f"filled {side} {rule}", found, [filled["estimate"], filled["tau2"]], WITHIN)


def check_tables(case: dict[str, Any], differences: Differences) -> None:
    tables, where = TwoByTwoTables.of(*(case[name] for name in ("x1", "n1", "x2", "n2"))), f"metafor/{case['name']}"
    answers = [(pool_mantel_haenszel(tables, MEASURE[row["measure"]]), row) for row in case["mh"]]
    for ours, theirs in [*answers, (pool_peto(tables), case["peto"])]:
        found = ours.estimate
        ends = [found.value, found.lower, found.upper]
        logged = ends if ours.measure == "risk difference" else [math.log(end) for end in ends]
        values = [*logged, found.se, ours.z, ours.p, ours.heterogeneity.statistic, ours.heterogeneity.p]
        expected = [theirs[name] for name in ("estimate", "lower", "upper", "se", "z", "p", "q", "q_p")]
        differences.check(where, f"{ours.method} {ours.measure}", values, expected, WITHIN)
    for measure, theirs in case["own"].items():
        labels = [str(i) for i in range(len(tables))]
        own = studies_of_tables(tables, labels, MEASURE[measure])
        pairs = [[study.estimate, study.variance] for study in own]
        differences.check(where, f"own {measure}", pairs, list(zip(theirs["y"], theirs["v"], strict=True)), WITHIN)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in FOUND["tables"]])
def test_tables(case: dict[str, Any], differences: Differences) -> None:
    check_tables(case, differences)


def test_counts_of_known_trials(differences: Differences) -> None:
    """The counts belong to others: R reads them, both answer, nothing is kept."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    run = subprocess.run(
        ["Rscript", "oracle/metafor.R", "counts"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "there is no package called" in run.stderr:
        pytest.skip("R's metafor is not installed (Debian: r-cran-metafor)")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(found) == 5
    for case in found:
        check_tables(case, differences)
