"""Mathematics of censored data, counts and proportions: arrays in, numbers out."""

from trialwright.stats.batch import BatchResult, analyze_batch
from trialwright.stats.calendar import DAYS_PER_MONTH, DAYS_PER_WEEK, days, months
from trialwright.stats.compiled import kernel
from trialwright.stats.covariate_adjusted import CovariateAdjusted, covariate_adjusted
from trialwright.stats.cox import CoxFit, HazardRatio, cox
from trialwright.stats.curve import Beyond, Curve, Flat
from trialwright.stats.estimates import Estimate, Test
from trialwright.stats.event_times import EventTimes
from trialwright.stats.fitted_cox import FittedCox
from trialwright.stats.interaction import Interaction, interaction
from trialwright.stats.intervals import Interval
from trialwright.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from trialwright.stats.log_rank import LogRank, log_rank
from trialwright.stats.max_combo import MaxCombo, max_combo
from trialwright.stats.partial_likelihood import TieRule
from trialwright.stats.proportional_hazards import ProportionalHazardsTest, proportional_hazards_test
from trialwright.stats.proportions import clopper_pearson, fisher_exact, newcombe, pearson_chi_square, wilson
from trialwright.stats.residuals import CoxResiduals, cox_residuals
from trialwright.stats.risk_table import RiskTable
from trialwright.stats.weights import FlemingHarrington, Gehan, ModestlyWeighted, PetoPeto, TaroneWare, Weight

__all__ = [
    "DAYS_PER_MONTH",
    "DAYS_PER_WEEK",
    "BatchResult",
    "Beyond",
    "CovariateAdjusted",
    "CoxFit",
    "CoxResiduals",
    "Curve",
    "Estimate",
    "EventTimes",
    "FittedCox",
    "Flat",
    "FlemingHarrington",
    "Gehan",
    "HazardRatio",
    "Interaction",
    "Interval",
    "LogRank",
    "MaxCombo",
    "ModestlyWeighted",
    "PetoPeto",
    "ProportionalHazardsTest",
    "RiskTable",
    "TaroneWare",
    "Test",
    "TieRule",
    "Weight",
    "analyze_batch",
    "clopper_pearson",
    "covariate_adjusted",
    "cox",
    "cox_residuals",
    "days",
    "fisher_exact",
    "interaction",
    "kaplan_meier",
    "kernel",
    "log_rank",
    "max_combo",
    "months",
    "newcombe",
    "pearson_chi_square",
    "proportional_hazards_test",
    "reverse_kaplan_meier",
    "wilson",
]
