"""What is told after an allocation: errors, corrections, doubles and disclosures. The allocation itself stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_randomize import Levels
from trialwright.conduct.commands_sites import Reason, Short
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, Refused
from trialwright.randomize import scheme

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = ["CorrectStratum", "DuplicatePerson", "LogDisclosure", "RandomizedInError"]


@offered
class RandomizedInError(Ask):
    """State that a subject should not have been randomized; the subject stays in the trial's analysis as allocated."""

    action: ClassVar[str] = "record randomized in error"
    subject: Short
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``randomized in error``."""
        record = _randomized(state, self.subject)
        if self.subject in state.allocations.in_error:
            raise Refused(f"{self.subject} is marked as randomized in error already")
        return [NewFact("randomized in error", {"reason": self.reason}, record.site, record.id)]


@offered
class CorrectStratum(Ask):
    """State the levels that a subject has in truth; the stratum used for the allocation and its place are kept.

    The levels as randomized and as corrected stand side by side ever after (Yelland et al. 2015, Trials 16:420).
    """

    action: ClassVar[str] = "correct stratum"
    subject: Short
    levels: Levels
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``stratum corrected``."""
        record = _randomized(state, self.subject)
        try:
            stratum = scheme(context.screener.protocol).stratum(self.levels)
        except ValueError as error:
            raise Invalid(str(error)) from None
        allocated = record.allocated.body if record.allocated else {}
        held = state.allocations.corrected.get(self.subject, allocated["levels"])
        if held == self.levels:
            raise Refused(f"these are the levels of {self.subject} already; nothing to correct")
        body = {
            "levels": self.levels, "stratum": stratum, "as_randomized": allocated["levels"], "reason": self.reason,
        }  # fmt: skip
        return [NewFact("stratum corrected", body, record.site, record.id)]


@offered
class DuplicatePerson(Ask):
    """State that a subject is a person who is in the trial already under another number; the first one counts."""

    action: ClassVar[str] = "report duplicate person"
    subject: Short
    other: Short
    """The subject who came first."""
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``duplicate person``."""
        record, other = known_subject(state, self.subject), known_subject(state, self.other)
        if record.duplicate_of is not None:
            raise Refused(f"{record.id} is marked as the same person as {record.duplicate_of} already")
        if other.seq >= record.seq:
            raise Invalid(f"other must be the subject who came first; {other.id} came after {record.id}")
        return [NewFact("duplicate person", {"other": other.id, "reason": self.reason}, record.site, record.id)]


@offered
class LogDisclosure(Ask):
    """Log that somebody learned of allocations who had no right to, or had to in an emergency (ICH E6(R3) 4.1.4)."""

    action: ClassVar[str] = "log disclosure"
    site: Short | None = None
    subject: Short | None = None
    """The subject concerned; nobody in particular when it was more than one."""
    category: Literal["emergency", "safety report", "accidental", "requested", "other"]
    to_whom: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    """Post of whoever learned of it, no name."""
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``disclosed``, which names no arm."""
        record = known_subject(state, self.subject) if self.subject else None
        body = {"category": self.category, "to_whom": self.to_whom, "reason": self.reason}
        return [NewFact("disclosed", body, record.site if record else self.site, self.subject)]


def _randomized(state: State, subject: str) -> Subject:
    record = known_subject(state, subject)
    if record.allocated is None:
        raise Refused(f"{subject} is not randomized; there is nothing to state about the allocation")
    return record
