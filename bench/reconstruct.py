"""Patients behind published curves: how near, and how fast, on 304 figures of kmdata and on five known data sets.

The figures are made from patients: 200 points for each arm, with a reading noise, and eight numbers at risk. Seconds
are of one core. kmdata lies beside the project (../shared) and is not part of it.
"""

import importlib
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from trialwright.evidence import reconstruct

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracle"))
digitized = importlib.import_module("digitized")

NOISES = (0.0, 0.002, 0.005)
SEEDS = range(4)
GIVEN = {
    "numbers at risk and events": (True, True),
    "numbers at risk": (True, False),
    "events": (False, True),
    "neither": (False, False),
}


def one(figure: Any, noise: float, seed: int, given: tuple[bool, bool], unit: str) -> tuple[float, float, float]:
    """Return the error of the log hazard ratio, of the events, and the seconds of one reconstruction."""
    at_risk, events = given
    curves = digitized.read(figure, noise, seed, at_risk=at_risk, unit=unit)
    true = digitized.events_of(figure)
    begun = time.process_time()
    found = reconstruct(curves, seed=seed, events=true if events else None)
    spent = time.process_time() - begun
    assert found.log_hazard_ratio is not None
    error = float(found.log_hazard_ratio[found.central]) - digitized.true_log_ratio(figure)
    return error, float(np.abs(found.events[found.central] - list(true.values())).sum()), spent


def known(given: tuple[bool, bool]) -> list[tuple[float, float, float]]:
    figures = [digitized.patient_data(name) for name in digitized.SETS]
    return [one(figure, noise, seed, given, "days") for figure, noise, seed in product(figures, NOISES, SEEDS)]


def published(case: tuple[dict[str, str], Any]) -> tuple[str, float, float, float, str]:
    key, figure = case
    try:
        return key["name"], *one(figure, 0.002, 1, (True, True), key["Units"]), ""
    except Exception as error:
        return key["name"], np.nan, np.nan, np.nan, str(error)


def run() -> None:
    one(digitized.patient_data("ovarian"), 0.0, 1, (True, True), "days")  # compiles
    print("| five data sets x 3 noises x 4 readings, given | error of log HR | of events | seconds |")
    print("| --- | --- | --- | --- |")
    for name, given in GIVEN.items():
        errors, events, spent = np.array(known(given)).T
        print(f"| {name} | {np.abs(errors).mean():.4f} | {events.mean():.1f} | {spent.mean():.2f} |")
    begun = time.perf_counter()
    with ProcessPoolExecutor(2) as workers:
        found = list(workers.map(published, digitized.kmdata(), chunksize=4))
    wall = time.perf_counter() - begun
    errors, events, spent = (np.array([row[k] for row in found]) for k in (1, 2, 3))
    print(f"\n{len(found)} published figures on two cores: {wall:.0f} s, {np.nanmean(spent):.2f} s of a core each, the")
    print(f"longest {np.nanmax(spent):.2f} s. Noise 0.002, numbers at risk and events given: error of log HR")
    print(f"{np.nanmean(np.abs(errors)):.4f}, of events {np.nanmean(events):.2f}; not reconstructed:")
    print("\n".join(f"  {row[0]}: {row[4]}" for row in found if row[4]) or "  none")


if __name__ == "__main__":
    run()
