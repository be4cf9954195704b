"""Pages about patients: the journey from screening to allocation, forms from the protocol, and what each role sees."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import (
    ActivateList,
    AllowWaivers,
    ApproveForm,
    AskWaiver,
    Keys,
    OpenSite,
    RecordRow,
    SealList,
    seal_key,
)

GOOD, DAY = "four purple otters", "2026-03-02"
TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
PAPERS = [
    {"kind": kind, "reference": "1", "approved_on": "2026-01-02"}
    for kind in ("ethics committee", "competent authority", "agreement")
]
LIST_KEY = b"l" * 32


@pytest.fixture
def clinic(world: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The made-up trial with one open site, its list active and its people registered."""
    kind, tiny = type(world), protocol.Screener(protocol.load(TINY))
    monkeypatch.setitem(kind.__init__.__globals__, "_screener", lambda: tiny)
    world = kind(tmp_path_factory.mktemp("clinic"))
    world.office.keys = Keys(person=bytes(32))
    for site in ("S1", "S2"):
        world.do(OpenSite(site=site, approvals=PAPERS))
        world.do(ApproveForm(site=site, version="1.0", valid_from="2026-01-02"))
    sealed = seal_key(LIST_KEY, "central", "a passphrase of some length", cost=2**14)
    told = world.do(SealList(list="central", sealed=sealed, places=20))
    world.office.keys = world.office.keys.with_list("central", LIST_KEY)
    world.person("spo", "sponsor")
    world.do(ActivateList(list="central", sha256=told["sha256"]), "spo")
    world.person("ivy", "investigator", "site:S1")
    world.person("otto", "investigator", "site:S2")
    world.person("mona", "monitor")
    world.person("dan", "data manager")
    yield world
    world.close()


def come(clinic: Any, user: str) -> None:
    clinic.clock.on(seconds=31)
    clinic.client.cookies.clear()
    form = {"user": user, "password": GOOD, "code": TOTP(clinic.secrets[user]).at(clinic.clock()), "next": "/"}
    assert clinic.client.post("/sign-in", data=form, follow_redirects=False).status_code == 303


def text_of(clinic: Any, path: str, status: int = 200) -> str:
    response = clinic.client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text)))


def send(clinic: Any, path: str, action: str | None = None, **fields: str) -> Any:
    """Send a form as a browser would: with what the page hides in it."""
    page = clinic.client.get(path).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    data = {**{name: html.unescape(value) for name, value in hidden.items()}, **fields}
    return clinic.client.post(action or path, data=data, follow_redirects=False)


def done(response: Any) -> str:
    assert response.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", response.text)[-1500:]
    return str(response.headers["location"])


def refused(response: Any, *words: str) -> None:
    shown = html.unescape(response.text)
    assert 400 <= response.status_code < 500, response.status_code
    assert "<title>Error: " in shown
    for word in words:
        assert word in shown, word


def screened(clinic: Any) -> str:
    person = {"birth_year": "1961", "sex": "female", "initials": "EV"}
    where = done(send(clinic, "/screen", site="S1", screened_on=DAY, **person))
    return where.rpartition("/")[2]


ANSWERS = {
    "age": "61", "ecog": "1", "sidedness": "left", "last_chemotherapy": "2026-01-02", "lesions-1-organ": "liver",
    "lesions-1-measurable": "true",
}  # fmt: skip


def answered(clinic: Any, **changed: str) -> str:
    subject = screened(clinic)
    done(send(clinic, f"/subjects/{subject}/consent", version="1.0", signed_on=DAY, blood="true"))
    done(send(clinic, f"/subjects/{subject}/questions", **ANSWERS | changed))
    done(send(clinic, f"/subjects/{subject}/judgments", compliant="true", password=GOOD))
    return subject


def randomized(clinic: Any) -> str:
    come(clinic, "ivy")
    subject = answered(clinic)
    done(send(clinic, f"/subjects/{subject}/eligibility", password=GOOD))
    done(send(clinic, f"/subjects/{subject}/randomize", **{"level-liver": "liver", "password": GOOD}))
    return subject


def visit(clinic: Any, subject: str, **changed: str) -> Any:
    fields = {"visit": "c1d1", "number": "1", "planned_on": DAY, "visited_on": DAY} | changed
    return send(clinic, f"/subjects/{subject}/data/visits/new", **fields)


def test_from_the_log_to_the_allocation(clinic: Any) -> None:
    come(clinic, "ivy")
    subject = screened(clinic)
    assert subject == "S1-001"
    page = text_of(clinic, f"/subjects/{subject}/eligibility")
    assert "Consent comes first" in page
    assert "Age – unknown yet (for I01)" in page
    assert f'href="/subjects/{subject}/questions#age"' in clinic.client.get(f"/subjects/{subject}/eligibility").text
    done(send(clinic, f"/subjects/{subject}/consent", version="1.0", signed_on=DAY, biopsy="false", blood="true"))
    assert "no, yes" in text_of(clinic, f"/subjects/{subject}")
    done(send(clinic, f"/subjects/{subject}/questions", **ANSWERS))
    done(send(clinic, f"/subjects/{subject}/judgments", compliant="true", password=GOOD))
    assert "Every criterion is met today" in text_of(clinic, f"/subjects/{subject}/eligibility")
    done(send(clinic, f"/subjects/{subject}/eligibility", password=GOOD))
    where = done(send(clinic, f"/subjects/{subject}/randomize", **{"level-liver": "liver", "password": GOOD}))
    with clinic.office.reading() as state:
        body = state.subjects.records[subject].allocated.body
    shown = text_of(clinic, where)
    assert body["arm_label"] in shown
    for dose in body["doses"].values():
        assert f"{dose['dose']:g} {dose['unit']}" in shown
    assert "position" not in shown
    assert "Cycle 1 day 1" in text_of(clinic, f"/subjects/{subject}")


@pytest.mark.requirement("R21")
def test_randomization_needs_the_password_and_the_right_stratum(clinic: Any) -> None:
    come(clinic, "ivy")
    subject = answered(clinic)
    path = f"/subjects/{subject}/randomize"
    assert "Eligibility is not signed" in text_of(clinic, path)
    done(send(clinic, f"/subjects/{subject}/eligibility", password=GOOD))
    refused(send(clinic, path, **{"level-liver": "liver", "password": "wrong password here"}), "This was not done")
    refused(send(clinic, path, **{"level-liver": "no liver", "password": GOOD}), "the data give 'liver'")
    refused(send(clinic, path, password=GOOD), "This was not done")
    with clinic.office.reading() as state:
        assert state.subjects.records[subject].allocated is None


def test_each_criterion_says_what_decided_it(clinic: Any) -> None:
    come(clinic, "ivy")
    subject = answered(clinic, ecog="3")
    page = text_of(clinic, f"/subjects/{subject}/eligibility")
    assert "A criterion is not met" in page
    assert re.search(r"I02 ECOG 0 or 1 not met ecog = 3 ECOG performance status", page)
    assert "Sign as eligible" not in page
    done(send(clinic, f"/subjects/{subject}/fail", outcome="not eligible", reason="ECOG 3"))
    assert "not eligible: ECOG 3" in text_of(clinic, f"/subjects/{subject}")


def test_the_same_person_is_noticed(clinic: Any) -> None:
    come(clinic, "ivy")
    screened(clinic)
    person = {"birth_year": "1961", "sex": "female", "initials": "ev"}
    refused(send(clinic, "/screen", site="S1", screened_on=DAY, **person), "A person enters once")


@pytest.mark.requirement("R8")
def test_a_field_leads_to_its_history_in_three_clicks(clinic: Any) -> None:
    subject = randomized(clinic)
    done(visit(clinic, subject))
    base = clinic.client.get(f"/subjects/{subject}").text
    table = re.search(rf'href="(/subjects/{subject}/data/visits)"', base)
    assert table is not None
    row = re.search(r'<th scope="row"><a href="([^"]+)"', clinic.client.get(table[1]).text)
    assert row is not None
    address = html.unescape(row[1])
    change = {"planned_on": DAY, "visited_on": "2026-03-01", "why": "misread"}
    refused(send(clinic, address, **change), "is before the consent")
    done(send(clinic, address, **change | {"visited_on": "", "visited_on--none": "not done"}))
    history = next(
        html.unescape(link)
        for link in re.findall(r'href="([^"]+history[^"]+)"', clinic.client.get(address).text)
        if "field=visited_on" in link
    )
    page = text_of(clinic, history)
    assert re.search(rf"1 {DAY} ivy investigator .* – 2 empty ivy investigator .* misread", page)
    answers = re.search(r'href="([^"]+answers[^"]+)"', clinic.client.get(f"/subjects/{subject}/questions").text)
    assert answers is not None
    assert "61" in text_of(clinic, html.unescape(answers[1]))


def test_a_stale_page_is_told_so(clinic: Any) -> None:
    subject = randomized(clinic)
    done(visit(clinic, subject))
    row = f'/subjects/{subject}/row?table=visits&key={{"number":1,"visit":"c1d1"}}'
    before = {"planned_on": DAY, "visited_on": "", "why": "misread"}
    done(send(clinic, row, **before))
    late = send(clinic, row, version="1", **before)
    refused(late, "you saw 1")
    assert late.status_code == 409
    body = {
        "subject": subject,
        "table": "visits",
        "key": {"number": 1, "visit": "c1d1"},
        "version": 1,
        "reason": "late",
    }
    body |= {"values": {"planned_on": DAY, "visited_on": None}}
    assert clinic.post("ivy", "/correct-row", body).status_code == 409
    screen = {"site": "S1", "screened_on": DAY}
    assert clinic.post("ivy", "/screen", screen, key="one-key-for-two").status_code == 200
    assert clinic.post("ivy", "/screen", {**screen, "site": "S2"}, key="one-key-for-two").status_code == 422


def test_a_soft_check_asks_and_the_query_is_answered_and_closed(clinic: Any) -> None:
    subject = randomized(clinic)
    clinic.clock.on(days=20)
    come(clinic, "ivy")
    done(visit(clinic, subject, visited_on="2026-03-12"))
    assert "A query asks: 2026-03-12 is outside" in text_of(clinic, f"/subjects/{subject}/data/visits")
    assert "2026-03-12 is outside" in text_of(clinic, "/queries")
    refused(send(clinic, "/queries/Q1", "/queries/Q1/answer", text=""), "Your words")
    done(send(clinic, "/queries/Q1", "/queries/Q1/answer", text="public holidays"))
    assert "Close query" not in text_of(clinic, "/queries/Q1")
    come(clinic, "mona")
    done(send(clinic, "/queries/Q1", "/queries/Q1/close", text="accepted"))
    assert "closed by mona (monitor)" in text_of(clinic, "/queries/Q1")


def test_monitor_verifies_and_asks_but_changes_nothing(clinic: Any) -> None:
    subject = randomized(clinic)
    done(visit(clinic, subject))
    come(clinic, "mona")
    row = f'/subjects/{subject}/row?table=visits&key={{"number":1,"visit":"c1d1"}}'

    def act(name: str) -> str:
        return row.replace("/row?", f"/row/{name}?")

    page = clinic.client.get(row).text
    assert "Reason for the change" not in page
    done(send(clinic, row, act("verify"), version="1"))
    assert "not verified" not in text_of(clinic, row)
    done(send(clinic, row, act("ask"), about="visited_on", text="the second or the third?"))
    refused(send(clinic, row, visited_on="2026-03-02", version="1", why="misread"), "may not correct row")
    refused(send(clinic, row, act("strike"), version="1", why="misread"), "may not strike row")


@pytest.mark.requirement("R19", "R22")
def test_freeze_sign_and_lock(clinic: Any) -> None:
    subject = randomized(clinic)
    path = f"/subjects/{subject}/casebook"
    come(clinic, "dan")
    done(send(clinic, path, f"{path}/freeze", reason="data cut-off"))
    refused(send(clinic, path, f"{path}/lock", reason="analysis"), "casebooks are not signed")
    come(clinic, "ivy")
    refused(send(clinic, path, password="wrong password here"), "This was not done")
    done(send(clinic, path, password=GOOD))
    assert "Signed by Ivy" in text_of(clinic, path)
    refused(visit(clinic, subject), "frozen")
    come(clinic, "dan")
    done(send(clinic, path, f"{path}/lock", reason="analysis"))
    assert "locked (subject:" in text_of(clinic, path)


def test_the_derived_response_stands_beside_the_recorded(clinic: Any) -> None:
    subject = randomized(clinic)
    clinic.clock.on(days=60)
    reader = {"evaluator": "investigator"}

    def record(table: str, key: dict[str, Any], values: dict[str, Any]) -> None:
        clinic.do(RecordRow(subject=subject, table=table, key=reader | key, values=values), "ivy")

    record("assessments", {"number": 0}, {"assessed_on": DAY})
    record("lesions", {"lesion": "T1"}, {"role": "target", "organ": "liver", "node": False, "found_on": DAY})
    seen = {"assessed_on": DAY, "diameter": 400, "state": "measured"}
    record("measurements", {"number": 0, "lesion": "T1"}, seen)
    later = "2026-04-13"
    record("assessments", {"number": 1}, {"assessed_on": later, "planned_on": later})
    record("measurements", {"number": 1, "lesion": "T1"}, seen | {"assessed_on": later, "diameter": 200})
    told = {"response": "SD", "assessed_on": later}
    record("recorded_responses", {"number": 1, "visit": None, "kind": "overall", "record": None}, told)
    come(clinic, "ivy")
    page = text_of(clinic, f"/subjects/{subject}/tumor")
    assert "T1 target liver 40 mm 20 mm" in page
    assert re.search(r"1 2026-04-13 20 mm PR SD differs", page)


def test_a_serious_event_is_reported_from_its_page(clinic: Any) -> None:
    subject = randomized(clinic)
    new = {"number": "1", "system": "blood", "term": "sepsis", "grade": "4", "serious": "true", "started_on": DAY}
    done(send(clinic, f"/subjects/{subject}/data/adverse_events/new", **new))
    assert "sepsis" in text_of(clinic, "/serious")
    told = {"aware_at": "2026-03-02T07:00", "narrative": "sepsis in aplasia"}
    refused(send(clinic, "/serious", f"/serious/{subject}/1", narrative="x", aware_at="2026-03-02T07:00"))
    done(send(clinic, "/serious", f"/serious/{subject}/1", **told))
    assert "reported" in text_of(clinic, "/serious")


PAGES = (
    "", "/eligibility", "/questions", "/judgments", "/randomize", "/allocation", "/consent", "/dates", "/fail",
    "/withdraw", "/tumor", "/casebook", "/data/visits", "/data/visits/new", "/data/doses", "/data/laboratory/new",
    "/row?table=visits&key={}", "/history?table=visits&key={}",
)  # fmt: skip


def test_another_sites_subject_looks_like_none(clinic: Any) -> None:
    subject = randomized(clinic)
    come(clinic, "otto")
    for page in PAGES:
        response = clinic.client.get(f"/subjects/{subject}{page}")
        nobody = clinic.client.get(f"/subjects/S1-999{page}")
        assert response.status_code == nobody.status_code == 404, page
        clean = [re.sub(r"S1-\d+|[0-9a-f]{12,}|req\S+", "", each.text) for each in (response, nobody)]
        assert clean[0] == clean[1], page
    assert subject not in text_of(clinic, "/subjects")


@pytest.mark.requirement("R9")
def test_whoever_could_count_by_arm_sees_no_arm(clinic: Any) -> None:
    subject = randomized(clinic)
    with clinic.office.reading() as state:
        arms = [arm.label for arm in clinic.office.screener.protocol.arms]
        assert state.subjects.records[subject].allocated is not None
    come(clinic, "dan")
    for path in ("/subjects", f"/subjects/{subject}", f"/subjects/{subject}/allocation", "/progress", "/queries"):
        page = clinic.client.get(path).text
        assert not [arm for arm in arms if arm in page.partition("<main")[2].partition("</main")[0]], path
    assert clinic.client.get(f"/subjects/{subject}/data/doses").status_code == 404
    assert "visits" in clinic.client.get(f"/subjects/{subject}").text


def bad_forms(subject: str) -> list[tuple[str, dict[str, str]]]:
    base = f"/subjects/{subject}"
    long, hostile = "x" * 5000, "<script>alert(1)</script>\x00"
    return [
        ("/screen", {"site": "S2", "screened_on": DAY}),
        ("/screen", {"site": "S1", "screened_on": "2031-01-01"}),
        ("/screen", {"site": "S1", "screened_on": "yesterday", "birth_year": "x"}),
        (f"{base}/consent", {"version": "9.9", "signed_on": DAY}),
        (f"{base}/consent", {"version": hostile, "signed_on": "2026-02-30"}),
        (f"{base}/dates", {"anchor": "birth", "on": DAY}),
        (f"{base}/withdraw", {"level": "everything", "withdrawn_on": DAY, "reason": "why"}),
        (f"{base}/withdraw", {"level": "study", "withdrawn_on": "2031-01-01", "reason": "moved"}),
        (f"{base}/withdraw", {"level": "study", "withdrawn_on": DAY, "reason": long}),
        (f"{base}/questions", {}),
        (f"{base}/questions", {"age": "old", "ecog": "9"}),
        (f"{base}/questions", {"age": "1e999"}),
        (f"{base}/questions", {"lesions-1-organ": "moon"}),
        (f"{base}/questions", {"age": "70"}),
        (f"{base}/judgments", {"password": GOOD}),
        (f"{base}/judgments", {"age": "true", "password": GOOD}),
        (f"{base}/eligibility", {"content_hash": "abc", "password": GOOD}),
        (f"{base}/fail", {"outcome": "tired", "reason": "why"}),
        (f"{base}/data/visits/new", {}),
        (f"{base}/data/visits/new", {"visit": "c1d1", "number": "one"}),
        (f"{base}/data/visits/new", {"visit": "moon", "number": "1"}),
        (f"{base}/data/visits/new", {"visit": "c1d1", "number": "1", "visited_on": "2031-01-01"}),
        (f"{base}/data/deaths/new", {"cause": "age", "died_on": "2026-13-01"}),
        (f"{base}/data/adverse_events/new", {"number": "1", "system": "x", "term": long}),
        (f"{base}/data/adverse_events/new", {"number": "1", "system": hostile, "term": "y"}),
        (f"{base}/data/laboratory/new", {"number": "1", "test": "ANC", "value": "nan"}),
        (f"{base}/casebook", {"content_hash": "0" * 64, "password": GOOD}),
    ]


@pytest.mark.requirement("R24")
def test_bad_forms_are_refused_with_words_and_store_nothing_else(clinic: Any) -> None:
    come(clinic, "ivy")
    subject = answered(clinic)
    for path, fields in bad_forms(subject):
        before = len(clinic.kinds())
        response = send(clinic, path, **fields)
        refused(response)
        assert "<script>alert" not in response.text
        assert set(clinic.kinds()[before:]) <= {"refused", "confirmed"}, (path, fields)


NOWHERE = (
    "/row?table=visits&key=x", "/row?table=visits&key=[]", "/row?table=moons&key={}", "/data/moons",
    "/data/allocations", "/data/answers/new", "/row?table=visits", "/history?table=answers&key={}",
)  # fmt: skip


def test_addresses_that_lead_nowhere_say_so(clinic: Any) -> None:
    subject = randomized(clinic)
    for path in NOWHERE:
        response = clinic.client.get(f"/subjects/{subject}{path}")
        assert 400 <= response.status_code < 500, path
        assert "<title>" in response.text


def test_progress_counts_the_whole_trial_and_nothing_by_arm(clinic: Any) -> None:
    randomized(clinic)
    page = text_of(clinic, "/progress")
    assert "1 of 60 randomized" in page
    assert "Nothing is overdue" in page
    clinic.clock.on(days=30)
    come(clinic, "ivy")
    assert "Cycle 1 day 1" in text_of(clinic, "/progress")


def test_pages_about_patients_are_for_those_who_may_read_them(clinic: Any) -> None:
    for user, expected in {"spo": 403, "ivy": 200, "mona": 200, "dan": 200}.items():
        come(clinic, user)
        answers = [clinic.client.get(path).status_code for path in ("/subjects", "/progress", "/serious")]
        assert answers == [expected] * 3, user


def test_the_sponsor_decides_what_the_protocol_leaves_to_it(clinic: Any) -> None:
    variables = clinic.office.screener.protocol.variables
    variables["compliant"] = variables["compliant"].model_copy(update={"by": "sponsor's designee"})
    come(clinic, "ivy")
    subject = screened(clinic)
    done(send(clinic, f"/subjects/{subject}/consent", version="1.0", signed_on=DAY))
    done(send(clinic, f"/subjects/{subject}/questions", **ANSWERS | {"ecog": "2"}))
    assert clinic.client.get("/decisions").status_code == 403
    clinic.do(AskWaiver(subject=subject, criteria=["I02"], reason="fit enough"), "ivy")
    come(clinic, "spo")
    page = text_of(clinic, "/decisions")
    assert f"{subject}: Able to follow the visits" in page
    assert "ivy asks: fit enough" in page
    assert next(one.short for one in clinic.office.screener.protocol.eligibility.criteria if one.id == "I02") in page
    path, asked = f"/decisions/{subject}/", {"variable": "compliant", "value": "true"}
    wrong = send(
        clinic, "/decisions", path + "judgment", **asked, note="on the telephone", password="wrong password here"
    )
    refused(wrong, "This was not done", 'value="on the telephone"', 'value="true" checked')
    done(send(clinic, "/decisions", path + "judgment", **asked, password=GOOD))
    refused(send(clinic, "/decisions", path + "waiver", reason="agreed", password=GOOD), "refused by default")
    clinic.do(AllowWaivers(most=1, reason="amendment"), "spo")
    done(send(clinic, "/decisions", path + "waiver", reason="agreed", password=GOOD))
    page = text_of(clinic, "/decisions")
    assert "No subject waits" in page
    assert "Nobody asks" in page
    come(clinic, "ivy")
    done(send(clinic, f"/subjects/{subject}/eligibility", password=GOOD))
