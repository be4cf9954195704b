"""Reading the reference cases: shared files, data sets, and how a case becomes event times."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from measured import Differences, numbers
from references import ROOT, SHARED, shared_cases

from trialwright.stats import EventTimes

__all__ = ["FIXTURES", "ROOT", "SHARED", "Differences", "numbers", "shared_cases"]

FIXTURES = ROOT / "oracle" / "fixtures"
NEAR = 1.5e-8
"""R merges times closer than this (aeqSurv)."""


def shared(name: str) -> Path:
    """Return a file of the shared oracle folder, or skip the test and name what is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is missing")
    return path


def columns(path: Path) -> dict[str, list[str]]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def label(value: Any) -> str:
    """Return a level as R prints it: 1 for 1.0."""
    return str(value).removesuffix(".0")


def event_times(
    data: dict[str, list[Any]],
    time: str,
    event: tuple[str, Iterable[Any]],
    group: str | None = None,
    strata: list[str] = [],  # noqa: B006 - never changed
    levels: list[str] | None = None,
) -> EventTimes:
    """Return the event times of a case; rows with a missing value in a used column are dropped."""
    used = [time, event[0], *([group] if group else []), *strata]
    kept = [i for i in range(len(data[time])) if all(str(data[c][i]) not in ("", "NA", "NaN") for c in used)]
    times = [float(data[time][i]) for i in kept]
    equals = {float(e) for e in event[1]}
    events = [float(data[event[0]][i]) in equals for i in kept]
    arm = [label(data[group][i]) for i in kept] if group else None
    stratum = ["/".join(str(data[s][i]) for s in strata) for i in kept] if strata else None
    if all(t == int(t) for t in times):
        return EventTimes.of(times, events, arm, stratum, arms=levels)
    return EventTimes.from_continuous(times, events, arm, stratum, arms=levels, tie_tolerance=NEAR)


def case_times(case: dict[str, Any], levels: list[str] | None = None) -> EventTimes:
    """Return the event times of a case of survival.json."""
    data = columns(shared(f"data/{case['data']}"))
    event = (case["event"]["column"], as_list(case["event"]["equals"]))
    strata = [] if not case.get("strata") else as_list(case["strata"])
    return event_times(data, case["time"], event, case.get("group"), strata, levels)


def value(estimate: Any) -> float:
    return math.nan if estimate is None else estimate
