"""One virtual patient on the way into records: dates, rows and the course to be written down."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.protocol import Arm, KnownAnswers, Protocol
from trialwright.simulate.course import Course, Events, Patients
from trialwright.simulate.world import World

__all__ = ["Case", "Draws", "Journal"]


@dataclass
class Journal:
    """The rows of a trial as they are written."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, table: str, **row: Any) -> None:
        """Append one row."""
        self.rows[table].append(row)


@dataclass
class Draws:
    """Uniforms that only the records need, drawn for all patients when the first one asks."""

    world: World
    patients: Patients
    drawn: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def of(self, row: int, purpose: str, count: int) -> NDArray[np.float64]:
        """Return ``count`` uniforms of one patient; more of them continue the same sequence."""
        have = self.drawn.get(purpose)
        if have is None or have.shape[1] < count:
            who = self.patients
            have = self.world.chance.uniforms(f"records {purpose}", who.trial, who.candidate, count)
            self.drawn[purpose] = have
        return have[row, :count]


@dataclass(frozen=True)
class Case:
    """One randomized patient: everything days count from randomization (day 0)."""

    world: World
    draws: Draws
    journal: Journal
    patients: Patients
    course: Course
    events: tuple[Events, ...]
    """By the scenario's adverse events."""
    row: int
    subject: str
    arm: Arm
    answers: KnownAnswers
    anchors: dict[str, date]
    screened: int
    """Day of screening, zero or negative."""
    organs: tuple[tuple[str, bool], ...]
    """Involved organs, each with whether its lesion is measurable."""
    sweeps: tuple[int, ...]
    """Days on which the trial asks for the survival status of everybody."""

    def on(self, day: int) -> date:
        """Return the date of a day."""
        return self.world.on(int(self.patients.randomized[self.row]) + int(day))

    @property
    def protocol(self) -> Protocol:
        """Return what was promised."""
        return self.world.protocol

    @property
    def scenario(self) -> Scenario:
        """Return what is supposed."""
        return self.world.scenario

    def own(self, name: str) -> int:
        """Return this patient's entry of an array of the course."""
        return int(getattr(self.course, name)[self.row])

    def uniforms(self, purpose: str, count: int) -> NDArray[np.float64]:
        """Return uniforms of this patient for a purpose that only the records need."""
        return self.draws.of(self.row, purpose, count)

    def write(self, table: str, **row: Any) -> None:
        """Append a row of this patient."""
        self.journal.write(table, subject=self.subject, **row)

    @property
    def horizon(self) -> int:
        """Return the last day on which anything is recorded."""
        return int(self.patients.horizon[self.row])

    @property
    def found(self) -> int:
        """Return the day of the scan that shows progression, or NEVER."""
        return int(self.course.scans.found[self.row])

    @property
    def first_dose(self) -> int:
        """Return the day of the first dose."""
        return int(self.patients.first_dose[self.row])

    @property
    def last_alive(self) -> int:
        """Return the last day on which the patient can be seen alive."""
        return min(self.own("death") - 1, self.own("lost"), self.horizon)
