"""What is asked about identities: that one was entered, read, or erased. The identity itself never passes here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import JsonValue

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_eligibility import Digest
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Refused

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["EraseIdentity", "ReadIdentity", "RecordIdentity"]


@offered
class RecordIdentity(Ask):
    """Record that the site keeps the identity of a subject, by the digest of its ciphertext; an earlier one goes."""

    action: ClassVar[str] = "record identity"
    subject: Short
    digest: Digest
    """SHA-256 of the ciphertext, as ``Identities.keep`` returns it."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``identity recorded``."""
        record = known_subject(state, self.subject)
        if record.identity == self.digest:
            raise Refused(f"this identity of {record.id} is on record already")
        replaces: dict[str, JsonValue] = {} if record.identity is None else {"replaces": record.identity}
        return [NewFact("identity recorded", {"digest": self.digest, **replaces}, record.site, record.id)]


class _Known(Ask):
    """What concerns an identity that is on record."""

    subject: Short
    reason: Text
    kind: ClassVar[str]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact, with the reason."""
        record = known_subject(state, self.subject)
        if record.identity is None:
            raise Refused(f"no identity of {record.id} is on record")
        return [NewFact(self.kind, {"digest": record.identity, "reason": self.reason}, record.site, record.id)]


@offered
class ReadIdentity(_Known):
    """Write down who looks up the identity of a subject, and why, before it is shown."""

    action: ClassVar[str] = "record identity"
    kind: ClassVar[str] = "identity read"


@offered
class EraseIdentity(_Known):
    """Erase the identity of a subject: the ciphertext is gone with the fact, or neither is."""

    action: ClassVar[str] = "record identity"
    kind: ClassVar[str] = "identity erased"
