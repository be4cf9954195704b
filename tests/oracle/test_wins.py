"""Win statistics against the formulas in R (rates.json) and the R package WINS."""

import json
import re
from typing import Any

import pytest
from oracle_cases import Differences, columns, event_times, shared

from trialwright.stats import EventTimes, wins


def endpoints(case: dict[str, Any]) -> list[EventTimes]:
    data = columns(shared(f"data/{case['data']}"))
    return [event_times(data, time, (event, [1]), "arm") for time, event in case["endpoints"]]


@pytest.mark.reference("win_ratio")
def test_hajek_variance(differences: Differences) -> None:
    case = json.loads(shared("rates.json").read_text())["win_ratio"]
    found, expected = wins(endpoints(case), variance="hajek"), case["expect"]
    assert found.arms[1] == str(case["arm1"])
    assert {name: getattr(found, name) for name in ("pairs", "wins", "losses", "ties")} == {
        name: expected[name] for name in ("pairs", "wins", "losses", "ties")
    }
    decided = [{"wins": part.wins, "losses": part.losses} for part in found.by_endpoint]
    assert decided == [expected["by_endpoint"][time] for time, _ in case["endpoints"]]
    ratio = found.win_ratio
    theirs = [expected["win_ratio"], expected["log_wr_se"], *expected["wr_ci"]]
    differences.check("win_ratio", "ratio", [ratio.value, ratio.se, ratio.lower, ratio.upper], theirs)
    benefit = found.net_benefit
    differences.check("win_ratio", "benefit", [benefit.value, benefit.se], [expected["net_benefit"], expected["nb_se"]])
    differences.check("win_ratio", "odds", found.win_odds.value, expected["win_odds"])


@pytest.mark.reference("WINS")
def test_null_variance_as_printed_by_wins(differences: Differences) -> None:
    case = json.loads(shared("rates.json").read_text())["win_ratio"]
    found = wins(endpoints(case), variance="null")
    lines = json.loads(shared("external_reference.json").read_text())["WINS"]["printed"][1:]
    numbers = [float(re.split(r":\s*", line)[1]) for line in lines]
    for i, contrast in enumerate((found.win_ratio, found.net_benefit, found.win_odds)):
        ours = [contrast.value, contrast.p, contrast.lower, contrast.upper]
        differences.check("WINS", lines[4 * i].split(" :")[0], ours, numbers[4 * i : 4 * i + 4], 1e-12)


def test_which_variance_is_said() -> None:
    times = endpoints({"data": "wr.csv", "endpoints": [["os", "os_e"]]})
    assert [wins(times, variance=name).variance for name in ("hajek", "null")] == ["hajek", "null"]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="variance must be one of hajek, null; got 'jackknife'"):
        wins(times, variance="jackknife")  # type: ignore[arg-type]
