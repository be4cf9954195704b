"""What can go wrong, as one tree.

TrialwrightError            something the user can put right; the message says what, where and how
├── DocumentError           a protocol, scenario, claims or registry file that cannot be used as it stands
│   └── RuleError           a rule of the protocol that cannot be read, typed or evaluated
├── DataError               a table of observations that breaks its schema
├── OutputError             a result that cannot be written where it was asked for
├── WorkerError             workers that cannot be reached, or that gave up
└── CheckFailed             everything ran, and a check the user asked for says no

A wrong argument to a function stays a plain ``ValueError``.
"""

__all__ = ["CheckFailed", "DataError", "DocumentError", "OutputError", "RuleError", "TrialwrightError", "WorkerError"]


class TrialwrightError(Exception):
    """Something the user can put right."""


class DocumentError(TrialwrightError):
    """A file that cannot be used as it stands."""


class RuleError(DocumentError):
    """A rule that cannot be read, typed or evaluated."""

    offset: int | None = None
    """Place of the fault within the text of the rule, counted from 0."""


class DataError(TrialwrightError):
    """A table that breaks its schema."""


class OutputError(TrialwrightError):
    """A result that cannot be written where it was asked for."""


class WorkerError(TrialwrightError):
    """Workers that cannot be reached, or that gave up."""


class CheckFailed(TrialwrightError):  # noqa: N818 - a verdict, not a fault
    """A check the user asked for says no."""
