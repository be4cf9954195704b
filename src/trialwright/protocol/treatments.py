"""The arms and what is given in them: interventions, doses, cycles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from trialwright.protocol.base import Id, Model, Positive, Rule

__all__ = [
    "Arm",
    "Choice",
    "Cycle",
    "Dose",
    "Intervention",
]


class Arm(Model):
    """One treatment group."""

    id: Id
    label: str
    short: str
    """Label short enough for a figure."""
    type: str | None = None
    interventions: tuple[Id, ...] = Field(min_length=1)
    description: str | None = None
    """Our own wording."""


class Cycle(Model):
    """A treatment cycle: dosing days within a fixed length."""

    days: Annotated[int, Field(gt=0)]
    dosing_days: tuple[int, int] | None
    """First and last day of dosing within the cycle; None where not stated."""

    @model_validator(mode="after")
    def _inside(self) -> Cycle:
        if self.dosing_days and not 1 <= self.dosing_days[0] <= self.dosing_days[1] <= self.days:
            first, last = self.dosing_days
            raise ValueError(f"dosing days {first} to {last} must lie within the {self.days} days of a cycle")
        return self


class Dose(Model):
    """A dose and the patients who start with it."""

    when: Rule | None = None
    """Rule over the screening data; None applies to all."""
    dose: Positive | None
    """None where the protocol does not say (status unknown)."""


class Choice(Model):
    """The product given to the patients for whom a rule holds."""

    when: Rule
    product: str


class Intervention(Model):
    """One treatment with its dosing."""

    id: Id
    name: str
    type: str | None = None
    other_names: tuple[str, ...] = ()
    unit: str | None = None
    route: str | None = None
    frequency: str | None = None
    cycle: Cycle
    start: tuple[Dose, ...] = Field(min_length=1)
    levels: tuple[Positive, ...] = ()
    """Dose levels from highest to lowest; a reduction moves one level down."""
    choice: tuple[Choice, ...] = ()
    """Which product is given, where the intervention names a class of drugs."""
    description: str | None = None

    @model_validator(mode="after")
    def _doses_are_levels(self) -> Intervention:
        if list(self.levels) != sorted(set(self.levels), reverse=True):
            raise ValueError(f"levels must fall from highest to lowest; got {list(self.levels)}")
        stray = [d.dose for d in self.start if self.levels and d.dose is not None and d.dose not in self.levels]
        if stray:
            raise ValueError(f"starting dose {stray[0]:g} is not among the dose levels {list(self.levels)}")
        return self
