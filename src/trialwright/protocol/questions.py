"""What the plan asks beyond its items: estimands, sensitivity analyses, subgroups, and many tests at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from trialwright.protocol.base import Id, Model, Positive, Share

__all__ = [
    "DeltaRange",
    "Estimand",
    "Hypothesis",
    "IntercurrentEvent",
    "Multiplicity",
    "SensitivityPlan",
    "Stop",
    "SubgroupFactor",
    "SubgroupPlan",
]

Whole = Annotated[int, Field(ge=1)]


class Stop(Model):
    """Something that ends a time to event without an event, when it comes first."""

    event: Literal["new therapy", "clinical progression", "end of treatment", "death", "withdrawal"]
    """``end of treatment``: for another reason than progression, clinical progression or death. ``withdrawal``: from
    the study, not from treatment alone."""
    how: Literal["censor before", "censor at"]
    """At the last adequate assessment before it (the day before it, where time runs to the last day known alive), or
    on its own day."""


class IntercurrentEvent(Model):
    """Something after randomization that changes what the variable means, and what is done about it."""

    event: Literal["new therapy", "clinical progression", "end of treatment", "missed visits", "death"]
    """``end of treatment``: for another reason than progression, clinical progression or death. ``missed visits``: more
    than the endpoint allows, before the event."""
    strategy: Literal["treatment policy", "hypothetical", "composite", "while on treatment", "principal stratum"]
    """ICH E9(R1), section A.3.2. A principal stratum is refused: who belongs to it is not observed."""


class Estimand(Model):
    """What is to be estimated, with the five attributes of ICH E9(R1), section A.3.3."""

    id: Id
    """Its results are listed under this name, beside those of the endpoints."""
    label: str
    population: Id
    """A population of the analysis."""
    treatment: tuple[Id, ...] = Field(min_length=2)
    """The arms compared, the control among them."""
    variable: Id
    """The endpoint; its rules are those of the estimand but for the intercurrent events."""
    intercurrent_events: tuple[IntercurrentEvent, ...] = ()
    summary: Literal["hazard ratio", "difference of proportions"]


class SubgroupFactor(Model):
    """A stratification factor or a baseline variable whose levels are the subgroups."""

    stratum: Id | None = None
    """A stratification factor, as used for allocation."""
    variable: Id | None = None
    """A baseline variable: a number, yes/no or a choice."""
    cuts: tuple[float, ...] = ()
    """Limits between the subgroups of a number; each belongs to the subgroup above it."""

    @model_validator(mode="after")
    def _one_name(self) -> SubgroupFactor:
        if (self.stratum is None) == (self.variable is None):
            raise ValueError("a factor needs either stratum or variable")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError(f"cuts must rise; got {list(self.cuts)}")
        return self


class SubgroupPlan(Model):
    """The effect on one time to event within the levels of some factors."""

    endpoint: Id
    population: Id
    factors: tuple[SubgroupFactor, ...] = Field(min_length=1)


class DeltaRange(Model):
    """Factors of the hazard after censoring, in equal ratios from the lowest to the highest."""

    low: Positive
    high: Positive
    steps: Whole

    @model_validator(mode="after")
    def _rises(self) -> DeltaRange:
        if self.high < self.low or (self.steps == 1) != (self.high == self.low):
            raise ValueError(f"{self.low:g} to {self.high:g} in {self.steps} steps is no range; one value is one step")
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """Return the factors, to four significant digits.

        >>> DeltaRange(low=0.25, high=4, steps=5).values
        (0.25, 0.5, 1.0, 2.0, 4.0)
        """
        ratio = (self.high / self.low) ** (1 / max(self.steps - 1, 1))
        return tuple(float(f"{self.low * ratio**step:.4g}") for step in range(self.steps))


class SensitivityPlan(Model):
    """What if those censored had fared otherwise than those still followed: imputation of their later course."""

    id: Id
    label: str
    endpoint: Id
    """A time to event that death ends, or an estimand of one."""
    population: Id
    method: Literal["delta-adjusted", "jump to reference"]
    """``delta-adjusted``: the arm's own hazard times delta. ``jump to reference``: the control's hazard."""
    deltas: dict[Id, DeltaRange] = Field(default={})
    """Factors by arm, the control among them; every combination is analyzed. Arms not named are not compared."""
    reasons: tuple[str, ...] = ()
    """Reasons for censoring after which the course is imputed, as the endpoint's rules word them; none named: all."""
    pieces: Whole
    """Intervals of constant hazard, at most; each holds about as many events of the arm."""
    imputations: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]

    @model_validator(mode="after")
    def _deltas_belong(self) -> SensitivityPlan:
        if (self.method == "delta-adjusted") != bool(self.deltas):
            raise ValueError("a delta-adjusted analysis, and only that, needs deltas for its arms")
        return self


class Hypothesis(Model):
    """One null hypothesis: no difference between an arm and the control."""

    endpoint: Id
    """An endpoint or an estimand with a planned comparison."""
    population: Id
    arm: Id
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """Its part of alpha, where alpha is split."""


class Multiplicity(Model):
    """How several tests share one error rate."""

    method: Literal["fixed sequence", "holm", "alpha split"]
    alpha: Share
    """Two-sided, of all tests together."""
    cut: Id
    """The data cut-off at which the tests are made."""
    hypotheses: tuple[Hypothesis, ...] = Field(min_length=1)
    """In the order of the sequence."""

    @model_validator(mode="after")
    def _shares(self) -> Multiplicity:
        shares = [hypothesis.share for hypothesis in self.hypotheses]
        split = self.method == "alpha split"
        if any((share is not None) != split for share in shares):
            raise ValueError("shares of alpha belong to every hypothesis of an alpha split, and to no other method")
        if split and sum(share or 0 for share in shares) > 1 + 1e-9:
            raise ValueError(f"the shares of alpha must add to at most 1; got {sum(share or 0 for share in shares):g}")
        return self
