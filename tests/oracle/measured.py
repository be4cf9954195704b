"""What the comparisons with the references reached: every number found, how far it was off, what was allowed."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SMALLEST = 1e-3
"""A number nearer zero than this is compared as if it were this large: nothing is relative to rounding error."""


@dataclass
class Reached:
    """The comparisons of one quantity of one case: how many numbers, the largest gap, the gap allowed, and its kind."""

    case: str
    what: str
    allowed: float
    kind: str
    references: tuple[str, ...]
    oracle: str
    numbers: int = 0
    gap: float = 0.0


@dataclass
class Ledger:
    """Everything one worker compared."""

    rows: dict[tuple[Any, ...], Reached] = field(default_factory=dict)

    def add(self, row: Reached, numbers: int, gap: float) -> None:
        key = (row.case, row.what, row.allowed, row.kind, row.references, row.oracle)
        kept = self.rows.setdefault(key, row)
        kept.numbers += numbers
        kept.gap = max(kept.gap, gap)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(row) for row in self.rows.values()], indent=0) + "\n")


@dataclass(frozen=True)
class Differences:
    """Comparisons of one test; the ledger keeps what they reached under the references the test claims."""

    ledger: Ledger = field(default_factory=Ledger)
    references: tuple[str, ...] = ()
    oracle: str = ""

    def check(self, case: str, what: str, ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
        """Fail unless ours equals theirs within a relative tolerance, missing and infinite where theirs is."""
        a, b = _shaped(case, what, ours, theirs)
        scale = np.maximum(SMALLEST, np.abs(b))
        self._compare(case, what, a, b, scale, tolerance, "relative")

    def absolute(self, case: str, what: str, ours: Any, theirs: Any, tolerance: float) -> None:
        """Fail unless ours equals theirs within an absolute tolerance."""
        a, b = _shaped(case, what, ours, theirs)
        self._compare(case, what, a, b, np.ones_like(b), tolerance, "absolute")

    def digits(self, case: str, what: str, ours: Any, theirs: Any, digits: int) -> None:
        """Fail unless ours, printed with so many decimals, is what is printed there; a last 5 may fall either way."""
        a, b = _shaped(case, what, ours, theirs)
        self._compare(case, what, a, b, np.ones_like(b), 0.5 * 10**-digits + 1e-12, "printed")

    def answer(self, case: str, what: str) -> None:
        """Note an answer in words, which the test has checked: a refusal, a stated reason for no number."""
        self.ledger.add(Reached(case, what, 0.0, "words", self.references, self.oracle), 0, 0.0)

    def _compare(self, case: str, what: str, a: Any, b: Any, scale: Any, tolerance: float, kind: str) -> None:
        assert (np.isnan(a) == np.isnan(b)).all(), f"{case}: {what}: {a}, reference {b}"
        assert (np.isinf(a) == np.isinf(b)).all(), f"{case}: {what}: {a}, reference {b}"
        assert (a == b)[np.isinf(a)].all(), f"{case}: {what}: {a}, reference {b}"
        known = np.isfinite(a)
        gap = float((np.abs(a[known] - b[known]) / scale[known]).max(initial=0.0))
        row = Reached(case, what, tolerance, kind, self.references, self.oracle)
        self.ledger.add(row, int(known.sum()), gap)
        assert gap <= tolerance, f"{case}: {what}: {a}, reference {b}, {kind} difference {gap:.1e}"


def _shaped(case: str, what: str, ours: Any, theirs: Any) -> tuple[Any, Any]:
    a, b = np.asarray(numbers(ours), float), np.asarray(numbers(theirs), float)
    if b.ndim == 0 and a.shape == (1,):
        b = b.reshape(1)
    assert a.shape == b.shape, f"{case}: {what}: shape {a.shape}, reference {b.shape}"
    return a, b


def numbers(value: Any) -> Any:
    """Return R's numbers with NA, NaN and nothing as nan, and Inf as inf; arrays as they come."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)):
        return [numbers(v) for v in value]
    if value in ("NA", "NaN", None):
        return math.nan
    return {"Inf": math.inf, "-Inf": -math.inf}.get(value, value) if isinstance(value, str) else float(value)
