"""What is asked to end screening well: the investigator's signature, or a criterion set aside by two persons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_screening import Text, in_screening
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.configuration import check_in_force
from trialwright.conduct.eligibility import content_hash, eligibility_of, findings_of, why_not_eligible
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Forbidden, Invalid, Refused, Stale

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["AllowWaivers", "AskWaiver", "ForceEligibility", "SignEligibility"]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@offered
class SignEligibility(Ask):
    """Sign that the subject may enter: bound to the content shown, refused unless every criterion is met today."""

    action: ClassVar[str] = "sign eligibility"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    content_hash: Digest
    """Hash of the content that was shown to the person who signs."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``eligibility signed`` with the findings it rests on."""
        check_in_force(state, context)
        record = in_screening(state, self.subject, "signature")
        if record.consent is None:
            raise Refused(f"{record.id} has not consented yet; record the consent first")
        if content_hash(record) != self.content_hash:
            raise Stale("the data changed since they were shown; look at them again and sign what you see")
        screening = eligibility_of(state, context.screener, self.subject, context.today)
        against = why_not_eligible(record, screening)
        if against:
            raise Refused(f"{record.id} is not eligible on {context.today}: {against}")
        body = {"content_hash": self.content_hash, "findings": findings_of(screening), "meaning": "eligible"}
        return [NewFact("eligibility signed", body, record.site, record.id)]


@offered
class AllowWaivers(Ask):
    """Set how many eligibilities may be forced in the whole trial; none unless this was done."""

    action: ClassVar[str] = "allow waivers"
    most: Annotated[int, Field(ge=0, le=1000)]
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``waivers allowed``."""
        return [NewFact("waivers allowed", {"most": self.most, "reason": self.reason})]


@offered
class AskWaiver(Ask):
    """Ask that criteria be set aside for one subject; another person decides."""

    action: ClassVar[str] = "ask waiver"
    subject: Short
    criteria: Annotated[tuple[Short, ...], Field(min_length=1, max_length=50)]
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``waiver asked``."""
        record = in_screening(state, self.subject, "waiver")
        known = [criterion.id for criterion in context.screener.protocol.eligibility.criteria]
        stray = [name for name in self.criteria if name not in known]
        if stray:
            raise Invalid(f"criterion {stray[0]!r} is not in the protocol; known: {', '.join(known)}")
        body = {"criteria": list(self.criteria), "reason": self.reason}
        return [NewFact("waiver asked", body, record.site, record.id)]


@offered
class ForceEligibility(Ask):
    """Set aside the criteria asked for: by the sponsor, another person than asked, within the number allowed."""

    action: ClassVar[str] = "force eligibility"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``eligibility forced``, which is a deviation from the protocol on record."""
        record = in_screening(state, self.subject, "waiver")
        asked = record.waiver_asked
        if asked is None:
            raise Refused(f"nobody asked for a waiver for {record.id}; the investigator asks first")
        if asked["by"] == context.actor.user:
            raise Forbidden("whoever asked for a waiver may not grant it; another person must")
        if state.subjects.waivers >= state.subjects.waivers_allowed:
            raise Refused(
                f"{state.subjects.waivers} eligibilities were forced and {state.subjects.waivers_allowed} are allowed; "
                "a waiver is refused by default"
            )
        body = {"criteria": asked["criteria"], "asked_by": asked["by"], "asked_reason": asked["reason"]}
        return [NewFact("eligibility forced", body | {"reason": self.reason}, record.site, record.id)]
