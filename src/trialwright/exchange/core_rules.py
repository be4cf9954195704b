"""Conformance rules of CDISC CORE as values: the JSON of the rules is read, checked and typed here, and run elsewhere.

The rules are CDISC's (MIT licence, github.com/cdisc-org/cdisc-rules-engine) and are not shipped: the file is named by
the user. What the parts of a rule mean is in that repository under ``resources/schema``.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trialwright.errors import DataError
from trialwright.exchange.findings import Severity

__all__ = ["Both", "Clause", "Condition", "Either", "Match", "Negation", "Rule", "clauses", "read_rules", "standards"]


@dataclass(frozen=True)
class Clause:
    """One comparison: an operator, the variable it looks at, and what it is held against."""

    operator: str
    target: str
    against: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Both:
    """All of the conditions hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Negation:
    """The condition does not hold."""

    condition: Condition


Condition = Clause | Both | Either | Negation


@dataclass(frozen=True)
class Match:
    """Another dataset whose variables are put beside the records, by equal keys."""

    dataset: str
    keys: tuple[str, ...]
    child: bool = False
    """Whether the records are those of a dependent dataset (SUPP--, CO, RELREC) that point at their parent."""


@dataclass(frozen=True)
class Rule:
    """One published rule. It describes what is wrong: a record for which ``condition`` holds is a finding."""

    id: str
    kind: str
    message: str
    condition: Condition
    sensitivity: str
    severity: Severity
    domains: Mapping[str, Any]
    classes: Mapping[str, Any]
    operations: tuple[Mapping[str, Any], ...] = ()
    matches: tuple[Match, ...] = ()
    shown: tuple[str, ...] = ()
    grouped_by: tuple[str, ...] = ()


def read_rules(path: Path, standard: str = "sdtmig-3-4") -> tuple[Rule, ...]:
    """Return the rules of a standard in order of their ids; ``path`` is JSON of ``rules`` and ``index``, or gzip of it.

    DataError when the file is not that, or holds no rule for the standard; the message lists those it has.

    >>> import tempfile
    >>> rule = {"core_id": "R1", "rule_type": "Record Data", "description": "No term.", "executability": "",
    ...         "actions": [], "conditions": {"operator": "empty", "value": {"target": "--TERM"}},
    ...         "sensitivity": "Record", "domains": {"Include": ["AE"]}, "classes": None}
    >>> file = Path(tempfile.mkdtemp()) / "rules.json"
    >>> _ = file.write_text(json.dumps({"rules": {"R1": rule}, "index": {"sdtmig/3-4": ["R1"]}}))
    >>> [found.message for found in read_rules(file)]
    ['No term.']
    """
    document = _document(path)
    found = standards(document)
    if standard not in found:
        known = ", ".join(name for name, ids in found.items() if ids)
        raise DataError(f"{path}: standard {standard!r} is not known; known: {known}")
    if not found[standard]:
        raise DataError(f"{path}: no rule is published for {standard}; nothing could be checked")
    try:
        return tuple(_rule(document["rules"][name]) for name in sorted(found[standard]))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: a rule of {standard} is not of the form of CORE's rules ({error!r})") from error


def standards(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the ids of the rules by standard: sdtmig/3-4 is named sdtmig-3-4.

    >>> standards({"index": {"sdtmig/3-4": ["CORE-000001"]}})
    {'sdtmig-3-4': ['CORE-000001']}
    """
    return {name.replace("/", "-"): list(ids) for name, ids in document["index"].items()}


def _document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file of rules")
    content = path.read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(document, dict) or not {"rules", "index"} <= set(document):
        raise DataError(f"{path}: must hold 'rules' by id and 'index' by standard; it is no file of CORE's rules")
    return document


def _rule(source: Mapping[str, Any]) -> Rule:
    message = (source["actions"] or [{}])[0].get("params", {}).get("message") or source["description"]
    doubtful = "overreporting" in source["executability"] or "warning" in source["description"].casefold()
    return Rule(
        source["core_id"],
        source["rule_type"],
        " ".join(message.split()),
        condition(source["conditions"] if isinstance(source["conditions"], dict) else {"all": []}),  # else JSONata
        source["sensitivity"],
        "warning" if doubtful else "error",
        source["domains"] or {},
        source["classes"] or {},
        tuple(source.get("operations") or ()),
        tuple(_match(match) for match in source.get("datasets") or ()),
        tuple(source.get("output_variables") or ()),
        tuple(source.get("grouping_variables") or ()),
    )


def condition(source: Mapping[str, Any]) -> Condition:
    """Return a condition of the JSON as a value.

    >>> condition({"all": [{"operator": "empty", "value": {"target": "AETERM", "comparator": None}}]})
    Both(conditions=(Clause(operator='empty', target='AETERM', against=None, options={}),))
    """
    if "all" in source:
        return Both(tuple(condition(part) for part in source["all"]))
    if "any" in source:
        return Either(tuple(condition(part) for part in source["any"]))
    if "not" in source:
        return Negation(condition(source["not"]))
    value = dict(source["value"])
    return Clause(source["operator"], value.pop("target"), value.pop("comparator", None), value)


def _match(source: Mapping[str, Any]) -> Match:
    return Match(source["domain_name"], tuple(source["match_key"]), bool(source.get("child")))


def clauses(found: Condition) -> Iterator[Clause]:
    """Yield every comparison inside a condition."""
    match found:
        case Clause():
            yield found
        case Negation():
            yield from clauses(found.condition)
        case Both() | Either():
            for part in found.conditions:
                yield from clauses(part)
