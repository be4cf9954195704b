"""The design of a study by the fast kernels: the scenario's trial, and the trial as it was planned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from trialwright.cli.rehearsal import Study
    from trialwright.simulate import Columns, DesignedTrial, DesignTrials, LookSummary, Point, Share, Spread

__all__ = ["OfDesign"]

Row = dict[str, Any]


@dataclass(frozen=True)
class OfDesign:
    """The design's trials: looks, test and bounds, with the chances to stop at each."""

    study: Study
    seed: int
    control_median: float | None
    """Months, of the trial as planned; None: the protocol's own, if it states one."""
    accrual: float | None
    """Months over which the patients of the planned trial enter."""

    def points(self, grid: Path | None) -> tuple[Point, ...]:
        """Return the points of a grid; or the scenario's trial and, where its suppositions are known, the planned."""
        from trialwright.simulate import DESIGN_FIELDS, Point, read_points, scenario_paths

        if grid is not None:
            return read_points(grid, self._trials, paths=scenario_paths(self.study.scenario), fields=DESIGN_FIELDS)
        both = ("scenario",) if self.accrual is None and self.control_median is None else ("scenario", "planned")
        try:
            return tuple(Point({"of": of}, self._trials(of, {})) for of in both)
        except ValueError as error:
            raise DataError(str(error)) from None

    def _trials(self, of: str, values: Mapping[str, Any]) -> DesignTrials:
        from trialwright.simulate import DESIGN_FIELDS, DesignTrials, with_design_fields

        fields = {name: value for name, value in values.items() if name in DESIGN_FIELDS}
        numbers = {name: value for name, value in values.items() if name not in DESIGN_FIELDS}
        return DesignTrials(with_design_fields(self._designed(of, numbers), fields), self.seed)

    def _designed(self, of: str, numbers: Mapping[str, float]) -> DesignedTrial:
        from trialwright.simulate import as_planned, designed

        protocol, scenario = self.study.protocol, self.study.scenario
        if of == "scenario":
            return designed(protocol, scenario.with_values(dict(numbers)) if numbers else scenario)
        if self.accrual is None:
            raise ValueError("a planned trial needs --accrual, the months over which its patients enter")
        return as_planned(protocol, control_median=self.control_median, accrual=self.accrual)

    def rows(self, point: Point, columns: Columns, first: int) -> list[Row]:
        """Return one row: chances with their Monte Carlo errors, then what each look shows."""
        simulating: DesignTrials = point.simulating  # type: ignore[assignment]
        found = simulating.outcomes(columns, first).summary()
        row: Row = {**point.values, "trials": found.trials}
        for name in ("above_any", "below_any", "neither", "other_tail", "never_finished"):
            row |= _share(name, getattr(found, name))
        for name in ("duration", "enrolled", "events"):
            row |= _spread(name, getattr(found, name))
        ratio = found.supposed_log_hazard_ratio
        row["supposed_hazard_ratio"] = None if ratio is None else math.exp(ratio)
        for number, look in enumerate(found.looks, 1):
            row |= {f"look {number} {name}": value for name, value in _look(look)}
        return [row]

    def show(self, rows: list[Row]) -> None:
        """Print the chances of every point, and the looks of each."""
        from trialwright.cli.simulate_tables import show_designs

        show_designs(rows)


def _look(look: LookSummary) -> Iterator[tuple[str, Any]]:
    for name in ("above", "below", "never_reached", "no_statistic", "upper_tail", "lower_tail"):
        yield from _share(name, getattr(look, name)).items()
    for name in ("time", "enrolled", "events", "z", "log_hazard_ratio"):
        yield from _spread(name, getattr(look, name)).items()
    yield "bias", look.bias


def _share(name: str, share: Share) -> Row:
    return {name: share.value, f"{name}_mc_error": share.se}


def _spread(name: str, spread: Spread) -> Row:
    low, _, middle, _, high = spread.quantiles
    return {f"{name}_mean": spread.mean, f"{name}_mc_error": spread.se} | {
        f"{name}_q05": low, f"{name}_median": middle, f"{name}_q95": high
    }  # fmt: skip
