"""The protocol as typed, frozen values: what was promised.

Provenance is kept beside the values, not inside them: in the file every mapping may carry ``status``, ``source`` and
``why``, and every leaf may be written as ``{value: 8, status: assumed, why: ...}``. The loader takes these apart, so a
model field is always the plain value, and ``Protocol.provenance`` says where it comes from. A leaf that is ``unknown``
is ``None`` here.
"""

from __future__ import annotations

import typing
from typing import TypeVar

from pydantic import Field, model_validator

from trialwright.protocol.analysis_plan import AnalysisPlan, Population, SafetyPlan
from trialwright.protocol.base import Id, Model
from trialwright.protocol.design import Assumptions, Design, Randomization
from trialwright.protocol.eligibility import Eligibility, Variable
from trialwright.protocol.endpoints import Endpoint, Objective
from trialwright.protocol.identification import Description, Identification, Organization, Registry, Site
from trialwright.protocol.provenance import Provenance
from trialwright.protocol.questions import Estimand
from trialwright.protocol.treatments import Arm, Intervention
from trialwright.protocol.visits import Assessments, Sample, Visit

__all__ = [
    "OpenPoint",
    "Protocol",
]


class OpenPoint(Model):
    """A question the source leaves open, with what was done about it."""

    id: Id
    about: tuple[str, ...]
    """Criteria or sections concerned."""
    question: str
    decision: str | None
    """What the file does meanwhile; None where nothing could be decided."""


class Protocol(Model):
    """A whole trial as it was promised."""

    identification: Identification
    organization: Organization
    registry: Registry | None = None
    description: Description
    design: Design
    arms: tuple[Arm, ...] = Field(min_length=2)
    interventions: tuple[Intervention, ...] = Field(min_length=1)
    randomization: Randomization
    variables: dict[Id, Variable]
    eligibility: Eligibility
    visits: tuple[Visit, ...] = Field(min_length=1)
    assessments: Assessments
    samples: tuple[Sample, ...] = ()
    objectives: tuple[Objective, ...] = ()
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    estimands: tuple[Estimand, ...] = ()
    safety: SafetyPlan
    sample_size: Assumptions
    analysis: AnalysisPlan
    sites: tuple[Site, ...] = Field(min_length=1)
    open_points: tuple[OpenPoint, ...] = ()
    sources: dict[str, str] = Field(default={})
    """Key of a source: its citation."""

    provenance: dict[str, Provenance] = Field(default={}, exclude=True)
    """Where each leaf comes from, by path; filled in by the loader."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Protocol:
        from trialwright.protocol.references import check_references

        check_references(self)
        return self

    @property
    def populations(self) -> tuple[Population, ...]:
        """The populations of the analysis."""
        return self.analysis.populations

    def arm(self, id: str) -> Arm:
        """Return the arm of that name."""
        return _named(self.arms, id, "arm")

    def intervention(self, id: str) -> Intervention:
        """Return the intervention of that name."""
        return _named(self.interventions, id, "intervention")

    def endpoint(self, id: str) -> Endpoint:
        """Return the endpoint of that name."""
        return _named(self.endpoints, id, "endpoint")

    def population(self, id: str) -> Population:
        """Return the population of that name."""
        return _named(self.analysis.populations, id, "population")

    def site(self, id: str) -> Site:
        """Return the site of that name."""
        return _named(self.sites, id, "site")


class _Named(typing.Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _named(items: tuple[_N, ...], id: str, what: str) -> _N:
    for item in items:
        if item.id == id:
            return item
    raise ValueError(f"{what} {id!r} is not in the protocol; known: {', '.join(i.id for i in items)}")
