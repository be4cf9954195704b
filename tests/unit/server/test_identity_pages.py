"""A site keeps, reads and erases who its patients are; nobody else sees it, and every reading is a fact."""

from __future__ import annotations

import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import ApproveForm, Keys, OpenSite, Screen
from trialwright.server import open_house

GOOD, DAY, WHO = "four purple otters", "2026-03-02", "Eva Vidal Example, born 4 May 1961, telephone 555 0101"
TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
PAPERS = [
    {"kind": kind, "reference": "1", "approved_on": "2026-01-02"}
    for kind in ("ethics committee", "competent authority", "agreement")
]


@pytest.fixture
def ward(world: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The made-up trial with one patient in screening at S1, and people of both sites."""
    kind, tiny = type(world), protocol.Screener(protocol.load(TINY))
    monkeypatch.setitem(kind.__init__.__globals__, "_screener", lambda: tiny)
    world = kind(tmp_path_factory.mktemp("ward"))
    world.office.keys = Keys(person=bytes(32))
    for site in ("S1", "S2"):
        world.do(OpenSite(site=site, approvals=PAPERS))
        world.do(ApproveForm(site=site, version="1.0", valid_from="2026-01-02"))
    world.person("cora", "coordinator", "site:S1")
    world.person("otto", "investigator", "site:S2")
    world.person("mona", "monitor")
    world.do(Screen(site="S1", screened_on=DAY), "cora")
    yield world
    world.close()


def come(ward: Any, user: str) -> None:
    ward.clock.on(seconds=31)
    ward.client.cookies.clear()
    form = {"user": user, "password": GOOD, "code": TOTP(ward.secrets[user]).at(ward.clock()), "next": "/"}
    assert ward.client.post("/sign-in", data=form, follow_redirects=False).status_code == 303


def hidden(ward: Any, act: str) -> dict[str, str]:
    """Return what the page hides in the form of one act."""
    page = ward.client.get("/subjects/S1-001/identity").text
    form = re.search(rf'<form [^>]*action="/subjects/S1-001/identity/{act}".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form to {act}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


def send(ward: Any, act: str, **fields: str) -> Any:
    data = {**hidden(ward, act), **fields}
    return ward.client.post(f"/subjects/S1-001/identity/{act}", data=data, follow_redirects=False)


def shown(response: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text)))


def kept(ward: Any) -> int:
    with closing(sqlite3.connect(ward.url.removeprefix("sqlite:///"))) as connection:
        return int(connection.execute("SELECT count(*) FROM identities").fetchone()[0])


def stored(ward: Any) -> bytes:
    file = Path(ward.url.removeprefix("sqlite:///"))
    return b"".join(path.read_bytes() for path in file.parent.glob("office.*"))


@pytest.mark.requirement("R42")
def test_a_site_keeps_an_identity_and_every_reading_is_a_fact(ward: Any) -> None:
    come(ward, "cora")
    assert send(ward, "keep", identity=WHO).status_code == 303
    assert WHO not in ward.client.get("/subjects/S1-001/identity").text
    assert b"Vidal" not in stored(ward)
    first = send(ward, "read", reason="a call about a missed visit")
    assert first.status_code == 200
    assert WHO in shown(first)
    assert first.headers["cache-control"] == "no-store"
    assert re.search(r"read cora coordinator .* a call about a missed visit", shown(first))
    again = send(ward, "read", reason="the second call")
    assert WHO in shown(again)
    assert ward.kinds().count("identity read") == 2
    assert WHO not in str(ward.get("cora", "/audit").json())


def test_a_reading_sent_twice_shows_it_once(ward: Any) -> None:
    come(ward, "cora")
    send(ward, "keep", identity=WHO)
    form = {**hidden(ward, "read"), "reason": "a call"}
    address = "/subjects/S1-001/identity/read"
    assert WHO in shown(ward.client.post(address, data=form, follow_redirects=False))
    assert ward.client.post(address, data=form, follow_redirects=False).status_code == 303
    assert ward.kinds().count("identity read") == 1


def test_a_form_sent_twice_keeps_one_and_another_replaces_it(ward: Any) -> None:
    come(ward, "cora")
    form = {**hidden(ward, "keep"), "identity": WHO}
    for _ in range(2):
        response = ward.client.post("/subjects/S1-001/identity/keep", data=form, follow_redirects=False)
        assert response.status_code == 303
    assert (kept(ward), ward.kinds().count("identity recorded")) == (1, 1)
    assert send(ward, "keep", identity=f"{WHO}, moved house").status_code == 303
    assert kept(ward) == 1
    assert "moved house" in shown(send(ward, "read", reason="a letter"))
    late = ward.client.post("/subjects/S1-001/identity/keep", data=form, follow_redirects=False)
    assert late.status_code == 303
    assert kept(ward) == 1
    assert "moved house" in shown(send(ward, "read", reason="another letter"))


@pytest.mark.requirement("R43")
def test_what_is_erased_is_gone_whichever_way_it_is_asked(ward: Any) -> None:
    come(ward, "cora")
    send(ward, "keep", identity=WHO)
    assert send(ward, "erase", reason="asked for by the patient").status_code == 303
    assert kept(ward) == 0
    assert "No identity is kept" in shown(ward.client.get("/subjects/S1-001/identity"))
    assert "asked for by the patient" in shown(ward.client.get("/subjects/S1-001/identity"))
    send(ward, "keep", identity=WHO)
    response = ward.post("cora", "/erase-identity", {"subject": "S1-001", "reason": "asked for again"})
    assert response.status_code == 200
    assert kept(ward) == 0


@pytest.mark.requirement("R42")
def test_nobody_else_reaches_it(ward: Any) -> None:
    come(ward, "cora")
    send(ward, "keep", identity=WHO)
    before, address = len(ward.kinds()), "/subjects/S1-001/identity"
    come(ward, "otto")
    csrf = re.search(r'name="csrf" value="([^"]*)"', ward.client.get("/screen").text)
    assert csrf is not None
    for act in ("keep", "read", "erase"):
        data = {"csrf": csrf[1], "key": f"form-{act}-of-otto", "reason": "curious", "identity": "nobody"}
        assert ward.client.post(f"{address}/{act}", data=data).status_code == 404
    assert ward.client.get(address).status_code == 404
    come(ward, "mona")
    assert ward.client.get(address).status_code == 403
    assert "/identity" not in ward.client.get("/subjects/S1-001").text
    assert kept(ward) == 1
    assert not [kind for kind in ward.kinds()[before:] if kind.startswith("identity")]


@pytest.mark.parametrize(("act", "field", "text"), [("keep", "identity", " "), ("keep", "identity", "x" * 2001)])
def test_what_cannot_be_kept_is_refused_and_nothing_lies_there(ward: Any, act: str, field: str, text: str) -> None:
    come(ward, "cora")
    response = send(ward, act, **{field: text})
    assert response.status_code == 422
    assert "a text of 1 to 2000 characters" in shown(response).lower()
    assert kept(ward) == 0


def test_a_reading_without_a_reason_is_refused(ward: Any) -> None:
    come(ward, "cora")
    send(ward, "keep", identity=WHO)
    response = send(ward, "read", reason=" ")
    assert response.status_code == 422
    assert WHO not in shown(response)
    assert 'href="#read-reason"' in response.text
    assert "identity read" not in ward.kinds()


def test_an_office_at_home_opens_its_identities_again(tmp_path: Path) -> None:
    tiny = protocol.load(str(TINY))
    with open_house(tiny, tmp_path / "a", environment="training") as house:
        digest = house.identities.keep("S1-001", WHO)
    with open_house(tiny, tmp_path / "a") as house:
        assert house.identities.read("S1-001", digest) == WHO
