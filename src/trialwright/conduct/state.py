"""The current state: a fold over the log. What is true now is what the facts, applied in order, made true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from trialwright.conduct.allocations import Allocations
from trialwright.conduct.cleaning import Cleaning
from trialwright.conduct.configuration import Configuration
from trialwright.conduct.facts import GENESIS, Fact
from trialwright.conduct.founding import Founding
from trialwright.conduct.outbox import Outbox
from trialwright.conduct.people import People
from trialwright.conduct.receipts import Receipts
from trialwright.conduct.rows import Rows
from trialwright.conduct.sites import Sites
from trialwright.conduct.subjects import Subjects
from trialwright.conduct.trail import Trail
from trialwright.conduct.watch import Watch

__all__ = ["State"]


@dataclass
class State:
    """Everything the office knows; each part listens to the kinds of facts it needs."""

    seq: int = 0
    head: str = GENESIS
    at: str = ""
    founding: Founding = field(default_factory=Founding)
    receipts: Receipts = field(default_factory=Receipts)
    people: People = field(default_factory=People)
    sites: Sites = field(default_factory=Sites)
    allocations: Allocations = field(default_factory=Allocations)
    subjects: Subjects = field(default_factory=Subjects)
    rows: Rows = field(default_factory=Rows)
    cleaning: Cleaning = field(default_factory=Cleaning)
    outbox: Outbox = field(default_factory=Outbox)
    trail: Trail = field(default_factory=Trail)
    configuration: Configuration = field(default_factory=Configuration)
    watch: Watch = field(default_factory=Watch)

    def apply(self, facts: Iterable[Fact]) -> None:
        """Take the facts in; they must follow on from the last one."""
        parts = (
            self.founding, self.receipts, self.people, self.sites, self.allocations, self.subjects, self.rows,
            self.cleaning, self.outbox, self.trail, self.configuration, self.watch,
        )  # fmt: skip
        for fact in facts:
            if fact.seq != self.seq + 1 or fact.previous != self.head:
                raise AssertionError(f"fact {fact.seq} does not follow fact {self.seq}")
            self.seq, self.head, self.at = fact.seq, fact.hash, fact.at
            body = fact.body
            for part in parts:
                part.apply(fact, body)
