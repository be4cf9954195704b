"""A specification says what a dataset holds: it drives building, checking, labels, order and Define-XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset, Kind, Variable, dtype

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Codelist", "DatasetSpec", "ValueSpec", "VariableSpec", "built", "specification_of"]

Origin = Literal["Collected", "Derived", "Assigned", "Predecessor", "Protocol"]


@dataclass(frozen=True)
class Codelist:
    """The values a variable may take, each with its meaning; ``code`` is that of the NCI where it is a public list.

    >>> Codelist("Y", "Yes only", (("Y", "Yes"),)).values
    ('Y',)
    """

    id: str
    label: str
    terms: tuple[tuple[str, str], ...]
    code: str | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The values, in order."""
        return tuple(value for value, _ in self.terms)


@dataclass(frozen=True)
class VariableSpec:
    """One variable: what it is and how it is made; ``length`` counts bytes of text.

    ``required`` variables have a value in every row. ``optional`` ones are left out of a dataset where no row has one.

    >>> VariableSpec("AGE", "Age", "number", "Age at consent").origin
    'Derived'
    """

    name: str
    label: str
    kind: Kind
    derivation: str
    length: int | None = None
    codelist: Codelist | None = None
    origin: Origin | None = "Derived"
    required: bool = False
    optional: bool = False
    display: str | None = None

    @property
    def variable(self) -> Variable:
        """The variable as a dataset carries it."""
        display = "DATE9." if self.kind == "date" and self.display is None else self.display
        return Variable(
            self.name, self.label, self.kind, self.length, display, self.codelist.id if self.codelist else None
        )


@dataclass(frozen=True)
class ValueSpec:
    """What one variable holds in the rows of some parameters, where that depends on the parameter.

    >>> ValueSpec("AVALC", ("BOR",), "Best response").parameters
    ('BOR',)
    """

    variable: str
    parameters: tuple[str, ...]
    derivation: str
    codelist: Codelist | None = None
    decimals: int | None = None

    @property
    def pattern(self) -> str:
        """Regular expression of the codes meant: these, and those of a second reader or endpoint (BOR2, SDIAMR2)."""
        return f"^({'|'.join(map(re.escape, self.parameters))})(R?[2-9])?$"


@dataclass(frozen=True)
class DatasetSpec:
    """One dataset: its variables in their order, the keys that make a row unique and sort the rows.

    >>> from trialwright.exchange import ADAM
    >>> ADAM["ADTTE"].keys
    ('STUDYID', 'USUBJID', 'PARAMCD')
    """

    name: str
    label: str
    structure: str
    model: str
    keys: tuple[str, ...]
    variables: tuple[VariableSpec, ...]
    values: tuple[ValueSpec, ...] = ()

    def __getitem__(self, name: str) -> VariableSpec:
        """Return a variable; DataError when there is none of that name, with those there are."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        known = ", ".join(variable.name for variable in self.variables)
        raise DataError(f"specification {self.name}: there is no variable {name!r}; known: {known}")


def built(spec: DatasetSpec, rows: pl.DataFrame, source: str = "") -> Dataset:
    """Return rows as the dataset of a specification: its variables in order, labeled and typed, sorted by its keys.

    Optional variables without a value are left out. DataError when a variable of the specification is not a column, or
    a column is none of its variables.

    >>> import polars as pl
    >>> spec = DatasetSpec("ADX", "Example", "one row per subject", "ADAM OTHER", ("USUBJID",),
    ...                    (VariableSpec("USUBJID", "Unique Subject Identifier", "text", "DM.USUBJID", 40),))
    >>> built(spec, pl.DataFrame({"USUBJID": ["02", "01"]})).rows["USUBJID"].to_list()
    ['01', '02']
    """
    import polars as pl

    held = [spec for spec in spec.variables if spec.name in rows.columns or not spec.optional]
    missing = sorted({variable.name for variable in held} ^ set(rows.columns))
    if missing:
        raise DataError(f"{spec.name}: columns and variables of the specification differ: {', '.join(missing)}")
    kept = [variable for variable in held if not variable.optional or rows[variable.name].null_count() < rows.height]
    frame = rows.select(pl.col(variable.name).cast(dtype(variable.kind)) for variable in kept)
    variables = tuple(variable.variable for variable in kept)
    return Dataset(spec.name, spec.label, variables, frame.sort(spec.keys, maintain_order=True), spec.keys, source)


def specification_of(dataset: Dataset, *, structure: str = "", model: str = "") -> DatasetSpec:
    """Return what a dataset itself tells: names, labels, types and lengths; where values come from stays unsaid.

    >>> import polars as pl
    >>> dm = Dataset("DM", "Demographics", (Variable("AGE", "Age", "integer"),), pl.DataFrame({"AGE": [61]}))
    >>> specification_of(dm)["AGE"].label
    'Age'
    """
    variables = tuple(
        VariableSpec(held.name, held.label, held.kind, "", held.length, origin=None, display=held.display)
        for held in dataset.variables
    )
    return DatasetSpec(dataset.name, dataset.label, structure, model, dataset.keys, variables)
