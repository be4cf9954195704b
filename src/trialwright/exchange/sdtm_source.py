"""Reading SDTM domains column by column: what is missing is null, what is wrong is a finding, nothing stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.derive import possible_days
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.delimited import is_numeric_variable
from trialwright.exchange.sdtm_settings import SdtmSettings
from trialwright.records import TABLES, Finding, Table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RECORD", "Source", "day", "earliest", "fitted", "mapped"]

RECORD = "_record"
"""Column that says from which record a row was read, until the row is in its table."""


@dataclass(frozen=True)
class Source:
    """The datasets of a study, how they are read, and what was found wrong with them."""

    datasets: Mapping[str, Dataset]
    settings: SdtmSettings
    findings: list[Finding] = field(default_factory=list)

    def found(self, dataset: str, record: str, rule: str, what: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(dataset, record, rule, what))

    def rows(self, domain: str, *columns: str, needed: tuple[str, ...] = ()) -> pl.DataFrame | None:
        """Return the columns of a domain with ``subject`` and the record's name; None when it cannot be read.

        A column that is not there is null; one of ``needed`` that is not there, and a domain of ``needed`` that is not
        there, are findings. Rows of subjects that DM does not know are left out and counted.
        """
        import polars as pl

        frame = self.raw(domain, needed=bool(needed))
        if frame is None or not self._has(domain, frame, needed):
            return None
        there = set(frame.columns)
        chosen = [_column(frame, name) if name in there else pl.lit(None, pl.String).alias(name) for name in columns]
        record = _record(domain, there)
        known = frame.select("USUBJID", *chosen, record).join(self.subjects, on="USUBJID", how="left")
        self._report_unknown(domain, known)
        return known.filter(pl.col("subject").is_not_null()).drop("USUBJID")

    def not_read(self, domain: str, rows: pl.DataFrame, variable: str) -> None:
        """Count records that have no place in the tables, by the value that says so."""
        for value, count in rows.group_by(variable).len().sort(variable).iter_rows():
            what = f"{count} records with {variable} {value or 'empty'} have no place in the trial data; not read"
            self.found(domain, "", f"{variable} that is read", what)

    def raw(self, domain: str, *, needed: bool = False) -> pl.DataFrame | None:
        """Return the rows of a domain as they are; of one that is split (LBCH, LBHE) the rows of all its parts."""
        import polars as pl

        name = self.settings.datasets.get(domain, domain)
        if name in self.datasets:
            return self.datasets[name].rows
        parts = [one.rows for part, one in self.datasets.items() if self._is_part(part, one, domain)]
        if not parts and needed:
            self.found(domain, "", "missing dataset", f"{name} is not among {', '.join(self.datasets)}")
        return pl.concat(parts, how="diagonal_relaxed") if parts else None

    def _is_part(self, name: str, dataset: Dataset, domain: str) -> bool:
        """Tell whether a dataset is part of a split domain: four letters at most, with the domain inside."""
        if domain in self.settings.datasets or not name.startswith(domain) or len(name) > 4:
            return False
        return "DOMAIN" in dataset.rows.columns and dataset.rows["DOMAIN"].unique().to_list() == [domain]

    @property
    def subjects(self) -> pl.DataFrame:
        """USUBJID and subject of everybody in DM, once each."""
        import polars as pl

        frame = self.raw("DM")
        if frame is None or "USUBJID" not in frame.columns:
            return pl.DataFrame(schema={"USUBJID": pl.String, "subject": pl.String})
        identifier = self.settings.subject if self.settings.subject in frame.columns else "USUBJID"
        named = frame.select("USUBJID", pl.coalesce(identifier, "USUBJID").alias("subject"))
        return named.drop_nulls("USUBJID").unique("USUBJID", keep="first", maintain_order=True)

    def _has(self, domain: str, frame: pl.DataFrame, needed: tuple[str, ...]) -> bool:
        missing = [name for name in ("USUBJID", *needed) if name not in frame.columns]
        for name in missing:
            self.found(domain, "", "missing column", f"{name} is not among {', '.join(frame.columns)}")
        return not missing

    def _report_unknown(self, domain: str, rows: pl.DataFrame) -> None:
        import polars as pl

        unknown = rows.filter(pl.col("subject").is_null())
        for usubjid, count in unknown.group_by("USUBJID", maintain_order=True).len().iter_rows():
            what = f"{count} records of {usubjid or 'nobody'}, who is not in DM, are left out"
            self.found(domain, f"USUBJID {usubjid}", "subject not in DM", what)


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column, as text where SDTM has text: a file may hold the grades 1 to 5 as numbers."""
    import polars as pl

    numeric = frame.schema[name].is_numeric()
    whole = pl.col(name).cast(pl.String).str.strip_suffix(".0") if numeric else pl.col(name).cast(pl.String)
    return pl.col(name) if numeric and is_numeric_variable(name) else whole.alias(name)


def mapped(column: pl.Expr, by: Mapping[str, Any], kind: pl.DataType) -> pl.Expr:
    """Return what each text stands for, null where the mapping does not know it."""
    import polars as pl

    if not by:
        return pl.lit(None, kind)
    return column.replace_strict(list(by), pl.Series(list(by.values()), dtype=kind), default=None, return_dtype=kind)


def _record(domain: str, there: set[str]) -> pl.Expr:
    import polars as pl

    sequence = f"{domain[:2]}SEQ"
    parts = [pl.lit(domain), pl.col("USUBJID").fill_null("?")]
    if sequence in there:
        parts += [pl.lit(sequence), pl.col(sequence).cast(pl.Int64, strict=False).cast(pl.String).fill_null("?")]
    return pl.concat_str(parts, separator=" ").alias(RECORD)


def day(source: Source, domain: str, rows: pl.DataFrame, variable: str) -> pl.Expr:
    """Return the whole date in an ISO 8601 text, null where it is partial or impossible, which are findings."""
    import polars as pl

    whole = _whole(variable)
    for written, record in rows.filter(pl.col(variable).is_not_null() & whole.is_null())[
        [variable, RECORD]
    ].iter_rows():
        partial = _is_partial(written)
        rule = "partial date" if partial else "impossible date"
        source.found(domain, record, rule, f"{variable} is {written!r}; the day is taken as not known")
    return whole


def earliest(source: Source, domain: str, rows: pl.DataFrame, variable: str) -> pl.Series:
    """Return the whole date in an ISO 8601 text or the first day that a partial one can mean, which is a finding."""
    import polars as pl

    days = []
    for written, record in rows.select(variable, RECORD).iter_rows():
        found = _possible(written)
        if found is None and written is not None:
            source.found(domain, record, "impossible date", f"{variable} is {written!r}; the day is taken as not known")
        elif found is not None and found[0] != found[1]:
            source.found(domain, record, "imputed date", f"{variable} is {written!r}; {found[0]} is taken")
        days.append(found and found[0])
    return pl.Series(days, dtype=pl.Date)


def _whole(variable: str) -> pl.Expr:
    import polars as pl

    return pl.col(variable).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def _possible(text: str | None) -> tuple[date, date] | None:
    try:
        return possible_days(text)
    except ValueError:
        return None


def _is_partial(text: str) -> bool:
    """Tell whether a text is a date of which parts are missing: 2014, 2014-01, 2014---15, --05."""
    try:
        days = possible_days(text)
    except ValueError:
        return False
    return days is None or days[0] != days[1]


def fitted(source: Source, name: str, rows: pl.DataFrame | None, domain: str) -> pl.DataFrame:
    """Return the rows that the table can hold, in their order; every other row is a finding that says why."""
    import polars as pl

    table = TABLES[name]
    columns = [column.name for column in table.columns]
    if rows is None:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
    rows = rows.with_columns(pl.lit(None).alias(missing) for missing in columns if missing not in rows.columns)
    rows = _with_known_values(source, table, _with_required(source, table, rows, domain), domain)
    return _without_doubles(source, table, rows, domain).select(columns)


def _with_required(source: Source, table: Table, rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    import polars as pl

    for column in table.columns:
        if column.required:
            for record in rows.filter(pl.col(column.name).is_null())[RECORD]:
                what = f"{column.label.lower()} is not known; left out of {table.name}"
                source.found(domain, record, f"{table.name} need {column.name}", what)
            rows = rows.filter(pl.col(column.name).is_not_null())
    return rows


def _with_known_values(source: Source, table: Table, rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    import polars as pl

    for column in table.columns:
        if column.values:
            bad = pl.col(column.name).is_not_null() & ~pl.col(column.name).is_in(list(column.values))
            for value, record in rows.filter(bad).select(column.name, RECORD).iter_rows():
                what = f"{value!r} is none of {', '.join(column.values)}; left out of {table.name}"
                source.found(domain, record, f"{column.name} of {table.name}", what)
            rows = rows.filter(~bad)
    return rows


def _without_doubles(source: Source, table: Table, rows: pl.DataFrame, domain: str) -> pl.DataFrame:
    import polars as pl

    first = rows.select(pl.struct(table.key).is_first_distinct()).to_series()
    for row in rows.filter(~first).select(*table.key, RECORD).iter_rows():
        which = ", ".join(f"{name} {value}" for name, value in zip(table.key, row, strict=False))
        what = f"a second record of {which}; the first is kept, this one left out of {table.name}"
        source.found(domain, row[-1], f"{table.name} once for each {', '.join(table.key)}", what)
    return rows.filter(first)
