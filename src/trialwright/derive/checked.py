"""A derived table together with what was wrong in the data it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import Finding

__all__ = ["Checked"]


class Checked(NamedTuple):
    """Derived rows, and the findings: records that were used in part, marked, or left out.

    >>> import polars as pl
    >>> Checked(pl.DataFrame({"subject": ["01"]}), ()).findings
    ()
    """

    rows: pl.DataFrame
    findings: tuple[Finding, ...]
