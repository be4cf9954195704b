"""Mathematics of censored data, counts and proportions: arrays in, numbers out."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.stats.aalen_johansen import Incidence, IncidenceVariance, aalen_johansen
    from trialwright.stats.accelerated_failure import AcceleratedFailure, accelerated_failure
    from trialwright.stats.adjusted_rmst import AdjustedRestrictedMeans, adjusted_restricted_means
    from trialwright.stats.adverse_event_risk import AdverseEventRisk, LabelledRisk, adverse_event_risk
    from trialwright.stats.bands import Band, BandKind, confidence_band, equal_precision_critical, hall_wellner_critical
    from trialwright.stats.batch import BatchResult, analyze_batch
    from trialwright.stats.calendar import DAYS_PER_MONTH, DAYS_PER_WEEK, days, months
    from trialwright.stats.cause_specific import cause_specific_hazards, cause_specific_log_rank
    from trialwright.stats.competing import CompetingTimes
    from trialwright.stats.compiled import kernel
    from trialwright.stats.contingency import fisher_exact, pearson_chi_square
    from trialwright.stats.contrasts import Contrast
    from trialwright.stats.covariate_adjusted import CovariateAdjusted, covariate_adjusted
    from trialwright.stats.cox import CoxFit, HazardRatio, cox
    from trialwright.stats.cox_baseline import BaselineHazard, baseline_hazard
    from trialwright.stats.cox_concordance import Concordance, concordance
    from trialwright.stats.cox_data import CoxData
    from trialwright.stats.cox_inference import profile_hazard_ratios, profile_limits
    from trialwright.stats.cox_regression import Coefficient, CoxRegression, cox_regression
    from trialwright.stats.curve import Beyond, Curve, Flat
    from trialwright.stats.design_matrix import Design, design_matrix
    from trialwright.stats.differences import (
        OneSidedTest,
        farrington_manning,
        mee,
        miettinen_nurminen,
        newcombe,
        wald_difference,
    )
    from trialwright.stats.estimates import Estimate, Test
    from trialwright.stats.event_times import EventTimes
    from trialwright.stats.failure_distributions import Failure
    from trialwright.stats.fine_gray import (
        CensoringTies,
        FineGrayFit,
        SubdistributionHazard,
        SubdistributionTies,
        fine_gray,
    )
    from trialwright.stats.firth import FirthCoefficient, FirthFit, cox_firth
    from trialwright.stats.fitted_cox import FittedCox
    from trialwright.stats.gray import GrayTest, gray_test
    from trialwright.stats.interaction import Interaction, interaction
    from trialwright.stats.interval_censored import IntervalCensored, interval_censored
    from trialwright.stats.interval_times import IntervalTimes
    from trialwright.stats.intervals import Interval
    from trialwright.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier
    from trialwright.stats.landmark import SurvivalDifference, ZTest, survival_difference
    from trialwright.stats.log_rank import LogRank, log_rank
    from trialwright.stats.max_combo import MaxCombo, max_combo
    from trialwright.stats.nelson_aalen import CumulativeHazard, fleming_harrington, nelson_aalen
    from trialwright.stats.normal import any_beyond
    from trialwright.stats.odds import conditional_odds_ratio, miettinen_nurminen_odds_ratio, woolf
    from trialwright.stats.partial_likelihood import TieRule
    from trialwright.stats.piecewise_exponential import (
        PieceHazard,
        PieceRatios,
        PiecewiseExponential,
        RateLimits,
        piecewise_exponential,
    )
    from trialwright.stats.proportional_hazards import ProportionalHazardsTest, proportional_hazards_test
    from trialwright.stats.proportions import (
        agresti_coull,
        clopper_pearson,
        exact_binomial_test,
        jeffreys,
        mid_p,
        wald,
        wilson,
    )
    from trialwright.stats.pseudo_values import Jackknife, pseudo_rmst, pseudo_survival
    from trialwright.stats.rates import exact_rate_test, poisson_rate, rate_difference, rate_ratio, wald_rate_ratio
    from trialwright.stats.ratios import katz, koopman, miettinen_nurminen_ratio
    from trialwright.stats.reallocated import FixedOutcomes
    from trialwright.stats.residuals import CoxResiduals, cox_residuals
    from trialwright.stats.risk_table import RiskTable
    from trialwright.stats.rmst import (
        RestrictedMean,
        RestrictedMeans,
        Tau,
        compare_restricted_means,
        propose_tau,
        restricted_means,
    )
    from trialwright.stats.stratified_differences import (
        DifferenceVariance,
        Weights,
        difference_weights,
        mantel_haenszel_difference,
        stratified_miettinen_nurminen,
        stratified_newcombe,
        stratified_score_test,
    )
    from trialwright.stats.stratified_tables import (
        TwoByTwoTables,
        breslow_day,
        cochran_mantel_haenszel,
        exact_stratified_odds_ratio,
        exact_stratified_test,
        mantel_haenszel_odds_ratio,
        mantel_haenszel_risk_ratio,
    )
    from trialwright.stats.turnbull import IntervalCurve, turnbull
    from trialwright.stats.weights import FlemingHarrington, Gehan, ModestlyWeighted, PetoPeto, TaroneWare, Weight
    from trialwright.stats.wins import EndpointWins, Wins, WinVariance, wins

__all__ = [
    "DAYS_PER_MONTH",
    "DAYS_PER_WEEK",
    "AcceleratedFailure",
    "AdjustedRestrictedMeans",
    "AdverseEventRisk",
    "Band",
    "BandKind",
    "BaselineHazard",
    "BatchResult",
    "Beyond",
    "CensoringTies",
    "Coefficient",
    "CompetingTimes",
    "Concordance",
    "Contrast",
    "CovariateAdjusted",
    "CoxData",
    "CoxFit",
    "CoxRegression",
    "CoxResiduals",
    "CumulativeHazard",
    "Curve",
    "Design",
    "DifferenceVariance",
    "EndpointWins",
    "Estimate",
    "EventTimes",
    "Failure",
    "FineGrayFit",
    "FirthCoefficient",
    "FirthFit",
    "FittedCox",
    "FixedOutcomes",
    "Flat",
    "FlemingHarrington",
    "Gehan",
    "GrayTest",
    "HazardRatio",
    "Incidence",
    "IncidenceVariance",
    "Interaction",
    "Interval",
    "IntervalCensored",
    "IntervalCurve",
    "IntervalTimes",
    "Jackknife",
    "LabelledRisk",
    "LogRank",
    "MaxCombo",
    "ModestlyWeighted",
    "OneSidedTest",
    "PetoPeto",
    "PieceHazard",
    "PieceRatios",
    "PiecewiseExponential",
    "ProportionalHazardsTest",
    "RateLimits",
    "RestrictedMean",
    "RestrictedMeans",
    "RiskTable",
    "SubdistributionHazard",
    "SubdistributionTies",
    "SurvivalDifference",
    "TaroneWare",
    "Tau",
    "Test",
    "TieRule",
    "TwoByTwoTables",
    "Weight",
    "Weights",
    "WinVariance",
    "Wins",
    "ZTest",
    "aalen_johansen",
    "accelerated_failure",
    "adjusted_restricted_means",
    "adverse_event_risk",
    "agresti_coull",
    "analyze_batch",
    "any_beyond",
    "baseline_hazard",
    "breslow_day",
    "cause_specific_hazards",
    "cause_specific_log_rank",
    "clopper_pearson",
    "cochran_mantel_haenszel",
    "compare_restricted_means",
    "concordance",
    "conditional_odds_ratio",
    "confidence_band",
    "covariate_adjusted",
    "cox",
    "cox_firth",
    "cox_regression",
    "cox_residuals",
    "days",
    "design_matrix",
    "difference_weights",
    "equal_precision_critical",
    "exact_binomial_test",
    "exact_rate_test",
    "exact_stratified_odds_ratio",
    "exact_stratified_test",
    "farrington_manning",
    "fine_gray",
    "fisher_exact",
    "fleming_harrington",
    "gray_test",
    "hall_wellner_critical",
    "interaction",
    "interval_censored",
    "jeffreys",
    "kaplan_meier",
    "katz",
    "kernel",
    "koopman",
    "log_rank",
    "mantel_haenszel_difference",
    "mantel_haenszel_odds_ratio",
    "mantel_haenszel_risk_ratio",
    "max_combo",
    "mee",
    "mid_p",
    "miettinen_nurminen",
    "miettinen_nurminen_odds_ratio",
    "miettinen_nurminen_ratio",
    "months",
    "nelson_aalen",
    "newcombe",
    "pearson_chi_square",
    "piecewise_exponential",
    "poisson_rate",
    "profile_hazard_ratios",
    "profile_limits",
    "proportional_hazards_test",
    "propose_tau",
    "pseudo_rmst",
    "pseudo_survival",
    "rate_difference",
    "rate_ratio",
    "restricted_means",
    "reverse_kaplan_meier",
    "stratified_miettinen_nurminen",
    "stratified_newcombe",
    "stratified_score_test",
    "survival_difference",
    "turnbull",
    "wald",
    "wald_difference",
    "wald_rate_ratio",
    "wilson",
    "wins",
    "woolf",
]

lazy_door(__name__)
