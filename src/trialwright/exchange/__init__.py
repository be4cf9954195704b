"""Registry records, tables of anybody's making and CDISC formats: names change here only."""

from trialwright.exchange.ars import reporting_event
from trialwright.exchange.comparison import Comparison
from trialwright.exchange.datasets import Dataset, Variable
from trialwright.exchange.formats import convert, read_dataset, read_folder, write_dataset
from trialwright.exchange.registry import compare
from trialwright.exchange.results_file import results_file
from trialwright.exchange.tables import read_table

__all__ = [
    "Comparison",
    "Dataset",
    "Variable",
    "compare",
    "convert",
    "read_dataset",
    "read_folder",
    "read_table",
    "reporting_event",
    "results_file",
    "write_dataset",
]
