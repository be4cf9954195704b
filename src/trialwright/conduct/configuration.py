"""The configuration: which protocol is in force, since when, and who put it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trialwright.conduct.facts import Fact
from trialwright.conduct.refusals import Refused
from trialwright.protocol import Protocol, protocol_hash

if TYPE_CHECKING:
    from trialwright.conduct.commands import Context
    from trialwright.conduct.state import State

__all__ = ["Configuration", "Proposal", "changes", "check_in_force", "running_hash"]

CONCEALED = "randomization."
"""Values below it stay out of a list of changes: block sizes would tell what comes next."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A protocol that somebody wants in force."""

    version: str
    protocol_hash: str
    by: str
    document: Mapping[str, Any]


@dataclass
class Configuration:
    """The protocol in force.

    The first comes into force with the first allocation list, which one person seals for its scheme and another
    activates; every later one is proposed by one person and approved by another.
    """

    in_force: str | None = None
    """Hash of the protocol in force; None before the first list is active."""
    document: Mapping[str, Any] | None = None
    """The whole protocol, that of the founding or the one approved last, with which a new one is compared."""
    proposed: dict[str, Proposal] = field(default_factory=dict)
    """By hash."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "office founded":
            self.document = body.get("document")
        elif fact.kind == "list activated" and self.in_force is None:
            self.in_force = body.get("protocol_hash")
        elif fact.kind == "protocol proposed":
            proposal = Proposal(body["version"], body["protocol_hash"], fact.author, body["document"])
            self.proposed[proposal.protocol_hash] = proposal
        elif fact.kind == "protocol approved":
            approved = self.proposed.pop(body["protocol_hash"])
            self.in_force, self.document = approved.protocol_hash, approved.document


_HASHES: list[tuple[Protocol, str]] = []


def running_hash(protocol: Protocol) -> str:
    """Return the protocol's hash, worked out once per protocol object, which is frozen."""
    for kept, digest in _HASHES:
        if kept is protocol:
            return digest
    _HASHES[:] = [(protocol, protocol_hash(protocol)), *_HASHES][:8]
    return _HASHES[0][1]


def check_in_force(state: State, context: Context) -> None:
    """Refuse what decides about patients while the office runs another protocol than the one in force."""
    held, runs = state.configuration.in_force, running_hash(context.screener.protocol)
    if held is not None and held != runs:
        raise Refused(
            f"the office runs the protocol with the hash {runs[:12]}, and {held[:12]} is in force; have the new one "
            "proposed and approved by two people, or start the office with the one in force"
        )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every leaf that differs: path, old and new value; values that conceal the allocation are left out.

    >>> changes({"a": {"b": 1}}, {"a": {"b": 2, "c": None}})
    [{'path': 'a.b', 'old': 1, 'new': 2}, {'path': 'a.c', 'old': None, 'new': None}]
    """
    old, new = _leaves(before), _leaves(after)
    paths = sorted(
        path for path in old.keys() | new.keys() if (path in old, old.get(path)) != (path in new, new.get(path))
    )
    return [_change(path, old.get(path), new.get(path)) for path in paths]


def _change(path: str, old: Any, new: Any) -> dict[str, Any]:
    return {"path": path} if path.startswith(CONCEALED) else {"path": path, "old": old, "new": new}


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        parts = value.items()
    elif isinstance(value, list) and value:
        parts = {str(place): each for place, each in enumerate(value)}.items()
    else:
        return {path: value}
    return {
        leaf: each
        for name, part in parts
        for leaf, each in _leaves(part, f"{path}.{name}" if path else str(name)).items()
    }
