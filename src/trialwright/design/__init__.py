"""What is supposed: scenarios, sizes, event numbers."""

from trialwright.design.event_formulas import EventNumber, FixedPlan, event_numbers
from trialwright.design.event_probability import (
    ArmRates,
    ExpectedEvents,
    Steps,
    Stratum,
    SupposedTrial,
    dropout_hazard,
    expected_events,
    time_of_events,
    uniform_accrual,
)
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
from trialwright.design.solve import SolvedDesign, solve_design
from trialwright.design.weighted_log_rank import ExpectedLogRank, expected_log_rank

__all__ = [
    "AdverseEvent",
    "ArmRates",
    "Calibrated",
    "EventNumber",
    "ExpectedEvents",
    "ExpectedLogRank",
    "Failure",
    "FixedPlan",
    "Organ",
    "Piecewise",
    "Scenario",
    "SolvedDesign",
    "Spread",
    "Steps",
    "Stratum",
    "SupposedTrial",
    "check_scenario",
    "dropout_hazard",
    "event_numbers",
    "events_schoenfeld",
    "expected_events",
    "expected_log_rank",
    "power_schoenfeld",
    "solve_design",
    "time_of_events",
    "uniform_accrual",
]
