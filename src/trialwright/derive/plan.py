"""What a derivation needs of a plan: a protocol has it, and so have the settings of data without a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trialwright.protocol import Assessments, Endpoint

__all__ = ["Plan"]


class Plan(Protocol):
    """How patients are assessed, and which endpoints follow from that."""

    @property
    def assessments(self) -> Assessments:
        """Evaluators, schedule and windows of the tumor assessments."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints in the order of the plan."""

    def endpoint(self, id: str) -> Endpoint:
        """Return the endpoint of that name; ValueError with the known names when there is none."""
