"""Namespaces, identifiers and fixed terms of Define-XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trialwright.exchange.datasets import Kind

__all__ = ["DEF", "KINDS", "ODM", "STANDARDS", "XLINK", "XML", "Standard", "class_of", "oid"]

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
