"""A designed trial the slow way: plain arithmetic and the real estimators, one trial at a time.

The kernel of the fast simulation is held to this, trial by trial. Draws are made with Python's whole numbers, arms by
the rule of ``trialwright.randomize`` where there is one, tests by ``trialwright.stats`` on event times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trialwright.design import Steps
from trialwright.simulate._kernels_designed_tables import planned_times
from trialwright.simulate.designed import DesignedTrial, Trigger
from trialwright.simulate.designed_draws import (
    DROPOUT,
    ENTRY,
    EVENT,
    MISSED,
    MOST_SCANS,
    SCAN,
    STRATUM,
    Draws,
    allocated,
)
from trialwright.simulate.designed_statistics import ARMS, log_hazard_ratio, statistic
from trialwright.stats import EventTimes

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ReferenceTrial", "open_trial"]


def open_trial(designed: DesignedTrial, number: int, seed: int) -> pl.DataFrame:
    """Return the patients of one trial of the fast simulation, in order of entry, to be read or analyzed at leisure.

    Columns: ``entry`` (calendar time), ``stratum`` (from 0), ``arm``, ``event`` (time from entry to the event as nature
    has it, rounded up to the grid), ``dropout`` (end of follow-up without it), ``seen`` (time at which the event
    counts), and for each look k from 1 ``time_k`` and ``event_k``, null for patients not entered by the cut. What never
    happens has an infinite time.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> patients = open_trial(plan, 0, seed=1)
    >>> patients.height, patients["event_1"].sum(), (patients["arm"] == "experimental").sum()
    (90, 60, 60)
    """
    import polars as pl

    trial = ReferenceTrial.draw(designed, number, seed)
    columns: dict[str, Any] = {
        "entry": trial.entry,
        "stratum": trial.stratum,
        "arm": [ARMS[arm] for arm in trial.arm],
        "event": trial.event,
        "dropout": trial.stop,
        "seen": trial.seen,
    }
    for k, cut in enumerate(trial.cuts(), start=1):
        shown = [trial.observed(i, cut) for i in range(len(trial.entry))]
        columns[f"time_{k}"] = [None if one is None else one[0] for one in shown]
        columns[f"event_{k}"] = [None if one is None else one[1] for one in shown]
    types = {name: pl.Boolean if name.startswith("event_") else pl.Float64 for name in columns}
    return pl.DataFrame(columns, schema=types | {"stratum": pl.Int64, "arm": pl.String})


@dataclass(frozen=True)
class ReferenceTrial:
    """One trial; lists by patient in order of entry."""

    designed: DesignedTrial
    draws: Draws
    entry: list[float]
    stratum: list[int]
    arm: list[int]
    event: list[float]
    ends: list[float]
    """Follow-up as drawn, before any rule."""
    stop: list[float]
    seen: list[float]

    @classmethod
    def draw(cls, designed: DesignedTrial, number: int, seed: int) -> ReferenceTrial:
        """Return trial ``number`` of a seed."""
        draws, n = Draws.of(designed, number, seed), designed.patients
        entry = _entries(designed, draws)
        edges = np.cumsum([stratum.share for stratum in designed.supposed.strata])[:-1]
        alone = len(edges) == 0
        stratum = [0 if alone else int((draws.uniform(STRATUM, i) >= edges).sum()) for i in range(n)]
        arm = allocated(designed, draws, stratum)
        rates = [(one.control, one.experimental) for one in designed.supposed.strata]
        own = [rates[s][a] for s, a in zip(stratum, arm, strict=True)]
        event = [_up(designed, _reached(own[i].hazard, draws.exponential(EVENT, i))) for i in range(n)]
        leaves = [_up(designed, _reached(own[i].dropout, draws.exponential(DROPOUT, i))) for i in range(n)]
        ends = [min(time, designed.supposed.longest) for time in leaves]
        found = [_detected(designed, draws, i, event[i], ends[i]) for i in range(n)]
        seen, stop = ([one[k] for one in found] for k in (0, 1))
        return cls(designed, draws, entry, stratum, arm, event, ends, stop, seen)

    def calendar(self, i: int) -> float:
        """Return the calendar time at which a patient's event is seen."""
        return _nearest(self.designed, self.entry[i] + self.seen[i])

    def cuts(self) -> list[float]:
        """Return the calendar time of each look, infinite for one that is never taken."""
        found: list[float] = []
        for look in self.designed.looks:
            before = max((cut for cut in found if cut < math.inf), default=0.0)
            found.append(max(self._triggered(look.trigger), before))
        return found

    def _triggered(self, trigger: Trigger) -> float:
        calendar = sorted(self.calendar(i) for i in range(len(self.entry)))
        times = []
        if trigger.events is not None:
            times.append(calendar[trigger.events - 1])
        if trigger.time is not None:
            times.append(trigger.time)
        if trigger.follow_up is not None:
            times.append(self.entry[-1] + trigger.follow_up)
        if trigger.enrolled is not None:
            times.append(self.entry[trigger.enrolled - 1])
        return max(times) if trigger.how == "all" else min(times)

    def scans(self, i: int) -> Iterator[tuple[float, float, bool]]:
        """Yield planned time, time and whether it is missed of a patient's scans up to the event or the last one."""
        until = min(self.event[i], self.ends[i])
        for planned, (at, missed) in zip(
            planned_times(self.designed.scans), _scans(self.designed, self.draws, i, until), strict=False
        ):
            if at > self.ends[i]:
                return
            yield planned, at, missed
            if at >= self.event[i] and not missed:
                return

    def observed(self, i: int, cut: float) -> tuple[float, bool] | None:
        """Return time and event of a patient at a cut; None for one who has not entered, or without a cut."""
        if cut == math.inf or self.entry[i] > cut:
            return None
        if self.calendar(i) <= cut:
            return self.seen[i], True
        time = min(self.stop[i], cut - self.entry[i])
        if self.designed.scans is not None:
            return _last_scan(self.designed, self.draws, i, time), False
        step = self.designed.grid
        return (math.floor(time / step + 1e-9) * step if step else time), False

    def times(self, cut: float) -> EventTimes | None:
        """Return the event times of those entered by a cut, control before experimental; None without anybody."""
        who = [(i, one) for i in range(len(self.entry)) if (one := self.observed(i, cut)) is not None]
        if not who:
            return None
        return EventTimes.from_continuous(
            [time for _, (time, _) in who],
            [event for _, (_, event) in who],
            [ARMS[self.arm[i]] for i, _ in who],
            [str(self.stratum[i]) for i, _ in who],
            arms=ARMS,
            strata=[str(s) for s in range(len(self.designed.supposed.strata))],
        )

    def look(self, cut: float) -> tuple[int, int, float, float]:
        """Return enrolled, events, z and log hazard ratio at a cut."""
        times = self.times(cut)
        if times is None:
            return 0, 0, math.nan, math.nan
        chosen = times if self.designed.test.stratified else times.unstratified()
        return len(times), int(times.event.sum()), statistic(chosen, self.designed.test), log_hazard_ratio(chosen)


def _entries(designed: DesignedTrial, draws: Draws) -> list[float]:
    n, accrual = designed.patients, designed.supposed.accrual
    if designed.entering == "spaced":
        expected = [designed.supposed.patients * ((i + 1) / n) for i in range(n)]
    else:
        reached = np.cumsum([draws.exponential(ENTRY, i) for i in range(n + 1)])
        whole = designed.supposed.patients / reached[-1] if designed.entering == "uniform" else 1.0
        expected = (reached[:-1] * whole).tolist()
    # The last rate above 0 goes on until the trial is full.
    last = max(k for k, rate in enumerate(accrual.rates) if rate > 0) + 1
    curve = Steps(accrual.starts[:last], accrual.rates[:last])
    times = [_reached(curve, patients) for patients in expected]
    return [math.floor(time / designed.grid) * designed.grid for time in times] if designed.grid else times


def _reached(rate: Steps, wanted: float) -> float:
    """Return the time at which the integral of a rate reaches a value; infinite when it never does."""
    until = rate.until(rate.starts)
    piece = int(np.searchsorted(until, wanted, side="right")) - 1
    slope = rate.rates[piece]
    return rate.starts[piece] + (wanted - float(until[piece])) / slope if slope > 0 else math.inf


def _up(designed: DesignedTrial, time: float) -> float:
    return math.ceil(time / designed.grid) * designed.grid if designed.grid and time < math.inf else time


def _nearest(designed: DesignedTrial, time: float) -> float:
    return math.floor(time / designed.grid + 0.5) * designed.grid if designed.grid and time < math.inf else time


def _scans(designed: DesignedTrial, draws: Draws, patient: int, until: float) -> list[tuple[float, bool]]:
    """Return time and whether it is missed of each scan, up to a few after a time."""
    plan = designed.scans
    assert plan is not None
    found: list[tuple[float, bool]] = []
    for number, planned in enumerate(planned_times(plan)):
        place, time = patient * MOST_SCANS + number, planned
        if plan.window > 0:
            time += (2 * draws.uniform(SCAN, place) - 1) * plan.window
            time = _nearest(designed, time)
        found.append((time, plan.missed > 0 and draws.uniform(MISSED, place) < plan.missed))
        if planned > until + 2 * plan.window + (designed.grid or 0) and not found[-1][1]:
            break
    return found


def _last_scan(designed: DesignedTrial, draws: Draws, patient: int, time: float) -> float:
    taken = [at for at, missed in _scans(designed, draws, patient, time) if at <= time and not missed]
    return taken[-1] if taken else 0.0


def _detected(designed: DesignedTrial, draws: Draws, patient: int, event: float, stop: float) -> tuple[float, float]:
    """Return when the event is seen, infinite if it never counts, and when follow-up without it ends."""
    if event > stop or event == math.inf:
        return math.inf, stop
    if designed.scans is None:
        return event, stop
    scans = _scans(designed, draws, patient, event)
    number = next((k for k, (at, missed) in enumerate(scans) if at >= event and not missed), None)
    if number is None or scans[number][0] > stop:
        return math.inf, stop
    before = [k for k in range(number) if not scans[k][1]]
    last = before[-1] if before else -1
    if designed.scans.gap is not None and number - last - 1 >= designed.scans.gap:
        return math.inf, scans[last][0] if before else 0.0
    return scans[number][0], stop
