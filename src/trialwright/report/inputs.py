"""What a report is made from: results, protocol and the evidence beside them; never the data of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.evidence import Achieved, Claims, Compared, Finding
    from trialwright.protocol import Protocol
    from trialwright.results import Result, Results

__all__ = ["Contents"]


@dataclass(frozen=True)
class Contents:
    """Everything the page shows, with a quick way to find a result."""

    results: Results
    protocol: Protocol
    claims: Claims | None = None
    comparison: Sequence[Compared] = ()
    findings: Sequence[Finding] = ()
    calibration: Sequence[Achieved] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    virtual: bool = True
    scenario: Scenario | None = None

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Return the anchor of each result by its key."""
        return {row.key: f"n{index}" for index, row in enumerate(self.results)}

    @cached_property
    def _shelves(self) -> dict[tuple[str, str, str], list[Result]]:
        shelves: dict[tuple[str, str, str], list[Result]] = {}
        for row in self.results:
            shelves.setdefault((row.cut, row.endpoint, row.statistic), []).append(row)
        return shelves

    def rows(self, cut: str, endpoint: str, statistic: str, **wanted: Any) -> list[Result]:
        """Return the results of one statistic whose other fields equal those wanted, in order."""
        shelf = self._shelves.get((cut, endpoint, statistic), [])
        return [row for row in shelf if all(getattr(row, name) == value for name, value in wanted.items())]

    def first(self, cut: str, endpoint: str, statistic: str, **wanted: Any) -> Result | None:
        """Return the first such result, or None."""
        return next(iter(self.rows(cut, endpoint, statistic, **wanted)), None)

    @cached_property
    def cuts(self) -> tuple[str, ...]:
        """Return the data cuts that have results, in the protocol's order."""
        seen = {row.cut for row in self.results}
        return tuple(cut.id for cut in self.protocol.analysis.cuts if cut.id in seen)

    @property
    def last_cut(self) -> str:
        """Return the last data cut that has results."""
        if not self.cuts:
            known = ", ".join(cut.id for cut in self.protocol.analysis.cuts)
            raise ValueError(f"results must hold rows of a data cut of the protocol ({known}); got none")
        return self.cuts[-1]

    def cut_label(self, cut: str) -> str:
        """Return the protocol's words for a cut."""
        return next((c.label for c in self.protocol.analysis.cuts if c.id == cut), cut)

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms in the protocol's order."""
        return tuple(arm.id for arm in self.protocol.arms)

    @property
    def comparisons(self) -> tuple[str, ...]:
        """Return the names of the comparisons of each arm with the control."""
        control = self.protocol.analysis.control
        return tuple(f"{arm} v {control}" for arm in self.arms if arm != control)

    def group_label(self, group: str) -> str:
        """Return the words for an arm, a comparison or everybody."""
        if group == "all":
            return "All patients"
        return " v ".join(self._arm_label(part) for part in group.split(" v "))

    def _arm_label(self, arm: str) -> str:
        return next((a.short for a in self.protocol.arms if a.id == arm), arm)

    def population_label(self, population: str) -> str:
        """Return the words for a population."""
        return next((p.label for p in self.protocol.analysis.populations if p.id == population), population)

    def endpoint_label(self, endpoint: str) -> str:
        """Return the words for an endpoint or an estimand."""
        named = (*self.protocol.endpoints, *self.protocol.estimands)
        return next((e.label for e in named if e.id == endpoint), endpoint)
