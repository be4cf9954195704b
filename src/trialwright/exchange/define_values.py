"""Codelists as Define-XML names them, and the list of the parameters that a dataset has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.exchange.datasets import Kind
from trialwright.exchange.define_names import KINDS
from trialwright.exchange.specification import Codelist

if TYPE_CHECKING:
    from trialwright.exchange.datasets import Dataset

__all__ = ["Listed", "listed", "parameter_lists"]


@dataclass(frozen=True)
class Listed:
    """One codelist: values with their meaning."""

    id: str
    label: str
    kind: str
    terms: tuple[tuple[str, str], ...]
    code: str | None = None


def listed(codelist: Codelist, kind: Kind) -> Listed:
    """Return a codelist of the specification as variables of a kind use it.

    >>> listed(Codelist("NY", "No or yes", (("N", "No"), ("Y", "Yes"))), "text").id
    'CL.NY'
    """
    return Listed(f"CL.{codelist.id}", codelist.label, KINDS[kind], codelist.terms, codelist.code)


def parameter_lists(dataset: Dataset) -> Mapping[str, Listed]:
    """Return the codelist of PARAMCD, with the name of each parameter, where the dataset has parameters."""
    if not {"PARAM", "PARAMCD"} <= set(dataset.rows.columns):
        return {}
    terms = dataset.rows.select("PARAMCD", "PARAM").unique().drop_nulls().sort("PARAMCD", "PARAM").rows()
    made = Listed(f"CL.{dataset.name}.PARAMCD", f"Parameters of {dataset.name}", "text", tuple(terms))
    return {"PARAMCD": made} if terms else {}
