"""The generation guard: an older state restored is noticed, refused for writing, and made whole from the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from trialwright.conduct.facts import Fact, digest_of, hash_of
from trialwright.conduct.refusals import Unavailable

if TYPE_CHECKING:
    from trialwright.conduct.journal import Journal, Transaction
    from trialwright.conduct.mirror import Mirror

__all__ = ["Halted", "check_chain", "followed", "put_back", "why_halted"]

LEADS_ON = (
    "put them back with `trialwright conduct reconcile`, or go on without them with "
    "`trialwright conduct new-generation`"
)


class Halted(Unavailable):
    """The database went back behind what this office has shown."""

    def __init__(self, shown: int, found: int) -> None:
        super().__init__(
            f"an older or other state was restored under the running office: it has shown {shown} facts and the "
            f"database continues from {found}; nothing is written. Start the office again: what its mirror holds can "
            "be put back with `trialwright conduct reconcile`"
        )


def followed(facts: list[Fact], seq: int, head: str) -> list[Fact]:
    """Return the facts after ``seq`` of those from ``seq`` on; Halted when the database no longer holds that one."""
    if seq == 0:
        return facts
    if not facts or (facts[0].seq, facts[0].hash) != (seq, head):
        raise Halted(seq, facts[0].seq if facts else 0)
    return facts[1:]


def why_halted(log: Transaction, mirror: Mirror, generation: int) -> str | None:
    """Return why an office over this log must not write; None when the log holds all that the mirror knows."""
    seq, head = log.head()
    if mirror.is_missing and seq:
        return (
            f"the database holds {seq} facts and there was no mirror {mirror.path}: give the office the mirror it had, "
            "or begin a new generation with `trialwright conduct new-generation`"
        )
    if mirror.generation < generation or log.hash_at(mirror.seq) == mirror.hash:
        return None  # of an earlier generation: what only that mirror holds was given up knowingly
    if mirror.hash_at(seq) == head:
        missing = mirror.seq - seq
        return f"older state restored; {missing} facts are only in the mirror {mirror.path}: {LEADS_ON}"
    return (
        f"the database and the mirror {mirror.path} hold different facts, up to {seq} and {mirror.seq}: "
        "restore the right database, or begin a new generation with `trialwright conduct new-generation`"
    )


def put_back(journal: Journal, mirror: Mirror) -> int:
    """Append to the log what only the mirror holds, in one transaction; returns how many facts."""
    with journal.transaction() as log:
        seq, head = log.head()
        if mirror.hash_at(seq) != head:
            raise Unavailable(why_halted(log, mirror, mirror.generation) or "there is nothing to put back")
        missing = list(mirror.since(seq))
        check_chain(missing, seq, head)
        if missing:
            log.append(missing)
    return len(missing)


def check_chain(facts: Iterable[Fact] | Sequence[Fact], seq: int, head: str) -> None:
    """Unavailable, naming the first wrong one, unless the facts follow on from (``seq``, ``head``) unaltered."""
    for fact in facts:
        intact = fact.text is None or digest_of(fact.salt, fact.text) == fact.digest
        if not intact or (fact.seq, fact.previous) != (seq + 1, head) or hash_of(fact) != fact.hash:
            raise Unavailable(f"fact {fact.seq} of the mirror was altered or does not follow fact {seq}; do not use it")
        seq, head = fact.seq, fact.hash
