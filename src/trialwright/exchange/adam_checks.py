"""Own checks of analysis datasets: against their specification, within a dataset, and across datasets.

CDISC publishes no rules for ADaM that run; these follow the text of the ADaM Implementation Guide 1.3 (keys, PARAM and
PARAMCD one to one, BASE and CHG, baseline flags) and of the ADaM Basic Data Structure for Time-to-Event 1.0 (CNSR,
ADT, STARTDT).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.exchange.findings import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset
    from trialwright.exchange.specification import DatasetSpec

__all__ = ["CHECKS", "check_across", "check_dataset"]

MOST = 100
"""Findings of one rule that are listed singly; the rest are counted in one more."""
TOLERANCE = 1e-9
"""By how much a change may differ from the difference it is."""


def check_dataset(dataset: Dataset, spec: DatasetSpec) -> tuple[Finding, ...]:
    """Return what is wrong with a dataset by its specification and by the rules of ``CHECKS``.

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


def check_across(datasets: Mapping[str, Dataset]) -> tuple[Finding, ...]:
    """Return rows of subjects whom ADSL does not have, and source records that are not there or have another date.

    >>> check_across({})
    ()
    """
    found: list[Finding] = []
    for name, dataset in datasets.items():
        if name != "ADSL" and "ADSL" in datasets:
            found += _unknown_subjects(dataset, datasets["ADSL"])
        if {"SRCDOM", "SRCVAR", "SRCSEQ", "ADT"} <= set(dataset.rows.columns):
            found += _sources(dataset, datasets)
    return tuple(found)


def _variables(dataset: Dataset, spec: DatasetSpec) -> Iterator[Finding]:
    held = {variable.name: variable for variable in dataset.variables}
    for due in spec.variables:
        if due.name not in held:
            if not due.optional:
                yield Finding(dataset.name, None, "variables", f"{due.name} of the specification is missing")
            continue
        for what in ("kind", "label", "length"):
            have, must = getattr(held[due.name], what), getattr(due.variable, what)
            if have != must:
                yield Finding(dataset.name, None, "variables", f"{due.name}: {what} must be {must!r}; it is {have!r}")
    named = [variable.name for variable in spec.variables]
    for name in held:
        if name not in named:
            yield Finding(dataset.name, None, "variables", f"{name} is not in the specification")
    order = [name for name in held if name in named]
    if order != [name for name in named if name in held]:
        yield Finding(dataset.name, None, "variables", f"the order must be that of the specification; it is {order}")


def _values(dataset: Dataset, spec: DatasetSpec, name: str) -> Iterator[Finding]:
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
        stray = pl.col("PARAMCD").is_in(value.parameters) & ~column.is_in(codes)
        yield from _rows(
            dataset, stray, "codelist", f"{name} must here be one of {', '.join(codes)}", ("PARAMCD", name)
        )


@dataclass(frozen=True)
class Check:
    """One rule: the variables it needs, which rows break it, and what it says of them."""

    name: str
    says: str
    needs: frozenset[str]
    broken: Callable[[DatasetSpec], pl.Expr]
    shows: tuple[str, ...]


def _listed(check: Check, dataset: Dataset, spec: DatasetSpec) -> Iterator[Finding]:
    if set(spec.keys) <= set(dataset.rows.columns):
        yield from _rows(dataset, check.broken(spec), check.name, check.says, check.shows)


def _rows(dataset: Dataset, broken: pl.Expr, rule: str, says: str, shows: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each row that breaks a rule, up to ``MOST``, and one that counts the others."""
    import polars as pl

    shown = [name for name in shows if name in dataset.rows.columns]
    whose = [name for name in ("USUBJID",) if name in dataset.rows.columns]
    hits = dataset.rows.with_row_index("_row").filter(broken.fill_null(False))
    for row in (
        hits.head(MOST).select("_row", *whose, *(pl.col(n).cast(pl.String).alias(f"_{n}") for n in shown)).to_dicts()
    ):
        values = tuple((name, row[f"_{name}"]) for name in shown)
        yield Finding(dataset.name, row["_row"] + 1, rule, says, row.get("USUBJID"), values=values)
    if hits.height > MOST:
        yield Finding(dataset.name, None, rule, f"{says}; {hits.height - MOST} rows more")


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


def _unknown_subjects(dataset: Dataset, subjects: Dataset) -> Iterator[Finding]:
    import polars as pl

    stray = ~pl.col("USUBJID").is_in(subjects.rows["USUBJID"].to_list())
    yield from _rows(dataset, stray, "subjects", "the subject is not in ADSL", ("USUBJID",))


def _sources(dataset: Dataset, datasets: Mapping[str, Dataset]) -> Iterator[Finding]:
    """Check that a source in another analysis dataset is there, with the date it gave."""
    import polars as pl

    for domain, variable in sorted(set(dataset.rows.select("SRCDOM", "SRCVAR").drop_nulls().rows())):
        source = datasets.get(domain)
        if source is None:
            continue
        if variable not in source.rows.columns:
            yield Finding(dataset.name, None, "source", f"{domain} has no variable {variable}")
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
            yield Finding(dataset.name, row["_row"] + 1, "source date", what, row["USUBJID"])


def _dates(source: Dataset, variable: str) -> pl.DataFrame:
    import polars as pl

    sequence = pl.col("ASEQ") if "ASEQ" in source.rows.columns else pl.lit(None, dtype=pl.Int64)
    return source.rows.select("USUBJID", _seq=sequence, _on=variable)
