"""Documents, tables and figures as functions of Results: the page, its figures as files, the table of a terminal."""

from trialwright.report.card import card_page
from trialwright.report.evidence_page import EvidenceContents, evidence_page
from trialwright.report.funnel import funnel_plot
from trialwright.report.km_figure import km_figure
from trialwright.report.milestone_figure import CountOnDate, milestone_figure
from trialwright.report.synthesis_forest import synthesis_forest
from trialwright.report.terminal import published_table
from trialwright.report.write import write

__all__ = [
    "CountOnDate",
    "EvidenceContents",
    "card_page",
    "evidence_page",
    "funnel_plot",
    "km_figure",
    "milestone_figure",
    "published_table",
    "synthesis_forest",
    "write",
]
