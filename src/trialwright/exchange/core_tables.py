"""What the kinds of conformance rules look at: records, or one row for each variable, dataset or study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_records import RECORD, Records
from trialwright.exchange.core_scope import domain_of

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Variable

__all__ = ["TABLES"]


def _of_records(records: Records) -> Iterator[Records]:
    yield records


def _of_domains(records: Records) -> Iterator[Records]:
    """One row whose columns are the datasets of the study."""
    import polars as pl

    there = {name.upper(): dataset.source or name for name, dataset in records.study.items()}
    there |= {domain_of(dataset): dataset.source or name for name, dataset in records.study.items()}
    yield _instead(records, pl.DataFrame({name: [file] for name, file in there.items()}))


def _of_dataset(records: Records) -> Iterator[Records]:
    """One row that describes the dataset."""
    import polars as pl

    dataset = records.dataset
    yield _instead(records, pl.DataFrame({
        "dataset_name": [dataset.name.upper()],
        "dataset_label": [dataset.label],
        "dataset_location": [dataset.source],
        "dataset_size": [dataset.rows.estimated_size()],
    }))  # fmt: skip


def _of_variables(records: Records) -> Iterator[Records]:
    """One row for each variable of the dataset."""
    import polars as pl

    rows = [_described(at, variable) for at, variable in enumerate(records.dataset.variables, start=1)]
    schema = {"variable_name": pl.String, "variable_order_number": pl.Int64, "variable_label": pl.String,
              "variable_size": pl.Int64, "variable_data_type": pl.String, "variable_format": pl.String}  # fmt: skip
    yield _instead(records, pl.DataFrame(rows, schema=schema))


def _of_values(records: Records) -> Iterator[Records]:
    """One row for each value: a table for each variable, its records with the variable's description."""
    import polars as pl

    for at, variable in enumerate(records.dataset.variables, start=1):
        described = {name: pl.lit(value) for name, value in _described(at, variable).items()}
        values = records.frame.with_columns(pl.col(variable.name).alias("variable_value"), **described)
        yield replace(records, frame=values.with_columns(pl.col(RECORD).alias("row_number")))


def _described(at: int, variable: Variable) -> dict[str, Any]:
    return {
        "variable_name": variable.name,
        "variable_order_number": at,
        "variable_label": variable.label,
        "variable_size": variable.length,
        "variable_data_type": "Char" if variable.kind == "text" else "Num",
        "variable_format": variable.display,
    }


def _instead(records: Records, frame: pl.DataFrame) -> Records:
    return replace(records, frame=frame, aliases={})


TABLES: Mapping[str, Callable[[Records], Iterator[Records]]] = {
    "Record Data": _of_records,
    "Domain Presence Check": _of_domains,
    "Dataset Metadata Check": _of_dataset,
    "Variable Metadata Check": _of_variables,
    "Value Check with Variable Metadata": _of_values,
}
"""The kinds of rules that can be run."""
