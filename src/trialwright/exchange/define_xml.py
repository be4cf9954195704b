"""Define-XML 2.1: what datasets hold, where it comes from and how it is made, from their specifications.

After CDISC Define-XML 2.1.0 (2019) on ODM 1.3.2. Written with the standard library, in one order, so that equal
specifications and data give equal bytes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from trialwright.exchange.define_described import Described, codelists, codes, decimals, described, length
from trialwright.exchange.define_names import DEF, KINDS, ODM, STANDARDS, XLINK, XML, Standard, class_of, oid
from trialwright.exchange.define_values import Listed, listed
from trialwright.exchange.specification import DatasetSpec, VariableSpec

if TYPE_CHECKING:
    from trialwright.exchange.datasets import Dataset

__all__ = ["define_xml"]


def define_xml(
    datasets: Iterable[Dataset],
    specifications: Mapping[str, DatasetSpec],
    *,
    standard: Standard,
    study: str,
    description: str,
    created: datetime,
    ending: str = ".xpt",
) -> bytes:
    """Return Define-XML 2.1 for datasets; one without a specification is described by what it itself tells.

    ``standard`` is ``ADaMIG`` or ``SDTMIG``; ``ending`` is that of the files of the datasets, which stand beside this
    one. ``created`` is all that changes between two runs on the same data.

    >>> import polars as pl
    >>> from datetime import datetime
    >>> from trialwright.exchange import Dataset, Variable
    >>> dm = Dataset("DM", "Demographics", (Variable("AGE", "Age", "integer"),), pl.DataFrame({"AGE": [61]}))
    >>> made = define_xml([dm], {}, standard="SDTMIG", study="X", description="A trial", created=datetime(2020, 1, 1))
    >>> made.count(b"<ItemDef ")
    1
    """
    every = [described(dataset, specifications, standard) for dataset in datasets]
    root = _root(study, created)
    body = _study(root, study, description, standard)
    _values(body, every)
    for found in every:
        _dataset(body, found, standard, ending)
    for found in every:
        for identifier, variable in found.variables:
            _variable(body, found, identifier, variable)
        _value_items(body, found)
    for made in codelists(every):
        _codelist(body, made)
    for found in every:
        _methods(body, found)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _root(study: str, created: datetime) -> ET.Element:
    for prefix, space in (("", ODM), ("def", DEF), ("xlink", XLINK)):
        ET.register_namespace(prefix, space)
    return ET.Element(
        f"{{{ODM}}}ODM",
        {
            "ODMVersion": "1.3.2",
            "FileType": "Snapshot",
            "FileOID": oid("ODM", study),
            "CreationDateTime": created.isoformat(timespec="seconds"),
            f"{{{DEF}}}Context": "Submission",
        },
    )


def _study(root: ET.Element, study: str, description: str, standard: Standard) -> ET.Element:
    held = _add(root, "Study", OID=oid("STDY", study))
    names = _add(held, "GlobalVariables")
    for tag, content in (("StudyName", study), ("StudyDescription", description), ("ProtocolName", study)):
        _add(names, tag).text = content
    body = _add(held, "MetaDataVersion", OID=oid("MDV", study, standard), Name=f"{study}, {standard}")
    body.set(f"{{{DEF}}}DefineVersion", "2.1.0")
    standards = _def(body, "Standards")
    version = STANDARDS[standard].version
    _def(standards, "Standard", OID=oid("STD", standard), Name=standard, Type="IG", Version=version, Status="Final")
    return body


def _values(body: ET.Element, every: Iterable[Described]) -> None:
    """Write the lists of what a variable holds by parameter, then the conditions they name."""
    present = [(found, value) for found in every for value in found.spec.values if codes(found, value)]
    lists: dict[str, ET.Element] = {}
    for found, value in present:
        name = oid("VL", found.spec.name, value.variable)
        if name not in lists:
            lists[name] = _def(body, "ValueListDef", OID=name)
        where = oid(found.spec.name, value.variable, *value.parameters)
        item = _add(lists[name], "ItemRef", ItemOID=f"IT.{where}", Mandatory="No")
        item.set("OrderNumber", str(len(lists[name])))
        item.set("MethodOID", f"MT.{where}")
        _def(item, "WhereClauseRef", WhereClauseOID=f"WC.{where}")
    for found, value in present:
        where = oid(found.spec.name, value.variable, *value.parameters)
        clause = _def(body, "WhereClauseDef", OID=f"WC.{where}")
        held = codes(found, value)
        check = _add(clause, "RangeCheck", SoftHard="Soft", Comparator="IN" if len(held) > 1 else "EQ")
        check.set(f"{{{DEF}}}ItemOID", oid("IT", found.spec.name, "PARAMCD"))
        for code in held:
            _add(check, "CheckValue").text = code


def _dataset(body: ET.Element, found: Described, standard: Standard, ending: str) -> None:
    spec = found.spec
    group = _add(
        body,
        "ItemGroupDef",
        OID=oid("IG", spec.name),
        Name=spec.name,
        SASDatasetName=spec.name,
        Repeating="No" if "PARAMCD" not in spec.keys and spec.keys[-1:] == ("USUBJID",) else "Yes",
        IsReferenceData="Yes" if class_of(spec.name) == "TRIAL DESIGN" else "No",
        Purpose=STANDARDS[standard].purpose,
    )
    if standard == "SDTMIG":
        group.set("Domain", spec.name[4:] if spec.name.startswith("SUPP") else spec.name)
    for name, value in (
        ("Structure", spec.structure or "one record per row"),
        ("StandardOID", oid("STD", standard)),
        ("ArchiveLocationID", oid("LF", spec.name)),
    ):
        group.set(f"{{{DEF}}}{name}", value)
    _text(group, "Description", spec.label)
    for order, (identifier, variable) in enumerate(found.variables, 1):
        reference = _add(group, "ItemRef", ItemOID=identifier, OrderNumber=str(order))
        keyed = variable.name in spec.keys and found.dataset.rows[variable.name].null_count() == 0
        reference.set("Mandatory", "Yes" if variable.required or keyed else "No")
        if variable.name in spec.keys:
            reference.set("KeySequence", str(spec.keys.index(variable.name) + 1))
        if variable.origin == "Derived":
            reference.set("MethodOID", oid("MT", spec.name, variable.name))
    _def(group, "Class", Name=spec.model if standard == "ADaMIG" else class_of(spec.name))
    file = f"{spec.name.lower()}{ending}"
    leaf = _def(group, "leaf", ID=oid("LF", spec.name))
    leaf.set(f"{{{XLINK}}}href", file)
    _def(leaf, "title").text = file


def _variable(body: ET.Element, found: Described, identifier: str, variable: VariableSpec) -> None:
    item = _add(body, "ItemDef", OID=identifier, Name=variable.name, SASFieldName=variable.name)
    item.set("DataType", KINDS[variable.kind])
    item.set("Length", str(length(found, variable)))
    if variable.kind == "number":
        item.set("SignificantDigits", str(decimals(found.dataset, variable.name)))
    if display := variable.variable.display:
        item.set(f"{{{DEF}}}DisplayFormat", display)
    _text(item, "Description", variable.label)
    if variable.name in found.lists:
        _add(item, "CodeListRef", CodeListOID=found.lists[variable.name].id)
    if variable.origin is not None:
        _origin(item, variable)
    if any(value.variable == variable.name and codes(found, value) for value in found.spec.values):
        _def(item, "ValueListRef", ValueListOID=oid("VL", found.spec.name, variable.name))


def _origin(item: ET.Element, variable: VariableSpec) -> None:
    origin = _def(item, "Origin", Type=str(variable.origin))
    if variable.origin in ("Derived", "Assigned"):
        origin.set("Source", "Sponsor")
    if variable.origin == "Predecessor":
        _text(origin, "Description", variable.derivation)


def _value_items(body: ET.Element, found: Described) -> None:
    for value in found.spec.values:
        if not codes(found, value):
            continue
        of = found.spec[value.variable]
        item = _add(body, "ItemDef", OID=oid("IT", found.spec.name, value.variable, *value.parameters), Name=of.name)
        item.set("DataType", KINDS[of.kind])
        item.set("Length", str(length(found, of)))
        if of.kind == "number":
            item.set("SignificantDigits", str(value.decimals or decimals(found.dataset, of.name)))
        if value.codelist is not None:
            _add(item, "CodeListRef", CodeListOID=listed(value.codelist, of.kind).id)
        _origin(item, of)


def _codelist(body: ET.Element, made: Listed) -> None:
    held = _add(body, "CodeList", OID=made.id, Name=made.label, DataType=made.kind)
    for order, (value, decode) in enumerate(made.terms, 1):
        term = _add(held, "CodeListItem", CodedValue=value, OrderNumber=str(order))
        _text(term, "Decode", decode)
    if made.code:
        _add(held, "Alias", Context="nci:ExtCodeID", Name=made.code)


def _methods(body: ET.Element, found: Described) -> None:
    for _, variable in found.variables:
        if variable.origin == "Derived":
            _method(body, oid(found.spec.name, variable.name), variable.derivation)
    for value in found.spec.values:
        if codes(found, value):
            _method(body, oid(found.spec.name, value.variable, *value.parameters), value.derivation)


def _method(body: ET.Element, what: str, says: str) -> None:
    method = _add(body, "MethodDef", OID=f"MT.{what}", Name=f"Derivation of {what}", Type="Computation")
    _text(method, "Description", says)


def _text(parent: ET.Element, tag: str, content: str) -> None:
    text = _add(_add(parent, tag), "TranslatedText")
    text.set(f"{{{XML}}}lang", "en")
    text.text = content


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{ODM}}}{tag}", attributes)


def _def(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{DEF}}}{tag}", attributes)
