"""Who may enter: the variables of screening and the criteria over them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from trialwright.protocol.base import Id, Model, Rule

__all__ = [
    "Criterion",
    "Eligibility",
    "Variable",
]


class Variable(Model):
    """A datum of screening that rules may name."""

    type: Literal["number", "yes/no", "choice", "date", "set", "records"]
    """``set``: any subset of ``levels``. ``records``: a list of records with ``fields``."""
    label: str
    unit: str | None = None
    levels: tuple[str, ...] = ()
    fields: dict[str, Variable] = Field(default={})
    attestation: bool = False
    """A judgement that a person signs; never computed, never a default yes."""
    by: str | None = None
    """Who attests or decides, where that is not the investigator."""
    baseline: bool = False
    """Shown in the table of baseline characteristics."""

    @model_validator(mode="after")
    def _complete(self) -> Variable:
        if self.type in {"choice", "set"} and not self.levels:
            raise ValueError(f"a variable of type {self.type} needs levels")
        if (self.type == "records") != bool(self.fields):
            raise ValueError("a variable of type records, and only that, needs fields")
        return self


class Criterion(Model):
    """One inclusion or exclusion criterion."""

    id: Id
    kind: Literal["inclusion", "exclusion"]
    number: int
    """The registry's own number; never renumbered."""
    short: str
    """Our own short wording."""
    rule: Rule | None
    """Inclusion: what must hold. Exclusion: what excludes. None: not in the source."""
    note: str | None = None


class Eligibility(Model):
    """Who may enter."""

    minimum_age: int | None = None
    maximum_age: int | None = None
    sex: Literal["FEMALE", "MALE", "ALL"]
    healthy_volunteers: bool
    anchors: tuple[Id, ...]
    """Reference dates that rules may name."""
    parameters: dict[Id, float | str | None] = Field(default={})
    """Named limits of the rules, such as organ function; None where unknown. A text is a quantity with its unit."""
    criteria: tuple[Criterion, ...] = Field(min_length=1)
