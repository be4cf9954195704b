"""Survival analysis beside R survival and Python peers on the same data; memory, first calls, batches; targets.

Whole days, 2:1, four strata. Every time is the best of several in a running process, from columns in memory to the
answer; the answers are compared. The tables are printed and written to docs/reference/speed.md.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench._peers import TASKS, Data, Peer, Timing, available, best
from trialwright.stats import (
    CoxData,
    Design,
    EventTimes,
    analyze_batch,
    cox,
    cox_regression,
    kaplan_meier,
    log_rank,
    reverse_kaplan_meier,
)

SIZES = (10**3, 10**4, 10**5, 10**6)
PATIENTS = 198
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed.md"
GOALS = {"Kaplan-Meier": 1.0, "log-rank": 1.5, "Cox, arm": 2.0, "Cox, 5 covariates": 200.0}
"""Milliseconds at a million rows."""


def make(n: int, seed: int = 7) -> Data:
    rng = np.random.default_rng(seed)
    latent, follow = rng.exponential(300, n), rng.uniform(300, 1100, n)
    day = np.minimum(latent, follow).astype(np.int32)
    arm, stratum = rng.integers(0, 3, n).clip(0, 1), rng.integers(0, 4, n)
    return Data(day, latent <= follow, arm, stratum, np.column_stack([arm, rng.normal(size=(n, 4))]))


def columns(data: Data) -> Data:
    """Return the columns as a table in memory holds them: narrow codes."""
    return data._replace(arm=data.arm.astype(np.int8), stratum=data.stratum.astype(np.int8))


def named(data: Data) -> EventTimes:
    return EventTimes.coded(*data[:4], arms=("C", "E"), strata=("a", "b", "c", "d"))


def ours(data: Data) -> dict[str, Callable[[], Any]]:
    def regression() -> float:
        covariates = Design(tuple("abcde"), data.x, tuple("abcde"))
        rows = CoxData.of(data.day, data.event, covariates, stratum=data.stratum)
        return cox_regression(rows).coefficients[0].coef or 0.0

    return {
        "Kaplan-Meier": lambda: kaplan_meier(named(data).pooled())["all"].survival[-1],
        "log-rank": lambda: log_rank(named(data)).test.statistic,
        "Cox, arm": lambda: cox(named(data)).effect.coef,
        "Cox, 5 covariates": regression,
    }


def primary(data: Data) -> float:
    """Return the hazard ratio of the analysis a trial's plan calls primary, from columns to every figure of it."""
    times = named(data)
    for curve in kaplan_meier(times).values():
        curve.quantile(0.5)
        curve.at(183)
        curve.at(365)
        curve.at_risk_at([0, 90, 180, 270, 360])
    for curve in reverse_kaplan_meier(times).values():
        curve.quantile(0.5)
    log_rank(times)
    return cox(times).effect.hazard_ratio or 0.0


Row = list[str]


def table(head: Row, rows: list[Row]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)] + [""]


def side_by_side(peers: list[Peer], found: dict[tuple[str, int], float]) -> list[str]:
    rows = []
    for n in SIZES:
        data = columns(make(n))
        calls = ours(data)
        for call in calls.values():
            call()  # compiles, where the sources of a kernel are new
        mine = {task: best(call) for task, call in calls.items()}
        theirs = [peer.measure(data) for peer in peers]
        for task in TASKS:
            found[task, n] = mine[task].ms
            cells = [compared(mine[task], each.get(task)) for each in theirs]
            rows.append([task, f"{n:,}", shown(mine[task].ms), *cells])
            print(*rows[-1], sep=" | ", flush=True)
    return table(["task", "rows", "trialwright", *(peer.name for peer in peers)], rows)


def shown(ms: float) -> str:
    return f"{ms / 1e3:.2f} s" if ms >= 1e3 else f"{ms:.3g} ms" if ms >= 1 else f"{ms * 1e3:.3g} us"


def compared(mine: Timing, other: Timing | None) -> str:
    """Return their time, how many times ours it is, and the relative difference of the answers."""
    if other is None:
        return "too slow to wait for"
    text = f"{shown(other.ms)}, {other.ms / mine.ms:,.3g} x"
    if other.unstratified:
        return f"{text}, no strata"
    return f"{text}, {abs(mine.answer - other.answer) / abs(other.answer):.0e}"


def one_trial(found: dict[str, float]) -> Iterator[Row]:
    """Yield the time of a trial of 198 patients alone, and in a batch."""
    found["primary"] = in_python("bench._primary")["ms"]
    yield [f"primary analysis of {PATIENTS} patients, public API", shown(found["primary"])]
    trials = 20_000
    made = columns(make(trials * PATIENTS))
    rows = [column.reshape(trials, PATIENTS) for column in made[:4]]
    analyze_batch(*(row[:10] for row in rows), at_days=[183, 365])
    for workers in (1, 2):
        spent = best(lambda workers=workers: analyze_batch(*rows, at_days=[183, 365], workers=workers).z.sum(), 2.0).ms
        found[f"batch {workers}"] = spent / trials
        yield [f"one of {trials:,} simulated trials of {PATIENTS}, {workers} thread(s)", shown(spent / trials)]


def in_python(module: str, *arguments: str, **environment: str) -> dict[str, float]:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **environment}, cwd=PAGE.parents[2]
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def memory(found: dict[str, float]) -> Iterator[Row]:
    for task in TASKS:
        used = in_python("bench._footprint", task, str(10**6))
        found[f"memory {task}"] = used["added"] / used["input"]
        yield [task, f"{used['input'] / 1e6:.1f} MB", f"{used['added'] / 1e6:.1f} MB", f"{found[f'memory {task}']:.2f}"]


def first_calls(found: dict[str, float]) -> list[str]:
    rows = []
    for n in (PATIENTS, 9_999):
        with tempfile.TemporaryDirectory() as empty:
            spent = in_python(
                "bench._cold", str(n), NUMBA_CACHE_DIR=empty, TRIALWRIGHT_CACHE=empty, XDG_CACHE_HOME=empty
            )
        found[f"cold {n}"] = max(spent.values())
        rows.append([f"{n:,}", *(f"{seconds:.2f} s" for seconds in spent.values())])
    return table(["rows", *spent], rows)


def verdicts(times: dict[tuple[str, int], float], found: dict[str, float]) -> Iterator[Row]:
    """Yield each target with what was measured: reached or not."""
    measured = [(f"{task}, 1,000,000 rows", times[task, 10**6], goal) for task, goal in GOALS.items()]
    measured.append((f"primary analysis of {PATIENTS} patients", found["primary"], 1.0))
    measured.append(("simulated trial in a batch, one core", found["batch 1"], 0.012))
    for name, ms, goal in measured:
        yield [name, f"at most {shown(goal)}", shown(ms), "reached" if ms <= goal else "not reached"]
    for task in TASKS:
        ratio = found[f"memory {task}"]
        yield [f"memory added, {task}", "below 2 x input", f"{ratio:.2f} x", "reached" if ratio < 2 else "not reached"]
    for n in (PATIENTS, 9_999):
        slowest = found[f"cold {n}"]
        said = "reached" if slowest <= 1 else "not reached"
        yield [f"slowest first call, nothing compiled, {n:,} rows", "at most 1 s", f"{slowest:.2f} s", said]


def run() -> None:
    there, missing = available()
    times: dict[tuple[str, int], float] = {}
    found: dict[str, float] = {}
    load = os.getloadavg()[0]
    peers = side_by_side([Peer(name) for name in there], times)
    parts = [
        HEAD,
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores ({processor()}), load "
        f"{load:.1f} when it began. Beside it: {', '.join(f'{name} {number}' for name, number in there.items())}."
        + (f" Not on this machine: {', '.join(missing)}." if missing else ""),
        "",
        "## Side by side",
        "",
        SIDE,
        *peers,
        "## One trial",
        "",
        *table(["what", "time"], list(one_trial(found))),
        "## Memory at a million rows",
        "",
        "The most that a call adds to the process, beside the columns it is given.",
        "",
        *table(["task", "input", "added", "added / input"], list(memory(found))),
        "## First calls",
        "",
        "A new process with an empty cache of compiled kernels; every call is the first of its kind.",
        "",
        *first_calls(found),
        "## Targets",
        "",
        *table(["what", "target", "measured", "verdict"], list(verdicts(times, found))),
    ]
    print("\n".join(parts[2:]))
    PAGE.write_text("\n".join(parts).rstrip() + "\n")


HEAD = """# Speed

Written by `make bench`, part `stats`; not by hand.
"""
SIDE = """Each cell: time, how many times ours, and the relative difference of the answers (survival at the end,
chi-square, log hazard ratio). All tasks are stratified but Kaplan-Meier, whose limits are included; *no strata* marks
a package that has none for the task and answers an easier question. R stops at 1e-9 in the log-likelihood.
"""


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
