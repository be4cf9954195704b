"""Kaplan-Meier, stratified log-rank and stratified Cox of the arm against R and Python peers; the batch by trial.

Whole days, 2:1, four strata. Every time is the best of several in a running process, from raw columns to the answer.
"ratio" is the peer's time over ours; "differs" the relative difference of the answers: survival at the end, chi-square,
log hazard ratio (R stops at 1e-9 in the log-likelihood).
"""

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trialwright.stats import EventTimes, analyze_batch, cox, kaplan_meier, log_rank

SIZES = (10**3, 10**4, 10**5, 10**6)
PATIENTS = 198


class Data(NamedTuple):
    day: Any
    event: Any
    arm: Any
    stratum: Any


class Timing(NamedTuple):
    ms: float
    answer: float


def make(n: int, seed: int = 7) -> Data:
    rng = np.random.default_rng(seed)
    latent, follow = rng.exponential(300, n), rng.uniform(300, 1100, n)
    day = np.minimum(latent, follow).astype(np.int32)
    return Data(day, latent <= follow, rng.integers(0, 3, n).clip(0, 1), rng.integers(0, 4, n))


def best(call: Callable[[], Any]) -> Timing:
    spent, answer = [], None
    stop = time.perf_counter() + 0.5
    while not spent or (time.perf_counter() < stop and len(spent) < 200):
        start = time.perf_counter()
        answer = call()
        spent.append(time.perf_counter() - start)
    return Timing(min(spent) * 1e3, float(answer))


def ours(data: Data) -> dict[str, Timing]:
    def times() -> EventTimes:
        return EventTimes.coded(*data, arms=("C", "E"), strata=("a", "b", "c", "d"))

    def curve() -> float:
        return kaplan_meier(times().pooled())["all"].survival[-1]

    return {
        "Kaplan-Meier": best(curve),
        "log-rank": best(lambda: log_rank(times()).test.statistic),
        "Cox, arm": best(lambda: cox(times()).effect.coef),
    }


def in_r(data: Data) -> dict[str, Timing]:
    with tempfile.TemporaryDirectory() as folder:
        np.stack(data).astype("<i4").tofile(Path(folder) / "data")
        script = Path(__file__).with_name("survival.R")
        command = ["Rscript", str(script), str(Path(folder) / "data"), str(len(data.day))]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    return {name: Timing(float(ms), float(answer)) for name, ms, answer in rows}


def in_statsmodels(data: Data) -> dict[str, Timing]:
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    day, event, arm, stratum = data.day.astype(float), data.event.astype(int), data.arm, data.stratum

    def curve() -> float:
        return SurvfuncRight(day, event).surv_prob[-1]

    def fit() -> float:
        model = PHReg(day, arm[:, None].astype(float), status=event, strata=stratum, ties="efron")
        return model.fit(disp=0).params[0]

    return {
        "Kaplan-Meier": best(curve),
        "log-rank": best(lambda: survdiff(day, event, arm, strata=stratum)[0]),
        "Cox, arm": best(fit),
    }


def in_surpyval(data: Data) -> dict[str, Timing]:
    import surpyval

    day, censored, arm, stratum = data.day.astype(float), 1 - data.event.astype(int), data.arm, data.stratum

    def curve() -> float:
        return surpyval.KaplanMeier.fit(day, censored).R[-1]

    def fit() -> float:
        return surpyval.CoxPH.fit(day, arm[:, None].astype(float), censored, tie_method="efron", strata=stratum).beta[0]

    return {
        "Kaplan-Meier": best(curve),
        "log-rank": best(lambda: surpyval.logrank(day, arm, censored, strata=stratum).statistic),
        "Cox, arm": best(fit),
    }


def has_r_survival() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(survival)"], capture_output=True, check=False).returncode == 0


def peers() -> dict[str, Callable[[Data], dict[str, Timing]]]:
    found: dict[str, Callable[[Data], dict[str, Timing]]] = {}
    if has_r_survival():
        found["R survival"] = in_r
    if importlib.util.find_spec("statsmodels"):
        found["statsmodels"] = in_statsmodels
    if importlib.util.find_spec("surpyval"):
        found["surpyval"] = in_surpyval
    return found


def run() -> None:
    others = peers()
    missing = {"R survival", "statsmodels", "surpyval"} - set(others)
    if missing:
        print(f"not on this machine: {', '.join(sorted(missing))}")
    heads = "".join(f"{name:>14}{'ratio':>8}{'differs':>9}" for name in others)
    print(f"{'task':<14}{'rows':>9}{'ours':>12}{heads}")
    for n in SIZES:
        data = make(n)
        mine, theirs = ours(data), {name: peer(data) for name, peer in others.items()}
        for task, timing in mine.items():
            cells = "".join(compared(timing, peer.get(task)) for peer in theirs.values())
            print(f"{task:<14}{n:>9}{timing.ms:>9.3f} ms{cells}", flush=True)
    print()
    run_batch()


def compared(mine: Timing, other: Timing | None) -> str:
    if other is None:
        return f"{'-':>14}{'':>17}"
    gap = abs(mine.answer - other.answer) / abs(other.answer)
    return f"{other.ms:>11.2f} ms{other.ms / mine.ms:>8.1f}{gap:>9.0e}"


def run_batch(trials: int = 20_000) -> None:
    """Print the time of one simulated trial: medians, rates, follow-up, stratified log-rank and Cox."""
    data = make(trials * PATIENTS)
    kinds = (np.int32, np.bool_, np.int8, np.int8)
    rows = [column.astype(kind).reshape(trials, PATIENTS) for column, kind in zip(data, kinds, strict=True)]
    analyze_batch(*(row[:10] for row in rows), at_days=[183, 365])
    for workers in (1, 2):
        spent = best(lambda workers=workers: analyze_batch(*rows, at_days=[183, 365], workers=workers).z.sum()).ms
        print(f"batch, {trials} trials of {PATIENTS}, {workers} thread(s): {spent / trials * 1e3:.1f} us per trial")
    print()
