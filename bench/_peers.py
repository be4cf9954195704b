"""Other survival packages on the columns of the bench: what each is called with, from raw columns to the answer."""

import importlib.util
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TASKS = ("Kaplan-Meier", "log-rank", "Cox, arm", "Cox, 5 covariates")
PATIENCE = 20.0
"""Seconds a call may be expected to take, from the size before; slower ones are left out and marked."""


class Data(NamedTuple):
    """Columns in memory: int32 days, booleans, int8 codes, and [n, 5] covariates of which the first is the arm."""

    day: Any
    event: Any
    arm: Any
    stratum: Any
    x: Any


class Timing(NamedTuple):
    ms: float
    answer: float
    unstratified: bool = False
    """The package has no strata for this: its answer is to another question."""


Calls = dict[str, tuple[Callable[[], Any], bool]]
"""Task to call, and whether it leaves strata out."""


def best(call: Callable[[], Any], seconds: float = 0.5) -> Timing:
    """Return the shortest of several runs within so many seconds, at least one."""
    spent, answer = [], None
    stop = time.perf_counter() + seconds
    while not spent or (time.perf_counter() < stop and len(spent) < 200):
        start = time.perf_counter()
        answer = call()
        spent.append(time.perf_counter() - start)
    return Timing(min(spent) * 1e3, float(answer))


def statsmodels(data: Data) -> Calls:
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    day, event, arm, stratum = data.day.astype(float), data.event.astype(int), data.arm, data.stratum

    def fit(x: Any) -> float:
        return PHReg(day, x, status=event, strata=stratum, ties="efron").fit(disp=0).params[0]

    def curve() -> float:
        found = SurvfuncRight(day, event)
        return found.surv_prob[-1] + 0 * found.surv_prob_se[0]

    return {
        "Kaplan-Meier": (curve, False),
        "log-rank": (lambda: survdiff(day, event, arm, strata=stratum)[0], False),
        "Cox, arm": (lambda: fit(arm[:, None].astype(float)), False),
        "Cox, 5 covariates": (lambda: fit(data.x), False),
    }


def surpyval(data: Data) -> Calls:
    import surpyval as sp

    day, censored, arm, stratum = data.day.astype(float), 1 - data.event.astype(int), data.arm, data.stratum

    def fit(x: Any) -> float:
        return sp.CoxPH.fit(day, x, censored, tie_method="efron", strata=stratum).beta[0]

    def curve() -> float:
        found = sp.KaplanMeier.fit(day, censored)
        found.R_cb(found.x)
        return found.R[-1]

    return {
        "Kaplan-Meier": (curve, False),
        "log-rank": (lambda: sp.logrank(day, arm, censored, strata=stratum).statistic, False),
        "Cox, arm": (lambda: fit(arm[:, None].astype(float)), False),
        "Cox, 5 covariates": (lambda: fit(data.x), False),
    }


def lifelines(data: Data) -> Calls:
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    day, event, arm = data.day.astype(float), data.event.astype(int), data.arm
    frame = pd.DataFrame(data.x, columns=list("abcde")).assign(day=day, event=event, stratum=data.stratum)

    def curve() -> float:
        return KaplanMeierFitter().fit(day, event).survival_function_.iloc[-1, 0]

    def test() -> float:
        one = arm == 1
        return logrank_test(day[one], day[~one], event[one], event[~one]).test_statistic

    def fit(columns: list[str]) -> float:
        chosen = frame[[*columns, "day", "event", "stratum"]]
        return CoxPHFitter().fit(chosen, "day", "event", strata=["stratum"]).params_.iloc[0]

    return {
        "Kaplan-Meier": (curve, False),
        "log-rank": (test, True),
        "Cox, arm": (lambda: fit(["a"]), False),
        "Cox, 5 covariates": (lambda: fit(list("abcde")), False),
    }


def sksurv(data: Data) -> Calls:
    from sksurv.compare import compare_survival
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    event, day = data.event.astype(bool), data.day.astype(float)
    outcome = Surv.from_arrays(event, day)

    def fit(x: Any) -> float:
        return CoxPHSurvivalAnalysis(ties="efron").fit(x, outcome).coef_[0]

    return {
        "Kaplan-Meier": (lambda: kaplan_meier_estimator(event, day, conf_type="log-log")[1][-1], False),
        "log-rank": (lambda: compare_survival(outcome, data.arm)[0], True),
        "Cox, arm": (lambda: fit(data.x[:, :1]), True),
        "Cox, 5 covariates": (lambda: fit(data.x), True),
    }


PYTHON = {"statsmodels": statsmodels, "SurPyval": surpyval, "lifelines": lifelines, "sksurv": sksurv}
PACKAGES = {"SurPyval": "surpyval", "sksurv": "scikit-survival"}


def available() -> tuple[dict[str, str], list[str]]:
    """Return the packages on this machine with their versions, and those that are not."""
    found = {"R survival": r_version()} if r_version() else {}
    for name in PYTHON:
        if importlib.util.find_spec(name.lower()):
            found[name] = version(PACKAGES.get(name, name))
    return found, [name for name in ("R survival", *PYTHON) if name not in found]


def r_version() -> str:
    if shutil.which("Rscript") is None:
        return ""
    asked = ["Rscript", "-e", "cat(as.character(packageVersion('survival')))"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


class Peer:
    """One package; leaves out what would take longer than patience allows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.last: dict[str, tuple[int, float]] = {}

    def measure(self, data: Data) -> dict[str, Timing]:
        """Return the timing of each task that is expected to end soon enough."""
        n = len(data.day)
        wanted = [task for task in TASKS if self._expected(task, n) <= PATIENCE]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = dict(in_r(data, wanted) if self.name == "R survival" else self._in_python(data, wanted))
        self.last |= {task: (n, timing.ms / 1e3) for task, timing in found.items()}
        for task in set(TASKS) - set(found):
            size, seconds = self.last.get(task, (n, PATIENCE))
            self.last[task] = (n, max(seconds * n / size, 2 * PATIENCE))
        return found

    def _expected(self, task: str, n: int) -> float:
        size, seconds = self.last.get(task, (n, 0.0))
        return seconds * n / size

    def _in_python(self, data: Data, wanted: list[str]) -> Iterator[tuple[str, Timing]]:
        calls = PYTHON[self.name](data)
        for task in wanted:
            call, unstratified = calls[task]
            yield task, best(call)._replace(unstratified=unstratified)


def in_r(data: Data, wanted: list[str]) -> dict[str, Timing]:
    """Run the tasks in R, timed there."""
    with tempfile.TemporaryDirectory() as folder:
        np.stack(data[:4]).astype("<i4").tofile(Path(folder) / "data")
        np.asfortranarray(data.x).T.astype("<f8").tofile(Path(folder) / "data.x")
        script = Path(__file__).with_name("survival.R")
        command = ["Rscript", str(script), str(Path(folder) / "data"), str(len(data.day)), *wanted]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    return {name: Timing(float(ms), float(answer)) for name, ms, answer in rows}
