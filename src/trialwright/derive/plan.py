"""What a derivation needs of a plan: a protocol has it, and so have the settings of data without a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trialwright.protocol import Assessments, Endpoint, Population, SafetyPlan

__all__ = ["Plan"]


class Plan(Protocol):
    """How patients are assessed, which endpoints follow from that, who is analyzed, and which harms count."""

    @property
    def assessments(self) -> Assessments:
        """Evaluators, schedule and windows of the tumor assessments."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints in the order of the plan."""

    @property
    def populations(self) -> tuple[Population, ...]:
        """The sets of patients analyzed together."""

    @property
    def safety(self) -> SafetyPlan:
        """How harms are recorded, and which count."""

    def endpoint(self, id: str) -> Endpoint:
        """Return the endpoint of that name; ValueError with the known names when there is none."""
