"""Rows read back from ODM-XML 1.3.2 as written by ``odm_write``: the changes are applied in the order of the log."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from trialwright.errors import DataError
from trialwright.exchange.define_names import ODM
from trialwright.records import TABLES, Table

__all__ = ["rows_of_odm"]


def rows_of_odm(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Return the rows in force of every table that people fill in, as ``TrialData.from_rows`` takes them.

    Raises DataError when the text is not ODM-XML.

    >>> rows_of_odm(b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"/>')
    {}
    """
    try:
        root = ET.fromstring(content)
    except ET.ParseError as error:
        raise DataError(f"line {error.position[0]}: not XML: {error}") from error
    if root.tag != f"{{{ODM}}}ODM":
        raise DataError(f"must be ODM-XML 1.3 with the root ODM; got {root.tag}")
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for _, subject, group in sorted(_changes(root), key=lambda change: change[0]):
        table = TABLES.get(group.get("ItemGroupOID", "")[3:])
        if table is not None:
            _apply(rows, subject, table, group)
    made: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (name, _, _), row in rows.items():
        made[name].append(row)
    return dict(made)


def _changes(root: ET.Element) -> list[tuple[int, str, ET.Element]]:
    return [
        (_seq(group), subject.get("SubjectKey", ""), group)
        for subject in root.iter(f"{{{ODM}}}SubjectData")
        for group in subject.iter(f"{{{ODM}}}ItemGroupData")
    ]


def _seq(group: ET.Element) -> int:
    source = group.findtext(f"{{{ODM}}}AuditRecord/{{{ODM}}}SourceID")
    if not source:
        raise DataError(f"item group {group.get('ItemGroupOID')} has no AuditRecord with a SourceID, so no order")
    return int(source.split()[0])


def _apply(rows: dict[tuple[str, str, str], dict[str, Any]], subject: str, table: Table, group: ET.Element) -> None:
    key = (table.name, subject, group.get("ItemGroupRepeatKey", ""))
    if group.get("TransactionType") == "Remove":
        rows.pop(key, None)
        return
    written = {
        item.get("ItemOID", "").split(".", 2)[2]: item.get("Value", "")
        for item in group.iter(f"{{{ODM}}}ItemData")
        if item.get("IsNull") != "Yes"
    }
    rows[key] = {"subject": subject} | _typed(table, written)


def _typed(table: Table, written: Mapping[str, str]) -> dict[str, Any]:
    readers = {"text": str, "integer": int, "number": json.loads, "yes/no": "true".__eq__, "date": date.fromisoformat}
    kinds = {column.name: column.kind for column in table.columns}
    return {name: readers[kinds[name]](value) for name, value in written.items()}  # type: ignore[operator]
