"""What is asked around screening: the log, consent, answers, judgments, reference dates, failure, withdrawal."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from trialwright.conduct.cleaning import check_open
from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_sites import Short, known_site, not_future
from trialwright.conduct.configuration import check_in_force
from trialwright.conduct.eligibility import eligibility_of, findings_of, known_subject
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.refusals import Forbidden, Invalid, NotFound, Refused, Unavailable
from trialwright.conduct.rights import ROLES
from trialwright.errors import DataError
from trialwright.protocol import read_answers, read_plain_answers

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Screener, Variable

__all__ = [
    "Answer", "Attest", "Consent", "Judgment", "OneAnswer", "Person", "Screen", "ScreenFail", "StateDate", "Text",
    "Withdraw", "attesting_role",
]  # fmt: skip

Text = Annotated[str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
"""A few words for a person to read: a reason, a note."""
Flavor = Literal["unknown yet", "not done", "not applicable", "asked and unknown"]
Outcome = Literal["not eligible", "cannot tell", "no dose stated", "declined", "closed", "screen failure"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


class Person(_Part):
    """What tells one person from another without a name; only its keyed hash is kept."""

    birth_year: Annotated[int, Field(ge=1900, le=2100)]
    sex: Short
    initials: Annotated[str, StringConstraints(pattern=r"^[^\W\d_]{2,4}$", to_upper=True)]
    """Two to four letters."""


@offered
class Screen(Ask):
    """Enter somebody in the screening log of a site, whether or not the trial follows; gives the subject number."""

    action: ClassVar[str] = "screen"
    site: Short
    screened_on: date
    person: Person | None = None
    """Needed to notice a person who comes twice."""
    another_person_because: Text | None = None
    """Why this is somebody else, where year of birth, sex and initials agree with those of an earlier subject."""

    def request(self) -> dict[str, Any]:
        """Return what was asked without the person: a plain hash of so few values could be guessed."""
        return {**super().request(), "person": self.person is not None}

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``screened`` with the next number of the site."""
        check_in_force(state, context)
        site = known_site(context.screener.protocol, self.site)
        if site not in state.sites.open:
            raise Refused(f"site {site} is not open; nobody can be screened there before its approvals are recorded")
        not_future(self.screened_on, context.today, "screened_on")
        subject = state.subjects.next_number(site)
        body = {"subject": subject, "site": site, "screened_on": self.screened_on.isoformat()}
        return [NewFact("screened", body | self._person(state, context, subject), site, subject)]

    def _person(self, state: State, context: Context, subject: str) -> dict[str, Any]:
        if self.person is None:
            return {"person": None}
        digest = _person_hash(self.person, context.keys.person)
        before = [state.subjects.records[other] for other in state.subjects.persons.get(digest, ())]
        if any(other.outcome is None for other in before):
            if self.another_person_because is None:
                raise Refused(
                    "somebody with this year of birth, sex and initials is a subject of this trial already; a person "
                    "enters once. If this is somebody else, say why in another_person_because"
                )
            return {"person": f"{digest} {subject}", "another_person_because": self.another_person_because}
        return {"person": digest}

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the subject number given."""
        return {"subject": facts[0].subject, "facts": [fact.seq for fact in facts]}


@offered
class Consent(Ask):
    """Record a signed consent form: the version in force at the site on that day, and the separate choices on it."""

    action: ClassVar[str] = "record consent"
    subject: Short
    version: Short
    signed_on: date
    biopsy: bool | None = None
    """Agrees to biopsies; null where the form does not ask."""
    blood: bool | None = None
    """Agrees to blood samples; null where the form does not ask."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``consented``."""
        record = in_screening(state, self.subject, "consent", allocated=True)
        not_future(self.signed_on, context.today, "signed_on")
        if record.consent and self.signed_on < record.consent.signed_on:
            raise Invalid(f"signed_on must not be before {record.consent.signed_on}, the day of the consent in force")
        held = state.sites.form_on(record.site, self.signed_on)
        if held != self.version:
            told = f"version {held} was" if held else "no version was"
            raise Refused(
                f"version {self.version} of the consent form was not in force at {record.site} on {self.signed_on}: "
                f"{told}; have the right one signed, or its approval recorded"
            )
        body = self.model_dump(mode="json", exclude={"subject"})
        return [NewFact("consented", body, record.site, record.id)]


class OneAnswer(_Part):
    """The answer to one variable of the protocol: a value, or why there is none."""

    variable: Short
    value: JsonValue = None
    """Number, true or false, level, date as 2020-01-31, list of levels, or list of records, by the variable's type."""
    no_value: Flavor | None = None
    unit: Short | None = None
    """Unit the value was given in; it must be the variable's."""
    answered_on: date | None = None
    """Day of the finding; today when it is not given."""


@offered
class Answer(Ask):
    """Answer one or many questions of screening; a changed answer needs its reason."""

    action: ClassVar[str] = "answer"
    subject: Short
    answers: Annotated[tuple[OneAnswer, ...], Field(min_length=1, max_length=500)]
    reason: Text | None = None
    """Why an answer given before is another now."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return a fact ``answered`` for every answer that is new."""
        record = known_subject(state, self.subject)
        check_open(state, record)
        _needs_consent(record)
        _distinct([one.variable for one in self.answers])
        plain = {one.variable: _plain(context.screener, one) for one in self.answers}
        checked(context.screener, plain)
        return [self._fact(record, one, context) for one in self.answers if _is_news(record, one, context.screener)]

    def _fact(self, record: Subject, one: OneAnswer, context: Context) -> NewFact:
        not_future(one.answered_on or context.today, context.today, f"answered_on of {one.variable}")
        before = record.answers.get(one.variable)
        if before is not None and before.flavor != "unknown yet" and self.reason is None:
            raise Invalid(f"{one.variable} was answered before ({_told(before)}); say in reason why it changes")
        body = {"variable": one.variable, "value": _stored(one, context.screener), "flavor": one.no_value or "value"}
        if one.answered_on is not None and one.answered_on != context.today:
            body["answered_on"] = one.answered_on.isoformat()
        if before is not None and self.reason is not None:
            body["reason"] = self.reason
        return NewFact("answered", body, record.site, record.id)


class Judgment(_Part):
    """A judgment that a person answers for."""

    variable: Short
    value: bool
    note: Text | None = None


@offered
class Attest(Ask):
    """Sign judgments that nobody may compute: who, when and why are kept; only whom the protocol names may do it."""

    action: ClassVar[str] = "attest"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    judgments: Annotated[tuple[Judgment, ...], Field(min_length=1, max_length=100)]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return a fact ``attested`` for every judgment."""
        record = known_subject(state, self.subject)
        check_open(state, record)
        _needs_consent(record)
        _distinct([one.variable for one in self.judgments])
        return [self._fact(record, one, context) for one in self.judgments]

    def _fact(self, record: Subject, one: Judgment, context: Context) -> NewFact:
        variable = known_variable(context.screener, one.variable)
        if not variable.attestation:
            raise Invalid(f"{one.variable} is a finding, not a judgment; answer it")
        role = attesting_role(one.variable, variable)
        if context.role not in {role, "system"}:
            raise Forbidden(f"{one.variable} is judged by the {variable.by or role}; signed in as {context.role}")
        before = record.answers.get(one.variable)
        if before is not None and before.value != one.value and one.note is None:
            raise Invalid(f"{one.variable} was judged before ({_told(before)}); say in note why it changes")
        body = {"variable": one.variable, "value": one.value, "flavor": "value", "note": one.note or ""}
        return NewFact("attested", body, record.site, record.id)


@offered
class StateDate(Ask):
    """State a reference date of the protocol, such as the planned first dose; one not stated stands for today."""

    action: ClassVar[str] = "state date"
    subject: Short
    anchor: Short
    on: date

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``reference date stated``."""
        record = in_screening(state, self.subject, "reference date")
        known = context.screener.protocol.eligibility.anchors
        if self.anchor not in known:
            raise NotFound(f"{self.anchor!r} is no reference date of the protocol; known: {', '.join(known)}")
        if self.on < record.screened_on:
            raise Invalid(f"{self.anchor} must not be before {record.screened_on}, the day of screening; got {self.on}")
        body = {"anchor": self.anchor, "on": self.on.isoformat()}
        return [NewFact("reference date stated", body, record.site, record.id)]


@offered
class ScreenFail(Ask):
    """End the screening of somebody who will not be randomized, with the reason."""

    action: ClassVar[str] = "fail screening"
    subject: Short
    outcome: Outcome
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``screen failed`` with the findings as they stand."""
        record = in_screening(state, self.subject, "screen failure")
        screening = eligibility_of(state, context.screener, self.subject, context.today) if record.answers else None
        findings = findings_of(screening) if screening else []
        body = {"outcome": self.outcome, "reason": self.reason, "findings": findings}
        return [NewFact("screen failed", body, record.site, record.id)]


@offered
class Withdraw(Ask):
    """Record what a subject no longer agrees to; data collected before stay."""

    action: ClassVar[str] = "withdraw"
    subject: Short
    level: Literal["treatment", "biopsies", "blood samples", "study", "study and samples"]
    withdrawn_on: date
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``withdrawn``."""
        record = known_subject(state, self.subject)
        check_open(state, record)
        not_future(self.withdrawn_on, context.today, "withdrawn_on")
        if self.withdrawn_on < record.screened_on:
            raise Invalid(f"withdrawn_on must not be before {record.screened_on}, the day of screening")
        if any(one.level == self.level for one in record.withdrawals):
            raise Refused(f"{record.id} has withdrawn from {self.level} already")
        body = self.model_dump(mode="json", exclude={"subject"})
        return [NewFact("withdrawn", body, record.site, record.id)]


def attesting_role(name: str, variable: Variable) -> str:
    """Return the role of the office that answers for a judgment; Refused where the protocol names none of them.

    >>> from trialwright.protocol import Variable
    >>> attesting_role("ok", Variable(type="yes/no", label="OK", attestation=True, by="sponsor's designee"))
    'sponsor'
    """
    if variable.by is None:
        return "investigator"
    found = [role for role in ROLES if role in variable.by.lower()]
    if not found:
        raise Refused(f"{name} is judged by {variable.by!r}, which is no role of the office: {', '.join(ROLES)}")
    return found[0]


def in_screening(state: State, subject: str, what: str, *, allocated: bool = False) -> Subject:
    """Return a subject who can still be screened, or is randomized where that does not matter."""
    record = known_subject(state, subject)
    check_open(state, record)
    if record.outcome is not None:
        raise Refused(f"the screening of {subject} ended ({record.outcome}); {what} comes too late")
    if record.withdrawn:
        raise Refused(f"{subject} has withdrawn; {what} comes too late")
    if record.allocated is not None and not allocated:
        raise Refused(f"{subject} is randomized; {what} comes too late")
    return record


def known_variable(screener: Screener, name: str) -> Variable:
    """Return a variable of the protocol; NotFound names where they are listed."""
    variable = screener.protocol.variables.get(name)
    if variable is None:
        raise NotFound(f"{name!r} is no variable of the protocol; the eligibility page lists them")
    return variable


def checked(screener: Screener, plain: dict[str, Any]) -> None:
    """Refuse answers of the wrong type, naming variable, expected and found."""
    variables = screener.protocol.variables
    try:
        read_answers(variables, read_plain_answers(variables, plain))
    except DataError as error:
        raise Invalid(str(error)) from None


def _person_hash(person: Person, key: bytes | None) -> str:
    if key is None:
        raise Unavailable(
            "the key that hides persons is not there, so nobody can be told twice; start the office with it"
        )
    text = f"{person.birth_year}|{person.sex.lower()}|{person.initials}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _needs_consent(record: Subject) -> None:
    if record.consent is None:
        raise Refused(f"{record.id} has not consented yet; record the consent first")


def _distinct(names: Sequence[str]) -> None:
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise Invalid(f"{double} is given twice; give it once")


def _plain(screener: Screener, one: OneAnswer) -> Any:
    variable = known_variable(screener, one.variable)
    if variable.attestation:
        raise Invalid(f"{one.variable} is a judgment; it is attested, not answered")
    if (one.value is None) == (one.no_value is None):
        raise Invalid(f"{one.variable} needs either a value or, in no_value, why there is none")
    if one.unit is not None and one.unit != variable.unit:
        raise Invalid(f"{one.variable} is given in {variable.unit or 'no unit'}; got {one.unit}: convert it")
    return {"no_value": one.no_value} if one.no_value else one.value


def _stored(one: OneAnswer, screener: Screener) -> Any:
    """Return the value as it is kept: every number as a float, sets in order."""
    variable = screener.protocol.variables[one.variable]
    if variable.type == "number" and one.value is not None:
        return float(one.value)  # type: ignore[arg-type]  # checked before
    if variable.type == "set" and isinstance(one.value, list):
        return sorted(set(map(str, one.value)))
    return one.value


def _is_news(record: Subject, one: OneAnswer, screener: Screener) -> bool:
    before = record.answers.get(one.variable)
    now = (one.no_value or "value", _stored(one, screener))
    return before is None or (before.flavor, before.value) != now


def _told(before: Any) -> str:
    return json.dumps(before.value, ensure_ascii=False) if before.flavor == "value" else str(before.flavor)
