"""Two datasets side by side, as PROC COMPARE of SAS and diffdf of R do it: variables, attributes, records, values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset

if TYPE_CHECKING:
    import polars as pl

__all__ = ["AttributeDifference", "DatasetComparison", "VariableDifference", "compare_datasets"]

_OURS, _THEIRS, _TURN = "$left", "$right", "$turn"


@dataclass(frozen=True, slots=True)
class AttributeDifference:
    """One attribute of a variable that differs: its kind, label, length or display format, or its place.

    >>> AttributeDifference("AGE", "label", "Age", "Age (years)").what
    'label'
    """

    variable: str
    what: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class VariableDifference:
    """How many values of a variable differ, and by how much at most where they are numbers.

    >>> VariableDifference("AVAL", 254, 2, 0.5, 0.01).differing
    2
    """

    variable: str
    compared: int
    differing: int
    largest_absolute: float | None = None
    largest_relative: float | None = None


@dataclass(frozen=True, eq=False)
class DatasetComparison:
    """Two datasets beside each other; ``left`` is the one held to, ``right`` the one held against it.

    ``cells`` has one row for each value that differs: left_record and right_record (from 1), key, variable, left and
    right as text. ``only_left`` and ``only_right`` name the records that have no partner by number and key.
    ``repeated_keys`` counts the records whose key an earlier one had; they are paired in their order.

    >>> import polars as pl
    >>> found = compare_datasets(*[Dataset(name, "", (), pl.DataFrame()) for name in ("ADSL", "ADSL")])
    >>> found.same, found.matched
    (True, 0)
    """

    name: str
    keys: tuple[str, ...]
    absolute: float
    relative: float
    left_records: int
    right_records: int
    matched: int
    repeated_keys: int
    variables_only_left: tuple[str, ...]
    variables_only_right: tuple[str, ...]
    attributes: tuple[AttributeDifference, ...]
    variables: tuple[VariableDifference, ...]
    only_left: pl.DataFrame
    only_right: pl.DataFrame
    cells: pl.DataFrame

    @property
    def same(self) -> bool:
        """Whether nothing differs: no variable, attribute, record or value."""
        stray = (self.variables_only_left, self.variables_only_right, self.attributes)
        return not any(stray) and not (len(self.only_left) or len(self.only_right) or len(self.cells))


def compare_datasets(
    left: Dataset, right: Dataset, keys: Sequence[str] = (), *, absolute: float = 0.0, relative: float = 0.0
) -> DatasetComparison:
    """Return how two datasets differ; records are paired by keys, without keys by their order.

    Numbers are equal when they differ by no more than ``absolute``, or than ``relative`` times the larger of the two;
    everything else must be the same. Two missing values are the same; a length that one side does not state is no
    difference. DataError when a dataset lacks a key; ValueError
    for a negative tolerance.

    >>> import polars as pl
    >>> from trialwright.exchange import Variable
    >>> variables = (Variable("USUBJID", "", "text"), Variable("AVAL", "", "number"))
    >>> one, other = (Dataset("ADTTE", "", variables, pl.DataFrame({"USUBJID": ["01", name], "AVAL": [1.0, value]}))
    ...               for name, value in (("02", 2.0), ("02", 2.5)))
    >>> compare_datasets(one, other, ["USUBJID"], absolute=0.1).cells.select("key", "left", "right").rows()
    [('USUBJID=02', '2.0', '2.5')]
    """
    if absolute < 0 or relative < 0:
        raise ValueError(f"a tolerance must not be negative; got absolute={absolute}, relative={relative}")
    keys = tuple(keys)
    ours, theirs = _numbered(left, keys, _OURS), _numbered(right, keys, _THEIRS)
    on = [*keys, _TURN]
    pairs = _paired(ours, theirs, on)
    common = [name for name in left.rows.columns if name in right.rows.columns and name not in keys]
    compared = [_of_variable(pairs, name, keys, absolute, relative) for name in common]
    return DatasetComparison(
        name=left.name,
        keys=keys,
        absolute=absolute,
        relative=relative,
        left_records=len(left),
        right_records=len(right),
        matched=len(pairs),
        repeated_keys=sum(len(side.filter(side[_TURN] > 0)) for side in (ours, theirs)) if keys else 0,
        variables_only_left=tuple(name for name in left.rows.columns if name not in right.rows.columns),
        variables_only_right=tuple(name for name in right.rows.columns if name not in left.rows.columns),
        attributes=_attributes(left, right),
        variables=tuple(each for each, _ in compared),
        only_left=_without_partner(ours, pairs, _OURS, keys),
        only_right=_without_partner(theirs, pairs, _THEIRS, keys),
        cells=_in_order([cells for _, cells in compared]),
    )


def _numbered(dataset: Dataset, keys: tuple[str, ...], name: str) -> pl.DataFrame:
    """Return the rows with their number and, among records of one key, their turn; without keys the turn is the row."""
    import polars as pl

    lacking = [key for key in keys if key not in dataset.rows.columns]
    if lacking:
        known = ", ".join(dataset.rows.columns)
        raise DataError(f"{dataset.source or dataset.name}: there is no variable {', '.join(lacking)}; known: {known}")
    rows = dataset.rows.with_row_index(name, offset=1)
    turn = pl.int_range(pl.len()).over(keys) if keys else pl.int_range(pl.len())
    return rows.with_columns(turn.cast(pl.Int64).alias(_TURN), *(pl.col(key).alias(f"{name}:{key}") for key in keys))


def _paired(ours: pl.DataFrame, theirs: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    import polars as pl

    for name in on:
        if ours.schema[name] != theirs.schema[name]:
            numeric = ours.schema[name].is_numeric() and theirs.schema[name].is_numeric()
            common = pl.Float64() if numeric else pl.String()
            ours, theirs = (side.with_columns(pl.col(name).cast(common)) for side in (ours, theirs))
    return ours.join(theirs, on=on, how="inner", nulls_equal=True, suffix="$", maintain_order="left")


def _without_partner(rows: pl.DataFrame, pairs: pl.DataFrame, number: str, keys: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    alone = rows.filter(~pl.col(number).is_in(pairs[number].implode()))
    return alone.select(pl.col(number).cast(pl.Int64).alias("record"), _key(keys, number).alias("key"))


def _key(keys: tuple[str, ...], number: str) -> pl.Expr:
    """Return the key of a record as a reader would write it; without keys, the record itself."""
    import polars as pl

    if not keys:
        return pl.concat_str(pl.lit("record "), pl.col(number).cast(pl.String))
    parts = [pl.concat_str(pl.lit(f"{key}="), _text(pl.col(f"{number}:{key}")).fill_null("")) for key in keys]
    return pl.concat_str(parts, separator=", ")


def _text(values: pl.Expr) -> pl.Expr:
    import polars as pl

    return values.cast(pl.String)


def _attributes(left: Dataset, right: Dataset) -> tuple[AttributeDifference, ...]:
    found = []
    common = [variable.name for variable in left.variables if variable.name in right.rows.columns]
    for name in common:
        one, other = left[name], right[name]
        for what in ("kind", "label", "length", "display"):
            mine, yours = getattr(one, what), getattr(other, what)
            unstated = what == "length" and None in (mine, yours)  # CSV and numbers of Dataset-JSON state none
            if mine != yours and not unstated:
                found.append(AttributeDifference(name, what, _said(mine), _said(yours)))
    order = [variable.name for variable in right.variables if variable.name in common]
    for at, (mine, yours) in enumerate(zip(common, order, strict=True), start=1):
        if mine != yours:
            found.append(AttributeDifference(mine, "place", str(at), str(order.index(mine) + 1)))
    return tuple(found)


def _said(value: object) -> str | None:
    return None if value is None else str(value)


def _of_variable(
    pairs: pl.DataFrame, name: str, keys: tuple[str, ...], absolute: float, relative: float
) -> tuple[VariableDifference, pl.DataFrame]:
    import polars as pl

    one, other = pairs[name], pairs[f"{name}$"]
    numeric = one.dtype.is_numeric() and other.dtype.is_numeric()
    if numeric:
        differs, by, share = _numbers_differ(one, other, absolute, relative)
    else:
        by, share = None, None
        same_type = one.dtype == other.dtype
        differs = one.ne_missing(other) if same_type else one.cast(pl.String).ne_missing(other.cast(pl.String))
    cells = pairs.filter(differs).select(
        pl.col(_OURS).cast(pl.Int64).alias("left_record"),
        pl.col(_THEIRS).cast(pl.Int64).alias("right_record"),
        _key(keys, _OURS).alias("key"),
        pl.lit(name).alias("variable"),
        _text(pl.col(name)).alias("left"),
        _text(pl.col(f"{name}$")).alias("right"),
    )
    return VariableDifference(name, len(pairs), len(cells), by, share), cells


def _numbers_differ(
    one: pl.Series, other: pl.Series, absolute: float, relative: float
) -> tuple[pl.Series, float | None, float | None]:
    """Return where numbers differ beyond the tolerance, and the largest differences among those."""
    import polars as pl

    left, right = one.cast(pl.Float64), other.cast(pl.Float64)
    frame = pl.DataFrame({"left": left, "right": right}).with_columns(
        (pl.col("left") - pl.col("right")).abs().alias("by"),
        pl.max_horizontal(pl.col("left").abs(), pl.col("right").abs()).alias("size"),
    )
    beyond = pl.col("by") > pl.max_horizontal(pl.lit(absolute), pl.lit(relative) * pl.col("size"))
    one_missing = pl.col("left").is_null() != pl.col("right").is_null()
    differs = frame.select(beyond.fill_null(False) | one_missing).to_series()
    gone = frame.filter(differs & frame["by"].is_not_null())
    if not len(gone):
        return differs, None, None
    return differs, gone.select(pl.col("by").max()).item(), gone.select((pl.col("by") / pl.col("size")).max()).item()


def _in_order(cells: list[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    schema = {"left_record": pl.Int64, "right_record": pl.Int64, "key": pl.String, "variable": pl.String,
              "left": pl.String, "right": pl.String}  # fmt: skip
    return pl.concat([pl.DataFrame(schema=schema), *cells]).sort("left_record", maintain_order=True)
