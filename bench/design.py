"""Virtual trials per CPU second: the kernels of the fast simulation beside rpact, an R loop and a lifelines loop.

One design throughout: 198 patients 2:1, uniform accrual over 42 months, control median 3.6 months, log-rank test. The
power each system finds is printed beside its speed. Written to docs/reference/speed-design.md.
"""

import importlib.util
import itertools
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.stats import processor, table
from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
from trialwright.simulate.designed import Allocating, DesignedTrial, Look, Trigger
from trialwright.simulate.lanes import run_lanes
from trialwright.simulate.operating import run_general

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed-design.md"
SCRIPT = Path(__file__).with_suffix(".R")
HAZARD = math.log(2) / 3.6
FIXED, LOOKS = ((127, 1.959963984540),), ((76, 2.672699922730), (127, 1.980719180926))
TASKS = {"fixed, HR 0.59": (0.59, FIXED), "fixed, HR 1": (1.0, FIXED)}
TASKS |= {"two looks, HR 0.59": (0.59, LOOKS), "two looks, HR 1": (1.0, LOOKS)}
SIZES = (50, 198, 500, 1000, 2000, 8000)
REGISTERS = {
    "512 bits (AVX-512)": None,
    "256 bits (AVX2)": "+avx,+avx2,+bmi,+bmi2,+fma,+popcnt,+sse2,+sse3,+sse4.1,+sse4.2,+ssse3",
    "128 bits (SSE2)": "+sse2",
}
GOALS = {("lanes", "fixed, HR 0.59"): 400_000, ("lanes", "two looks, HR 0.59"): 250_000}
GOALS |= {("fused", "fixed, HR 0.59"): 120_000, ("general", "fixed, HR 0.59"): 100_000}


class Speed(NamedTuple):
    """Trials per CPU second, and the share that crosses a bound."""

    per_second: float
    power: float


def planned(ratio: float, looks: tuple[tuple[int, float], ...], patients: int = 198) -> DesignedTrial:
    arms = Stratum(ArmRates.of(ratio * HAZARD), ArmRates.of(HAZARD))
    supposed = SupposedTrial(uniform_accrual(patients, 42), (arms,), ratio=2)
    taken = tuple(Look(Trigger(events=d), upper) for d, upper in looks)
    return DesignedTrial(supposed, patients, Allocating((2, 1), (3,)), taken)


def crossed(designed: DesignedTrial, z: np.ndarray) -> float:
    return float((z >= [look.upper for look in designed.looks]).any(axis=1).mean())


def best(simulate: Callable[[], np.ndarray], designed: DesignedTrial, seconds: float = 0.7) -> Speed:
    """Return the fastest of several runs, in CPU seconds: others may be using the machine."""
    z = simulate()  # compiles, where the sources of a kernel are new
    shortest, stop = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < stop:
        start = time.process_time()
        z = simulate()
        shortest = min(shortest, time.process_time() - start)
    return Speed(len(z) / shortest, crossed(designed, z))


def ours(name: str, designed: DesignedTrial, trials: int) -> Speed:
    if name == "general":
        return best(lambda: run_general(designed, 0, trials, 1)[3], designed)
    return best(lambda: run_lanes(designed, 0, trials, 1, kernel=name)[3], designed)


def in_r(name: str, ratio: float, looks: tuple[tuple[int, float], ...], trials: int, seed: int) -> Speed:
    events, bounds = (",".join(map(str, column)) for column in zip(*looks, strict=True))
    command = ["Rscript", str(SCRIPT), name, str(trials), str(ratio), events, bounds, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return Speed(float(done[0]) / float(done[1]), float(done[2]))


def in_lifelines(ratio: float, looks: tuple[tuple[int, float], ...], trials: int, seed: int) -> Speed:
    from lifelines.statistics import logrank_test

    rng, stopped = np.random.default_rng(seed), 0
    start = time.process_time()
    for _ in range(trials):
        entry = np.sort(rng.uniform(0, 42, 198))
        arm = np.concatenate([rng.permutation([1, 1, 0]) for _ in range(66)])
        event = rng.exponential(1 / np.where(arm == 1, ratio * HAZARD, HAZARD))
        calendar = np.sort(entry + event)
        for d, upper in looks:
            cut = calendar[d - 1]
            inside = entry < cut
            seen, shown = (entry + event <= cut)[inside], np.minimum(event, cut - entry)[inside]
            one = arm[inside] == 1
            found = logrank_test(shown[one], shown[~one], seen[one], seen[~one])
            better = shown[one].sum() / seen[one].sum() > shown[~one].sum() / seen[~one].sum()
            if better and found.test_statistic >= upper**2:
                stopped += 1
                break
    return Speed(trials / (time.process_time() - start), stopped / trials)


def best_of(call: Callable[..., Speed], ratio: float, looks: tuple[tuple[int, float], ...]) -> Speed:
    runs = [call(ratio, looks) for _ in range(3)]
    return Speed(max(run.per_second for run in runs), float(np.mean([run.power for run in runs])))


def peers() -> tuple[dict[str, Callable[..., Speed]], list[str], list[str]]:
    """Return the peers on this machine, their names with versions, and those that are not here."""
    calls: dict[str, Callable[..., Speed]] = {}
    shown, missing = [], []
    seeds = itertools.count(1)
    for package, name, trials in (("rpact", "rpact", 5000), ("survival", "survdiff", 300)):
        number = r_version(package)
        if number:
            calls[f"R, {name}"] = lambda ratio, looks, own=name, n=trials: in_r(own, ratio, looks, n, next(seeds))
        (shown if number else missing).append(f"{package} {number}".strip())
    if importlib.util.find_spec("lifelines"):
        calls["Python, lifelines"] = lambda ratio, looks: in_lifelines(ratio, looks, 60, seed=next(seeds))
        shown.append(f"lifelines {version('lifelines')}")
    else:
        missing.append("lifelines")
    return calls, shown, missing


def r_version(package: str) -> str:
    command = ["Rscript", "-e", f"cat(as.character(packageVersion('{package}')))"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def side_by_side(calls: dict[str, Callable[..., Speed]], found: dict[tuple[str, str], Speed]) -> list[str]:
    rows = []
    for task, (ratio, looks) in TASKS.items():
        for name, trials in (("lanes", 65_536), ("fused", 16_384), ("general", 16_384)):
            found[name, task] = ours(name, planned(ratio, looks), trials)
        for name, call in calls.items():
            found[name, task] = best_of(call, ratio, looks)
        fastest = found["lanes", task].per_second
        for name in ("lanes", "fused", "general", *calls):
            speed = found[name, task]
            cells = [f"{speed.per_second:,.0f}", f"{fastest / speed.per_second:,.3g}", f"{speed.power:.4f}"]
            rows.append([task, name if name in calls else f"trialwright, {name}", *cells])
            print(*rows[-1], sep=" | ", flush=True)
    return table(["design", "system", "trials per CPU second", "lanes are faster by", "crosses a bound"], rows)


def by_size() -> list[str]:
    rows = []
    for n in SIZES:
        designed = planned(0.59, ((round(0.64 * n), 1.96),), n)
        speeds = [ours(name, designed, max(64, 1_600_000 // n)).per_second for name in ("lanes", "fused")]
        rows.append([f"{n:,}", *(f"{speed:,.0f}" for speed in speeds), f"{speeds[0] / speeds[1]:.2f}"])
    return table(["patients", "lanes", "fused", "ratio"], rows)


def by_registers() -> list[str]:
    """Compile for narrower registers in processes of their own."""
    rows = []
    for name, features in REGISTERS.items():
        with tempfile.TemporaryDirectory() as empty:
            narrow = {} if features is None else {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features}
            spent = in_python(**narrow, TRIALWRIGHT_CACHE=empty, XDG_CACHE_HOME=empty)
            again = in_python(**narrow, TRIALWRIGHT_CACHE=empty, XDG_CACHE_HOME=empty)
        speeds = [f"{spent[kernel]:,.0f}" for kernel in ("lanes", "fused")]
        rows.append([name, *speeds, f"{spent['first call']:.1f} s", f"{again['first call']:.2f} s"])
    return table(["registers", "lanes", "fused", "first call, lanes, nothing compiled", "from the cache"], rows)


def in_python(**environment: str) -> dict[str, float]:
    command = [sys.executable, "-c", "from bench.design import print_speeds; print_speeds()"]
    there = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PAGE.parents[2], env=there)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def print_speeds() -> None:
    """Print the speeds of this process's kernels, and what its first call took."""
    designed, start = planned(0.59, FIXED), time.process_time()
    run_lanes(designed, 0, 8, 1)
    spent = {"first call": time.process_time() - start}
    print(json.dumps(spent | {name: ours(name, designed, 16_384).per_second for name in ("lanes", "fused")}))


def whole_job() -> list[str]:
    designed, rows = planned(0.59, LOOKS), []
    for workers in (1, 2):
        spent = []
        for _ in range(5):
            start = time.perf_counter()
            run_lanes(designed, 0, 1_000_000, 1, workers=workers)
            spent.append(time.perf_counter() - start)
        rows.append([str(workers), f"{min(spent):.2f} s"])
    return table(["threads", "a million trials with two looks, wall time"], rows)


def verdicts(found: dict[tuple[str, str], Speed]) -> list[str]:
    rows = []
    for (name, task), goal in GOALS.items():
        speed = found[name, task].per_second
        said = "reached" if speed >= goal else "not reached"
        rows.append([f"{name}, {task}", f"{goal:,}", f"{speed:,.0f}", said])
    return table(["kernel and design", "target", "measured", "verdict"], rows)


def run() -> None:
    calls, shown, missing = peers()
    found: dict[tuple[str, str], Speed] = {}
    load = os.getloadavg()[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compared = side_by_side(calls, found)
    beside = f"Beside it: {', '.join(shown)}." + (f" Not on this machine: {', '.join(missing)}." if missing else "")
    parts = [
        HEAD,
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores ({processor()}), load "
        f"{load:.1f} when it began. {beside}",
        "",
        "## Side by side",
        "",
        SIDE,
        *compared,
        "## Size of the trial",
        "",
        "Trials per CPU second of both kernels, one look at 64 % of the patients.",
        "",
        *by_size(),
        "## Registers",
        "",
        "The same kernels compiled for narrower registers on the same processor; fixed design of 198 patients.",
        "",
        *by_registers(),
        "## A whole job",
        "",
        *whole_job(),
        "## Targets",
        "",
        *verdicts(found),
    ]
    print("\n".join(parts[2:]))
    PAGE.write_text("\n".join(parts).rstrip() + "\n")


HEAD = """# Speed of simulated designs

Written by `make bench`, part `design`; not by hand.
"""
SIDE = """198 patients, 2:1 in blocks of 3, uniform accrual over 42 months, control median 3.6 months, log-rank test,
one-sided 2.5 %: at 127 events, or at 76 and 127 by the O'Brien-Fleming type of spending. One thread, CPU seconds, the
best of several runs (three for the others). Ours takes every look of every trial, the others stop at a bound. The
loops draw the same design and call the package's log-rank test. *General* is the kernel for every design.
"""
