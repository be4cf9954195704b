"""A virtual trial with everything behind its records: candidates, course, adverse events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from trialwright.design import Scenario
from trialwright.protocol import Protocol, load, read_document, read_plain_answers, study_file
from trialwright.records import TrialData
from trialwright.simulate import World, trial
from trialwright.simulate.course import Course, Events, Patients, draw_course, draw_events
from trialwright.simulate.population import Population, populate

TINY = Path(__file__).parents[2] / "studies" / "tiny"
DOSED = {"palmira": "palbociclib", "tiny": "exampletinib"}


@cache
def study(name: str) -> tuple[Protocol, Scenario]:
    """Return promise and supposition of PALMIRA, or of the made-up trial in another disease."""
    if name == "palmira":
        return load("palmira"), read_document(study_file("palmira", "scenario.yaml"), Scenario)
    return load(TINY / "protocol.yaml"), read_document(TINY / "scenario.yaml", Scenario)


def supposed(scenario: Scenario, section: str, **changes: Any) -> Scenario:
    """Return the scenario with some fields of one section replaced, checked as if it came from a file."""
    plain = scenario.model_dump(exclude_unset=True)
    plain[section] = {**plain[section], **changes}
    return Scenario.model_validate(plain)


@cache
def virtual(name: str, seed: int) -> Virtual:
    """Return a trial of a study; the same one for every test that asks."""
    return Virtual(*study(name), seed)


@dataclass(frozen=True)
class Virtual:
    """One virtual trial; patients in the order of randomization."""

    protocol: Protocol
    scenario: Scenario
    seed: int
    number: int = 0

    @cached_property
    def data(self) -> TrialData:
        return trial(self.protocol, self.scenario, self.seed, self.number)

    @cached_property
    def world(self) -> World:
        return World.of(self.protocol, self.scenario, self.seed)

    @cached_property
    def population(self) -> Population:
        return populate(self.world, np.array([self.number]))

    @property
    def patients(self) -> Patients:
        return self.population.patients

    @cached_property
    def course(self) -> Course:
        return draw_course(self.world, self.patients)

    @cached_property
    def events(self) -> list[Events]:
        return [draw_events(self.world, plan, self.patients, self.course) for plan in self.scenario.adverse_events]

    @cached_property
    def subjects(self) -> list[str]:
        return self.data["allocations"]["subject"].to_list()

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Return the rows of a table whose columns have these values."""
        found = self.data[table].iter_rows(named=True)
        return [row for row in found if all(row[name] == value for name, value in wanted.items())]

    def by_subject(self, table: str, **wanted: Any) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of each randomized subject."""
        found: dict[str, list[dict[str, Any]]] = {subject: [] for subject in self.subjects}
        for row in self.rows(table, **wanted):
            if row["subject"] in found:
                found[row["subject"]].append(row)
        return found

    @cached_property
    def randomized_on(self) -> dict[str, date]:
        return dict(self.data["allocations"].select("subject", "randomized_on").iter_rows())

    @cached_property
    def anchors(self) -> dict[str, dict[str, date]]:
        """Return the dates of the rules' anchors for each randomized subject."""
        days = self.population.candidates.anchors
        return {
            subject: {anchor: self.world.on(int(days[anchor][row])) for anchor in days}
            for row, subject in enumerate(self.subjects)
        }

    @cached_property
    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the answers as a reader of the records has them."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.rows("answers"):
            found.setdefault(row["subject"], {})[row["variable"]] = json.loads(row["value"])
        return {subject: read_plain_answers(self.protocol.variables, plain) for subject, plain in found.items()}

    def ends(self, ended: str) -> dict[str, dict[str, Any]]:
        """Return the end of treatment or of study of each subject who has one."""
        return {row["subject"]: row for row in self.rows("dispositions", ended=ended)}

    def dates(self, *, planned: bool = False) -> Iterator[tuple[str, str, str, date]]:
        """Return table, column, subject and date of everything recorded about randomized patients."""
        for table, frame in self.data.tables.items():
            names = [name for name, kind in frame.schema.items() if kind == date or str(kind) == "Date"]
            for name in names:
                if (name == "planned_on") == planned:
                    for subject, day in frame.select("subject", name).iter_rows():
                        if day is not None and subject in self.randomized_on:
                            yield table, name, subject, day


def days(one: date, other: date) -> int:
    """Return the days from the second date to the first."""
    return (one - other) // timedelta(days=1)
