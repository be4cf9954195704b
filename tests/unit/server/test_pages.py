"""Pages: the door, home, people, audit trail; forms that only our own pages can send."""

from __future__ import annotations

import json
import re

import pytest
from pyotp import TOTP

GOOD = "four purple otters"


@pytest.fixture
def staffed(world):
    world.person("boss", "administrator")
    world.person("ana", "coordinator", "site:ES06")
    return world


def come(world, user):
    """Sign in through the page."""
    world.clock.on(seconds=30)
    form = {"user": user, "password": GOOD, "code": TOTP(world.secrets[user]).at(world.clock()), "next": "/"}
    return world.client.post("/sign-in", data=form, follow_redirects=False)


def hidden(text, name):
    return re.search(rf'name="{name}" value="([^"]*)"', text)[1]


def send(world, page, action, **fields):
    """Send a form as a browser would: with the mark and the key that the page holds."""
    text = world.client.get(page).text
    marks = {"csrf": hidden(text, "csrf"), "key": world.key()}
    return world.client.post(action, data={**marks, **fields}, follow_redirects=False)


def test_without_a_session_every_page_leads_to_the_door(staffed):
    for path in ("/", "/people", "/people/ana", "/audit", "/sites", "/account", "/password"):
        response = staffed.client.get(path, follow_redirects=False)
        assert (response.status_code, response.headers["location"].startswith("/sign-in")) == (303, True), path
    assert staffed.client.get("/sign-in").status_code == 200


@pytest.mark.requirement("R18")
@pytest.mark.requirement("R18")
def test_the_cookie_is_out_of_reach(staffed):
    cookie = come(staffed, "ana").headers["set-cookie"]
    assert cookie.startswith("__Host-office=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_the_token_of_a_page_opens_no_interface_and_the_cookie_neither(staffed):
    come(staffed, "ana")
    assert staffed.client.get("/").status_code == 200
    assert staffed.client.get("/api/v1/me").status_code == 401


def test_a_wrong_sign_in_says_nothing_but_that(staffed):
    form = {"user": "ana", "password": "wrong", "next": "/"}
    response = staffed.client.post("/sign-in", data=form)
    assert response.status_code == 403
    assert "<title>Error: Sign in" in response.text
    assert 'value="ana"' in response.text
    assert "wrong</" not in response.text


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", "javascript:x", "/ok\r\nX: y"])
def test_the_door_leads_nowhere_else(staffed, to):
    staffed.clock.on(seconds=30)
    form = {"user": "ana", "password": GOOD, "code": TOTP(staffed.secrets["ana"]).at(staffed.clock()), "next": to}
    response = staffed.client.post("/sign-in", data=form, follow_redirects=False)
    assert response.headers["location"] == "/"


def test_home_shows_what_the_role_may_see(staffed):
    come(staffed, "ana")
    text = staffed.client.get("/").text
    assert "Screened" in text
    assert "/people" not in text
    come(staffed, "boss")
    text = staffed.client.get("/").text
    assert "Accounts" in text
    assert "Randomized" not in text


@pytest.mark.requirement("R18")
@pytest.mark.requirement("R18")
def test_a_form_from_elsewhere_is_refused(staffed):
    come(staffed, "boss")
    fields = {"user": "eva", "name": "Eva", "organization": "H", "kind": "person", "key": "key-00001"}
    mark = hidden(staffed.client.get("/people").text, "csrf")
    before = staffed.kinds()
    for data, headers in (
        (fields, {}),
        ({**fields, "csrf": "x"}, {}),
        ({**fields, "csrf": mark}, {"Origin": "https://evil.example"}),
        ({**fields, "csrf": mark}, {"Sec-Fetch-Site": "cross-site"}),
        ({**fields, "csrf": mark}, {"Origin": "null"}),
    ):
        assert staffed.client.post("/people", data=data, headers=headers).status_code == 403
    assert staffed.client.post("/people", json={**fields, "csrf": mark}).status_code == 415
    assert staffed.kinds() == before


def test_an_account_is_opened_trained_given_a_role_and_closed(staffed):
    come(staffed, "boss")
    fields = {"user": "eva", "name": "Eva Weiß", "organization": "Klinik", "kind": "person"}
    assert send(staffed, "/people", "/people", **fields).headers["location"] == "/people/eva"
    assert "The account is open" in staffed.client.get("/people/eva").text
    send(staffed, "/people/eva", "/people/eva/training", training="GCP", trained_on="2026-03-01")
    role = {"role": "investigator", "scope": "site:ES06", "start": "2026-03-02", "end": ""}
    assert send(staffed, "/people/eva", "/people/eva/roles", **role).status_code == 303
    told = send(staffed, "/people/eva", "/people/eva/password")
    password = re.search(r"<code>([a-z2-9-]{23})</code>", told.text)[1]
    assert staffed.accounts.sign_in("eva", password).only == "password"
    assert send(staffed, "/people/eva", "/people/eva/revoke", grant="grant-3", reason="left").status_code == 303
    assert send(staffed, "/people/eva", "/people/eva/close", reason="left").status_code == 303
    text = staffed.client.get("/people/eva").text
    assert "taken back 2026-03-02 by boss" in text
    assert staffed.kinds()[-1] == "user deactivated"


def test_a_form_with_errors_comes_back_filled_and_says_where(staffed):
    come(staffed, "boss")
    before = staffed.kinds()
    response = send(staffed, "/people", "/people", user="Eva!", name="", organization="<b>Klinik</b>", kind="person")
    assert response.status_code == 422
    assert '<a href="#user">User name:' in response.text
    assert '<a href="#name">Name: Give this.' in response.text
    assert 'value="Eva!"' in response.text
    assert "&lt;b&gt;Klinik&lt;/b&gt;" in response.text
    assert "<b>Klinik" not in response.text
    assert staffed.kinds() == before


def test_the_same_press_twice_acts_once(staffed):
    come(staffed, "boss")
    mark = hidden(staffed.client.get("/people/ana").text, "csrf")
    fields = {"csrf": mark, "key": "form-once-0001", "training": "GCP", "trained_on": "2026-03-01"}
    codes = [staffed.client.post("/people/ana/training", data=fields, follow_redirects=False).status_code for _ in "ab"]
    assert codes == [303, 303]
    assert staffed.kinds().count("training recorded") == 3


def test_a_temporary_password_leads_to_its_change_and_a_missing_factor_to_its_setting(staffed):
    issued = staffed.accounts.issue_password("ana")
    staffed.accounts.remove_second_factor("ana")
    first = staffed.client.post("/sign-in", data={"user": "ana", "password": issued}, follow_redirects=False)
    assert first.headers["location"] == "/password"
    assert staffed.client.get("/", follow_redirects=False).status_code == 303
    new = "three quiet lemons"
    wrong = send(staffed, "/password", "/password", old=issued, new=new, again="other")
    assert (wrong.status_code, "same new password twice" in wrong.text) == (422, True)
    weak = send(staffed, "/password", "/password", old=issued, new="password1234", again="password1234")
    assert (weak.status_code, "first to be guessed" in weak.text) == (422, True)
    assert send(staffed, "/password", "/password", old=issued, new=new, again=new).status_code == 200
    second = staffed.client.post("/sign-in", data={"user": "ana", "password": new}, follow_redirects=False)
    assert second.headers["location"] == "/second-factor"
    text = staffed.client.get("/second-factor").text
    secret = hidden(text, "secret")
    marks = {"csrf": hidden(text, "csrf"), "secret": secret}
    assert staffed.client.post("/second-factor", data={**marks, "code": "000000"}).status_code == 422
    code = TOTP(secret).at(staffed.clock())
    assert "The second factor is set" in staffed.client.post("/second-factor", data={**marks, "code": code}).text
    staffed.clock.on(seconds=30)
    code = TOTP(secret).at(staffed.clock())
    third = staffed.client.post("/sign-in", data={"user": "ana", "password": new, "code": code}, follow_redirects=False)
    assert third.headers["location"] == "/"


def test_sign_out_ends_the_session_and_clears_the_browser(staffed):
    come(staffed, "ana")
    response = send(staffed, "/", "/sign-out")
    assert response.headers["clear-site-data"] == '"cache", "storage"'
    assert staffed.client.get("/", follow_redirects=False).status_code == 303
    assert staffed.kinds()[-1] == "session closed"


@pytest.mark.requirement("R15")
@pytest.mark.requirement("R15")
def test_a_form_sent_after_the_session_ended_is_kept_and_sent_once_signed_in(staffed):
    come(staffed, "boss")
    text = staffed.client.get("/people/ana").text
    fields = {
        "csrf": hidden(text, "csrf"),
        "key": "form-kept-0001",
        "training": "GCP & more",
        "trained_on": "2026-03-01",
    }
    staffed.clock.on(minutes=31)
    late = staffed.client.post("/people/ana/training", data=fields)
    assert late.status_code == 401
    kept = hidden(late.text, "kept").replace("&#34;", '"').replace("&amp;", "&")
    assert json.loads(kept)["fields"]["training"] == "GCP & more"
    code = TOTP(staffed.secrets["boss"]).at(staffed.clock())
    signed = {"user": "boss", "password": GOOD, "code": code, "kept": kept}
    again = staffed.client.post("/sign-in", data=signed)
    assert "Your entry was kept" in again.text
    assert "GCP &amp; more" in again.text
    fields["csrf"] = hidden(again.text.split("/people/ana/training")[1], "csrf")
    assert staffed.client.post("/people/ana/training", data=fields, follow_redirects=False).status_code == 303
    assert staffed.kinds()[-1] == "training recorded"


def test_a_form_without_the_mark_of_the_ended_session_is_not_kept(staffed):
    come(staffed, "boss")
    staffed.clock.on(minutes=31)
    late = staffed.client.post("/people/ana/training", data={"training": "x", "csrf": "y"})
    assert (late.status_code, 'name="kept"' in late.text) == (401, False)


@pytest.mark.requirement("R8", "R10")
@pytest.mark.requirement("R8", "R10")
def test_the_audit_trail_is_filtered_exported_and_its_review_recorded(staffed):
    staffed.person("dora", "data manager")
    come(staffed, "dora")
    text = staffed.client.get("/audit", params={"kind": "role granted"}).text
    assert text.count('<th scope="row">') == 3
    assert staffed.client.get("/audit", params={"since": "soon"}).status_code == 422
    csv = staffed.client.get("/audit.csv", params={"kind": "role granted"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert staffed.kinds()[-1] == "exported"
    assert len(csv.text.strip().splitlines()) == 4
    looked_at = hidden(text, "looked_at").replace("&amp;", "&")
    sent = send(staffed, "/audit", "/audit/review", looked_at=looked_at, facts="3", note="as delegated")
    assert sent.status_code == 303
    assert staffed.kinds()[-1] == "reviewed"


def test_what_is_not_there_or_not_allowed_is_said_on_a_page(staffed):
    come(staffed, "ana")
    for path, status in (("/nowhere", 404), ("/people", 403), ("/people/ana", 403)):
        response = staffed.client.get(path)
        assert (response.status_code, "<h1>" in response.text, "Sign out" in response.text) == (status, True, True)


def test_a_demo_says_so_on_every_page(staffed):
    assert "made-up patients" not in staffed.client.get("/sign-in").text


@pytest.mark.requirement("R18")
@pytest.mark.requirement("R18")
def test_every_page_is_served_with_its_headers_and_without_inline_script(staffed):
    come(staffed, "boss")
    for path in (
        "/",
        "/people",
        "/people/ana",
        "/audit",
        "/sites",
        "/account",
        "/password",
        "/second-factor",
        "/nowhere",
    ):
        response = staffed.client.get(path)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", response.text), path


def test_sessions_of_another_browser_end_when_the_password_changes(staffed):
    come(staffed, "ana")
    staffed.accounts.set_password("ana", "three quiet lemons")
    assert staffed.client.get("/", follow_redirects=False).status_code == 303
    assert staffed.get("ana", "/me").status_code == 401
