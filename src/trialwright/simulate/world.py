"""A world of virtual trials: what was promised, what is supposed, and the chance that decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trialwright.protocol import Protocol
from trialwright.randomize import Scheme, scheme
from trialwright.simulate.chance import Chance

if TYPE_CHECKING:
    from trialwright.design import Scenario

__all__ = ["Candidates", "World"]

Ints = NDArray[np.int64]
_EPOCH = date(1970, 1, 1)
_SIMULATED = {"screening": "screened", "randomization": "randomize", "first dose": "first_dose"}


@dataclass(frozen=True)
class World:
    """Everything but the trial's number; days count from ``recruitment.opens_on`` unless said otherwise."""

    protocol: Protocol
    scenario: Scenario
    chance: Chance

    @classmethod
    def of(cls, protocol: Protocol, scenario: Scenario, seed: int) -> World:
        """Return the world of one seed."""
        return cls(protocol, scenario, Chance(seed))

    @cached_property
    def scheme(self) -> Scheme:
        """Return how arms are allocated."""
        return scheme(self.protocol)

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms in the order of their codes."""
        return self.scheme.arms

    @property
    def patients(self) -> int:
        """Return how many patients fill a trial."""
        return self.protocol.design.enrollment

    @property
    def list_id(self) -> str:
        """Return the name of the allocation list of a virtual trial."""
        return f"{self.protocol.identification.id} virtual"

    @property
    def until(self) -> int:
        """Return the last day on which anything is recorded."""
        return self.day_of(self.scenario.until)

    def on(self, day: int) -> date:
        """Return the date of a day."""
        return self.scenario.recruitment.opens_on + timedelta(days=int(day))

    def day_of(self, on: date) -> int:
        """Return the day of a date."""
        return (on - self.scenario.recruitment.opens_on).days

    @property
    def since_1970(self) -> int:
        """Return how many days after 1970-01-01 day 0 is."""
        return -self.day_of(_EPOCH)


@dataclass(frozen=True)
class Candidates:
    """Some candidates of some trials, one after the other; arrays of shape (candidates,)."""

    world: World
    trial: Ints
    who: Ints
    """Number of the candidate within the trial, in order of consent."""
    days: Mapping[str, Ints]
    """Days of screening, randomization and first dose, by name of the array in ``Arrivals``."""

    def __len__(self) -> int:
        return len(self.who)

    @cached_property
    def anchors(self) -> dict[str, Ints]:
        """Return the simulated day of each anchor of the protocol's rules."""
        return {anchor: self.days[_SIMULATED[what]] for anchor, what in self.world.scenario.candidates.anchors.items()}

    def uniforms(self, purpose: str, count: int) -> NDArray[np.float64]:
        """Return uniforms for a purpose, shape (candidates, count)."""
        return self.world.chance.uniforms(purpose, self.trial, self.who, count)

    @staticmethod
    def day_names() -> Iterable[str]:
        """Return the names of the days every candidate has."""
        return _SIMULATED.values()
