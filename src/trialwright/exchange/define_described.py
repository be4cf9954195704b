"""What a dataset and its specification say together, as Define-XML tells it: variables, codelists, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialwright.exchange.define_names import Standard, oid, origin_of
from trialwright.exchange.define_values import Listed, listed, parameter_lists
from trialwright.exchange.specification import DatasetSpec, ValueSpec, VariableSpec, specification_of

if TYPE_CHECKING:
    from trialwright.exchange.datasets import Dataset

__all__ = ["Described", "codelists", "codes", "decimals", "described", "length"]


@dataclass(frozen=True)
class Described:
    """A dataset with its specification, cut to the variables that it has."""

    dataset: Dataset
    spec: DatasetSpec
    lists: Mapping[str, Listed]
    """Codelists by variable."""

    @property
    def variables(self) -> Iterator[tuple[str, VariableSpec]]:
        """The variables with their identifiers."""
        for variable in self.spec.variables:
            if variable.name in self.dataset.rows.columns:
                yield oid("IT", self.spec.name, variable.name), variable


def described(dataset: Dataset, specifications: Mapping[str, DatasetSpec], standard: Standard) -> Described:
    """Return a dataset with its specification, or with what it itself tells; tabulations with origins by name."""
    spec = specifications.get(dataset.name) or specification_of(dataset)
    if standard == "SDTMIG":
        spec = replace(spec, variables=tuple(origin_of(variable) for variable in spec.variables))
    lists = {
        variable.name: listed(variable.codelist, variable.kind)
        for variable in spec.variables
        if variable.codelist is not None and variable.name in dataset.rows.columns
    }
    return Described(dataset, spec, {**lists, **parameter_lists(dataset)})


def codes(found: Described, value: ValueSpec) -> tuple[str, ...]:
    """Return which of the parameters meant the dataset has."""
    if "PARAMCD" not in found.dataset.rows.columns:
        return ()
    held = found.dataset.rows["PARAMCD"].drop_nulls().unique().sort()
    return tuple(held.filter(held.str.contains(value.pattern)))


def length(found: Described, variable: VariableSpec) -> int:
    """Return the bytes of a variable: 8 of numbers, the stated or needed ones of text."""
    if variable.kind != "text":
        return 8
    needed = found.dataset.rows[variable.name].str.len_bytes().max() or 1
    return variable.length or int(needed)  # type: ignore[arg-type]


def decimals(dataset: Dataset, name: str) -> int:
    """Return the most decimals that a value of the variable shows."""
    shown = (repr(value).partition(".")[2] for value in dataset.rows[name].drop_nulls().unique())
    return max((len(digits) for digits in shown if digits != "0"), default=0)


def codelists(every: Iterable[Described]) -> Iterable[Listed]:
    """Return every codelist that a variable, or a value of some parameters, names; each once."""
    made: dict[str, Listed] = {}
    for found in every:
        made |= {held.id: held for held in found.lists.values()}
        for value in found.spec.values:
            if value.codelist is not None and codes(found, value):
                held = listed(value.codelist, found.spec[value.variable].kind)
                made[held.id] = held
    return made.values()
