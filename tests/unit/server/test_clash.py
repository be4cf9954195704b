"""A correction that comes after somebody else's: told what changed, and nothing of either is lost."""

from __future__ import annotations

from typing import Any

from trialwright.conduct import Field, Form, Row, RowId, Version
from trialwright.server.clash import clash_of

FORM = Form("adverse_events", "Adverse events", tuple(
    Field(name, name.title(), "text", required=False, is_key=name == "number")
    for name in ("number", "grade", "end", "outcome")
))  # fmt: skip


def row(*versions: dict[str, Any] | None, without: dict[str, str] | None = None) -> Row:
    kept = [
        Version(number, values, without or {} if number == len(versions) else {}, "ivy", "investigator", "", "", number)
        for number, values in enumerate(versions, 1)
    ]
    return Row(RowId("adverse_events", "S1-001", '{"number":1}'), {"number": 1}, kept)


def test_typed_fields_stay_and_fields_left_alone_follow_the_row() -> None:
    now = row({"grade": "2", "end": None, "outcome": None}, {"grade": "3", "end": "May", "outcome": None})
    sent = {"version": "1", "grade": "4", "end": "", "outcome": "recovering", "why": "letter"}
    clash = clash_of(FORM, now, sent)
    assert clash is not None
    assert clash.changed == [["Grade", "2", "3", "4"], ["End", None, "May", None]]
    kept = {name: clash.values[name] for name in ("grade", "end", "outcome", "why")}
    assert kept == {"grade": "4", "end": "May", "outcome": "recovering", "why": "letter"}


def test_why_a_value_is_missing_counts_as_a_change() -> None:
    now = row({"grade": "2", "end": None}, {"grade": None, "end": None}, without={"grade": "not done"})
    clash = clash_of(FORM, now, {"version": "1", "grade": "2", "end": "May"})
    assert clash is not None
    assert clash.changed == [["Grade", "2", "not done", None]]
    assert (clash.values["grade"], clash.values["grade--none"], clash.values["end"]) == ("", "not done", "May")


def test_there_is_no_clash_with_the_version_in_force_an_unknown_one_or_a_row_taken_back() -> None:
    values = {"grade": "2"}
    assert clash_of(FORM, row(values, values), {"version": "2"}) is None
    assert clash_of(FORM, row(values, values), {"version": "soon"}) is None
    assert clash_of(FORM, row(values, None), {"version": "1"}) is None
