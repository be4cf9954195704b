"""What was found wrong in datasets: which dataset, which record, by which rule, and what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DatasetFinding", "Severity"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class DatasetFinding:
    """One thing found wrong in a dataset.

    ``record`` is the row in the order of the file, from 1; None where the dataset as a whole is meant. ``values`` are
    the variables that show it. A ``warning`` may turn out to be right after all: the rule cannot see everything.

    >>> DatasetFinding("AE", 3, "AE-END", "ends before it starts", "01-001", values=(("AEENDTC", "2020-01-01"),)).place
    'AE record 3 (01-001)'
    """

    dataset: str
    record: int | None
    rule: str
    what: str
    subject: str | None = None
    sequence: str | None = None
    values: tuple[tuple[str, str | None], ...] = ()
    severity: Severity = "error"

    @property
    def place(self) -> str:
        """Where it is, as a reader would look for it."""
        record = "" if self.record is None else f" record {self.record}"
        return f"{self.dataset}{record}" + (f" ({self.subject})" if self.subject else "")
