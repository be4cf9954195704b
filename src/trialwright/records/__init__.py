"""What was observed: the tables of TrialData and their schemas."""

from trialwright.records.findings import Finding
from trialwright.records.tables import TABLES, Column, Table
from trialwright.records.trial_data import TrialData

__all__ = ["TABLES", "Column", "Finding", "Table", "TrialData"]
