"""Values that conformance rules work out before they look at records: counts, extremes, sets, study days.

What each means is in ``resources/schema/rule/Operations.md`` of github.com/cdisc-org/cdisc-rules-engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_dates import study_day
from trialwright.exchange.core_records import Records, Unanswerable, part_of
from trialwright.exchange.core_scope import domain_label, domain_of, is_standard
from trialwright.exchange.core_values import as_text, constant, shortened

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OPERATIONS", "unsupported", "work_out"]

Operation = Callable[[Records, Mapping[str, Any]], Any]

_LIBRARY = "needs the variables of the CDISC Library, which are not public"
_TERMINOLOGY = "needs the packages of controlled terminology"
_REASONS: Mapping[str, str] = {
    "codelist_terms": _TERMINOLOGY,
    "codelist_extensible": _TERMINOLOGY,
    "get_codelist_attributes": _TERMINOLOGY,
    "valid_codelist_dates": _TERMINOLOGY,
    "expected_variables": _LIBRARY,
    "get_column_order_from_library": _LIBRARY,
    "get_dataset_filtered_variables": _LIBRARY,
    "get_model_column_order": _LIBRARY,
    "get_model_filtered_variables": _LIBRARY,
    "get_parent_model_column_order": _LIBRARY,
    "required_variables": _LIBRARY,
}


def unsupported(operator: str) -> str | None:
    """Return why an operation cannot be worked out; None when it can.

    >>> unsupported("distinct")
    >>> unsupported("required_variables")
    'operation required_variables needs the variables of the CDISC Library, which are not public'
    """
    if operator in OPERATIONS:
        return None
    return f"operation {operator} {_REASONS.get(operator, 'is not supported')}"


def work_out(records: Records, operations: tuple[Mapping[str, Any], ...]) -> Records:
    """Return the records with the value of each operation under its id."""
    for operation in operations:
        records = records.with_value(operation["id"], OPERATIONS[operation["operator"]](records, operation))
    return records


def _rows(records: Records, operation: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows an operation looks at: a domain of the study, else the dataset itself, filtered."""
    import polars as pl

    domain = operation.get("domain")
    rows = records.dataset.rows if domain in (None, "SUPP--") else part_of(records.study, domain)
    for name, wanted in (operation.get("filter") or {}).items():
        column = as_text(_needed(rows, records.name(name), domain or records.dataset.name))
        kept = column.str.starts_with(wanted[:-1]) if str(wanted).endswith("&") else column == str(wanted)
        rows = rows.filter(kept.fill_null(False).cast(pl.Boolean))
    return rows


def _needed(rows: pl.DataFrame, name: str, where: str) -> pl.Series:
    if name not in rows.columns:
        raise Unanswerable(f"{where} has no variable {name}")
    return rows[name]


def _variable(records: Records, operation: Mapping[str, Any], rows: pl.DataFrame) -> str:
    name = records.name(operation["name"])
    _needed(rows, name, operation.get("domain") or records.dataset.name)
    return name


def _by_group(
    records: Records, operation: Mapping[str, Any], rows: pl.DataFrame, answer: pl.Expr, otherwise: Any = None
) -> pl.Series:
    """Return an aggregate of the group that each record belongs to; ``otherwise`` where it belongs to none."""
    import polars as pl

    names = [records.name(name) for name in operation["group"]]
    ours = [records.name(name) for name in operation.get("group_aliases") or names]
    where = operation.get("domain") or records.dataset.name
    groups = pl.DataFrame([_grouping(_needed(rows, name, where), name, operation) for name in names])
    keyed = pl.DataFrame(
        [_grouping(records.column(our), name, operation) for our, name in zip(ours, names, strict=True)]
    )
    added = rows.select(pl.all().name.prefix("value:"))
    answers = pl.concat([groups, added], how="horizontal").group_by(names).agg(answer.alias("answer"))
    found = keyed.join(answers, on=names, how="left", nulls_equal=True, maintain_order="left")["answer"]
    return found if otherwise is None else found.fill_null(otherwise)


def _grouping(values: pl.Series, name: str, operation: Mapping[str, Any]) -> pl.Series:
    """Return a grouping variable as text; an expression given with the operation keeps the part that it finds."""
    texts = as_text(values)
    return (shortened(texts, operation["regex"]) if operation.get("regex") else texts).alias(name)


def _distinct(records: Records, operation: Mapping[str, Any]) -> Any:
    import polars as pl

    if operation.get("value_is_reference"):
        return _parents_variables(records)
    rows = _rows(records, operation)
    name = _variable(records, operation, rows)
    if operation.get("group"):
        return _by_group(records, operation, rows, pl.col(f"value:{name}").unique(maintain_order=True))
    return tuple(rows[name].unique(maintain_order=True).to_list())


def _parents_variables(records: Records) -> pl.Series:
    """Return, for each record, the variables of the dataset that its RDOMAIN names."""
    import polars as pl

    known: dict[str | None, list[str]] = {None: []}
    domains = records.column("RDOMAIN").to_list()
    for domain in set(domains) - {None}:
        try:
            known[domain] = part_of(records.study, domain).columns
        except Unanswerable:
            known[domain] = []  # another rule tells of a domain that is not there
    return pl.Series([known[domain] for domain in domains], dtype=pl.List(pl.String))


def _extreme(greatest: bool) -> Operation:
    """Return the operation that finds the first or last value; dates of ISO 8601 are in order as text."""

    def operation_of(records: Records, operation: Mapping[str, Any]) -> Any:
        import polars as pl

        rows = _rows(records, operation)
        name = _variable(records, operation, rows)
        column = pl.col(f"value:{name}")
        if operation.get("group"):
            return _by_group(records, operation, rows, column.max() if greatest else column.min())
        return rows[name].max() if greatest else rows[name].min()

    return operation_of


def _mean(records: Records, operation: Mapping[str, Any]) -> Any:
    import polars as pl

    rows = _rows(records, operation)
    name = _variable(records, operation, rows)
    if operation.get("group"):
        return _by_group(records, operation, rows, pl.col(f"value:{name}").cast(pl.Float64, strict=False).mean())
    return rows[name].cast(pl.Float64, strict=False).mean()


def _record_count(records: Records, operation: Mapping[str, Any]) -> Any:
    import polars as pl

    rows = _rows(records, operation)
    return _by_group(records, operation, rows, pl.len().cast(pl.Int64), 0) if operation.get("group") else rows.height


def _study_days(records: Records, operation: Mapping[str, Any]) -> pl.Series:
    import polars as pl

    dates = as_text(records.column(operation["name"])).to_list()
    references = as_text(records.column("RFSTDTC")).to_list()
    pairs = list(zip(dates, references, strict=True))
    known = {pair: study_day(*pair) if all(pair) else None for pair in set(pairs)}
    return pl.Series([known[pair] for pair in pairs], dtype=pl.Int64)


def _variable_exists(records: Records, operation: Mapping[str, Any]) -> bool:
    return records.name(operation["name"]) in records.dataset.rows.columns


def _variable_count(records: Records, operation: Mapping[str, Any]) -> int:
    """Return how many datasets of the study have a variable, whatever letters stand for ``--``."""
    name = operation["name"]
    pattern = rf"[A-Z]{{2}}{re.escape(name[2:])}" if name.startswith("--") else re.escape(name)
    datasets = records.study.values()
    return sum(any(re.fullmatch(pattern, column) for column in dataset.rows.columns) for dataset in datasets)


def _variable_is_null(records: Records, operation: Mapping[str, Any]) -> bool:
    from trialwright.exchange.core_operators import absent

    name = records.name(operation["name"])
    return name not in records.dataset.rows.columns or bool(absent(records.dataset.rows[name]).all())


def _metadata(records: Records, operation: Mapping[str, Any]) -> Any:
    dataset = records.dataset
    domain = domain_of(dataset)
    known = {
        "dataset_size": dataset.rows.estimated_size(),
        "dataset_location": dataset.source,
        "dataset_name": dataset.name,
        "dataset_label": dataset.label,
        "domain": domain,
        "is_ap": domain.startswith("AP"),
        "ap_suffix": domain[2:4] if domain.startswith("AP") else "",
    }
    if operation["name"] not in known:
        raise Unanswerable(f"metadata {operation['name']} are not known")
    return known[operation["name"]]


def _domain_label(records: Records, _: Mapping[str, Any]) -> str:
    label = domain_label(domain_of(records.dataset))
    if label is None:
        raise Unanswerable(f"the implementation guide has no label for {domain_of(records.dataset)}")
    return label


def _mapped(records: Records, operation: Mapping[str, Any]) -> pl.Series:
    import polars as pl

    answer = constant(None, records.frame.height).to_list()
    for row in reversed(operation["map"]):
        conditions = [as_text(records.column(name)) == str(value) for name, value in row.items() if name != "output"]
        holds = zip(*conditions, strict=True) if conditions else [()] * len(answer)
        answer = [row["output"] if all(each) else old for each, old in zip(holds, answer, strict=True)]
    return pl.Series(answer)


OPERATIONS: Mapping[str, Operation] = {
    "dataset_names": lambda records, _: tuple(name.upper() for name in records.study),
    "distinct": _distinct,
    "domain_is_custom": lambda records, _: not is_standard(domain_of(records.dataset)),
    "domain_label": _domain_label,
    "dy": _study_days,
    "extract_metadata": _metadata,
    "get_column_order_from_dataset": lambda records, _: tuple(records.dataset.rows.columns),
    "map": _mapped,
    "max": _extreme(True),
    "max_date": _extreme(True),
    "mean": _mean,
    "min": _extreme(False),
    "min_date": _extreme(False),
    "record_count": _record_count,
    "study_domains": lambda records, _: tuple(dict.fromkeys(map(domain_of, records.study.values()))),
    "variable_count": _variable_count,
    "variable_exists": _variable_exists,
    "variable_is_null": _variable_is_null,
}
"""Every operation that can be worked out, by its name in the rules."""
