"""Own checks of analysis datasets: against their specification, within a dataset, and across datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from trialwright.exchange.adam_check_rules import CHECKS, Check
from trialwright.exchange.findings import DatasetFinding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset
    from trialwright.exchange.specification import DatasetSpec

__all__ = ["check_across", "check_dataset"]

MOST = 100
"""Findings of one rule that are listed singly; the rest are counted in one more."""


def check_dataset(dataset: Dataset, spec: DatasetSpec) -> tuple[DatasetFinding, ...]:
    """Return what is wrong with a dataset by its specification and by the rules of ``adam_check_rules.CHECKS``.

    >>> import polars as pl
    >>> from trialwright.exchange import ADAM, Dataset
    >>> variables = tuple(variable.variable for variable in ADAM["ADTTE"].variables[:2])
    >>> rows = pl.DataFrame({"STUDYID": ["X"], "USUBJID": ["X-1"]})
    >>> finding = check_dataset(Dataset("ADTTE", "Time-to-Event Analysis Dataset", variables, rows), ADAM["ADTTE"])[0]
    >>> finding.rule, finding.what
    ('variables', 'TRTP of the specification is missing')
    """
    found = [*_variables(dataset, spec)]
    present = set(dataset.rows.columns)
    for variable in spec.variables:
        if variable.name in present:
            found += _values(dataset, spec, variable.name)
    found += [finding for check in CHECKS if check.needs <= present for finding in _listed(check, dataset, spec)]
    return tuple(found)


def check_across(datasets: Mapping[str, Dataset]) -> tuple[DatasetFinding, ...]:
    """Return rows of subjects whom ADSL does not have, and source records that are not there or have another date.

    >>> check_across({})
    ()
    """
    found: list[DatasetFinding] = []
    for name, dataset in datasets.items():
        if name != "ADSL" and "ADSL" in datasets:
            found += _unknown_subjects(dataset, datasets["ADSL"])
        if {"SRCDOM", "SRCVAR", "SRCSEQ", "ADT"} <= set(dataset.rows.columns):
            found += _sources(dataset, datasets)
    return tuple(found)


def _variables(dataset: Dataset, spec: DatasetSpec) -> Iterator[DatasetFinding]:
    held = {variable.name: variable for variable in dataset.variables}
    for due in spec.variables:
        if due.name not in held:
            if not due.optional:
                yield DatasetFinding(dataset.name, None, "variables", f"{due.name} of the specification is missing")
            continue
        for what in ("kind", "label", "length"):
            have, must = getattr(held[due.name], what), getattr(due.variable, what)
            if have != must:
                yield DatasetFinding(
                    dataset.name, None, "variables", f"{due.name}: {what} must be {must!r}; it is {have!r}"
                )
    named = [variable.name for variable in spec.variables]
    for name in held:
        if name not in named:
            yield DatasetFinding(dataset.name, None, "variables", f"{name} is not in the specification")
    order = [name for name in held if name in named]
    if order != [name for name in named if name in held]:
        yield DatasetFinding(
            dataset.name, None, "variables", f"the order must be that of the specification; it is {order}"
        )


def _values(dataset: Dataset, spec: DatasetSpec, name: str) -> Iterator[DatasetFinding]:
    """Check one variable: no value missing that must be there, no text too long, no value outside its list."""
    import polars as pl

    due, column = spec[name], pl.col(name)
    if due.required:
        yield from _rows(dataset, column.is_null(), "required", f"{name} must have a value", (name,))
    if due.length is not None and due.kind == "text":
        long = column.str.len_bytes() > due.length
        yield from _rows(dataset, long, "length", f"{name} must have at most {due.length} bytes", (name,))
    if due.codelist is not None:
        stray = ~column.cast(pl.String).is_in(due.codelist.values)
        yield from _rows(dataset, stray, "codelist", f"{name} must be one of {', '.join(due.codelist.values)}", (name,))
    for value in (value for value in spec.values if value.variable == name and value.codelist is not None):
        codes = value.codelist.values if value.codelist else ()
        stray = pl.col("PARAMCD").str.contains(value.pattern) & ~column.is_in(codes)
        yield from _rows(
            dataset, stray, "codelist", f"{name} must here be one of {', '.join(codes)}", ("PARAMCD", name)
        )


def _listed(check: Check, dataset: Dataset, spec: DatasetSpec) -> Iterator[DatasetFinding]:
    if set(spec.keys) <= set(dataset.rows.columns):
        yield from _rows(dataset, check.broken(spec), check.name, check.says, check.shows)


def _rows(dataset: Dataset, broken: pl.Expr, rule: str, says: str, shows: Iterable[str]) -> Iterator[DatasetFinding]:
    """Yield a finding for each row that breaks a rule, up to ``MOST``, and one that counts the others."""
    import polars as pl

    shown = [name for name in shows if name in dataset.rows.columns]
    whose = [name for name in ("USUBJID",) if name in dataset.rows.columns]
    hits = dataset.rows.with_row_index("_row").filter(broken.fill_null(False))
    for row in (
        hits.head(MOST).select("_row", *whose, *(pl.col(n).cast(pl.String).alias(f"_{n}") for n in shown)).to_dicts()
    ):
        values = tuple((name, row[f"_{name}"]) for name in shown)
        yield DatasetFinding(dataset.name, row["_row"] + 1, rule, says, row.get("USUBJID"), values=values)
    if hits.height > MOST:
        yield DatasetFinding(dataset.name, None, rule, f"{says}; {hits.height - MOST} rows more")


def _unknown_subjects(dataset: Dataset, subjects: Dataset) -> Iterator[DatasetFinding]:
    import polars as pl

    stray = ~pl.col("USUBJID").is_in(subjects.rows["USUBJID"].to_list())
    yield from _rows(dataset, stray, "subjects", "the subject is not in ADSL", ("USUBJID",))


def _sources(dataset: Dataset, datasets: Mapping[str, Dataset]) -> Iterator[DatasetFinding]:
    """Check that a source in another analysis dataset is there, with the date it gave."""
    import polars as pl

    for domain, variable in sorted(set(dataset.rows.select("SRCDOM", "SRCVAR").drop_nulls().rows())):
        source = datasets.get(domain)
        if source is None:
            continue
        if variable not in source.rows.columns:
            yield DatasetFinding(dataset.name, None, "source", f"{domain} has no variable {variable}")
            continue
        own = (pl.col("SRCDOM") == domain) & (pl.col("SRCVAR") == variable)
        dates = _dates(source, variable)
        joined = (
            dataset.rows.with_row_index("_row")
            .filter(own)
            .join(dates, left_on=["USUBJID", "SRCSEQ"], right_on=["USUBJID", "_seq"], how="left", nulls_equal=True)
        )
        for row in joined.filter(pl.col("_on").is_null() | (pl.col("_on") != pl.col("ADT"))).head(MOST).to_dicts():
            what = f"{domain}.{variable} of the source is {row['_on']}, ADT is {row['ADT']}"
            yield DatasetFinding(dataset.name, row["_row"] + 1, "source date", what, row["USUBJID"])


def _dates(source: Dataset, variable: str) -> pl.DataFrame:
    import polars as pl

    sequence = pl.col("ASEQ") if "ASEQ" in source.rows.columns else pl.lit(None, dtype=pl.Int64)
    return source.rows.select("USUBJID", _seq=sequence, _on=variable)
