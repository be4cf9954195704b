"""What a report is made from: results, protocol and the evidence beside them; never the data of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from trialwright.protocol import Protocol as TrialProtocol
    from trialwright.results import Result, Results

__all__ = ["Calibrated", "Checked", "Compared", "Contents"]


class Compared(Protocol):
    """A published number beside the rehearsed one, all in the printed unit."""

    @property
    def claim(self) -> str:
        """Return the name of the claim."""

    @property
    def label(self) -> str:
        """Return what the number is, in words."""

    @property
    def citation(self) -> str:
        """Return where it was printed."""

    @property
    def cut(self) -> str:
        """Return the data cut the number belongs to."""

    @property
    def unit(self) -> str:
        """Return the printed unit."""

    @property
    def decimals(self) -> int:
        """Return the printed decimals."""

    @property
    def published(self) -> float:
        """Return the printed value."""

    @property
    def lower(self) -> float | None:
        """Return the printed lower limit."""

    @property
    def upper(self) -> float | None:
        """Return the printed upper limit."""

    @property
    def level(self) -> float | None:
        """Return the confidence level of the printed limits."""

    @property
    def key(self) -> str:
        """Return the key of the result it is compared with."""

    @property
    def found(self) -> float | None:
        """Return the number of this rehearsal; None when not estimable."""

    @property
    def replays(self) -> int:
        """Return how many replays gave a number."""

    @property
    def mean(self) -> float | None:
        """Return the mean of the replays."""

    @property
    def q05(self) -> float | None:
        """Return the 5 % quantile of the replays."""

    @property
    def q95(self) -> float | None:
        """Return the 95 % quantile of the replays."""

    @property
    def place(self) -> float | None:
        """Return the share of replays below the published value, in [0, 1]."""


class Checked(Protocol):
    """A consistency check of published claims."""

    @property
    def claim(self) -> str:
        """Return the name of the claim."""

    @property
    def check(self) -> str:
        """Return the name of the check."""

    @property
    def passed(self) -> bool | None:
        """Return the verdict; None when the claim does not allow the check."""

    @property
    def detail(self) -> str:
        """Return what was computed from what."""


class Calibrated(Protocol):
    """A target of the calibration beside what the replays achieve (``trialwright.evidence.Achieved``)."""

    @property
    def quantity(self) -> str:
        """Return the name of the quantity."""

    @property
    def target(self) -> float:
        """Return the value aimed at."""

    @property
    def mean(self) -> float:
        """Return the mean over the replays."""

    @property
    def standard_error(self) -> float:
        """Return the Monte Carlo standard error of the mean."""

    @property
    def z(self) -> float:
        """Return (mean - target) / standard error."""

    @property
    def within(self) -> bool:
        """Return whether the mean is as near as the calibration promises."""

    @property
    def problem(self) -> str | None:
        """Return why the target is not met."""


@dataclass(frozen=True)
class Contents:
    """Everything the page shows, with a quick way to find a result."""

    results: Results
    protocol: TrialProtocol
    comparison: Sequence[Compared] = ()
    checks: Sequence[Checked] = ()
    calibration: Sequence[Calibrated] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    virtual: bool = True

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
        """Return the words for an endpoint."""
        return next((e.label for e in self.protocol.endpoints if e.id == endpoint), endpoint)
