"""Baseline characteristics of many virtual trials: shares and medians of the variables that vary by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.results import result_key
from trialwright.simulate.candidates import Drawn, draw_variable
from trialwright.simulate.world import Candidates

__all__ = ["Baseline", "baseline_values"]

Floats = NDArray[np.float64]

TRUTHS = {"true": "yes", "false": "no"}
"""Weights of a scenario are by true and false, results by yes and no."""


@dataclass(frozen=True)
class Baseline:
    """Baseline variables of a chunk of trials."""

    drawn: Mapping[str, Drawn]
    numbers: frozenset[str]
    """Variables that are numbers."""
    truths: frozenset[str]
    """Variables that are yes or no."""
    population: str
    shape: tuple[int, int]

    def at(self, cut: str, enrolled: NDArray[np.bool_]) -> dict[str, Floats]:
        """Return median of numbers and share of levels among those enrolled by a cut-off, by key of the result."""
        found: dict[str, Floats] = {}
        inside = enrolled.reshape(self.shape)
        size = np.where(inside.any(axis=1), inside.sum(axis=1), np.nan)
        for name, column in self.drawn.items():
            values = column.values.reshape(self.shape)
            if name in self.numbers:
                numbers = np.array([float(level) for level in column.levels])[values] if column.levels else values
                key = result_key(cut, "baseline", self.population, "all", "median", item=name)
                found[key] = np.array([_median(row[mask]) for row, mask in zip(numbers, inside, strict=True)])
                continue
            for code, level in enumerate(column.levels):
                item = f"{name}={TRUTHS.get(level, level) if name in self.truths else level}"
                key = result_key(cut, "baseline", self.population, "all", "share", item=item)
                found[key] = ((values == code) & inside).sum(axis=1) / size
        return found


def baseline_values(candidates: Candidates) -> Baseline:
    """Draw the baseline variables of the randomized candidates, those computed by rules left out."""
    world = candidates.world
    plans = {name: variable for name, variable in world.protocol.variables.items() if variable.baseline}
    supposed = [name for name in world.scenario.candidates.variables if name in plans]
    drawn = {name: draw_variable(name, candidates) for name in supposed}
    kept = {name: column for name, column in drawn.items() if column is not None}
    everyone = next(p.id for p in world.protocol.analysis.populations if p.members == "randomized")
    numbers, truths = (frozenset(n for n in kept if plans[n].type == kind) for kind in ("number", "yes/no"))
    return Baseline(kept, numbers, truths, everyone, (len(candidates) // world.patients, world.patients))


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")
