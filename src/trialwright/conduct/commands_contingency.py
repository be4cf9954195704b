"""An allocation made from an envelope while the office could not be reached, entered afterwards with its true time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_lists import known_list
from trialwright.conduct.commands_randomize import Digest, Levels, allocated_fact, allocation_reply
from trialwright.conduct.commands_sites import Reason, Short
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.entry import Entry, check_entered, check_site, check_subject, entry
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.outbox import allocation_mail
from trialwright.conduct.refusals import Invalid, Refused

if TYPE_CHECKING:
    from trialwright.conduct.keys import Keys
    from trialwright.conduct.state import State
    from trialwright.randomize import Assignment

__all__ = ["EnterContingencyAllocation"]


@offered
class EnterContingencyAllocation(Ask):
    """Enter what an envelope of a contingency list said. It has happened: caps and closed recruitment do not undo it.

    The arm is computed again; an entry that differs from it is refused without saying what the envelope should say.
    """

    action: ClassVar[str] = "enter contingency allocation"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    content_hash: Digest
    levels: Levels
    list: Short
    position: Annotated[int, Field(ge=0, le=10**6)]
    """Number on the envelope, from 0, within its stratum."""
    arm: Short
    """What the envelope said."""
    opened_at: AwareDatetime
    """When it was opened, with its time zone."""
    opened_by: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``allocated`` of the contingency list, and its mail."""
        record, day = known_subject(state, self.subject), self.opened_at.astimezone(UTC).date()
        if self.opened_at > context.at:
            raise Invalid(f"opened_at must not be in the future; got {self.opened_at.isoformat()}")
        check_subject(state, record, self.content_hash)
        check_site(state, record, day)
        found = entry(context.screener, record, day)
        check_entered(self.levels, found.levels)
        given = self._given(state, context.keys, found)
        allocated = allocated_fact(context, record, found, given, day, contingency=self._opening())
        return [allocated, allocation_mail(allocated)]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return what :func:`allocation_reply` returns."""
        return allocation_reply(facts)

    def _given(self, state: State, keys: Keys, found: Entry) -> Assignment:
        source = known_list(state, self.list)
        if source.purpose != "contingency" or source.activated_by is None:
            raise Refused(f"list {self.list!r} is no contingency list in use; nothing can be entered from it")
        stratum = source.scheme.stratum(found.levels)
        if self.position >= source.places[stratum]:
            raise Invalid(
                f"position must be below {source.places[stratum]}, the number of envelopes; got {self.position}"
            )
        if (self.list, stratum, self.position) in state.allocations.envelopes:
            raise Refused(f"envelope {self.position} of {stratum!r} was entered for another subject already")
        given = source.at(keys, stratum, self.position)
        if given.arm != self.arm:
            raise Refused("the envelope of this list, stratum and number says something else; read it again")
        return given

    def _opening(self) -> dict[str, str]:
        at = self.opened_at.astimezone(UTC).isoformat()
        return {"opened_at": at, "opened_by": self.opened_by, "reason": self.reason}
