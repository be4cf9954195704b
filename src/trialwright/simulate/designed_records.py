"""A trial of the fast simulation written down as records, so that the real derivation and analysis can read it.

The kernel draws entry, stratum, arm, event, end of follow-up and scans. Here the same draws become allocations,
assessments, lesions and measurements: a scan that shows the event shows a new lesion. Nothing else is known of these
patients, so the other tables are empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from trialwright.simulate.designed import DesignedTrial
from trialwright.simulate.designed_reference import ReferenceTrial
from trialwright.simulate.planned import stratum_cells

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["designed_records"]

OLD, NEW = "NT01", "NEW01"
"""The lesion everybody has, and the one whose appearance is the progression."""
Row = dict[str, Any]


def designed_records(
    protocol: Protocol, scenario: Scenario, designed: DesignedTrial, number: int, seed: int
) -> TrialData:
    """Return virtual trial ``number`` of a seed as ``TrialData``: cut, derived and analyzed it gives the kernel's test.

    ``designed``: of ``simulate.designed(protocol, scenario)`` or the same with other numbers, in whole days and with
    scans; its strata are those of the protocol. The trial runs until every patient's last scan; look k is had by
    ``cut`` on the day of the k-th look, counted from ``recruitment.opens_on``. ValueError for a design in other times.

    >>> from trialwright.design import Scenario
    >>> from trialwright.protocol import load, read_document, study_file, study_names
    >>> from trialwright.simulate import designed
    >>> study = study_names()[0]
    >>> protocol, scenario = load(study), read_document(study_file(study, "scenario.yaml"), Scenario)
    >>> data = designed_records(protocol, scenario, designed(protocol, scenario), number=0, seed=1)
    >>> data["allocations"].height == protocol.design.enrollment
    True
    """
    from trialwright.records import TrialData

    if designed.grid != 1 or designed.scans is None:
        raise ValueError("records have whole days and scans: the design must have grid 1 and scans")
    cells = [levels for levels, _ in stratum_cells(protocol, scenario, seed=0)]
    if len(cells) != len(designed.supposed.strata):
        raise ValueError(
            f"the design must have the protocol's {len(cells)} strata; got {len(designed.supposed.strata)}"
        )
    rows: dict[str, list[Row]] = {}
    writer = _Writer(protocol, scenario, ReferenceTrial.draw(designed, number, seed), cells)
    for patient in range(designed.patients):
        for table, row in writer.patient(patient):
            rows.setdefault(table, []).append({"subject": f"{patient + 1:04d}", **row})
    return TrialData.from_rows(protocol.identification.id, rows, virtual=True)


class _Writer:
    """Writes one patient after another."""

    def __init__(
        self, protocol: Protocol, scenario: Scenario, trial: ReferenceTrial, cells: list[dict[str, str]]
    ) -> None:
        control = protocol.analysis.control
        self.arms = control, next(arm.id for arm in protocol.arms if arm.id != control)
        self.opens, self.trial, self.cells = scenario.recruitment.opens_on, trial, cells
        self.evaluator = protocol.assessments.evaluators[0]
        self.organ = scenario.lesions.otherwise
        self.places = [0] * len(cells)
        self.site = protocol.sites[0]

    def patient(self, i: int) -> Iterator[tuple[str, Row]]:
        """Yield the rows of a patient by table."""
        on = self._on(self.trial.entry[i])
        yield (
            "screened",
            {
                "site": self.site.id,
                "country": self.site.country,
                "screened_on": on,
                "outcome": "randomized",
            },
        )
        yield from self._allocation(i, on)
        yield "assessments", self._scan(0, on, on)
        yield "lesions", self._lesion(OLD, "non-target", on)
        yield "measurements", self._shown(0, OLD, on)
        yield from self._scans(i)

    def _allocation(self, i: int, on: date) -> Iterator[tuple[str, Row]]:
        cell = self.trial.stratum[i]
        levels = self.cells[cell]
        name = "|".join(f"{factor}={level}" for factor, level in levels.items())
        arm = self.arms[self.trial.arm[i]]
        yield "allocations", {
            "stratum": name, "position": self.places[cell], "block": 0, "arm": arm, "randomized_on": on,
        }  # fmt: skip
        self.places[cell] += 1
        for factor, level in levels.items():
            yield "strata", {"factor": factor, "level": level, "randomized_on": on}

    def _scans(self, i: int) -> Iterator[tuple[str, Row]]:
        """Yield the scans up to the one that shows the event, or to the end of follow-up."""
        entry, event = self.trial.entry[i], self.trial.event[i]
        for number, (planned, at, missed) in enumerate(self.trial.scans(i), start=1):
            taken = None if missed else self._on(entry + at)
            yield "assessments", self._scan(number, self._on(entry + planned), taken)
            if taken is None:
                continue
            yield "measurements", self._shown(number, OLD, taken)
            if at >= event:
                yield "lesions", self._lesion(NEW, "new", taken)
                yield "measurements", self._shown(number, NEW, taken, state="unequivocal")

    def _on(self, time: float) -> date:
        return self.opens + timedelta(days=math.floor(time + 0.5))

    def _scan(self, number: int, planned: date, taken: date | None) -> Row:
        return {"evaluator": self.evaluator, "number": number, "planned_on": planned, "assessed_on": taken}

    def _lesion(self, name: str, role: str, on: date) -> Row:
        return {
            "evaluator": self.evaluator, "lesion": name, "role": role, "organ": self.organ, "node": False,
            "found_on": on,
        }  # fmt: skip

    def _shown(self, number: int, lesion: str, on: date, state: str = "present") -> Row:
        return {
            "evaluator": self.evaluator, "number": number, "lesion": lesion, "assessed_on": on, "diameter": None,
            "state": state,
        }  # fmt: skip
