"""What was found: one long table, the only thing a report may read."""

from trialwright.results.results import Method, Result, Results, result_key

__all__ = ["Method", "Result", "Results", "result_key"]
