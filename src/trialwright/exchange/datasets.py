"""A dataset as data managers know it: named, labeled variables in an order, rows, and where it came from.

All formats read into this and are written from it; the CDISC names inside are those of the file. Dates stay as they
are written there: ISO 8601 text in SDTM, numbers with a display format in ADaM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Dataset", "Variable"]

Kind = Literal["text", "integer", "number", "date", "datetime", "time"]


@dataclass(frozen=True)
class Variable:
    """One variable: ``kind`` is what the values are; ``length`` counts bytes of text, None where nothing says it.

    A ``date`` is whole days and a ``datetime`` or ``time`` whole seconds inside; ``display`` is the format a SAS user
    expects, such as DATE9. The polars types that hold the kinds are String, Int64, Float64, Date, Datetime("us")
    without a time zone, and Time. Dates that may be partial, and so all dates of SDTM, are ``text``.

    >>> Variable("AGE", "Age", "integer").length is None
    True
    """

    name: str
    label: str
    kind: Kind
    length: int | None = None
    display: str | None = None
    codelist: str | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of one dataset; the columns of ``rows`` are the variables, in their order.

    Text that is empty in the file is null: SDTM has one kind of missing. ``warnings`` says what a tolerant reader
    passed over. DataError when variables and columns differ, in name, order or type.

    >>> import polars as pl
    >>> dm = Dataset("DM", "Demographics", (Variable("USUBJID", "Unique Subject Identifier", "text"),),
    ...              pl.DataFrame({"USUBJID": ["01-001"]}))
    >>> len(dm)
    1
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    rows: pl.DataFrame
    keys: tuple[str, ...] = ()
    source: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [variable.name for variable in self.variables]
        if names != self.rows.columns:
            stray = sorted(set(names) ^ set(self.rows.columns)) or ["their order"]
            raise DataError(
                f"{self.source or self.name}: variables and columns must be the same; differing: {', '.join(stray)}"
            )
        for variable in self.variables:
            if (found := self.rows.schema[variable.name]) != (due := dtype(variable.kind)):
                where = f"{self.source or self.name}: {variable.name}"
                raise DataError(
                    f"{where}, of kind {variable.kind}, must be held as {due}; got {found}; cast the column"
                )

    def __len__(self) -> int:
        return self.rows.height

    def __getitem__(self, name: str) -> Variable:
        """Return a variable; DataError when there is none of that name, with those there are."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        known = ", ".join(variable.name for variable in self.variables)
        raise DataError(f"{self.source or self.name}: there is no variable {name!r}; known: {known}")


def dtype(kind: Kind) -> pl.DataType:
    """Return the polars type that holds values of a kind.

    >>> dtype("integer")
    Int64
    """
    import polars as pl

    held: dict[Kind, pl.DataType] = {
        "text": pl.String(),
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us"),
        "time": pl.Time(),
    }
    return held[kind]
