"""What is supposed: scenarios, sizes, event numbers."""

from trialwright.design.scenario import (
    AdverseEvent,
    Calibrated,
    Failure,
    Organ,
    Piecewise,
    Scenario,
    Spread,
    check_scenario,
)

__all__ = [
    "AdverseEvent",
    "Calibrated",
    "Failure",
    "Organ",
    "Piecewise",
    "Scenario",
    "Spread",
    "check_scenario",
]
