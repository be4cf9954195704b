"""The rules within an analysis dataset, as values.

CDISC publishes no rules for ADaM that run; these follow the text of the ADaM Implementation Guide 1.3 (keys, PARAM and
PARAMCD one to one, BASE and CHG, baseline flags) and of the ADaM Basic Data Structure for Time-to-Event 1.0 (CNSR,
ADT, STARTDT).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.specification import DatasetSpec

__all__ = ["CHECKS", "Check"]

TOLERANCE = 1e-9
"""By how much a change may differ from the difference it is."""


@dataclass(frozen=True)
class Check:
    """One rule: the variables it needs, which rows break it, and what it says of them."""

    name: str
    says: str
    needs: frozenset[str]
    broken: Callable[[DatasetSpec], pl.Expr]
    shows: tuple[str, ...]


def _expression(make: Callable[[], pl.Expr]) -> Callable[[DatasetSpec], pl.Expr]:
    return lambda spec: make()


def _repeated(spec: DatasetSpec) -> pl.Expr:
    import polars as pl

    return pl.struct(spec.keys).is_duplicated()


def _two_names() -> pl.Expr:
    import polars as pl

    names, codes = pl.col("PARAM").n_unique().over("PARAMCD"), pl.col("PARAMCD").n_unique().over("PARAM")
    return (names > 1) | (codes > 1)


def _not_change() -> pl.Expr:
    import polars as pl

    due = pl.col("AVAL") - pl.col("BASE")
    return ((pl.col("CHG") - due).abs() > TOLERANCE) | (pl.col("CHG").is_not_null() & due.is_null())


def _not_percent() -> pl.Expr:
    import polars as pl

    due = 100 * pl.col("CHG") / pl.col("BASE")
    zero = (pl.col("BASE") == 0) & pl.col("PCHG").is_not_null()
    return zero | ((pl.col("BASE") != 0) & ((pl.col("PCHG") - due).abs() > TOLERANCE))


def _baselines() -> pl.Expr:
    import polars as pl

    return (pl.col("ABLFL") == "Y").sum().over("USUBJID", "PARAMCD") > 1


def _not_base() -> pl.Expr:
    import polars as pl

    flagged = pl.col("AVAL").filter(pl.col("ABLFL") == "Y").first().over("USUBJID", "PARAMCD")
    return (pl.col("BASE") - flagged).abs() > TOLERANCE


def _not_days() -> pl.Expr:
    import polars as pl

    return pl.col("AVAL") != (pl.col("ADT") - pl.col("STARTDT")).dt.total_days() + 1


def _described() -> pl.Expr:
    import polars as pl

    return (pl.col("CNSR") == 0) == pl.col("CNSDTDSC").is_not_null()


def _half_traced() -> pl.Expr:
    import polars as pl

    return pl.col("SRCDOM").is_null() != pl.col("SRCVAR").is_null()


def _untraced() -> pl.Expr:
    import polars as pl

    return pl.col("ADT").is_not_null() & (pl.col("SRCDOM").is_null() | pl.col("SRCREC").is_null())


def _before_start() -> pl.Expr:
    import polars as pl

    return pl.col("ADT") < pl.col("STARTDT")


def _no_day_zero() -> pl.Expr:
    import polars as pl

    return pl.col("ADY") == 0


def _check(name: str, says: str, make: Callable[[], pl.Expr], *needs: str) -> Check:
    return Check(name, says, frozenset(needs), _expression(make), needs)


CHECKS: tuple[Check, ...] = (
    Check("keys", "another row has the same keys", frozenset(), _repeated, ("PARAMCD", "ADT", "ASEQ")),
    _check("one PARAM", "PARAM and PARAMCD must be one to one", _two_names, "PARAM", "PARAMCD"),
    _check("change", "CHG, where it is given, must be AVAL - BASE", _not_change, "AVAL", "BASE", "CHG"),
    _check("percent change", "PCHG must be 100 CHG / BASE, empty where BASE is 0", _not_percent, "BASE", "CHG", "PCHG"),
    _check("one baseline", "one row of a subject and parameter may be the baseline", _baselines, "ABLFL", "PARAMCD"),
    _check("baseline", "BASE must be AVAL of the row with ABLFL", _not_base, "AVAL", "BASE", "ABLFL", "PARAMCD"),
    _check("days", "AVAL must be ADT - STARTDT + 1", _not_days, "AVAL", "ADT", "STARTDT", "CNSR"),
    _check("order of dates", "ADT must not be before STARTDT", _before_start, "ADT", "STARTDT"),
    _check("censor date", "CNSDTDSC stands with censoring and not with an event", _described, "CNSR", "CNSDTDSC"),
    _check("source", "SRCDOM and SRCVAR stand together", _half_traced, "SRCDOM", "SRCVAR"),
    _check("traceable", "a dated row must name its source", _untraced, "ADT", "SRCDOM", "SRCREC"),
    _check("study day", "there is no day 0", _no_day_zero, "ADY"),
)
"""The rules within a dataset; each applies where its variables are."""
