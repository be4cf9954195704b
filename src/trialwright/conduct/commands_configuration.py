"""What is asked when the protocol changes: one person proposes the new one, another puts it into force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_eligibility import Digest
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.configuration import changes, running_hash
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.refusals import NotFound, Refused

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["ApproveProtocol", "ProposeProtocol"]


@offered
class ProposeProtocol(Ask):
    """Propose the protocol that the office was started with; what differs from the one before is written down.

    Until another person approves it, nobody is screened, signed for or randomized under it.
    """

    action: ClassVar[str] = "propose protocol"
    protocol_hash: Digest
    """Hash of the protocol file, as ``trialwright protocol hash`` prints it: that of the one the office runs."""
    reason: Text
    """Why the protocol changes, such as the number of the amendment."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``protocol proposed`` with the whole protocol and its changes."""
        protocol, runs = context.screener.protocol, running_hash(context.screener.protocol)
        if self.protocol_hash != runs:
            raise Refused(f"the office runs the protocol with the hash {runs}; start it with the one to be proposed")
        if runs == state.configuration.in_force:
            raise Refused("this protocol is in force; there is nothing to propose")
        if runs in state.configuration.proposed:
            raise Refused(
                f"it was proposed by {state.configuration.proposed[runs].by} already; another person approves"
            )
        document = protocol.model_dump(mode="json")
        before = state.configuration.document
        body = {
            "version": protocol.identification.version, "protocol_hash": runs, "before": state.configuration.in_force,
            "changes": changes(before, document) if before else [], "document": document,
            "reason": self.reason,
        }  # fmt: skip
        return [NewFact("protocol proposed", body)]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the hash to be approved and how many leaves changed."""
        body = facts[0].body
        return {"protocol_hash": body["protocol_hash"], "changes": len(body["changes"])}


@offered
class ApproveProtocol(Ask):
    """Put a proposed protocol into force: asked by another person than proposed it, who names its hash."""

    action: ClassVar[str] = "approve protocol"
    needs_confirmation: ClassVar[bool] = True
    protocol_hash: Digest

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``protocol approved``."""
        found = state.configuration.proposed.get(self.protocol_hash)
        if found is None:
            known = ", ".join(state.configuration.proposed) or "none"
            raise NotFound(f"no protocol with this hash is proposed; proposed: {known}")
        if found.by == context.actor.user:
            raise Refused(f"it was proposed by {found.by}; another person must approve it")
        return [NewFact("protocol approved", {"version": found.version, "protocol_hash": found.protocol_hash})]
