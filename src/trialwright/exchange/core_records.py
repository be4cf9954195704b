"""The records a conformance rule looks at: a dataset, what is put beside it from others, and values worked out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_rules import Match
from trialwright.exchange.core_scope import domain_of, prefix_of
from trialwright.exchange.core_values import canonical, constant
from trialwright.exchange.datasets import Dataset

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RECORD", "Records", "Unanswerable", "joined", "of_dataset", "part_of"]

RECORD = "$record"
"""The column that holds the row of the file, from 1, so that a record keeps its name through joins and filters."""


class Unanswerable(Exception):  # noqa: N818 - an answer of its own, not a fault
    """A condition that cannot be answered for a dataset, with the reason: a variable or a dataset is not there."""


@dataclass(frozen=True, eq=False)
class Records:
    """Records of one dataset with the values of operations.

    ``worked_out`` holds a Series where the value differs by record, a tuple where it is a set, else one value.
    ``aliases`` names the columns that came from other datasets, such as DM.RFSTDTC.
    """

    dataset: Dataset
    frame: pl.DataFrame
    study: Mapping[str, Dataset]
    prefix: str
    worked_out: Mapping[str, Any] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Return the name of a variable with ``--`` replaced by the letters of the domain."""
        return self.prefix + name[2:] if name.startswith("--") else name

    def has(self, name: str) -> bool:
        """Whether there is such a variable."""
        return self._place(name) in self.frame.columns

    def column(self, name: str) -> pl.Series:
        """Return a variable, or a value worked out, as one value for each record; Unanswerable without it."""
        if name in self.worked_out:
            return constant(self.worked_out[name], self.frame.height)
        if not self.has(name):
            raise Unanswerable(f"{self.dataset.name} has no variable {self.name(name)}")
        return self.frame[self._place(name)]

    def against(self, other: Any, target: str = "", literal: bool = False) -> Any:
        """Return what a variable is held against: a Series where it names a variable, else the value itself."""
        if literal or not isinstance(other, str):
            return other
        if other in self.worked_out:
            return self.worked_out[other]
        if self.has(other):
            return self.column(other)
        if _names_variable(other, target):
            raise Unanswerable(f"{self.dataset.name} has no variable {self.name(other)}")
        return other

    def with_value(self, name: str, value: Any) -> Records:
        """Return the records with one more value worked out."""
        return replace(self, worked_out={**self.worked_out, name: value})

    def _place(self, name: str) -> str:
        plain = self.name(name)
        return self.aliases.get(plain, plain)


def _names_variable(other: str, target: str) -> bool:
    """Whether text that is no variable here was meant as one: rules do not mark all of them, dates go by name."""
    if other.startswith(("--", "$")) or re.fullmatch(r"[A-Z-]{2,8}\.\S+", other):
        return True
    return other.endswith("DTC") and target.endswith(("DTC", "dtc"))


def of_dataset(dataset: Dataset, study: Mapping[str, Dataset]) -> Records:
    """Return the records of a dataset as they stand in the file."""
    frame = dataset.rows.with_row_index(RECORD, offset=1)
    return Records(dataset, frame, study, prefix_of(domain_of(dataset)))


def as_written(dataset: Dataset) -> Dataset:
    """Return a dataset with dates and times as the text of ISO 8601 that rules expect, whatever the file held them as.

    >>> import polars as pl
    >>> from datetime import datetime
    >>> from trialwright.exchange import Variable
    >>> rows = pl.DataFrame({"AESTDTC": [datetime(2014, 1, 5, 10)]})
    >>> as_written(Dataset("AE", "", (Variable("AESTDTC", "Start", "datetime"),), rows)).rows["AESTDTC"][0]
    '2014-01-05T10:00:00'
    """
    import polars as pl

    formats = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M:%S", "time": "%H:%M:%S"}
    written = [variable for variable in dataset.variables if variable.kind in formats]
    if not written:
        return dataset
    variables = tuple(replace(each, kind="text") if each in written else each for each in dataset.variables)
    rows = dataset.rows.with_columns(pl.col(each.name).dt.strftime(formats[each.kind]) for each in written)
    return replace(dataset, variables=variables, rows=rows)


def joined(records: Records, matches: Sequence[Match]) -> Records:
    """Return the records that have a partner in each dataset matched, with its variables beside theirs.

    A variable that both have keeps its name here, and is DM.NAME from the partner. Unanswerable when a dataset or a key
    is not there, or the match goes through RELREC.
    """
    for match in matches:
        if match.child:
            if _is_kind(records.dataset.name, match.dataset):
                records = _beside_parent(records)
        elif match.dataset == "RELREC":
            raise Unanswerable("joining records through RELREC is not supported")
        elif match.dataset != records.dataset.name:
            records = _beside(records, match)
    return records


def _is_kind(name: str, pattern: str) -> bool:
    return name == pattern or (pattern == "SUPP--" and name.startswith("SUPP"))


def part_of(study: Mapping[str, Dataset], domain: str) -> pl.DataFrame:
    """Return the rows of a domain, split datasets together; Unanswerable when the study has none."""
    import polars as pl

    parts = [dataset.rows for name, dataset in study.items() if name == domain or domain_of(dataset) == domain]
    if not parts:
        raise Unanswerable(f"the study has no dataset {domain}")
    return pl.concat(parts, how="diagonal_relaxed") if len(parts) > 1 else parts[0]


def _beside(records: Records, match: Match) -> Records:
    partner = part_of(records.study, match.dataset)
    for key in match.keys:
        if key not in partner.columns:
            raise Unanswerable(f"{match.dataset} has no variable {key}")
        records.column(key)
    own = set(records.frame.columns)
    renamed = {name: f"{match.dataset}.{name}" for name in partner.columns if name in own and name not in match.keys}
    aliases = {f"{match.dataset}.{name}": renamed.get(name, name) for name in partner.columns}
    left, right = records.frame, partner.rename(renamed)
    for key in match.keys:
        left, right = _same_type(left, right, key)
    frame = left.join(right, on=list(match.keys), how="inner", maintain_order="left")
    return replace(records, frame=frame, aliases={**records.aliases, **aliases})


def _same_type(left: pl.DataFrame, right: pl.DataFrame, key: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    import polars as pl

    if left.schema[key] == right.schema[key]:
        return left, right
    numbers = left.schema[key].is_numeric() and right.schema[key].is_numeric()
    common = pl.Float64() if numbers else pl.String()
    return left.with_columns(pl.col(key).cast(common)), right.with_columns(pl.col(key).cast(common))


def _beside_parent(records: Records) -> Records:
    """Put beside each dependent record the variable that its IDVAR names, filled where a parent record has IDVARVAL."""
    import polars as pl

    for needed in ("RDOMAIN", "IDVAR", "IDVARVAL", "USUBJID"):
        records.column(needed)
    frame = records.frame.filter(pl.col("RDOMAIN").is_in([domain_of(dataset) for dataset in records.study.values()]))
    for domain, variable in frame.select("RDOMAIN", "IDVAR").unique(maintain_order=True).drop_nulls().iter_rows():
        parent = part_of(records.study, domain)
        if not {variable, "USUBJID"} <= set(parent.columns):
            continue
        there = set(zip(parent["USUBJID"], canonical(parent[variable]), strict=True))
        mine = (frame["RDOMAIN"] == domain) & (frame["IDVAR"] == variable)
        pairs = zip(frame["USUBJID"], canonical(frame["IDVARVAL"]), mine, strict=True)
        found = [value if own and (subject, value) in there else None for subject, value, own in pairs]
        earlier = frame[variable].to_list() if variable in frame.columns else [None] * len(found)
        both = [new if new is not None else old for new, old in zip(found, earlier, strict=True)]
        frame = frame.with_columns(pl.Series(variable, both, dtype=pl.String))
    return replace(records, frame=frame)
