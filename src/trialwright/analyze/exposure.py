"""Exposure to treatment: cycles, reductions, relative dose intensity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.derive import members

if TYPE_CHECKING:
    from trialwright.protocol import Intervention

__all__ = ["exposure"]

SOURCE = "doses"


class _Cycle(NamedTuple):
    number: int
    dose: float | None
    change: str
    started_on: int
    ended_on: int | None


_Taken = dict[str, dict[str, list[_Cycle]]]
"""Cycles in order, by intervention and subject."""


def exposure(study: Study) -> Iterator[Finding]:
    """Return cycles started, patients with a dose reduction, and the mean relative dose intensity, by arm."""
    taken = _taken(study)
    place = Place(study.cut, "exposure", study.randomized_population)
    *arms, _ = study.split(f"{study.cut}/exposure/treated", members(study.data, study.protocol, "treated"))
    for arm in arms:
        yield _cycles(place, arm, taken)
        for name in study.protocol.arm(arm.name).interventions:
            yield from _drug(place, arm, study.protocol.intervention(name), taken.get(name, {}))


def _taken(study: Study) -> _Taken:
    doses = study.data["doses"].sort("subject", "intervention", "cycle")
    names = ("intervention", "subject", "cycle", "dose", "change", "started_on", "ended_on")
    found: _Taken = {}
    columns = (doses[name].to_physical().to_list() for name in names)
    for drug, subject, *row in zip(*columns, strict=True):
        found.setdefault(drug, {}).setdefault(subject, []).append(_Cycle(*row))
    return found


def _cycles(place: Place, arm: Group, taken: _Taken) -> Finding:
    started: dict[str, set[int]] = {subject: set() for subject in arm.subjects}
    for patients in taken.values():
        for subject in started.keys() & patients.keys():
            started[subject] |= {cycle.number for cycle in patients[subject]}
    counts = [len(cycles) for cycles in started.values()]
    value = float(median(counts)) if counts else None
    convention = "median over treated patients of the cycles started with any drug"
    fields: dict[str, Any] = {"unit": "cycles", "method": "value-median", "conventions": convention, "source": SOURCE}
    return place.found(arm, "cycles started", value, problem=None if counts else "no treated patient", **fields)


def _drug(place: Place, arm: Group, drug: Intervention, taken: dict[str, list[_Cycle]]) -> Iterator[Finding]:
    given = arm.only(drug.id, taken)
    reduced = (s for s in given.subjects if any(cycle.change == "reduced" for cycle in taken[s]))
    yield place.share(given, "dose reduced", given.only("dose reduced", reduced), SOURCE, item=drug.id)
    found = {s: intensity for s in given.subjects if (intensity := _intensity(taken[s], drug)) is not None}
    known = given.only("relative dose intensity", found)
    yield place.found(
        known,
        "relative dose intensity",
        fmean(found.values()) if found else None,
        item=drug.id,
        unit="ratio",
        method="relative-dose-intensity",
        source=SOURCE,
        problem=None if found else "no completed cycle with a stated dose",
    )


def _intensity(cycles: Sequence[_Cycle], drug: Intervention) -> float | None:
    """Return the relative dose intensity of one patient, None where doses or dosing days are not stated."""
    done = [cycle for cycle in cycles if cycle.ended_on is not None]
    planned = drug.cycle.dosing_days
    if not done or planned is None or any(cycle.dose is None for cycle in done):
        return None
    taken = sum((cycle.dose or 0) * ((cycle.ended_on or 0) - cycle.started_on + 1) for cycle in done)
    first, last = done[0], done[-1]
    end = max((last.ended_on or 0) + 1, last.started_on + drug.cycle.days)
    per_day = (first.dose or 0) * (planned[1] - planned[0] + 1) / drug.cycle.days
    return taken / (end - first.started_on) / per_day
