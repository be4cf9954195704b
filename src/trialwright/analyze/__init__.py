"""The analysis plan turned into results: every planned number with its method, its reason and its patients."""

from trialwright.analyze.conventions import PRESETS, Conventions, conventions
from trialwright.analyze.imputation import Courses
from trialwright.analyze.methods import METHODS
from trialwright.analyze.rerandomization import RerandomizationTest, rerandomization_test
from trialwright.analyze.run import run
from trialwright.analyze.table import ArmSummary, Question, TableAnalysis, analyze_table
from trialwright.analyze.table_models import Model, Term
from trialwright.analyze.table_results import table_results
from trialwright.analyze.table_rows import Columns, Subjects
from trialwright.analyze.tipping import Imputed, TippingMap, imputed, jump_to_reference, tipping_map

__all__ = [
    "METHODS",
    "PRESETS",
    "ArmSummary",
    "Columns",
    "Conventions",
    "Courses",
    "Imputed",
    "Model",
    "Question",
    "RerandomizationTest",
    "Subjects",
    "TableAnalysis",
    "Term",
    "TippingMap",
    "analyze_table",
    "conventions",
    "imputed",
    "jump_to_reference",
    "rerandomization_test",
    "run",
    "table_results",
    "tipping_map",
]
