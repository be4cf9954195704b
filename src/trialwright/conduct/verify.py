"""Verification: the whole log read again, and the first record named that is not as it was sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.conduct.engines import open_engine
from trialwright.conduct.evidence import Broken, Evidence
from trialwright.conduct.facts import COLUMNS, GENESIS, Fact
from trialwright.conduct.invariants import INVARIANTS
from trialwright.conduct.mirror import mirrored
from trialwright.conduct.refusals import Unavailable
from trialwright.conduct.sealing import SealedKey, open_key

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from trialwright.protocol import Screener

__all__ = ["Anchors", "Verdict", "verify", "verify_facts"]

GUARDS = {
    "sqlite": frozenset({
        "facts_insert", "facts_update", "facts_delete", "allocations_insert", "allocations_update",
        "allocations_delete",
    }),
    "postgresql": frozenset({
        "facts_insert", "facts_row", "facts_truncate", "allocations_row", "allocations_truncate",
    }),
}  # fmt: skip
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'",
}


@dataclass(frozen=True)
class Anchors:
    """What is known of the log from outside it: without any, facts cut off at the end leave no trace in the log."""

    mirror: Path | None = None
    heads: Mapping[int, str] = field(default_factory=dict)
    """Hash by sequence number, as printed on an export or sent by mail."""
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Keys of lists, to replay allocations."""
    passphrases: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Passphrases of sealed lists, which give their keys."""
    screener: Screener | None = None
    """Rules of the protocol, to work out strata again."""


@dataclass(frozen=True)
class Verdict:
    """What was verified, and what is wrong."""

    facts: int
    head: str
    """Hash of the last fact: it names the whole log."""
    problems: tuple[Broken, ...]
    """The first record concerned first."""

    @property
    def is_good(self) -> bool:
        """Return whether nothing is wrong as far as the evidence goes."""
        return not self.problems


def verify(url: str, anchors: Anchors | None = None) -> Verdict:
    """Verify the log in a database, its table of allocations and its guard; reads only.

    Unavailable when there is no office in the database.

    >>> import tempfile
    >>> from trialwright.conduct.journal import Journal
    >>> folder = tempfile.TemporaryDirectory()
    >>> url = f"sqlite:///{folder.name}/office.db"
    >>> Journal(url).close()
    >>> verify(url).problems
    ()
    >>> folder.cleanup()
    """
    known = anchors or Anchors()
    engine = open_engine(url, guarded=False)  # it may have to read tables that were put in the place of the office's
    try:
        with engine.connect() as connection:
            facts, places, guards = _read(connection)
        missing = GUARDS[engine.dialect.name] - guards
    except Exception as error:
        raise Unavailable(f"no trial office can be read in this database: {error}") from error
    finally:
        engine.dispose()
    unguarded = [Broken(0, "guard", f"the trigger {name} is gone or switched off") for name in sorted(missing)]
    verdict = verify_facts(facts, known)
    problems = [*verdict.problems, *_places(facts, places), *unguarded]
    return Verdict(verdict.facts, verdict.head, tuple(sorted(problems, key=_first_record)))


def verify_facts(facts: Sequence[Fact], anchors: Anchors | None = None) -> Verdict:
    """Verify facts, wherever they were read: chain, digests, redactions, anchors, and the invariants of the office.

    The invariants are judged only where the chain holds: nothing can be concluded from altered facts.

    >>> verify_facts([]).is_good
    True
    """
    known = anchors or Anchors()
    problems = _judged(Evidence(facts), ["INV10"])
    if not problems:
        evidence = Evidence(facts, keys={**known.keys, **_opened(facts, known)}, screener=known.screener)
        problems = [*_redactions(facts), *_judged(evidence, sorted(INVARIANTS))]
    problems += _anchored(facts, known)
    head = facts[-1].hash if facts else GENESIS
    return Verdict(len(facts), head, tuple(sorted(set(problems), key=_first_record)))


def _judged(evidence: Evidence, names: Sequence[str]) -> list[Broken]:
    found: list[Broken] = []
    for name in names:
        try:
            found += INVARIANTS[name](evidence)
        except Exception as error:  # a forged fact may be of any shape
            found.append(Broken(0, name, f"cannot be judged, a fact is not of its kind's shape: {error!r}"))
    return found


def _opened(facts: Sequence[Fact], anchors: Anchors) -> dict[str, bytes]:
    made = [fact.body for fact in facts if fact.kind in {"list sealed", "list imported"}]
    sealed = {body["list"]: body["sealed"] for body in made}
    unknown = sorted(set(anchors.passphrases) - set(sealed))
    if unknown:
        raise Unavailable(f"no list {unknown[0]!r} is in the log; known: {', '.join(sorted(sealed)) or 'none'}")
    return {name: open_key(SealedKey(**sealed[name]), name, text) for name, text in anchors.passphrases.items()}


def _redactions(facts: Sequence[Fact]) -> Iterator[Broken]:
    named = {fact.body.get("seq"): fact.seq for fact in facts if fact.kind == "redacted"}
    for fact in facts:
        if fact.text is None and not fact.seq < named.get(fact.seq, 0):
            yield Broken(fact.seq, "INV10", "the body is gone and no later fact redacts it")


def _anchored(facts: Sequence[Fact], anchors: Anchors) -> Iterator[Broken]:
    hashes = {fact.seq: fact.hash for fact in facts}
    for seq, hash in anchors.heads.items():
        if hashes.get(seq) != hash:
            yield Broken(seq, "head", "the log does not hold what was printed or sent of it")
    if anchors.mirror is not None:
        lost = (fact.seq for fact in mirrored(anchors.mirror) if hashes.get(fact.seq) != fact.hash)
        first = next(lost, None)
        if first is not None:
            yield Broken(first, "mirror", "the log does not hold what the mirror holds")


def _places(facts: Sequence[Fact], places: Sequence[tuple[Any, ...]]) -> Iterator[Broken]:
    """The table of allocations holds the allocations of the log and nothing else."""
    told = [(fact, fact.body) for fact in facts if fact.kind == "allocated" and fact.text]
    wanted = Counter(
        (fact.seq, body.get("list"), body.get("stratum"), body.get("position"), fact.subject) for fact, body in told
    )
    found = Counter(places)
    for seq in sorted({row[0] for row in (wanted - found) + (found - wanted)}, key=str):
        yield Broken(seq, "table", "the table of allocations is not what the log says")


def _read(connection: Connection) -> tuple[list[Fact], list[tuple[Any, ...]], frozenset[str]]:
    read = connection.exec_driver_sql
    facts = [Fact(*row) for row in read(f"SELECT {', '.join(COLUMNS)} FROM facts ORDER BY seq")]
    places = [tuple(row) for row in read("SELECT seq, list, stratum, position, subject FROM allocations")]
    return facts, places, frozenset(row[0] for row in read(TRIGGERS[connection.dialect.name]))


def _first_record(problem: Broken) -> tuple[bool, int, str, str]:
    return problem.seq == 0, problem.seq, problem.invariant, problem.why
