"""A whole trial brought into an office by the commands that people use, day by day on the trial's own calendar."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from trialwright.conduct import (
    ActivateList,
    Actor,
    Answer,
    ApproveForm,
    Ask,
    Attest,
    Consent,
    CorrectRow,
    GrantRole,
    OneRow,
    OpenSite,
    Randomize,
    RecordRows,
    RecordTraining,
    RegisterUser,
    Screen,
    ScreenFail,
    SealedKey,
    SealList,
    SignEligibility,
    StateDate,
    attesting_role,
    content_hash,
)
from trialwright.records import TABLES

if TYPE_CHECKING:
    from concurrent.futures import Future

    from trialwright.conduct import Office, Receipt
    from trialwright.protocol import Protocol, Variable
    from trialwright.records import TrialData

__all__ = ["Hands", "ListToUse", "load_trial", "staff_name"]

FORM = "1.0"
"""Version of the consent form of a loaded trial."""
ROWS_OF_A_DAY = (
    "visits", "assessments", "lesions", "measurements", "recorded_responses", "doses", "adverse_events", "laboratory",
    "samples", "biomarkers", "therapies", "contacts", "deaths", "dispositions",
)  # fmt: skip
"""Tables in an order in which a later row may rest on an earlier one."""
AT_WORK = time(9, tzinfo=UTC)


@dataclass
class Hands:
    """A clock whose hands the loader moves; give it to the office.

    >>> hands = Hands(datetime(2024, 1, 1, tzinfo=UTC))
    >>> hands().isoformat()
    '2024-01-01T00:00:00+00:00'
    """

    now: datetime

    def __call__(self) -> datetime:
        """Return the time shown."""
        return self.now


@dataclass(frozen=True)
class ListToUse:
    """The allocation list of the loaded trial: its key open, so that arms come out as they did, and sealed."""

    id: str
    key: bytes = field(repr=False)
    sealed: SealedKey
    places: int


def staff_name(site: str, role: str) -> str:
    """Return the account of a role at a site, or of the whole study.

    >>> staff_name("ES06", "investigator"), staff_name("", "data manager")
    ('es06.investigator', 'data-manager')
    """
    name = re.sub(r"[^a-z0-9]+", "-", f"{role}".lower())
    return f"{re.sub(r'[^a-z0-9]+', '-', site.lower())}.{name}" if site else name


def load_trial(
    office: Office, hands: Hands, data: TrialData, plan: ListToUse, anchors: Mapping[str, str] | None = None
) -> int:
    """Ask the office for everything that happened in a trial, as its people would have; return how many commands.

    ``hands`` must be the office's clock. ``anchors``: what a scenario says each reference date of the protocol is
    (``screening``, ``randomization``, ``first dose``); one not said stands for the day of evaluation. Raises Refused
    when the office does not take something, and ValueError when an arm or a subject number comes out otherwise.
    """
    loader = _Loader(office, hands, data, plan, dict(anchors or {}))
    loader.open()
    for day, happened in sorted(loader.calendar().items()):
        hands.now = datetime.combine(day, AT_WORK)
        loader.live_through(happened)
    return loader.asked


@dataclass
class _Day:
    """What happens on one day."""

    screened: list[dict[str, Any]] = field(default_factory=list)
    randomized: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, list[OneRow]] = field(default_factory=lambda: defaultdict(list))
    """By subject."""
    ends: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """Subject, table, key and the values that become known."""


@dataclass
class _Loader:
    office: Office
    hands: Hands
    data: TrialData
    plan: ListToUse
    anchors: dict[str, str]
    asked: int = 0
    _waiting: list[Future[Receipt]] = field(default_factory=list)

    @property
    def protocol(self) -> Protocol:
        return self.office.screener.protocol

    def ask(self, command: Ask, user: str) -> Future[Receipt]:
        """Ask without waiting; the answers are looked at by :meth:`wait`."""
        self.asked += 1
        actor = Actor(user, None, self.hands.now)
        answer = self.office.submit(command, actor, f"loaded {self.asked}")
        self._waiting.append(answer)
        return answer

    def wait(self) -> None:
        """Wait for everything asked; the first refusal is raised."""
        for answer in self._waiting:
            answer.result()
        self._waiting.clear()

    # Before the first patient.

    def open(self) -> None:
        """Register people, open sites, seal and activate the list a month before the first patient."""
        first = min(self.data["screened"]["screened_on"].to_list())
        self.hands.now = datetime.combine(first - timedelta(days=30), AT_WORK)
        sites = self.data["screened"]["site"].unique(maintain_order=True).to_list()
        self._people([("", role) for role in ("sponsor", "statistician", "data manager", "monitor")])
        self._people([(site, role) for site in sites for role in ("coordinator", "investigator")])
        self._sites(sites)
        seal = SealList(list=self.plan.id, sealed=self.plan.sealed, places=self.plan.places)
        told = self.ask(seal, staff_name("", "statistician")).result().reply
        self.office.keys = self.office.keys.with_list(self.plan.id, self.plan.key)
        self.ask(ActivateList(list=self.plan.id, sha256=told["sha256"]), staff_name("", "sponsor"))
        self.wait()

    def _people(self, wanted: Iterable[tuple[str, str]]) -> None:
        today = self.hands.now.date()
        for site, role in wanted:
            user, place = staff_name(site, role), site or self.protocol.organization.sponsor or "Sponsor"
            self.ask(RegisterUser(user=user, name=f"{role.capitalize()} {site}".strip(), organization=place), "system")
            self.ask(RecordTraining(user=user, training="protocol and GCP", trained_on=today), "system")
            scope = f"site:{site}" if site else "study"
            self.ask(GrantRole(user=user, role=role, scope=scope, start=today), "system")
        self.wait()

    def _sites(self, sites: Iterable[str]) -> None:
        today, sponsor = self.hands.now.date(), staff_name("", "sponsor")
        kinds = ("ethics committee", "competent authority", "agreement")
        for site in sites:
            papers = [{"kind": kind, "reference": f"{site}-{kind[:2]}", "approved_on": today} for kind in kinds]
            self.ask(OpenSite(site=site, approvals=papers), sponsor)
            self.ask(ApproveForm(site=site, version=FORM, valid_from=today), sponsor)
        self.wait()

    # The calendar.

    def calendar(self) -> dict[date, _Day]:
        """Return what happens on each day."""
        days: dict[date, _Day] = defaultdict(_Day)
        for row in self.data["screened"].iter_rows(named=True):
            days[row["screened_on"]].screened.append(row)
        for row in self.data["allocations"].iter_rows(named=True):
            days[row["randomized_on"]].randomized.append(row)
        for name in ROWS_OF_A_DAY:
            for row in self.data[name].iter_rows(named=True):
                self._enter(days, name, row)
        return days

    def _enter(self, days: dict[date, _Day], name: str, row: dict[str, Any]) -> None:
        """Enter a row on the day it happened; an end that comes later is entered on its own day."""
        table = TABLES[name]
        on = next(row[column] for column in table.dated_by if row[column] is not None)
        own = [column for column in table.key if column != "subject"]
        key = {column: _plain(row[column]) for column in own}
        values = {c.name: row[c.name] for c in table.columns if c.name not in table.key}
        end = values.get(table.open_until) if table.open_until else None
        if end is not None and end > on:
            days[end].ends.append((row["subject"], name, key, {str(table.open_until): _plain(end)}))
            values = {**values, str(table.open_until): None}
        plain = {column: _plain(value) for column, value in values.items() if value is not None}
        days[on].rows[row["subject"]].append(OneRow(table=name, key=key, values=plain))

    # One day.

    def live_through(self, day: _Day) -> None:
        """Ask for everything of one day, each step once the one before it is durable."""
        self._screen(day.screened)
        self._randomize(day.randomized)
        for subject, rows in day.rows.items():
            for some in _pieces(rows, 500):
                self.ask(RecordRows(subject=subject, rows=some), self._staff(subject, "coordinator"))
        self.wait()
        self._end(day.ends)

    def _screen(self, rows: Sequence[Mapping[str, Any]]) -> None:
        numbers = []
        for row in rows:
            user = staff_name(row["site"], "coordinator")
            numbers.append(self.ask(Screen(site=row["site"], screened_on=row["screened_on"]), user))
        for row, given in zip(rows, numbers, strict=True):
            if given.result().reply["subject"] != row["subject"]:
                raise ValueError(f"{row['subject']} was given the number {given.result().reply['subject']}")
            self._consented(row)
        self.wait()

    def _consented(self, row: Mapping[str, Any]) -> None:
        subject, user = row["subject"], staff_name(row["site"], "coordinator")
        self.ask(Consent(subject=subject, version=FORM, signed_on=row["screened_on"]), user)
        found, judged = self._answers.get(subject, ()), defaultdict(list)
        for name, value in found:
            if self._variables[name].attestation:
                judged[attesting_role(name, self._variables[name])].append({"variable": name, "value": value})
        plain = [{"variable": n, "value": v} for n, v in found if not self._variables[n].attestation]
        if plain:
            self.ask(Answer(subject=subject, answers=plain), user)
        for role, judgments in judged.items():
            by = staff_name("" if role == "sponsor" else row["site"], role)
            self.ask(Attest(subject=subject, judgments=judgments), by)
        for anchor, on in self._dates(row):
            self.ask(StateDate(subject=subject, anchor=anchor, on=on), user)
        if row["outcome"] != "randomized":
            reason = self._reasons.get(subject, f"screening ended: {row['outcome']}")
            self.ask(ScreenFail(subject=subject, outcome=row["outcome"], reason=reason), user)

    def _dates(self, row: Mapping[str, Any]) -> Iterator[tuple[str, date]]:
        for anchor, what in self.anchors.items():
            if what == "screening":
                yield anchor, row["screened_on"]
            elif what == "first dose" and row["subject"] in self._first_doses:
                yield anchor, self._first_doses[row["subject"]]

    def _randomize(self, rows: Sequence[Mapping[str, Any]]) -> None:
        with self.office.reading() as state:
            shown = {row["subject"]: content_hash(state.subjects.records[row["subject"]]) for row in rows}
        for subject, digest in shown.items():
            sign = SignEligibility(subject=subject, content_hash=digest)
            self.ask(sign, self._staff(subject, "investigator"))
        self.wait()
        given = [
            self.ask(
                Randomize(subject=subject, content_hash=digest, levels=self._levels[subject]),
                self._staff(subject, "investigator"),
            )
            for subject, digest in shown.items()
        ]
        for row, answer in zip(rows, given, strict=True):
            if answer.result().reply["arm"] != row["arm"]:
                raise ValueError(f"{row['subject']} was given another arm than in the trial that is loaded")
        self.wait()

    def _end(self, ends: Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]]) -> None:
        with self.office.reading() as state:
            versions = [state.rows.find(table, subject, key).now.number for subject, table, key, _ in ends]  # type: ignore[union-attr]
        for (subject, table, key, values), version in zip(ends, versions, strict=True):
            ask = CorrectRow(subject=subject, table=table, key=key, version=version, values=values)
            self.ask(ask, self._staff(subject, "coordinator"))
        self.wait()

    # What is looked up.

    def __post_init__(self) -> None:
        self._variables: Mapping[str, Variable] = self.protocol.variables
        self._answers: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        for row in self.data["answers"].iter_rows(named=True):
            if row["value"] is not None:
                self._answers[row["subject"]].append((row["variable"], json.loads(row["value"])))
        self._levels: dict[str, dict[str, str]] = defaultdict(dict)
        for row in self.data["strata"].iter_rows(named=True):
            self._levels[row["subject"]][row["factor"]] = row["level"]
        doses = self.data["doses"].group_by("subject").agg(first=_first("started_on"))
        self._first_doses: dict[str, date] = dict(doses.iter_rows())
        self._sites_of = dict(self.data["screened"].select("subject", "site").iter_rows())
        self._reasons = _reasons(self.data)

    def _staff(self, subject: str, role: str) -> str:
        return staff_name(self._sites_of[subject], role)


def _first(column: str) -> Any:
    import polars as pl

    return pl.col(column).min()


def _reasons(data: TrialData) -> dict[str, str]:
    """Return in words which criteria kept each subject out."""
    against: dict[str, list[str]] = defaultdict(list)
    for row in data["screenings"].iter_rows(named=True):
        if row["answer"] in {"not met", "cannot tell"}:
            against[row["subject"]].append(f"{row['criterion']} {row['answer']}")
    return {subject: "; ".join(found) for subject, found in against.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _pieces(rows: Sequence[OneRow], size: int) -> Iterator[tuple[OneRow, ...]]:
    for start in range(0, len(rows), size):
        yield tuple(rows[start : start + size])
