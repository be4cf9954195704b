"""What the planned trial rests on where its protocol is silent, each number with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from trialwright.design import FixedPlan, Scenario, Steps, dropout_hazard
from trialwright.protocol import Leaf, Protocol, leaves

__all__ = ["Supposition", "Suppositions", "suppositions"]

OPTION = "option"
"""Status of a number that whoever asks has given."""


@dataclass(frozen=True)
class Supposition:
    """One number with its status: that of a file (stated, derived, assumed), or ``option``.

    >>> Supposition("accrual", 42.0, "months", "assumed", "that of the registry").value
    42.0
    """

    name: str
    value: float
    unit: str
    status: str
    why: str | None


@dataclass(frozen=True)
class Suppositions:
    """Control median, accrual and follow-up in months, and the chance to leave within 12 months.

    ``None`` where neither options nor files say.

    >>> Suppositions(None, None, None, None).known
    ()
    """

    control_median: Supposition | None
    accrual: Supposition | None
    follow_up: Supposition | None
    dropout: Supposition | None

    @property
    def known(self) -> tuple[Supposition, ...]:
        """Those that have a number."""
        return tuple(each for each in (self.control_median, self.accrual, self.follow_up, self.dropout) if each)

    @property
    def dropout_rate(self) -> float:
        """Hazard of leaving per month; 0 where nothing is supposed."""
        return dropout_hazard(self.dropout.value, 12) if self.dropout else 0.0

    def fixed_plan(self) -> FixedPlan | None:
        """Return the course that the formulas for patients take, ``None`` where it is not all known."""
        import math

        if not (self.control_median and self.accrual and self.follow_up):
            return None
        return FixedPlan(
            accrual=self.accrual.value,
            follow_up=self.follow_up.value,
            control=Steps.of(math.log(2) / self.control_median.value),
            dropout=Steps.of(self.dropout_rate),
        )


def suppositions(
    protocol: Protocol,
    scenario: Scenario | None,
    *,
    control_median: float | None = None,
    accrual: float | None = None,
    follow_up: float | None = None,
    dropout: float | None = None,
) -> Suppositions:
    """Return what is supposed of the planned trial: options first, then the files.

    The control median is the protocol's where its sample size states it, else that of the scenario's ``planning``; the
    accrual is the scenario's, else the months of recruitment that the protocol announces.

    >>> from trialwright.protocol import load, study_names
    >>> found = suppositions(load(study_names()[0]), None, control_median=3.6)
    >>> found.control_median.status, found.accrual.value, found.follow_up
    ('option', 24.0, None)
    """
    promised = {leaf.path: leaf for leaf in leaves(protocol)}
    planned = {leaf.path: leaf for leaf in leaves(scenario)} if scenario else {}
    own = {"control median": control_median, "accrual": accrual, "follow-up": follow_up, "dropout": dropout}
    files = {
        "control median": (
            promised.get("sample_size.control_median_months"),
            planned.get("planning.control_median_months"),
        ),
        "accrual": (planned.get("planning.accrual_months"), promised.get("design.recruitment_months")),
        "follow-up": (planned.get("planning.follow_up_months"),),
        "dropout": (planned.get("planning.dropout_12_months"),),
    }
    return Suppositions(*(_first(name, given, files[name]) for name, given in own.items()))


def _first(name: str, given: float | None, places: tuple[Leaf | None, ...]) -> Supposition | None:
    unit = "within 12 months" if name == "dropout" else "months"
    if given is not None:
        return Supposition(name, float(given), unit, OPTION, None)
    for leaf in places:
        if leaf is not None and leaf.value is not None:
            return Supposition(name, float(leaf.value), unit, leaf.status, _reason(leaf))
    return None


def _reason(leaf: Leaf) -> str | None:
    return " ".join(leaf.why.split()) if leaf.why else leaf.source and f"source {leaf.source}"
