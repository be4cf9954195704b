"""What is asked to clean data: queries, source verification, freeze, lock, and signatures under casebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, JsonValue, StringConstraints

from trialwright.conduct.casebook import casebook_hash, signature_of
from trialwright.conduct.cleaning import Query, check_open
from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_data import Cells, Whole, shown_row
from trialwright.conduct.commands_eligibility import Digest
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.commands_sites import Short, known_site
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, NotFound, Refused, Stale
from trialwright.conduct.row_values import check_key, recordable

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = [
    "AnswerQuery", "CloseQuery", "Freeze", "Lock", "OpenQuery", "ReopenQuery", "ReviewTrail", "SignCasebook",
    "Unfreeze", "Unlock", "VerifyRow",
]  # fmt: skip

QueryName = Annotated[str, StringConstraints(pattern=r"^Q[1-9][0-9]{0,8}$")]


@offered
class OpenQuery(Ask):
    """Ask the site about one field of a row, or about an answer of screening (table ``answers``)."""

    action: ClassVar[str] = "open query"
    subject: Short
    table: Short
    key: Cells = Field(default={})
    field: Short | None = None
    """Column asked about; the whole row when there is none."""
    text: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``query opened``."""
        record = known_subject(state, self.subject)
        key = self._key(state, record)
        body = {
            "query": state.cleaning.next_query(), "table": self.table, "key": key, "field": self.field,
            "text": self.text, "auto": False,
        }  # fmt: skip
        return [NewFact("query opened", body, record.site, record.id)]

    def _key(self, state: State, record: Subject) -> dict[str, Any]:
        if self.table == "answers":
            if self.key.get("variable") not in record.answers:
                raise NotFound(f"{record.id} has no answer {self.key.get('variable')!r}")
            return {"variable": self.key["variable"]}
        table = recordable(self.table)
        key = check_key(table, self.key)
        row = state.rows.find(self.table, record.id, key)
        if row is None or row.struck:
            raise NotFound(f"{record.id} has no such row in {self.table}")
        known = [column.name for column in table.columns if column.name != "subject"]
        if self.field is not None and self.field not in known:
            raise Invalid(f"{self.field!r} is no field of {self.table}; known: {', '.join(known)}")
        return key


class _InThread(Ask):
    """A word in the thread of a query."""

    subject: Short
    query: QueryName
    text: Text
    kind: ClassVar[str]
    comes_after: ClassVar[frozenset[str]]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact, where the query stands as it must."""
        record = known_subject(state, self.subject)
        query = _query(state, record, self.query)
        if query.status not in self.comes_after:
            raise Refused(
                f"{self.query} is {query.status}; it can be {self.kind} only when {_either(self.comes_after)}"
            )
        body = {"query": self.query, "text": self.text}
        return [NewFact(f"query {self.kind}", body, record.site, record.id)]


@offered
class AnswerQuery(_InThread):
    """Answer a query in words; where a value was wrong, correct it besides."""

    action: ClassVar[str] = "answer query"
    kind: ClassVar[str] = "answered"
    comes_after: ClassVar[frozenset[str]] = frozenset({"open", "answered"})


@offered
class CloseQuery(_InThread):
    """Close a query, satisfied with the answer or the correction."""

    action: ClassVar[str] = "close query"
    kind: ClassVar[str] = "closed"
    comes_after: ClassVar[frozenset[str]] = frozenset({"open", "answered"})


@offered
class ReopenQuery(_InThread):
    """Open a closed or answered query again; its age goes on counting from the first opening."""

    action: ClassVar[str] = "close query"
    kind: ClassVar[str] = "reopened"
    comes_after: ClassVar[frozenset[str]] = frozenset({"closed", "answered"})


@offered
class VerifyRow(Ask):
    """State that the version shown of a row was compared with its source; any change takes that away again."""

    action: ClassVar[str] = "verify row"
    subject: Short
    table: Short
    key: Cells = Field(default={})
    version: Whole

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``verified``."""
        record = known_subject(state, self.subject)
        row = shown_row(state, record, self.table, self.key, self.version)
        if state.cleaning.is_verified(row):
            raise Refused(f"version {self.version} of this row is verified already")
        body: dict[str, JsonValue] = {"table": self.table, "key": dict(row.key), "version": self.version}
        return [NewFact("verified", body, record.site, record.id)]


class _Scoped(Ask):
    """What concerns the data of the study, of one site or of one subject."""

    scope: Annotated[str, StringConstraints(pattern=r"^(study|(site|subject):[^\x00-\x1f\x7f]{1,30})$")]
    """``study``, ``site:ES06`` or ``subject:ES06-004``."""
    reason: Text

    @property
    def where(self) -> tuple[str | None, str | None]:
        """Return the site and the subject named by the scope."""
        kind, _, name = self.scope.partition(":")
        return (name if kind == "site" else None), (name if kind == "subject" else None)

    def fact(self, state: State, context: Context, kind: str, **more: Any) -> NewFact:
        """Return a fact of the scope, which must be there."""
        site, subject = self.where
        if site is not None:
            known_site(context.screener.protocol, site)
        if subject is not None:
            site = known_subject(state, subject).site
        return NewFact(kind, {"scope": self.scope, "reason": self.reason, **more}, site, subject)

    def records(self, state: State) -> list[Subject]:
        """Return the subjects within the scope."""
        site, subject = self.where
        every = state.subjects.records.values()
        return [record for record in every if site in {None, record.site} and subject in {None, record.id}]


@offered
class Freeze(_Scoped):
    """Stop changes to data while they are looked at; queries are still answered."""

    action: ClassVar[str] = "freeze"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``frozen``."""
        if self.scope in state.cleaning.frozen:
            raise Refused(f"{self.scope} is frozen already: {state.cleaning.frozen[self.scope]}")
        return [self.fact(state, context, "frozen")]


@offered
class Unfreeze(_Scoped):
    """Let data be changed again; what is locked is unlocked first."""

    action: ClassVar[str] = "freeze"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``unfrozen``."""
        if self.scope not in state.cleaning.frozen:
            raise Refused(f"{self.scope} is not frozen; frozen: {_listed(state.cleaning.frozen)}")
        if self.scope in state.cleaning.locked:
            raise Refused(f"{self.scope} is locked; unlock it first")
        return [self.fact(state, context, "unfrozen")]


@offered
class Lock(_Scoped):
    """Close data for good: frozen before, every casebook signed, no query waiting."""

    action: ClassVar[str] = "lock"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``locked``."""
        if self.scope in state.cleaning.locked:
            raise Refused(f"{self.scope} is locked already: {state.cleaning.locked[self.scope]}")
        if self.scope not in state.cleaning.frozen:
            raise Refused(f"{self.scope} is not frozen; freeze it first, so that nothing changes under the signatures")
        records = self.records(state)
        waiting = [query.id for record in records for query in state.cleaning.waiting(record.id)]
        if waiting:
            raise Refused(f"{len(waiting)} queries are not closed, {waiting[0]} among them; close them first")
        unsigned = [one.id for one in records if one.allocated is not None and signature_of(state, one) is None]
        if unsigned:
            raise Refused(f"{len(unsigned)} casebooks are not signed as they stand, that of {unsigned[0]} among them")
        return [self.fact(state, context, "locked", subjects=len(records))]


@offered
class Unlock(_Scoped):
    """Open locked data again, with the reason; they stay frozen."""

    action: ClassVar[str] = "lock"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``unlocked``."""
        if self.scope not in state.cleaning.locked:
            raise Refused(f"{self.scope} is not locked; locked: {_listed(state.cleaning.locked)}")
        return [self.fact(state, context, "unlocked")]


@offered
class SignCasebook(Ask):
    """Sign the data of a subject: bound to exactly what was shown, and asked again after any change."""

    action: ClassVar[str] = "sign casebook"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    content_hash: Digest
    meaning: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``signed``."""
        record = known_subject(state, self.subject)
        if casebook_hash(state, record) != self.content_hash:
            raise Stale("the data changed since they were shown; look at them again and sign what you see")
        if signature_of(state, record) is not None:
            raise Refused(f"the casebook of {record.id} is signed as it stands")
        closed = state.cleaning.closed(record.id, record.site)
        if closed is not None and closed[0] == "locked":
            check_open(state, record)
        body = {"scope": f"subject:{record.id}", "meaning": self.meaning, "content_hash": self.content_hash}
        return [NewFact("signed", body, record.site, record.id)]


@offered
class ReviewTrail(Ask):
    """Record that the audit trail was reviewed: what was looked at, how many facts, what was found."""

    action: ClassVar[str] = "review trail"
    looked_at: Text
    """The filter or question."""
    facts: Annotated[int, Field(ge=0, le=10**12)]
    note: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``reviewed`` with the place in the log up to which it holds."""
        return [NewFact("reviewed", {**self.model_dump(mode="json"), "until": state.seq, "head": state.head})]


def _query(state: State, record: Subject, name: str) -> Query:
    query = state.cleaning.queries.get(name)
    if query is None or query.subject != record.id:
        raise NotFound(f"{record.id} has no query {name}; the list of queries names them")
    return query


def _either(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))


def _listed(scopes: dict[str, str]) -> str:
    return ", ".join(sorted(scopes)) or "nothing"
