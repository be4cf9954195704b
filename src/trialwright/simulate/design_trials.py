"""What runs the trials of a point by the fast kernels: those of its design."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from trialwright.simulate.designed import DesignedTrial
from trialwright.simulate.operating import simulate_design
from trialwright.simulate.outcomes import Outcomes
from trialwright.simulate.sweep import Columns

__all__ = ["DesignTrials"]

ARRAYS = ("time", "enrolled", "events", "z", "log_hazard_ratio")
"""The arrays of Outcomes, of shape (trials, looks)."""


@dataclass(frozen=True)
class DesignTrials:
    """Trials of a design by ``simulate_design``; for each look a column of each of its numbers.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> run = DesignTrials(plan, seed=1)
    >>> columns = run(first=5, trials=3)
    >>> sorted(columns), run.outcomes(columns, first=5).events.ravel().tolist()
    (['look 1 enrolled', 'look 1 events', 'look 1 log_hazard_ratio', 'look 1 time', 'look 1 z'], [60, 60, 60])
    """

    designed: DesignedTrial
    seed: int

    @property
    def text(self) -> str:
        """Design and seed; the text of a number is exact."""
        return json.dumps([repr(self.designed), self.seed])

    @property
    def most(self) -> int:
        """So many trials are about a second's work; max-combo needs integrals for each."""
        return 500 if self.designed.test.statistic == "max-combo" else 20_000

    def __call__(self, first: int, trials: int) -> Columns:
        """Return the numbers of these trials."""
        found = simulate_design(self.designed, trials, self.seed, first=first, hazard_ratios=True)
        looks = range(len(self.designed.looks))
        return {
            f"look {k + 1} {name}": np.ascontiguousarray(getattr(found, name)[:, k]) for k in looks for name in ARRAYS
        }

    def outcomes(self, columns: Columns, first: int) -> Outcomes:
        """Return columns of these trials, from trial ``first`` on, as the outcomes they are."""
        looks = range(len(self.designed.looks))
        arrays = {name: np.column_stack([columns[f"look {k + 1} {name}"] for k in looks]) for name in ARRAYS}
        return Outcomes(self.designed, self.seed, first, **arrays)
