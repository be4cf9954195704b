"""What follows from the observations: response, time to event, harms, populations; each row says why and from what."""

from trialwright.derive.baseline import baseline
from trialwright.derive.best_response import best_response
from trialwright.derive.cuts import cut_dates
from trialwright.derive.derived import Derived, tables
from trialwright.derive.discordance import discordance
from trialwright.derive.endings import days_of_scans, gap_limit
from trialwright.derive.partial_dates import ImputationRule, Imputed, impute, possible_days
from trialwright.derive.populations import members, populations
from trialwright.derive.response import response
from trialwright.derive.safety import worst_grades
from trialwright.derive.safety_times import first_adverse_events, safety_follow_up
from trialwright.derive.subjects import SAFETY_PROOFS, subjects
from trialwright.derive.time_to_event import time_to_event

__all__ = [
    "SAFETY_PROOFS",
    "Derived",
    "ImputationRule",
    "Imputed",
    "baseline",
    "best_response",
    "cut_dates",
    "days_of_scans",
    "discordance",
    "first_adverse_events",
    "gap_limit",
    "impute",
    "members",
    "populations",
    "possible_days",
    "response",
    "safety_follow_up",
    "subjects",
    "tables",
    "time_to_event",
    "worst_grades",
]
