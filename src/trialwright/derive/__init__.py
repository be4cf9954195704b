"""What follows from the observations: response, time to event, harms, populations; each row says why and from what."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.derive.adjudication import accepted_responses
    from trialwright.derive.adverse_events import AdverseEventRules, adverse_event_rules, adverse_events
    from trialwright.derive.baseline import baseline
    from trialwright.derive.baseline_disease import baseline_disease
    from trialwright.derive.best_response import best_response
    from trialwright.derive.checked import Checked
    from trialwright.derive.ctcae import (
        PRESUMPTIONS,
        Condition,
        Grade,
        GradeRule,
        LabResult,
        grade_result,
        grade_rules,
        lab_tests,
        terms_without_numbers,
    )
    from trialwright.derive.cuts import cut_dates
    from trialwright.derive.derived import Derived, tables
    from trialwright.derive.discordance import discordance
    from trialwright.derive.event_counts import count_adverse_events
    from trialwright.derive.event_queries import EventQuery, match_queries, queries_from_rows
    from trialwright.derive.exposure import exposure
    from trialwright.derive.hys_law import HysLaw, hys_law
    from trialwright.derive.laboratory import LAB_TEMPLATE, LabRules, laboratory
    from trialwright.derive.laboratory_units import convert, known_unit, unit_factor
    from trialwright.derive.measurability import MEASURABILITY, BaselineLesion, MeasurabilityRule, measurability
    from trialwright.derive.order_checks import order_findings
    from trialwright.derive.partial_dates import ImputationRule, Imputed, impute, possible_days
    from trialwright.derive.plan import Plan
    from trialwright.derive.populations import analysis_set, members, populations
    from trialwright.derive.recorded import record_findings, recorded_response
    from trialwright.derive.response import response
    from trialwright.derive.response_discrepancies import REASONS, DiscrepancyReason, response_discrepancies
    from trialwright.derive.rule_sets import RULE_SETS, RuleSet, rule_set, under
    from trialwright.derive.ruled import with_rules
    from trialwright.derive.safety import worst_grades
    from trialwright.derive.safety_tables import SafetyTables, lab_rules, safety_tables
    from trialwright.derive.safety_times import first_adverse_events, safety_follow_up
    from trialwright.derive.settings import DerivationSettings, load_settings
    from trialwright.derive.shifts import shifts
    from trialwright.derive.side_by_side import differences, side_by_side
    from trialwright.derive.situations import days_of_scans, gap_limit, missed_scans
    from trialwright.derive.strata import true_strata
    from trialwright.derive.subjects import PROOFS, SAFETY_PROOFS, subjects
    from trialwright.derive.time_to_event import time_to_event
    from trialwright.derive.trace import trace
    from trialwright.derive.tumor_checks import TUMOR_CHECKS, TumorCheck, tumor_checks

__all__ = [
    "LAB_TEMPLATE",
    "MEASURABILITY",
    "PRESUMPTIONS",
    "PROOFS",
    "REASONS",
    "RULE_SETS",
    "SAFETY_PROOFS",
    "TUMOR_CHECKS",
    "AdverseEventRules",
    "BaselineLesion",
    "Checked",
    "Condition",
    "DerivationSettings",
    "Derived",
    "DiscrepancyReason",
    "EventQuery",
    "Grade",
    "GradeRule",
    "HysLaw",
    "ImputationRule",
    "Imputed",
    "LabResult",
    "LabRules",
    "MeasurabilityRule",
    "Plan",
    "RuleSet",
    "SafetyTables",
    "TumorCheck",
    "accepted_responses",
    "adverse_event_rules",
    "adverse_events",
    "analysis_set",
    "baseline",
    "baseline_disease",
    "best_response",
    "convert",
    "count_adverse_events",
    "cut_dates",
    "days_of_scans",
    "differences",
    "discordance",
    "exposure",
    "first_adverse_events",
    "gap_limit",
    "grade_result",
    "grade_rules",
    "hys_law",
    "impute",
    "known_unit",
    "lab_rules",
    "lab_tests",
    "laboratory",
    "load_settings",
    "match_queries",
    "measurability",
    "members",
    "missed_scans",
    "order_findings",
    "populations",
    "possible_days",
    "queries_from_rows",
    "record_findings",
    "recorded_response",
    "response",
    "response_discrepancies",
    "rule_set",
    "safety_follow_up",
    "safety_tables",
    "shifts",
    "side_by_side",
    "subjects",
    "tables",
    "terms_without_numbers",
    "time_to_event",
    "trace",
    "true_strata",
    "tumor_checks",
    "under",
    "unit_factor",
    "with_rules",
    "worst_grades",
]

lazy_door(__name__)
