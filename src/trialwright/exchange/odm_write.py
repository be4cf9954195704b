"""ODM-XML 1.3.2: everything written about patients, change by change, each with who, when, where and why.

After CDISC Operational Data Model 1.3.2 (2013), file type Transactional: one ``ItemGroupData`` for every fact, so that
the audit trail travels with the data. Rows of the trial's tables keep their names; what else was stated about a patient
(consent, allocation, signatures) is a group named after the kind of its fact.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trialwright.exchange.define_names import ODM
from trialwright.records import TABLES, Column

if TYPE_CHECKING:
    from trialwright.conduct import Fact

__all__ = ["odm_xml"]

ROWS: Mapping[str, str] = {"recorded": "Insert", "corrected": "Update", "struck": "Remove"}
KINDS: Mapping[str, str] = {
    "text": "text", "integer": "integer", "number": "float", "yes/no": "boolean", "date": "date",
}  # fmt: skip
VERSION = "MDV.1"


@dataclass(frozen=True)
class Group:
    """One change as ODM shows it: a group of items of one patient."""

    name: str
    repeat: str
    transaction: str
    items: Mapping[str, Any]
    without: Mapping[str, str]
    fact: Fact


@dataclass
class _Described:
    """Which groups and items were met, with their types; their definitions are written from this."""

    items: dict[str, dict[str, str]] = field(default_factory=dict)

    def see(self, group: Group) -> None:
        """Note a group and its items."""
        known = self.items.setdefault(group.name, {})
        columns = {column.name: column for column in TABLES[group.name].columns} if group.name in TABLES else {}
        for item in (*group.items, *group.without):
            known.setdefault(item, _type_of(columns.get(item)))


def odm_xml(facts: Iterable[Fact], *, study: str, title: str, created: datetime, sites: Mapping[str, str]) -> bytes:
    """Return the facts about patients as ODM-XML.

    ``facts`` come in order of the log; those without a subject are left out. ``sites`` gives the name of each site.
    ``created`` is all that differs between two runs over the same facts.

    >>> made = odm_xml([], study="x", title="A trial", created=datetime(2026, 2, 1), sites={})
    >>> b'FileType="Transactional"' in made
    True
    """
    groups = [_group(fact) for fact in facts if fact.subject is not None and fact.text is not None]
    described = _Described()
    for group in groups:
        described.see(group)
    ET.register_namespace("", ODM)
    root = _element(
        None, "ODM", ODMVersion="1.3.2", FileType="Transactional", FileOID=f"ODM.{study}",
        CreationDateTime=created.isoformat(timespec="seconds"),
    )  # fmt: skip
    _metadata(root, study, title, described)
    _people(root, study, groups, sites)
    _data(root, study, groups)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _group(fact: Fact) -> Group:
    body = fact.body
    if fact.kind in ROWS:
        items = {**body["key"], **(body.get("values") or {})}
        repeat = "|".join(str(value) for value in body["key"].values()) or "1"
        return Group(body["table"], repeat, ROWS[fact.kind], _filled(items), body.get("without", {}), fact)
    return Group(fact.kind, str(fact.seq), "Insert", _filled(body), {}, fact)


def _filled(items: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in items.items() if value is not None}


def _type_of(column: Column | None) -> str:
    return KINDS[column.kind] if column else "text"


def _metadata(root: ET.Element, study: str, title: str, described: _Described) -> None:
    held = _element(root, "Study", OID=study)
    names = _element(held, "GlobalVariables")
    for tag, content in (("StudyName", study), ("StudyDescription", title), ("ProtocolName", study)):
        _element(names, tag).text = content
    version = _element(held, "MetaDataVersion", OID=VERSION, Name=f"Facts of {study}")
    _element(_element(version, "Protocol"), "StudyEventRef", StudyEventOID="SE.ALL", Mandatory="No")
    event = _element(version, "StudyEventDef", OID="SE.ALL", Name="Trial", Repeating="No", Type="Common")
    for group in described.items:
        _element(event, "FormRef", FormOID=_oid("FO", group), Mandatory="No")
    for group in described.items:
        form = _element(version, "FormDef", OID=_oid("FO", group), Name=group, Repeating="No")
        _element(form, "ItemGroupRef", ItemGroupOID=_oid("IG", group), Mandatory="No")
    for group, items in described.items.items():
        made = _element(version, "ItemGroupDef", OID=_oid("IG", group), Name=group, Repeating="Yes")
        for item in items:
            _element(made, "ItemRef", ItemOID=_oid("IT", group, item), Mandatory="No")
    for group, items in described.items.items():
        for item, kind in items.items():
            _item(version, group, item, kind)


def _item(version: ET.Element, group: str, item: str, kind: str) -> None:
    definition = _element(version, "ItemDef", OID=_oid("IT", group, item), Name=item, DataType=kind)
    lengths = {
        "text": {"Length": "2000"},
        "float": {"Length": "20", "SignificantDigits": "10"},
        "integer": {"Length": "10"},
    }
    for name, value in lengths.get(kind, {}).items():
        definition.set(name, value)
    labels = [column.label for column in TABLES[group].columns if column.name == item] if group in TABLES else []
    for label in labels:
        _element(_element(definition, "Description"), "TranslatedText").text = label


def _people(root: ET.Element, study: str, groups: list[Group], sites: Mapping[str, str]) -> None:
    admin = _element(root, "AdminData", StudyOID=study)
    for author in dict.fromkeys(group.fact.author for group in groups):
        _element(_element(admin, "User", OID=_oid("US", author)), "LoginName").text = author
    first = min((group.fact.at for group in groups), default="2000-01-01T00:00:00Z")[:10]
    for site in dict.fromkeys(_site(group.fact) for group in groups):
        place = _element(admin, "Location", OID=_oid("LO", site), Name=sites.get(site, site), LocationType="Site")
        _element(place, "MetaDataVersionRef", StudyOID=study, MetaDataVersionOID=VERSION, EffectiveDate=first)


def _data(root: ET.Element, study: str, groups: list[Group]) -> None:
    data = _element(root, "ClinicalData", StudyOID=study, MetaDataVersionOID=VERSION)
    for subject, of_subject in _by_subject(groups):
        held = _element(data, "SubjectData", SubjectKey=subject, TransactionType="Insert")
        _element(held, "SiteRef", LocationOID=_oid("LO", _site(of_subject[0].fact)))
        event = _element(held, "StudyEventData", StudyEventOID="SE.ALL", TransactionType="Insert")
        forms: dict[str, ET.Element] = {}
        for group in of_subject:
            if group.name not in forms:
                form = _element(event, "FormData", FormOID=_oid("FO", group.name), TransactionType="Insert")
                forms[group.name] = form
            _change(forms[group.name], group)


def _by_subject(groups: list[Group]) -> Iterator[tuple[str, list[Group]]]:
    by: dict[str, list[Group]] = {}
    for group in groups:
        by.setdefault(group.fact.subject or "", []).append(group)
    yield from by.items()


def _change(form: ET.Element, group: Group) -> None:
    data = _element(
        form, "ItemGroupData", ItemGroupOID=_oid("IG", group.name), ItemGroupRepeatKey=group.repeat,
        TransactionType=group.transaction,
    )  # fmt: skip
    _audit(data, group.fact)
    for item, value in group.items.items():
        _element(data, "ItemData", ItemOID=_oid("IT", group.name, item), Value=_text(value))
    for item, why in group.without.items():
        empty = _element(data, "ItemData", ItemOID=_oid("IT", group.name, item), IsNull="Yes")
        _element(_element(empty, "Annotation", SeqNum="1"), "Comment").text = why


def _audit(data: ET.Element, fact: Fact) -> None:
    record = _element(data, "AuditRecord")
    _element(record, "UserRef", UserOID=_oid("US", fact.author))
    _element(record, "LocationRef", LocationOID=_oid("LO", _site(fact)))
    _element(record, "DateTimeStamp").text = fact.at
    reason = fact.body.get("reason")
    if isinstance(reason, str) and reason:
        _element(record, "ReasonForChange").text = reason
    _element(record, "SourceID").text = f"{fact.seq} {fact.hash} {fact.role}"


def _site(fact: Fact) -> str:
    return fact.site or "STUDY"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _oid(*parts: str) -> str:
    return ".".join(part.replace(" ", "_") for part in parts)


def _element(parent: ET.Element | None, tag: str, **attributes: str) -> ET.Element:
    name = f"{{{ODM}}}{tag}"
    return ET.Element(name, attributes) if parent is None else ET.SubElement(parent, name, attributes)
