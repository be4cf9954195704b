"""Curves read off figures that never were: made from public patient data, with a reading noise."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle_cases import columns, event_times, shared
from references import SHARED

from trialwright.evidence import ReadCurve
from trialwright.stats import EventTimes, cox

SETS = {
    "lung": ("lung.csv", "time", ("status", [2]), "sex"),
    "veteran": ("veteran.csv", "time", ("status", [1]), "trt"),
    "colon": ("colon_death.csv", "time", ("status", [1]), "rx"),
    "gbsg": ("gbsg.csv", "rfstime", ("status", [1]), "hormon"),
    "ovarian": ("ovarian.csv", "futime", ("fustat", [1]), "rx"),
}
"""Five known data sets with two arms; of colon, observation and levamisole + fluorouracil."""
POINTS = 200
INTERVALS = 8
Figure = dict[str, tuple[Any, Any]]
"""Arm: time, event."""


def patient_data(name: str) -> Figure:
    """Return time and event of each arm."""
    file, time, event, group = SETS[name]
    times = event_times(columns(shared(f"data/{file}")), time, event, group)
    kept = [arm for arm in times.arms if arm != "Lev"]
    return {
        arm: (times.day[times.arm == times.arms.index(arm)], times.event[times.arm == times.arms.index(arm)])
        for arm in kept
    }


def kmdata_folder() -> Path:
    """Return the folder of kmdata, or skip the test and name what is missing."""
    folder = SHARED.parent / "data" / "evidence" / "kmdata"
    if not folder.exists():
        pytest.skip(f"{folder} is missing")
    return folder


def kmdata() -> Iterator[tuple[dict[str, str], Figure]]:
    """Yield each published figure of kmdata: its key, and the patients its authors reconstructed, by arm."""
    folder = kmdata_folder()
    with (folder / "kmdata_key.csv").open() as file:
        keys = {row["name"]: row for row in csv.DictReader(file)}
    rows: dict[str, dict[str, list[tuple[float, bool]]]] = {}
    with gzip.open(folder / "kmdata_ipd.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            patients = rows.setdefault(row["name"], {}).setdefault(row["arm"], [])
            patients.append((float(row["time"]), row["event"] == "1"))
    for name, arms in rows.items():
        yield keys[name], {arm: tuple(map(np.array, zip(*given, strict=True))) for arm, given in arms.items()}


def survival(time: Any, event: Any, at: Any) -> Any:
    """Return Kaplan-Meier survival, written out here so that what is tested is not what tests."""
    moments = np.unique(time[event])
    at_risk = (time[None, :] >= moments[:, None]).sum(axis=1)
    died = ((time[None, :] == moments[:, None]) & event[None, :]).sum(axis=1)
    levels = np.concatenate([[1.0], np.cumprod(1 - died / at_risk)])
    return levels[np.searchsorted(moments, at, side="right")]


def read(figure: Figure, noise: float, seed: int, *, at_risk: bool, unit: Any = "days") -> list[ReadCurve]:
    """Return a curve of each arm: 200 points with a normal noise, and numbers at risk at eight even times."""
    chance = np.random.default_rng(seed)
    printed = np.linspace(0, max(time.max() for time, _ in figure.values()), INTERVALS + 1)[:-1]
    curves = []
    for arm, (time, event) in figure.items():
        grid = np.linspace(0, time.max(), POINTS + 1)[1:]
        level = np.clip(survival(time, event, grid) + noise * chance.normal(size=POINTS), 0, 1)
        when = printed[printed < time.max()] if at_risk else printed[:1]
        counts = [(time >= moment).sum() for moment in when]
        given = {"at_risk_time": when, "at_risk": counts, "arm": arm, "unit": unit}
        curves.append(ReadCurve.of(grid, level, reading_error=max(noise, 0.002), **given))
    return curves


def true_log_ratio(figure: Figure) -> float:
    """Return the log hazard ratio of the patients behind a figure; the first arm is the reference."""
    arms = list(figure)
    labels = [arm for arm in arms for _ in figure[arm][0]]
    time, event = (np.concatenate([figure[arm][k] for arm in arms]) for k in (0, 1))
    fitted = cox(EventTimes.from_continuous(time, event, labels, arms=arms)).effect.coef
    assert fitted is not None
    return fitted


def events_of(figure: Figure) -> dict[str, int]:
    return {arm: int(event.sum()) for arm, (_, event) in figure.items()}
