"""ODM-XML holds every change of every patient with its author, time, place and reason, and reads back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest

from trialwright.conduct.facts import GENESIS, Fact, canonical, digest_of, sealed
from trialwright.errors import DataError
from trialwright.exchange import odm_xml, rows_of_odm
from trialwright.records import TrialData

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"


def _facts(*written: tuple[str, str | None, dict[str, Any]]) -> list[Fact]:
    facts: list[Fact] = []
    for seq, (kind, subject, body) in enumerate(written, start=1):
        text, previous = canonical(body), facts[-1].hash if facts else GENESIS
        at = f"2026-01-{seq:02d}T10:00:00.000000Z"
        who = ("ana", "coordinator", f"k{seq}", 0, "", kind, "S1", subject)
        unsealed = Fact(seq, at, *who, text, "", digest_of("", text), previous, "")
        facts.append(sealed(unsealed))
    return facts


def _row(table: str, key: dict[str, Any], values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"table": table, "key": key, "values": values, **more}


EVENT = {"system": "blood", "term": "neutropenia", "grade": 2, "serious": False, "started_on": "2026-01-03"}
FACTS = _facts(
    ("office founded", None, {"study": "x"}),
    ("consented", "S1-001", {"version": "2", "signed_on": "2026-01-01"}),
    ("recorded", "S1-001", _row("adverse_events", {"number": 1}, EVENT, without={"ended_on": "unknown yet"})),
    ("corrected", "S1-001", _row("adverse_events", {"number": 1}, EVENT | {"grade": 3}, reason="laboratory <report>")),
    ("recorded", "S1-001", _row("contacts", {"alive_on": "2026-01-05"}, {})),
    ("recorded", "S1-001", _row("contacts", {"alive_on": "2026-01-06"}, {})),
    ("struck", "S1-001", _row("contacts", {"alive_on": "2026-01-05"}, reason="wrong patient")),
)


def _made() -> bytes:
    created = datetime(2026, 2, 1, tzinfo=UTC)
    return odm_xml(FACTS, study="x", title="A trial", created=created, sites={"S1": "Hospital"})


def test_it_is_valid_by_the_official_schema() -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="odmlib and xmlschema are not installed")
    pytest.importorskip("odmlib", reason="odmlib, whose schema is needed, is not installed")
    schema = xmlschema.XMLSchema(str(files("odmlib") / "schemas" / "odm" / "1.3.2" / "ODM1-3-2.xsd"))
    assert [error.reason for error in schema.iter_errors(_made().decode())] == []
    broken = _made().replace(b'TransactionType="Remove"', b'TransactionType="Forget"')
    assert len([*schema.iter_errors(broken.decode())]) == 1


@pytest.mark.requirement("R40", "R1")
def test_every_change_has_author_time_place_and_reason() -> None:
    groups = list(ET.fromstring(_made()).iter(f"{ODM}ItemGroupData"))
    assert len(groups) == len([fact for fact in FACTS if fact.subject])
    [corrected] = [group for group in groups if group.get("TransactionType") == "Update"]
    record = corrected.find(f"{ODM}AuditRecord")
    assert record is not None
    assert record.find(f"{ODM}UserRef").attrib == {"UserOID": "US.ana"}  # type: ignore[union-attr]
    assert record.find(f"{ODM}LocationRef").attrib == {"LocationOID": "LO.S1"}  # type: ignore[union-attr]
    assert record.findtext(f"{ODM}DateTimeStamp") == FACTS[3].at
    assert record.findtext(f"{ODM}ReasonForChange") == "laboratory <report>"
    assert record.findtext(f"{ODM}SourceID") == f"4 {FACTS[3].hash} coordinator"


@pytest.mark.requirement("R25")
def test_why_a_field_is_empty_is_kept() -> None:
    [empty] = [item for item in ET.fromstring(_made()).iter(f"{ODM}ItemData") if item.get("IsNull") == "Yes"]
    assert (empty.get("ItemOID"), empty.findtext(f"{ODM}Annotation/{ODM}Comment")) == (
        "IT.adverse_events.ended_on",
        "unknown yet",
    )


def test_rows_come_back_as_they_stand_after_every_change() -> None:
    rows = rows_of_odm(_made())
    assert rows["contacts"] == [{"subject": "S1-001", "alive_on": date(2026, 1, 6)}]
    [event] = TrialData.from_rows("x", rows, virtual=True)["adverse_events"].to_dicts()
    assert (event["grade"], event["serious"], event["started_on"]) == (3, False, date(2026, 1, 3))


@pytest.mark.parametrize(("content", "says"), [(b"<ODM", "not XML"), (b"<other/>", "root ODM")])
def test_what_is_not_odm_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        rows_of_odm(content)
