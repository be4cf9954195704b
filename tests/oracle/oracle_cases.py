"""Reading the reference cases: shared files, data sets, and how a case becomes event times."""

import csv
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trialwright.stats import EventTimes

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "oracle"
FIXTURES = ROOT / "oracle" / "fixtures"
NEAR = 1.5e-8
"""R merges times closer than this (aeqSurv)."""


def shared(name: str) -> Path:
    """Return a file of the shared oracle folder, or skip the test and name what is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is missing")
    return path


def shared_cases(name: str, key: str = "cases") -> list[dict[str, Any]]:
    """Return the cases of a shared file; none, when it is missing, and a test says so."""
    path = SHARED / name
    return json.loads(path.read_text())[key] if path.exists() else []


def columns(path: Path) -> dict[str, list[str]]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def numbers(value: Any) -> Any:
    """Return R's numbers with NA and NaN as nan and Inf as inf."""
    if isinstance(value, list):
        return [numbers(v) for v in value]
    if value in ("NA", "NaN", None):
        return math.nan
    return {"Inf": math.inf, "-Inf": -math.inf}.get(value, value) if isinstance(value, str) else float(value)


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


class Differences:
    """The largest relative difference seen per case, written out as a table at the end of the run."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], float] = {}

    def check(self, case: str, what: str, ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
        """Fail unless ours equals theirs within a relative tolerance (absolute below 1), missing where missing."""
        a, b = np.asarray(ours, float), np.asarray(numbers(theirs), float)
        if b.ndim == 0 and a.shape == (1,):
            b = b.reshape(1)
        assert a.shape == b.shape, f"{case}: {what}: shape {a.shape}, reference {b.shape}"
        assert (np.isnan(a) == np.isnan(b)).all(), f"{case}: {what}: {a}, reference {b}"
        known = ~np.isnan(a) & (a != b)
        gap = float((np.abs(a - b)[known] / np.maximum(1e-3, np.abs(b[known]))).max(initial=0.0))
        self.rows[case, what] = max(gap, self.rows.get((case, what), 0.0))
        assert gap <= tolerance, f"{case}: {what}: {a}, reference {b}, relative difference {gap:.1e}"


def value(estimate: Any) -> float:
    return math.nan if estimate is None else estimate
