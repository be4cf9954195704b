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
    """Return the codelist of each variable that holds short names, with the long name that stands beside each.

    Such are PARAMCD beside PARAM, --TESTCD beside --TEST, TSPARMCD beside TSPARM and QNAM beside QLABEL.
    """
    made = {}
    for short in dataset.rows.columns:
        long = "QLABEL" if short == "QNAM" else short.removesuffix("CD")
        if not short.endswith(("PARAMCD", "TESTCD", "PARMCD", "QNAM")) or long not in dataset.rows.columns:
            continue
        named = dataset.rows.select(short, long).drop_nulls().unique(short, keep="first", maintain_order=True)
        if named.height:
            terms = tuple(named.sort(short).rows())
            made[short] = Listed(f"CL.{dataset.name}.{short}", f"{short} of {dataset.name}", "text", terms)
    return made
