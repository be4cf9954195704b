"""What is supposed: scenarios, sizes, event numbers."""

from trialwright.design.fit import check_scenario
from trialwright.design.scenario import (
    AdverseEvent,
    Calibrated,
    Failure,
    Organ,
    Piecewise,
    Scenario,
    Spread,
)
from trialwright.design.size import events_schoenfeld, power_schoenfeld

__all__ = [
    "AdverseEvent",
    "Calibrated",
    "Failure",
    "Organ",
    "Piecewise",
    "Scenario",
    "Spread",
    "check_scenario",
    "events_schoenfeld",
    "power_schoenfeld",
]
