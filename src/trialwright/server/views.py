"""What is shown of the state: each view holds what its reader may see and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from trialwright.conduct import HIDDEN, Fact, NotFound, Sight

if TYPE_CHECKING:
    from trialwright.conduct import State
    from trialwright.conduct import Subject as Record
    from trialwright.protocol import Protocol

__all__ = [
    "FactView", "GrantView", "QueryView", "RowView", "SiteView", "SubjectView", "UserView", "facts_seen",
    "queries_seen", "rows_seen", "sites_seen", "subject_seen", "subjects_seen", "users_seen",
]  # fmt: skip


class FactView(BaseModel):
    """One fact as its reader sees it."""

    seq: int
    at: str
    author: str
    role: str
    kind: str
    site: str | None
    subject: str | None
    body: dict[str, Any]
    key: str
    hash: str

    @classmethod
    def of(cls, fact: Fact, sight: Sight) -> FactView:
        """Return a fact with what must not be seen hidden."""
        return cls(
            seq=fact.seq, at=fact.at, author=fact.author, role=fact.role, kind=fact.kind, site=fact.site,
            subject=fact.subject, body=sight.body(fact), key=fact.key, hash=fact.hash,
        )  # fmt: skip

    def flat(self) -> dict[str, Any]:
        """Return it as one row of a table, the body as JSON."""
        return {**self.model_dump(), "body": json.dumps(self.body, ensure_ascii=False, sort_keys=True)}


class SiteView(BaseModel):
    """One site."""

    site: str
    facility: str
    city: str
    country: str
    open: bool
    form: str | None
    """Version of the consent form approved last."""
    cap: int | None
    recruitment_closed: str | None
    screened: int | None
    """Null where the reader does not see the site's subjects."""
    randomized: int | None


class SubjectView(BaseModel):
    """One subject in the screening log."""

    subject: str
    site: str
    screened_on: date
    status: str
    outcome: str | None
    reason: str
    consent: str | None
    """Version of the form signed last."""
    signed: bool
    """Whether eligibility is signed and the signature still covers the content."""
    randomized_at: str | None
    arm: str | None
    """Hidden from those who could count outcomes by arm."""
    withdrawn: bool


class RowView(BaseModel):
    """One row of a table with the version in force."""

    table: str
    key: dict[str, Any]
    values: dict[str, Any] | None
    """Null: the row was taken back."""
    without: dict[str, str]
    """Column: why it has no value."""
    version: int
    by: str
    at: str
    verified: bool


class QueryView(BaseModel):
    """One query."""

    query: str
    subject: str
    site: str
    table: str
    key: str
    column: str | None
    check: str | None
    status: str
    opened_at: str
    thread: list[dict[str, str]]


class GrantView(BaseModel):
    """One line of the delegation log."""

    grant: str
    role: str
    scope: str
    start: date
    end: date | None
    given_by: str
    given_at: str
    revoked_at: str | None
    revoked_by: str | None


class UserView(BaseModel):
    """One account."""

    user: str
    name: str
    organization: str
    kind: str
    active: bool
    trainings: list[str]
    grants: list[GrantView]


def sites_seen(state: State, protocol: Protocol, sight: Sight) -> list[SiteView]:
    """Return the sites of the protocol; numbers of subjects only where they may be seen."""
    counts: dict[str, tuple[int, int]] = {}
    for record in state.subjects.records.values():
        screened, randomized = counts.get(record.site, (0, 0))
        counts[record.site] = (screened + 1, randomized + (record.allocated is not None))
    found = []
    for site in protocol.sites:
        screened, randomized = counts.get(site.id, (0, 0))
        forms = state.sites.forms.get(site.id, ())
        seen = sight.sees_site(site.id)
        found.append(
            SiteView(
                site=site.id,
                facility=site.facility,
                city=site.city,
                country=site.country,
                open=site.id in state.sites.open,
                form=forms[-1].version if forms else None,
                cap=state.sites.caps.get(f"site:{site.id}"),
                recruitment_closed=state.sites.closed_to_recruitment.get(f"site:{site.id}"),
                screened=screened if seen else None,
                randomized=randomized if seen else None,
            )
        )
    return found


def users_seen(state: State) -> list[UserView]:
    """Return all accounts with what they were ever given."""
    by_user: dict[str, list[GrantView]] = {}
    for grant in state.people.grants.values():
        view = GrantView(
            grant=grant.grant, role=grant.role, scope=grant.scope, start=grant.start, end=grant.end,
            given_by=grant.given_by, given_at=grant.given_at, revoked_at=grant.revoked_at, revoked_by=grant.revoked_by,
        )  # fmt: skip
        by_user.setdefault(grant.user, []).append(view)
    return [
        UserView(
            user=one.user, name=one.name, organization=one.organization, kind=one.kind, active=one.active,
            trainings=sorted(one.trainings), grants=by_user.get(one.user, []),
        )
        for one in state.people.accounts.values()
    ]  # fmt: skip


def subjects_seen(state: State, sight: Sight) -> list[SubjectView]:
    """Return the subjects of the sites that the reader sees, by number."""
    seen = (record for record in state.subjects.records.values() if sight.sees_site(record.site))
    return [_subject(record, sight) for record in sorted(seen, key=lambda record: record.id)]


def subject_seen(state: State, sight: Sight, subject: str) -> SubjectView:
    """Return one subject; NotFound for another site's as for none."""
    record = state.subjects.of(subject)
    if record is None or not sight.sees_site(record.site):
        raise NotFound(f"there is no subject {subject!r} that you may see; check the number")
    return _subject(record, sight)


def rows_seen(state: State, sight: Sight, subject: str, table: str | None) -> list[RowView]:
    """Return the rows of a subject, of one table or of all."""
    tables = state.rows.by_subject.get(subject, {})
    return [
        RowView(
            table=name, key=dict(row.key), values=None if row.now.values is None else dict(row.now.values),
            without=dict(row.now.without), version=row.now.number, by=row.now.by, at=row.now.at,
            verified=state.cleaning.is_verified(row),
        )
        for name, rows in tables.items()
        for row in rows
        if table in {None, name}
    ]  # fmt: skip


def queries_seen(state: State, sight: Sight, status: str | None) -> list[QueryView]:
    """Return the queries of the sites that the reader sees."""
    return [
        QueryView(
            query=one.id, subject=one.subject, site=one.site, table=one.table, key=one.key, column=one.column,
            check=one.check, status=one.status, opened_at=one.opened_at,
            thread=[message._asdict() for message in one.thread],
        )
        for one in state.cleaning.queries.values()
        if sight.sees_site(one.site) and status in {None, one.status}
    ]  # fmt: skip


def facts_seen(
    state: State,
    sight: Sight,
    *,
    after: int = 0,
    kind: str | None = None,
    author: str | None = None,
    subject: str | None = None,
    site: str | None = None,
    since: date | None = None,
    until: date | None = None,
    most: int = 200,
) -> list[FactView]:
    """Return the facts after a place that the reader sees and the filter lets through, at most so many."""
    wanted = {"kind": kind, "author": author, "subject": subject, "site": site}
    asked = {name: value for name, value in wanted.items() if value is not None}
    days = (since.isoformat() if since else "", until.isoformat() if until else "9999")
    facts = state.trail.of_subject(subject) if subject else state.trail.facts[after:]
    found = (
        fact
        for fact in facts
        if fact.seq > after
        and days[0] <= fact.at[:10] <= days[1]
        and all(getattr(fact, name) == value for name, value in asked.items())
        and sight.sees(fact)
    )
    return [FactView.of(fact, sight) for fact, _ in _first(found, most)]


def _first(facts: Iterator[Fact], most: int) -> Iterator[tuple[Fact, int]]:
    for number in range(most):
        fact = next(facts, None)
        if fact is None:
            return
        yield fact, number


def _subject(record: Record, sight: Sight) -> SubjectView:
    allocated = record.allocated
    return SubjectView(
        subject=record.id,
        site=record.site,
        screened_on=record.screened_on,
        status=record.status,
        outcome=record.outcome,
        reason=record.outcome_reason,
        consent=record.consent.version if record.consent else None,
        signed=record.signature_holds,
        randomized_at=allocated.at if allocated else None,
        arm=(record.allocation["arm"] if sight.sees_arm(record.site) else HIDDEN) if allocated else None,
        withdrawn=record.withdrawn,
    )
