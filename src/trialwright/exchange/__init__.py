"""Registry records and, later, CDISC formats: names change here only."""

from trialwright.exchange.comparison import Comparison
from trialwright.exchange.registry import compare

__all__ = ["Comparison", "compare"]
