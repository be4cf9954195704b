"""Namespaces, identifiers and fixed terms of Define-XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from trialwright.exchange.datasets import Kind
from trialwright.exchange.specification import VariableSpec

__all__ = ["DEF", "KINDS", "ODM", "STANDARDS", "XLINK", "XML", "Standard", "class_of", "oid", "origin_of"]

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"

Standard = Literal["ADaMIG", "SDTMIG"]

KINDS: Mapping[Kind, str] = {
    "text": "text",
    "integer": "integer",
    "number": "float",
    "date": "integer",
    "datetime": "integer",
    "time": "integer",
}
"""Data types; dates are numbers with a display format, as SAS holds them."""

_CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("DM", "CO", "SE", "SM", "SV"), "SPECIAL PURPOSE"),
    **dict.fromkeys(("AE", "DS", "MH", "DV", "CE", "BE", "HO"), "EVENTS"),
    **dict.fromkeys(("EX", "CM", "EC", "PR", "SU", "ML", "AG"), "INTERVENTIONS"),
    **dict.fromkeys(("TA", "TE", "TI", "TS", "TV", "TD", "TM"), "TRIAL DESIGN"),
}


def class_of(dataset: str) -> str:
    """Return the class of a tabulation dataset; whatever is in no list is findings.

    >>> class_of("AE"), class_of("SUPPAE"), class_of("LB")
    ('EVENTS', 'RELATIONSHIP', 'FINDINGS')
    """
    return "RELATIONSHIP" if dataset.startswith(("SUPP", "REL")) else _CLASSES.get(dataset[:2], "FINDINGS")


_STUDY_DAY = "Days from DM.RFSTDTC, which is day 1; the day before it is -1"
_ASSIGNED = ("DOMAIN", "RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QORIG", "ARMCD", "ARM", "RELID", "RELTYPE")


def origin_of(variable: VariableSpec) -> VariableSpec:
    """Return a tabulation variable with its origin where that follows from its name, and else as it is.

    >>> origin_of(VariableSpec("AESTDY", "Study Day of Start of Adverse Event", "integer", "", origin=None)).origin
    'Derived'
    """
    name = variable.name
    if variable.origin is not None:
        return variable
    if name == "STUDYID":
        return replace(variable, origin="Protocol")
    if name in _ASSIGNED or name.endswith(("SEQ", "TESTCD", "TEST", "PARMCD", "PARM")):
        return replace(variable, origin="Assigned")
    if name.endswith("DY") and variable.kind != "text" and name != "VISITDY":
        return replace(variable, origin="Derived", derivation=_STUDY_DAY)
    return variable


@dataclass(frozen=True)
class _Guide:
    version: str
    purpose: str


STANDARDS: Mapping[Standard, _Guide] = {"ADaMIG": _Guide("1.3", "Analysis"), "SDTMIG": _Guide("3.4", "Tabulation")}


def oid(*parts: str) -> str:
    """Return an identifier of its parts.

    >>> oid("IT", "ADSL", "AGE")
    'IT.ADSL.AGE'
    """
    return ".".join(part.replace(" ", "_") for part in parts)
