"""Mathematics of censored data, counts and proportions: arrays in, numbers out."""

from trialwright.stats.calendar import DAYS_PER_MONTH, DAYS_PER_WEEK, days, months

__all__ = ["DAYS_PER_MONTH", "DAYS_PER_WEEK", "days", "months"]
