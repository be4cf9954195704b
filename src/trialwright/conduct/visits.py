"""The plan of one subject as dates: visits with windows, scans, samples, cycles, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from trialwright.protocol import planned_scans

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Protocol, Sample, Visit

__all__ = ["Planned", "dose_ceiling", "plan_of", "planned_visit_day", "randomized_on"]

Standing = Literal["planned", "due", "overdue", "done", "missed"]


@dataclass(frozen=True)
class Planned:
    """One thing planned for a subject, with its window and what became of it."""

    kind: Literal["visit", "scan", "sample"]
    id: str
    label: str
    number: int
    on: date
    window_days: int
    standing: Standing
    done_on: date | None = None
    activities: tuple[str, ...] = ()

    @property
    def window(self) -> tuple[date, date]:
        """Return the first and the last day of the window."""
        return self.on - timedelta(self.window_days), self.on + timedelta(self.window_days)


def randomized_on(record: Subject) -> date | None:
    """Return the day of randomization; None before it."""
    if record.allocated is None:
        return None
    return date.fromisoformat(record.allocation.get("randomized_on", record.allocated.at[:10]))


def dose_ceiling(record: Subject, intervention: str) -> float | None:
    """Return the starting dose given with the allocation, above which none may go; None where it is not stated."""
    if record.allocated is None:
        return None
    start: Mapping[str, Any] = record.allocation.get("doses", {}).get(intervention, {})
    return start.get("dose")


def treatment_ended_on(state: State, record: Subject) -> date | None:
    """Return the day on which treatment ended, as recorded."""
    return _ended(state, record, "treatment")


def planned_visit_day(state: State, record: Subject, visit: Visit, number: int) -> date | None:
    """Return the planned day of the ``number``-th occurrence of a visit; None while its anchor has no date.

    Day 1 is the anchor's own day, except after the end of treatment, from which days are counted plainly. Visits that
    come with each cycle move with cycles that were delayed.
    """
    anchor = _anchor(state, record, visit)
    if anchor is None or (number > 1 and visit.repeat_days is None):
        return None
    return _day_of(visit, anchor, number, _cycle_delays(state, record, visit))


def _anchor(state: State, record: Subject, visit: Visit) -> date | None:
    if visit.anchor == "screening":
        return record.screened_on
    return randomized_on(record) if visit.anchor == "randomization" else treatment_ended_on(state, record)


def _day_of(visit: Visit, anchor: date, number: int, delays: Sequence[tuple[date, int]]) -> date:
    day = visit.day - (visit.anchor != "end of treatment") + (number - 1) * (visit.repeat_days or 0)
    on = anchor + timedelta(day)
    return on + timedelta(max((late for due, late in delays if due <= on), default=0))


def plan_of(state: State, protocol: Protocol, record: Subject, today: date, ahead: int = 90) -> list[Planned]:
    """Return all that is planned for a subject until ``ahead`` days from today, in the order of dates."""
    until = today + timedelta(ahead)
    found = [*_visits(state, protocol, record, today, until), *_scans(state, protocol, record, today, until)]
    found += _samples(state, protocol, record, today)
    return sorted(found, key=lambda one: (one.on, one.kind, one.id))


def _visits(state: State, protocol: Protocol, record: Subject, today: date, until: date) -> Iterator[Planned]:
    for visit in protocol.visits:
        anchor = _anchor(state, record, visit)
        if anchor is None:
            continue
        last, delays = _last_visit_day(state, record, visit, until), _cycle_delays(state, record, visit)
        for number in count(1):
            on = _day_of(visit, anchor, number, delays)
            if on > last:
                break
            row = state.rows.find("visits", record.id, {"visit": visit.id, "number": number})
            done, kept = _done(row, "visited_on")
            standing = _standing(kept, done, on, visit.window_days, today)
            yield Planned(
                "visit", visit.id, visit.label, number, on, visit.window_days, standing, done, visit.activities
            )
            if visit.repeat_days is None:
                break


def _last_visit_day(state: State, record: Subject, visit: Visit, until: date) -> date:
    """Return the last day on which a visit can still be planned: repeats end with treatment, everything with study."""
    ends = [until, *(day for day in (_study_end(state, record),) if day)]
    treatment = treatment_ended_on(state, record)
    if visit.anchor == "randomization" and treatment is not None:
        ends.append(treatment)
    return min(ends)


def _scans(state: State, protocol: Protocol, record: Subject, today: date, until: date) -> Iterator[Planned]:
    start, plan = randomized_on(record), protocol.assessments
    if start is None:
        return
    last = min([until, *(day for day in (_study_end(state, record), _progressed(state, record)) if day)])
    evaluator = plan.evaluators[0]
    days = [0, *planned_scans(plan, (last - start).days)]
    for number, day in enumerate(days):
        row = state.rows.find("assessments", record.id, {"evaluator": evaluator, "number": number})
        done, kept = _done(row, "assessed_on")
        on = start + timedelta(day)
        window = plan.baseline_within_days if number == 0 else plan.window_days
        label = f"Tumor assessment {number}" if number else "Tumor assessment, baseline"
        yield Planned("scan", "assessment", label, number, on, window, _standing(kept, done, on, window, today), done)


def _samples(state: State, protocol: Protocol, record: Subject, today: date) -> Iterator[Planned]:
    for sample in protocol.samples:
        on = _sample_day(state, record, sample)
        if on is None:
            continue
        row = state.rows.find("samples", record.id, {"sample": sample.id})
        done, kept = _done(row, "taken_on")
        standing = _standing(kept, done, on, sample.window_days, today)
        yield Planned("sample", sample.id, sample.label, 1, on, sample.window_days, standing, done)


def _sample_day(state: State, record: Subject, sample: Sample) -> date | None:
    if sample.at == "inclusion":
        return randomized_on(record)
    if sample.day is not None:
        first = _first_dose(state, record)
        return first + timedelta(sample.day - 1) if first else None
    found = [day for day in (_progressed(state, record), _study_end(state, record)) if day]
    return min(found, default=None)


def _done(row: Any, column: str) -> tuple[date | None, bool]:
    """Return the day on which a row says it was done, and whether there is a row at all."""
    if row is None or row.struck:
        return None, False
    value = row.values.get(column)
    return (date.fromisoformat(value) if value else None), True


def _standing(kept: bool, done: date | None, on: date, window: int, today: date) -> Standing:
    if kept:
        return "done" if done else "missed"
    if today > on + timedelta(window):
        return "overdue"
    return "due" if today >= on - timedelta(window) else "planned"


def _ended(state: State, record: Subject, what: str) -> date | None:
    row = state.rows.find("dispositions", record.id, {"ended": what})
    return date.fromisoformat(row.values["ended_on"]) if row and not row.struck else None


def _study_end(state: State, record: Subject) -> date | None:
    death = state.rows.find("deaths", record.id, {})
    died = date.fromisoformat(death.values["died_on"]) if death and not death.struck else None
    left = [one.on for one in record.withdrawals if one.level in {"study", "study and samples"}]
    return min((day for day in (_ended(state, record, "study"), died, *left) if day), default=None)


def _progressed(state: State, record: Subject) -> date | None:
    row = state.rows.find("dispositions", record.id, {"ended": "treatment"})
    if row is None or row.struck or row.values["reason"] not in {"progression", "clinical progression"}:
        return None
    return date.fromisoformat(row.values["ended_on"])


def _first_dose(state: State, record: Subject) -> date | None:
    starts = [row.values["started_on"] for row in state.rows.of(record.id, "doses")]
    return date.fromisoformat(min(starts)) if starts else None


def _cycle_delays(state: State, record: Subject, visit: Visit) -> list[tuple[date, int]]:
    """Return when each cycle was due and by how many days it came late, for visits that come with cycles."""
    first = _first_dose(state, record)
    if first is None or visit.repeat_days is None or visit.anchor != "randomization":
        return []
    late = []
    for row in state.rows.of(record.id, "doses"):
        due = first + timedelta((row.key["cycle"] - 1) * visit.repeat_days)
        late.append((due, max(0, (date.fromisoformat(row.values["started_on"]) - due).days)))
    return late
