"""Fixtures for every test: a small protocol, and trials written as text tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import postgres_server
import pytest
from traced import (  # noqa: F401 - hooks that pytest finds by their names
    pytest_itemcollected,
    pytest_runtest_logreport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

from trialwright.protocol import Protocol
from trialwright.records import TABLES, TrialData

BASELINE_DAYS = 7
"""The baseline scan of a text trial lies so many days before randomization."""

FDA = {
    "without_baseline": "censor at origin",
    "new_therapy": "censor before",
    "missed_visits": "censor before",
    "missed_visits_allowed": 1,
    "without_event": "last adequate assessment",
}
EMA = FDA | {"without_baseline": "count event", "new_therapy": "ignore", "missed_visits": "ignore"}
ALIVE = EMA | {"without_event": "last known alive"}


def _time(id: str, events: list[str], censoring: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {"id": id, "label": id, "level": "primary", "measure": id, "kind": "time to event"}
    return named | {"events": events, "censoring": censoring} | more


def _share(id: str, success: list[str], **more: Any) -> dict[str, Any]:
    named = {"id": id, "label": id, "level": "secondary", "measure": id, "kind": "response"}
    return named | {"success": success, "stable_disease_minimum_weeks": 6} | more


def _criterion(id: str, kind: str, rule: str) -> dict[str, Any]:
    return {"id": id, "kind": kind, "number": 1, "short": id, "rule": rule}


PROTOCOL: dict[str, Any] = {
    "identification": {"id": "small", "acronym": "SMALL", "brief_title": "A small trial", "version": "1"},
    "organization": {"sponsor": None},
    "description": {"disease": "a tumor"},
    "design": {
        "study_type": "INTERVENTIONAL",
        "phases": ["PHASE2"],
        "allocation": "RANDOMIZED",
        "model": "PARALLEL",
        "primary_purpose": "TREATMENT",
        "masking": "NONE",
        "enrollment": 4,
    },
    "arms": [
        {"id": "A", "label": "New and old drug", "short": "new", "interventions": ["new", "old"]},
        {"id": "B", "label": "Old drug", "short": "old", "interventions": ["old"]},
    ],
    "interventions": [
        {
            "id": "new",
            "name": "new",
            "unit": "mg",
            "cycle": {"days": 28, "dosing_days": [1, 21]},
            "start": [{"dose": 100}],
            "levels": [100, 75],
        },
        {"id": "old", "name": "old", "cycle": {"days": 28, "dosing_days": [1, 28]}, "start": [{"dose": 10}]},
    ],
    "randomization": {
        "method": "stratified permuted blocks",
        "ratio": {"A": 1, "B": 1},
        "block_sizes": [2],
        "strata": [{"id": "visceral", "label": "Visceral", "levels": ["yes", "no"], "rule": "yes if visceral else no"}],
    },
    "variables": {
        "age": {"type": "number", "label": "Age", "unit": "y", "baseline": True},
        "visceral": {"type": "yes/no", "label": "Visceral disease", "baseline": True},
        "ecog": {"type": "choice", "label": "ECOG", "levels": ["0", "1"], "baseline": True},
        "organs": {"type": "set", "label": "Organs", "levels": ["lung", "liver"], "baseline": True},
    },
    "eligibility": {
        "sex": "ALL",
        "healthy_volunteers": False,
        "anchors": ["screening", "randomization"],
        "criteria": [_criterion("I1", "inclusion", "age >= 18 y"), _criterion("E1", "exclusion", "liver in organs")],
    },
    "visits": [{"id": "C1", "label": "Cycle 1", "day": 1}],
    "assessments": {
        "criteria": "RECIST 1.1",
        "evaluators": ["investigator", "central"],
        "every_weeks": [[0, 8]],
        "window_days": 7,
        "baseline_within_days": 28,
        "until": "progression",
    },
    "samples": [{"id": "S0", "kind": "blood", "label": "Inclusion", "at": "inclusion"}],
    "endpoints": [
        _time("PFS", ["progression", "death"], EMA),
        _time("PFS-FDA", ["progression", "death"], FDA),
        _time("PFS-clinical", ["progression", "clinical progression", "death"], EMA),
        _time("OS", ["death"], ALIVE),
        _time("OS-therapy", ["death"], ALIVE | {"new_therapy": "censor before"}),
        _time("TTNT", ["new therapy"], ALIVE, origin="first response", among="responders"),
        _time("TTP", ["progression"], EMA),
        _time("DOR", ["progression", "death"], EMA, origin="first response", among="responders"),
        _time("TTR", ["response"], EMA, among="responders"),
        _time("TTC", ["chemotherapy"], ALIVE),
        _share("ORR", ["CR", "PR"]),
        _share("CORR", ["CR", "PR"], confirmation_days=28),
        _share("CBR", ["CR", "PR"], stable_weeks=24, stable_window_days=7),
        {"id": "AE", "label": "AE", "level": "secondary", "measure": "AE", "kind": "adverse events"},
        {"id": "QOL", "label": "QoL", "level": "exploratory", "measure": "QoL", "kind": "not derived"},
    ],
    "safety": {"grading": "CTCAE 5.0", "window": {"days_after_last_dose": 30}},
    "sample_size": {
        "endpoint": "PFS",
        "test": "log-rank",
        "hazard_ratio": 0.6,
        "power": 0.8,
        "alpha": 0.05,
        "sides": 2,
        "patients": 4,
    },
    "analysis": {
        "populations": [
            {"id": "ITT", "label": "Intention to treat", "members": "randomized"},
            {"id": "treated", "label": "Treated", "members": "treated"},
            {"id": "measurable", "label": "Measurable disease", "members": "measurable disease"},
        ],
        "cuts": [
            {"id": "early", "label": "Two events", "endpoint": "PFS", "events": 2},
            {"id": "final", "label": "Final", "on": "2024-12-31"},
        ],
        "confidence_level": 0.95,
        "ties": "breslow",
        "interval": "log-log",
        "proportion_interval": "clopper-pearson",
        "stratified": True,
        "control": "B",
        "items": [
            {"endpoint": "PFS", "population": "ITT", "at_months": [6, 12]},
            {"endpoint": "OS", "population": "ITT"},
            {"endpoint": "ORR", "population": "measurable"},
            {"endpoint": "CBR", "population": "ITT"},
            {"endpoint": "AE", "population": "treated"},
        ],
    },
    "sites": [
        {"id": "01", "facility": "North", "city": "Oslo", "country": "Norway"},
        {"id": "02", "facility": "South", "city": "Rome", "country": "Italy"},
    ],
}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres_server.Cluster]:
    """A running PostgreSQL server of this test session; skipped visibly where none is installed."""
    if postgres_server.programs() is None:
        pytest.skip(postgres_server.NOWHERE)
    with postgres_server.cluster() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'office.db'}"
    server: postgres_server.Cluster = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture(scope="session")
def small_protocol() -> Protocol:
    """A protocol of two arms with every kind of endpoint; PFS under the rule sets FDA and EMA."""
    return Protocol.model_validate(PROTOCOL)


@pytest.fixture(scope="session")
def protocol_with() -> Callable[..., Protocol]:
    """The small protocol with whole sections replaced: ``protocol_with(assessments={...})``."""

    def build(**sections: dict[str, Any]) -> Protocol:
        changed = {name: PROTOCOL[name] | part for name, part in sections.items()}
        return Protocol.model_validate(PROTOCOL | changed)

    return build


@pytest.fixture(scope="session")
def changed_endpoint(small_protocol: Protocol) -> Callable[..., Protocol]:
    """The small protocol with fields of one endpoint replaced; names of its censoring change its censoring."""

    def build(id: str, **changes: Any) -> Protocol:
        document = small_protocol.model_dump(mode="json")
        endpoint = next(each for each in document["endpoints"] if each["id"] == id)
        for name, value in changes.items():
            (endpoint if name in endpoint else endpoint["censoring"])[name] = value
        return Protocol.model_validate(document)

    return build


@pytest.fixture(scope="session")
def trial() -> Callable[..., TrialData]:
    """A trial written as text tables, one keyword for each table; what is left out takes a plain default.

    ``subjects`` makes the allocations (and, with ``baseline`` other than ``no``, a baseline scan a week before). A
    table ``assessments`` with a column ``response`` makes lesions and measurements that give this response. Any other
    keyword is a table of TrialData.
    """
    return text_trial


def text_trial(**tables: str) -> TrialData:
    """Build the trial of the fixture ``trial``."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    subjects = list(read(tables.pop("subjects")))
    for index, subject in enumerate(subjects):
        rows["allocations"].append(_allocation(subject, index))
    scans = tables.get("assessments", "subject | response")
    if "response" in scans.split("\n", 1)[0] or not read(scans):
        tables.pop("assessments", None)
        for subject in subjects:
            for table, row in _scanned(subject, [row for row in read(scans) if row["subject"] == subject["subject"]]):
                rows[table].append(row)
    for name, text in tables.items():
        rows[name] += [_typed(name, row, number) for number, row in enumerate(read(text), 1)]
    return TrialData.from_rows("small", rows, virtual=True)


def read(text: str) -> list[dict[str, str]]:
    """Return the rows of a text table; its first line names the columns."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines() if line.strip()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def _allocation(subject: dict[str, str], index: int) -> dict[str, Any]:
    plain = {"stratum": "all", "position": str(index), "block": "0", "arm": "A", "randomized_on": "2024-01-01"}
    return _typed("allocations", plain | {key: value for key, value in subject.items() if key != "baseline"}, index)


_DEFAULTS: dict[str, dict[str, str]] = {
    "screened": {"site": "01", "country": "Norway", "screened_on": "2023-12-20", "outcome": "randomized"},
    "answers": {"answered_on": "2023-12-20"},
    "screenings": {"screened_on": "2023-12-20"},
    "strata": {"randomized_on": "2024-01-01"},
    "doses": {"intervention": "old", "product": "old", "dose": "10", "change": "none"},
    "assessments": {"evaluator": "investigator"},
    "lesions": {"evaluator": "investigator", "organ": "lung", "node": "no", "found_on": "2023-12-25"},
    "measurements": {"evaluator": "investigator", "state": "measured"},
    "adverse_events": {"system": "Blood", "serious": "no"},
    "samples": {"sample": "S0"},
    "biomarkers": {"sample": "S0", "sampled_on": "2024-01-01"},
    "dispositions": {"ended": "treatment"},
    "therapies": {"therapy": "another drug", "chemotherapy": "no"},
    "deaths": {"cause": "disease"},
}


def _typed(table: str, row: dict[str, str], number: int) -> dict[str, Any]:
    read_as: dict[str, Callable[[str], Any]] = {
        "text": str,
        "integer": int,
        "number": float,
        "yes/no": lambda text: {"yes": True, "no": False}[text],
        "date": date.fromisoformat,
    }
    kinds = {column.name: column.kind for column in TABLES[table].columns}
    own = {"doses": {"cycle": str(number)}, "adverse_events": {"number": str(number)}}.get(table, {})
    full = own | _DEFAULTS.get(table, {}) | row
    if table == "assessments":
        full.setdefault("planned_on", full.get("assessed_on", ""))
    if table == "samples":
        full.setdefault("planned_on", full.get("taken_on") or "2024-01-01")
    return {name: read_as[kinds[name]](text) if text else None for name, text in full.items()}


def _scanned(subject: dict[str, str], scans: list[dict[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return lesions, assessments and measurements that give the wanted responses."""
    who = {"subject": subject["subject"], "evaluator": "investigator"}
    randomized_on = date.fromisoformat(subject.get("randomized_on", "2024-01-01"))
    before = randomized_on - timedelta(days=BASELINE_DAYS)
    measurable = not any(scan["response"] == "NON-CR/NON-PD" for scan in scans)
    lesion = {"lesion": "T1", "role": "target"} if measurable else {"lesion": "NT1", "role": "non-target"}
    yield "lesions", who | lesion | {"organ": "lung", "node": False, "found_on": before}
    diameter, state = (500, "measured") if measurable else (None, "present")
    nadir = diameter
    if subject.get("baseline") != "no":
        yield "assessments", who | {"number": 0, "planned_on": before, "assessed_on": before}
        seen = {"lesion": lesion["lesion"], "diameter": diameter, "state": state}
        yield "measurements", who | seen | {"number": 0, "assessed_on": before}
    for number, scan in enumerate(sorted(scans, key=lambda row: row["assessed_on"]), 1):
        on, wanted = date.fromisoformat(scan["assessed_on"]), scan["response"]
        at = {"number": number, "assessed_on": on}
        yield "assessments", who | at | {"planned_on": on}
        if measurable:
            diameter, state = _target(wanted, nadir)
            nadir = min(value for value in (nadir, diameter) if value is not None)
        else:
            state = {"CR": "absent", "NE": "not evaluable"}.get(wanted, "present")
        yield "measurements", who | at | {"lesion": lesion["lesion"], "diameter": diameter, "state": state}
        if wanted == "PD":
            new = {"lesion": f"N{number}"}
            yield "lesions", who | new | {"role": "new", "organ": "liver", "node": False, "found_on": on}
            yield "measurements", who | at | new | {"diameter": None, "state": "unequivocal"}


def _target(wanted: str, nadir: int | None) -> tuple[int | None, str]:
    """Return a diameter that gives the response from a baseline of 50 mm: SD after PR lies just above 35 mm."""
    diameter = {"CR": 0, "PR": 300, "SD": 500 if nadir == 500 else 355, "PD": nadir, "NE": None}[wanted]
    return diameter, "not evaluable" if diameter is None else "measured"
