"""The study's own trials, patient by patient: every number of its plan, over many virtual trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from trialwright.cli.rehearsal import Study
    from trialwright.simulate import Columns, Point, StudyTrials

__all__ = ["Exact"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Exact:
    """The study's own trials as arrays: every number of its plan, at every data cut-off."""

    study: Study
    seed: int

    def points(self, grid: Path | None) -> tuple[Point, ...]:
        """Return the points of a grid over the scenario's numbers, or the scenario."""
        from trialwright.simulate import Point, read_points, scenario_paths

        if grid is None:
            return (Point({}, self._trials("scenario", {})),)
        return read_points(grid, self._trials, paths=scenario_paths(self.study.scenario), fields=())

    def _trials(self, of: str, values: Mapping[str, Any]) -> StudyTrials:
        from trialwright.simulate import StudyTrials

        if of != "scenario":
            raise ValueError(f"with --exact, of must be scenario; got {of}")
        scenario = self.study.scenario.with_values(dict(values)) if values else self.study.scenario
        return StudyTrials(self.study.protocol, scenario, self.seed)

    def rows(self, point: Point, columns: Columns, first: int) -> list[Row]:
        """Return a row for each number: mean and quantiles over the trials, and how many gave it."""
        return [{**point.values, "result": key, **spread(values)} for key, values in columns.items()]

    def show(self, rows: list[Row]) -> None:
        """Print the numbers of the efficacy endpoints; baseline and adverse events are in the files."""
        from trialwright.cli.simulate_tables import show_numbers

        kinds = {endpoint.id: endpoint.kind for endpoint in self.study.protocol.endpoints}
        shown = [row for row in rows if kinds.get(row["result"].split("/")[1]) in {"time to event", "response"}]
        show_numbers(shown, len(rows) - len(shown))


def spread(values: NDArray[np.floating[Any]]) -> Row:
    """Return mean with its Monte Carlo error over the finite numbers, and quantiles over all that are numbers.

    Infinity is a number not reached, NaN one that could not be estimated.

    >>> import numpy as np
    >>> found = spread(np.array([1.0, 2.0, 3.0, np.inf, np.nan]))
    >>> found["mean"], round(found["mc_error"], 4), found["median"], found["finite"]
    (2.0, 0.5774, 2.0, 3)
    """
    import numpy as np

    numbers, finite = values[~np.isnan(values)], values[np.isfinite(values)]
    low, middle, high = _quantiles(numbers, (0.05, 0.5, 0.95)) if len(numbers) else (np.nan,) * 3
    return {
        "trials": len(values),
        "estimable": len(numbers),
        "finite": len(finite),
        "mean": float(finite.mean()) if len(finite) else np.nan,
        "mc_error": float(finite.std(ddof=1) / np.sqrt(len(finite))) if len(finite) > 1 else np.nan,
        "q05": low,
        "median": middle,
        "q95": high,
    }


def _quantiles(values: NDArray[np.floating[Any]], at: tuple[float, ...]) -> list[float]:
    """Return quantiles that are values themselves, so that infinity does no harm."""
    import numpy as np

    return [float(value) for value in np.quantile(values, at, method="inverted_cdf")]
