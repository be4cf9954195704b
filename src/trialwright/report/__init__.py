"""Documents, tables and figures as functions of Results: the page, its figures as files, the table of a terminal."""

from trialwright.report.inputs import Calibrated, Checked, Compared, Contents
from trialwright.report.terminal import published_table
from trialwright.report.write import write

__all__ = ["Calibrated", "Checked", "Compared", "Contents", "published_table", "write"]
