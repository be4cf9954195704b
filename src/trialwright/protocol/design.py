"""The shape of a trial: its enumerations, how arms are allocated, and why it has its size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from trialwright.protocol.base import Id, Model, Positive, Rule, Share

__all__ = [
    "Assumptions",
    "Design",
    "Randomization",
    "StratificationFactor",
]


class Design(Model):
    """The shape of the trial, in the registry's enumerations."""

    study_type: Literal["INTERVENTIONAL"]
    phases: tuple[str, ...]
    allocation: Literal["RANDOMIZED"]
    model: str
    primary_purpose: str
    masking: str
    enrollment: Annotated[int, Field(gt=0)]
    """Patients to be randomized."""
    enrollment_type: Literal["ACTUAL", "ESTIMATED"] | None = None
    recruitment_months: Positive | None = None


class StratificationFactor(Model):
    """A factor of the stratified allocation, computed from data."""

    id: Id
    label: str
    levels: tuple[str, ...] = Field(min_length=1)
    rule: Rule
    """Expression whose value is one of the levels."""


class Randomization(Model):
    """How the next patient gets an arm."""

    method: Literal["stratified permuted blocks"]
    ratio: dict[Id, Annotated[int, Field(gt=0)]] = Field(min_length=2)
    block_sizes: tuple[Annotated[int, Field(gt=0)], ...] = Field(min_length=1)
    strata: tuple[StratificationFactor, ...] = ()
    concealment: str | None = None

    @model_validator(mode="after")
    def _whole_blocks(self) -> Randomization:
        whole = sum(self.ratio.values())
        bad = [size for size in self.block_sizes if size % whole]
        if bad:
            raise ValueError(f"block size {bad[0]} must be a multiple of {whole}, the sum of the ratio")
        return self


class Assumptions(Model):
    """Why the trial has its size."""

    endpoint: Id
    test: str
    hazard_ratio: Positive
    power: Share
    alpha: Share
    sides: Literal[1, 2]
    patients: Annotated[int, Field(gt=0)]
    events: int | None = None
    control_median_months: Positive | None = None
