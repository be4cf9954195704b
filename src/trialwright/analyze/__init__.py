"""The analysis plan turned into results: every planned number with its method, its reason and its patients."""

from trialwright.analyze.methods import METHODS
from trialwright.analyze.run import run

__all__ = ["METHODS", "run"]
