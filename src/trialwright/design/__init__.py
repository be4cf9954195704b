"""What is supposed: scenarios, sizes, event numbers."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.design.average_hazard_ratio import ExpectedHazardRatio, expected_hazard_ratio
    from trialwright.design.boundaries import (
        Boundaries,
        Futility,
    )
    from trialwright.design.center_arrivals import PlannedCenters
    from trialwright.design.classical_boundaries import (
        haybittle_peto_boundaries,
        wang_tsiatis_boundaries,
    )
    from trialwright.design.conditional import (
        Outlook,
        conditional_power,
        outlook,
        predictive_power,
    )
    from trialwright.design.event_forecast import Interim, InterimFit, fit_interim, forecast_interim
    from trialwright.design.event_formulas import EventNumber, FixedPlan, event_numbers
    from trialwright.design.event_models import AveragedModel, EventModel, FittedModel, fit_event_models
    from trialwright.design.event_probability import (
        ArmRates,
        ExpectedEvents,
        Steps,
        Stratum,
        SupposedTrial,
        dropout_hazard,
        expected_events,
        scaled_accrual,
        time_of_events,
        uniform_accrual,
    )
    from trialwright.design.expected_test import ExpectedTest
    from trialwright.design.fit import check_scenario
    from trialwright.design.fitted_steps import SteppedCurve, log_normal_steps, steps_of_curve, weibull_steps
    from trialwright.design.forecast_calibration import ForecastCalibration, forecast_calibration
    from trialwright.design.hazard_ratios import hazard_ratio_at, log_rank_mean
    from trialwright.design.infeasible import InfeasibleDesignError
    from trialwright.design.inference import (
        FinalInference,
        final_inference,
        repeated_interval,
        repeated_p,
    )
    from trialwright.design.milestone_design import ExpectedMilestone, expected_milestone
    from trialwright.design.milestones import Forecast, Prediction, Probability
    from trialwright.design.operating import (
        drift_for_power,
        expected_information,
        group_sequential_power,
        inflation_factor,
    )
    from trialwright.design.pampallona_tsiatis import pampallona_tsiatis_boundaries
    from trialwright.design.planned_course import PlannedStratum
    from trialwright.design.planned_milestones import PlannedMilestones, forecast_plan
    from trialwright.design.priors import NormalPrior
    from trialwright.design.recruitment_forecast import Centers, RecruitmentFit, fit_recruitment
    from trialwright.design.recursion import (
        Crossing,
        crossing_probabilities,
    )
    from trialwright.design.rmst_design import ExpectedRestrictedMean, expected_restricted_mean
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
    from trialwright.design.sizes_by_test import sizes_by_test
    from trialwright.design.solve import SolvedDesign, solve_design
    from trialwright.design.spending import (
        Spending,
    )
    from trialwright.design.spending_boundaries import (
        observed_boundaries,
        spending_boundaries,
    )
    from trialwright.design.success_probability import assurance
    from trialwright.design.survival_looks import SurvivalLook, SurvivalLooks, planned_looks, survival_looks
    from trialwright.design.weighted_log_rank import ExpectedLogRank, expected_log_rank

__all__ = [
    "AdverseEvent",
    "ArmRates",
    "AveragedModel",
    "Boundaries",
    "Calibrated",
    "Centers",
    "Crossing",
    "EventModel",
    "EventNumber",
    "ExpectedEvents",
    "ExpectedHazardRatio",
    "ExpectedLogRank",
    "ExpectedMilestone",
    "ExpectedRestrictedMean",
    "ExpectedTest",
    "Failure",
    "FinalInference",
    "FittedModel",
    "FixedPlan",
    "Forecast",
    "ForecastCalibration",
    "Futility",
    "InfeasibleDesignError",
    "Interim",
    "InterimFit",
    "NormalPrior",
    "Organ",
    "Outlook",
    "Piecewise",
    "PlannedCenters",
    "PlannedMilestones",
    "PlannedStratum",
    "Prediction",
    "Probability",
    "RecruitmentFit",
    "Scenario",
    "SolvedDesign",
    "Spending",
    "Spread",
    "SteppedCurve",
    "Steps",
    "Stratum",
    "SupposedTrial",
    "SurvivalLook",
    "SurvivalLooks",
    "assurance",
    "check_scenario",
    "conditional_power",
    "crossing_probabilities",
    "drift_for_power",
    "dropout_hazard",
    "event_numbers",
    "events_schoenfeld",
    "expected_events",
    "expected_hazard_ratio",
    "expected_information",
    "expected_log_rank",
    "expected_milestone",
    "expected_restricted_mean",
    "final_inference",
    "fit_event_models",
    "fit_interim",
    "fit_recruitment",
    "forecast_calibration",
    "forecast_interim",
    "forecast_plan",
    "group_sequential_power",
    "haybittle_peto_boundaries",
    "hazard_ratio_at",
    "inflation_factor",
    "log_normal_steps",
    "log_rank_mean",
    "observed_boundaries",
    "outlook",
    "pampallona_tsiatis_boundaries",
    "planned_looks",
    "power_schoenfeld",
    "predictive_power",
    "repeated_interval",
    "repeated_p",
    "scaled_accrual",
    "sizes_by_test",
    "solve_design",
    "spending_boundaries",
    "steps_of_curve",
    "survival_looks",
    "time_of_events",
    "uniform_accrual",
    "wang_tsiatis_boundaries",
    "weibull_steps",
]

lazy_door(__name__)
