"""What runs the trials of a point: the study's own trials as arrays, everything its plan analyzes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from trialwright.design import Scenario
from trialwright.protocol import Protocol, protocol_hash
from trialwright.simulate.many import Replays, many
from trialwright.simulate.sweep import Columns

__all__ = ["StudyTrials"]


@dataclass(frozen=True)
class StudyTrials:
    """Trials of a protocol and a scenario by ``many``; a column for each number, by the key of the result."""

    protocol: Protocol
    scenario: Scenario
    seed: int

    @property
    def text(self) -> str:
        """Protocol, scenario and seed."""
        return json.dumps([protocol_hash(self.protocol), self.scenario.model_dump_json(), self.seed])

    @property
    def most(self) -> int:
        """So many trials are about a second's work."""
        return 200

    def __call__(self, first: int, trials: int) -> Columns:
        """Return the numbers of these trials."""
        return many(self.protocol, self.scenario, trials, self.seed, first=first).values

    def replays(self, columns: Columns) -> Replays:
        """Return columns of these trials as the replays they are."""
        return Replays(columns, len(next(iter(columns.values()))), self.seed)
