"""Weighted log-rank tests and MaxCombo against R survival, mvtnorm, nph, nphRCT and SAS."""

import json
from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, as_list, case_times, columns, event_times, label, shared, shared_cases

from trialwright.stats import (
    EventTimes,
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    log_rank,
    max_combo,
)

CASES = shared_cases("survival.json")
LOG_RANK = [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == "logrank"]
FH = [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == "fh"]
QUASI_MONTE_CARLO = 1e-5
"""What the references' probabilities are good for, absolute; ours are held to 1e-10 by other formulas in unit tests."""


def external(block: str) -> Any:
    return json.loads(shared("external_reference.json").read_text())[block]


def palmira_like() -> EventTimes:
    data = columns(shared("data/palmira_like.csv"))
    return event_times(data, "day", ("event", [1]), "arm", levels=["ET", "PALBO+ET"])


def test_the_references_are_there() -> None:
    shared("survival.json")
    assert len(LOG_RANK) >= 11 and len(FH) >= 4


@pytest.mark.parametrize("rho", ["0", "1", "0.5"])
@pytest.mark.parametrize("case", LOG_RANK)
def test_survdiff(case: dict[str, Any], rho: str, differences: Differences) -> None:
    found = log_rank(case_times(case, case["group_levels"]), FlemingHarrington(float(rho)))
    expected, where = case["expect"][f"rho={rho}"], f"{case['id']}/rho={rho}"
    differences.check(where, "observed", found.observed, expected["observed"])
    differences.check(where, "expected", found.expected, expected["expected"])
    if case["strata"]:  # in whatever order R took the strata
        for name in ("observed_by_stratum", "expected_by_stratum"):
            ours = np.sort(getattr(found, name).T, axis=1)
            differences.check(where, name, ours, [sorted(row) for row in expected[name]])
    differences.check(where, "var", found.variance, expected["var"])
    differences.check(where, "chi-square", found.test.statistic, expected["chisq"])
    differences.check(where, "p", found.test.p, expected["p"])
    assert found.test.df == expected["df"]


def fh_times(case: dict[str, Any]) -> EventTimes:
    data = columns(shared(f"data/{case['data']}"))
    treated = label(case["arm1"])
    event = (case["event"]["column"], as_list(case["event"]["equals"]))
    strata = [] if not case.get("strata") else as_list(case["strata"])
    levels = [*sorted({*map(label, data[case["group"]])} - {treated}), treated]
    return event_times(data, case["time"], event, case["group"], strata, levels)


@pytest.mark.parametrize("case", FH)
def test_fleming_harrington(case: dict[str, Any], differences: Differences) -> None:
    times, expected = fh_times(case), case["expect"]
    for i, (z, p) in enumerate(zip(expected["z"], expected["p_two_sided"], strict=True)):
        weight = FlemingHarrington(**case["weights"][i])
        found, where = log_rank(times, weight), f"{case['id']}/{weight}"
        differences.check(where, "U", found.observed[1] - found.expected[1], expected["U"][i])
        differences.check(where, "V", found.variance[1, 1], expected["V"][i][i])
        differences.check(where, "z", found.z, z)
        differences.check(where, "p", found.test.p, p)


@pytest.mark.parametrize("m", [3, 4])
@pytest.mark.parametrize("case", FH)
def test_max_combo(case: dict[str, Any], m: int, differences: Differences) -> None:
    found = max_combo(fh_times(case), [FlemingHarrington(**w) for w in case["weights"][:m]])
    expected, where = case["expect"], f"{case['id']}/maxcombo{m}"
    differences.check(where, "z", found.z, expected["z"][:m])
    differences.check(where, "V", found.covariance, [row[:m] for row in expected["V"][:m]])
    combined = expected[f"maxcombo{m}"]
    differences.absolute(where, "P", found.p, combined["two_sided"], QUASI_MONTE_CARLO)
    differences.absolute(where, "P one-sided", found.p_one_sided, combined["one_sided_benefit"], QUASI_MONTE_CARLO)


@pytest.mark.reference("nph_maxcombo3")
def test_max_combo_of_nph(differences: Differences) -> None:
    expected, found = external("nph_maxcombo3"), max_combo(palmira_like())
    differences.check("nph", "z", -found.z, expected["tests"]["z"])
    differences.check("nph", "p of the parts", found.p_parts, expected["tests"]["p"])
    differences.absolute("nph", "P", found.p, expected["p"], QUASI_MONTE_CARLO)
    assert found.p < 3 * found.p_parts.min() == pytest.approx(expected["p_bonferroni"], rel=1e-9)


@pytest.mark.reference("mwlrt")
def test_modestly_weighted(differences: Differences) -> None:
    expected = json.loads(shared("rates.json").read_text())["mwlrt"]["expect"]
    for case in expected:
        found = log_rank(palmira_like(), ModestlyWeighted(until=case["t_star"]))
        where = f"mwlrt/{case['t_star']}"
        differences.check(where, "U", found.observed[1] - found.expected[1], case["U"])
        differences.check(where, "V", found.variance[1, 1], case["V"])
        differences.check(where, "z", found.z, case["z"])


@pytest.mark.reference("nphRCT_mw")
def test_modestly_weighted_of_nphrct(differences: Differences) -> None:
    expected = external("nphRCT_mw")
    found = log_rank(palmira_like(), ModestlyWeighted(until=expected["t_star"]))
    differences.check("nphRCT", "u", found.observed[1] - found.expected[1], expected["u"])
    differences.check("nphRCT", "v", found.variance[1, 1], expected["v"])
    differences.check("nphRCT", "z", found.z, expected["z"])


@pytest.mark.reference("sas/lifetest/whas500")
def test_gehan_as_printed_by_sas(differences: Differences) -> None:
    cases = json.loads(shared("sas_printed.json").read_text())["cases"]
    printed = next(case for case in cases if case["id"] == "sas/lifetest/whas500")
    data = columns(shared("data/whas500.csv"))
    years = [str(round(float(day) / 365.25, 2)) for day in data["lenfol"]]
    times = event_times(data | {"years": years}, "years", ("fstat", [1]), "afb")
    where = "sas/lifetest/whas500"
    differences.digits(where, "Gehan", log_rank(times, Gehan()).test.statistic, printed["wilcoxon_gehan"], 4)
    differences.digits(where, "log-rank", log_rank(times).test.statistic, printed["logrank"], 4)


def test_what_r_and_sas_call_peto() -> None:
    """Two tests of one name (WHAS500 by atrial fibrillation, CAMIS): S(t-) in R, S~(t) with one added in SAS."""
    times = event_times(columns(shared("data/whas500.csv")), "lenfol", ("fstat", [1]), "afb")
    assert log_rank(times, FlemingHarrington(1, 0)).test.statistic == pytest.approx(9.9000, abs=0.5e-4)
    assert log_rank(times, PetoPeto()).test.statistic == pytest.approx(9.8238, abs=0.5e-4)
