"""Hy's law: liver enzymes and bilirubin raised together without cholestasis, a sign of severe liver injury."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.laboratory_units import decimal
from trialwright.derive.rows import frame, grouped

if TYPE_CHECKING:
    import polars as pl

__all__ = ["HysLaw", "hys_law"]

_ALT, _AST = "alanine aminotransferase", "aspartate aminotransferase"
_BILIRUBIN, _ALP = "bilirubin", "alkaline phosphatase"

HYS_LAW_COLUMNS = {
    "subject": "text",
    "transaminase_on": "date",
    "transaminase": "text",
    "times_limit": "number",
    "bilirubin_on": "date",
    "bilirubin_times_limit": "number",
    "phosphatase_times_limit": "number",
    "met": "yes/no",
    "why": "text",
    "source": "text",
}


@dataclass(frozen=True)
class HysLaw:
    """The thresholds in multiples of the upper limit of normal, and the days within which both must be passed.

    ALT or AST above ``transaminase``, bilirubin above ``bilirubin`` at most ``days`` later or earlier, alkaline
    phosphatase below ``phosphatase`` on the day of the transaminase (FDA guidance on drug-induced liver injury, July
    2009: 3, 2 and 2). The window is not in the guidance: it is the protocol's.

    >>> HysLaw(days=0)
    HysLaw(days=0, transaminase=3.0, bilirubin=2.0, phosphatase=2.0)
    """

    days: int
    transaminase: float = 3.0
    bilirubin: float = 2.0
    phosphatase: float = 2.0

    def __post_init__(self) -> None:
        if self.days < 0:
            raise ValueError(f"days must be 0 or more; got {self.days}")


class _Multiple(NamedTuple):
    test: str
    on: int
    value: float
    high: float
    source: str

    def above(self, times: float) -> bool:
        """Return whether the value is above so many times its limit, in exact decimals."""
        return decimal(self.value) > decimal(times) * decimal(self.high)

    @property
    def times(self) -> float:
        """The value in multiples of its limit."""
        return self.value / self.high


def hys_law(laboratory: pl.DataFrame, rules: HysLaw) -> pl.DataFrame:
    """Return one row per subject and day on which ALT or AST was above its threshold on treatment, met or not.

    ``laboratory``: rows of ``laboratory``. ``met`` is null where it cannot be told because the bilirubin within the
    window or the alkaline phosphatase of the day is missing; ``why`` says which of the three was not met or is
    missing. Results without a value or an upper limit take no part. Of several bilirubin results the highest multiple
    counts.

    >>> import polars as pl
    >>> from datetime import date
    >>> rows = {"subject": ["01"] * 3, "test": ["alanine aminotransferase", "bilirubin", "alkaline phosphatase"],
    ...         "value": [130.0, 45.0, 90.0], "high": [40.0, 20.0, 100.0], "sampled_on": [date(2024, 1, 8)] * 3,
    ...         "on_treatment": [True] * 3, "source": ["a", "b", "c"]}
    >>> hys_law(pl.DataFrame(rows), HysLaw(days=0)).select("transaminase_on", "times_limit", "met", "why").row(0)
    (datetime.date(2024, 1, 8), 3.25, True, 'all three criteria met')
    """
    import polars as pl

    tests = pl.col("test").is_in([_ALT, _AST, _BILIRUBIN, _ALP])
    usable = pl.col("on_treatment") & pl.col("value").is_not_null() & (pl.col("high") > 0)
    blood = laboratory.filter(tests & usable & pl.col("sampled_on").is_not_null()).sort("subject", "sampled_on")
    names = ("test", "sampled_on", "value", "high", "source")
    rows = []
    for subject, found in grouped(blood, *names).items():
        results = [_Multiple(*row) for row in found]
        rows += [(subject, *row) for row in _days(results, rules)]
    return frame(HYS_LAW_COLUMNS, rows)


def _days(results: Sequence[_Multiple], rules: HysLaw) -> Iterator[tuple[object, ...]]:
    """Yield the columns after the subject for each day with a raised transaminase, the higher multiple of the day."""
    raised: dict[int, _Multiple] = {}
    for each in results:
        if each.test in (_ALT, _AST) and each.above(rules.transaminase):
            raised[each.on] = max(raised.get(each.on, each), each, key=lambda one: one.times)
    for on, enzyme in raised.items():
        near = [each for each in results if each.test == _BILIRUBIN and abs(each.on - on) <= rules.days]
        same = [each for each in results if each.test == _ALP and each.on == on]
        bilirubin = max(near, key=lambda one: one.times, default=None)
        phosphatase = max(same, key=lambda one: one.times, default=None)
        met, why = _verdict(bilirubin, phosphatase, rules)
        sources = "; ".join(each.source for each in (enzyme, bilirubin, phosphatase) if each)
        second = (bilirubin.on, bilirubin.times) if bilirubin else (None, None)
        yield on, enzyme.test, enzyme.times, *second, phosphatase.times if phosphatase else None, met, why, sources


def _verdict(bilirubin: _Multiple | None, phosphatase: _Multiple | None, rules: HysLaw) -> tuple[bool | None, str]:
    if bilirubin is not None and not bilirubin.above(rules.bilirubin):
        return False, f"bilirubin not above {rules.bilirubin:g} x its limit within {rules.days} days"
    if phosphatase is not None and not _below(phosphatase, rules.phosphatase):
        return False, f"alkaline phosphatase not below {rules.phosphatase:g} x its limit"
    if bilirubin is None:
        return None, f"no bilirubin within {rules.days} days"
    if phosphatase is None:
        return None, "no alkaline phosphatase on the day"
    return True, "all three criteria met"


def _below(result: _Multiple, times: float) -> bool:
    return decimal(result.value) < decimal(times) * decimal(result.high)
