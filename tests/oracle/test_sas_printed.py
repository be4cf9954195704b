"""Numbers printed by SAS 9.4, reproduced to the last digit with the SAS conventions."""

import json
from typing import Any

import pytest
from oracle_cases import Differences, columns, shared

from trialwright.stats import Estimate, EventTimes, cox, kaplan_meier, log_rank


def case(name: str) -> dict[str, Any]:
    cases = json.loads(shared("sas_printed.json").read_text())["cases"]
    return next(c for c in cases if c["id"] == name)


def whas500(years: bool, arms: list[str]) -> EventTimes:
    data = columns(shared("data/whas500.csv"))
    days = [float(v) for v in data["lenfol"]]
    event = [float(v) == 1 for v in data["fstat"]]
    arm = [str(int(float(v))) for v in data["afb"]]
    if years:
        return EventTimes.from_continuous([round(d / 365.25, 2) for d in days], event, arm, arms=arms)
    return EventTimes.of(days, event, arm, arms=arms)


@pytest.mark.reference("sas/lifetest/whas500")
def test_lifetest_at_landmarks_and_quartiles(differences: Differences) -> None:
    expected = case("sas/lifetest/whas500")
    times = whas500(True, ["0", "1"])
    curves = kaplan_meier(times, interval="log-log")
    for block in expected["timelist"]:
        curve = curves[str(block["group"])]
        for i, year in enumerate(block["time"]):
            found = curve.at(year)
            rate, limits = [block["survival"][i], block["se"][i]], [block["lower"][i], block["upper"][i]]
            differences.digits(expected["id"], "survival", [found.value, found.se], rate, 4)
            differences.digits(expected["id"], "limits", [found.lower, found.upper], limits, 3)
        assert curve.left_at(block["time"]).tolist() == block["left"]
    for group, quartiles in expected["quartiles"]["groups"].items():
        for percent, limits in quartiles.items():
            quartile = curves[group].quantile(int(percent) / 100, flat="SAS")
            differences.digits(expected["id"], "quartiles", all_of(quartile), limits, 2)
    differences.digits(expected["id"], "log-rank", log_rank(times).test.statistic, expected["logrank"], 4)


def all_of(found: Estimate) -> list[float | None]:
    return [found.value, found.lower, found.upper]


@pytest.mark.reference("sas/phreg/whas500")
def test_phreg_with_breslow_ties(differences: Differences) -> None:
    expected = case("sas/phreg/whas500")
    found = cox(whas500(False, ["1", "0"]), ties="breslow")
    effect, where = found.effect, expected["id"]
    differences.digits(where, "coef", [effect.coef, effect.se], [expected["estimate"], expected["se"]], 5)
    # SAS stops at 1e-8 and prints 10.6143; the converged value, in R as well, is 10.61422
    differences.absolute(where, "Wald", found.wald.statistic, expected["chisq"], 1e-4)
    differences.digits(where, "P", effect.p, expected["p"], 4)
    ours, theirs = [effect.hazard_ratio, effect.lower, effect.upper], [expected["hr"], *expected["hr_ci"]]
    differences.digits(where, "hazard ratio", ours, theirs, 3)


@pytest.mark.reference("sas/lifetest/flat_at_half")
@pytest.mark.parametrize("flat", ["SAS", "R"])
def test_survival_at_one_half_until_the_end(flat: Any, differences: Differences) -> None:
    expected = case("sas/lifetest/flat_at_half")
    data = expected["inline"]
    curve = kaplan_meier(EventTimes.of(data["time"], [s == 1 for s in data["status"]]), interval="log-log")["all"]
    if flat == "R":
        assert curve.quantile(0.5, flat="R").value == expected["r_gives"]["median"]
        carried = curve.at(120, beyond="carry")
        differences.digits(expected["id"], "rate in R", carried.value, expected["r_gives"]["rate_120"][0], 3)
        return
    for percent, limits in expected["quartiles"].items():
        quartile = curve.quantile(int(percent) / 100, flat="SAS")
        differences.digits(expected["id"], "quartiles", all_of(quartile), limits, 2)
    for day, limits in expected["landmarks"].items():
        differences.digits(expected["id"], "rate", all_of(curve.at(int(day))), limits or [None] * 3, 3)
