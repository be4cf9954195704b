"""What simulated trials make of the number of events that a formula gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.design import EventNumber, SupposedTrial
    from trialwright.simulate import DesignedTrial

__all__ = ["Asked", "beside_truth"]

SHARE_WITH_EVENT = 0.64
"""Events over patients of the simulated trials when nobody says how patients enter."""
MONTHS = 12.0
MOST_PARTS = 12
"""Of a ratio in whole numbers."""

OTHER_TESTS = ("Fleming", "Gehan", "Tarone", "Peto", "Modest", "Restricted", "Survival")
"""How the names of the rows of other tests begin."""


@dataclass(frozen=True)
class Asked:
    """The test that the formulas were asked about, and the trial it stands in where one is told."""

    hazard_ratio: float
    alpha: float
    sides: int
    ratio: float
    margin: float
    trial: SupposedTrial | None
    trials: int
    """To simulate for each number of events; 0 for none."""


def beside_truth(rows: Sequence[EventNumber], asked: Asked) -> list[dict[str, Any]]:
    """Return the rows with the power that simulated trials of that many events have, and its Monte Carlo error.

    Events and patients are rounded up; rows of other tests than the log-rank test have no such number.
    """
    found: dict[tuple[int, int], dict[str, Any]] = {}
    answer = []
    for row in rows:
        truth: dict[str, Any] = {"simulated_power": None, "monte_carlo_error": None}
        if row.events is not None and asked.trials and asked.margin == 1 and _of_the_log_rank_test(row.formula):
            events = math.ceil(row.events - 1e-9)
            patients = max(events, math.ceil((row.patients or events / SHARE_WITH_EVENT) - 1e-9))
            if (events, patients) not in found:
                found[events, patients] = _simulated(asked, events, patients)
            truth = found[events, patients]
        answer.append(asdict(row) | truth)
    return answer


def _of_the_log_rank_test(formula: str) -> bool:
    return not formula.startswith(OTHER_TESTS)


def _simulated(asked: Asked, events: int, patients: int) -> dict[str, Any]:
    from trialwright.simulate import simulate_design

    looked = simulate_design(_designed(asked, events, patients), asked.trials, seed=1).summary().looks[0]
    share = looked.upper_tail if asked.hazard_ratio < 1 else looked.lower_tail
    return {"simulated_power": share.value, "monte_carlo_error": share.se}


def _designed(asked: Asked, events: int, patients: int) -> DesignedTrial:
    from scipy.special import ndtri

    from trialwright.simulate import Allocating, DesignedTrial, Look, Trigger

    parts = Fraction(asked.ratio).limit_denominator(MOST_PARTS)
    ratio = max(parts.numerator, 1), parts.denominator
    bound = float(ndtri(1 - asked.alpha / asked.sides))
    supposed = replace(_supposed(asked, patients), ratio=ratio[0] / ratio[1])
    return DesignedTrial(
        supposed, patients, Allocating(ratio, (sum(ratio),)), (Look(Trigger(events=events), bound, -bound),)
    )


def _supposed(asked: Asked, patients: int) -> SupposedTrial:
    from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual

    if asked.trial is None:
        hazard = math.log(2) / MONTHS
        arms = Stratum(ArmRates.of(hazard * asked.hazard_ratio), ArmRates.of(hazard))
        return SupposedTrial(uniform_accrual(patients, MONTHS), (arms,), asked.ratio)
    duration = asked.trial.accrual.starts[-1]
    return replace(asked.trial, accrual=uniform_accrual(patients, duration))
