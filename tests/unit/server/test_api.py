"""The interface: one address for each command, sessions, answers held to what the reader may see."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from pyotp import TOTP

from trialwright.conduct import COMMANDS
from trialwright.server import Rates, Settings

GOOD = "four purple otters"
TRAINING = {"user": "ana", "training": "protocol 2.0", "trained_on": "2026-03-02"}


@pytest.fixture
def staffed(world):
    world.person("boss", "administrator")
    world.person("ana", "coordinator", "site:ES06")
    return world


def test_every_command_has_an_address_in_the_description(world):
    described = world.client.get("/api/v1/openapi.json").json()
    posts = {path["post"]["operationId"] for path in described["paths"].values() if "post" in path}
    assert set(COMMANDS) <= posts
    for path in described["paths"].values():
        for operation in path.values():
            assert {"401", "403", "422", "429"} <= set(operation["responses"])


def test_an_order_is_done_once_for_one_key(staffed):
    first = staffed.post("boss", "/record-training", TRAINING, "key-00001")
    again = staffed.post("boss", "/record-training", TRAINING, "key-00001")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert ("idempotent-replay" in first.headers, again.headers["idempotent-replay"]) == (False, "true")
    other = staffed.post("boss", "/record-training", {**TRAINING, "training": "x"}, "key-00001")
    assert other.status_code == 422
    assert other.json()["what_to_do"] == "a new request needs a new key"


@pytest.mark.parametrize("key", [None, "short", "with blanks in it", "x" * 101, "key\x00-0001"])
def test_an_order_needs_a_proper_key(staffed, key):
    headers = staffed.headers("boss") | ({"Idempotency-Key": key} if key else {})
    if key and "\x00" in key:
        headers["Idempotency-Key"] = key.encode()
    response = staffed.client.post("/api/v1/record-training", json=TRAINING, headers=headers)
    assert response.status_code in {400, 422}
    assert "training recorded" not in staffed.kinds()[-1:]


def test_without_a_session_nothing_is_said_or_done(staffed):
    before = staffed.kinds()
    for path in ("/subjects", "/users", "/audit", "/me", "/sites"):
        response = staffed.get(None, path)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert staffed.post(None, "/record-training", TRAINING).status_code == 401
    staffed.tokens["ghost"] = "made up"
    assert staffed.post("ghost", "/record-training", TRAINING).status_code == 401
    assert staffed.kinds() == before


def test_who_may_not_is_told_who_may(staffed):
    response = staffed.post("ana", "/register-user", {"user": "eva", "name": "Eva", "organization": "H"})
    assert response.status_code == 403
    assert response.json() == {
        "what": "this may not be done",
        "why": "ana may not register user for the whole study: that takes the role administrator",
        "what_to_do": "ask somebody who may, or an administrator for the right",
        "fields": [],
        "request": response.headers["x-request-id"],
    }
    assert staffed.kinds()[-1] == "refused"


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**TRAINING, "user": None}, "user"),
        ({**TRAINING, "trained_on": "2026-02-30"}, "trained_on"),
        ({**TRAINING, "trained_on": 5.5}, "trained_on"),
        ({**TRAINING, "training": ""}, "training"),
        ({**TRAINING, "training": "x" * 5000}, "training"),
        ({**TRAINING, "training": "a\x00b"}, "training"),
        ({**TRAINING, "extra": 1}, "extra"),
        ({}, "user"),
        ([], "body"),
        ("<script>", "body"),
        (None, "body"),
    ],
)
@pytest.mark.requirement("R24")
def test_what_cannot_be_is_refused_by_field_and_nothing_is_stored(staffed, body, field):
    before = staffed.kinds()
    response = staffed.post("boss", "/record-training", body)
    assert response.status_code == 422
    assert field in {each["field"] for each in response.json()["fields"]}
    assert staffed.kinds() == before


def test_what_is_no_json_is_refused(staffed):
    headers = {**staffed.headers("boss"), "Idempotency-Key": "key-00002", "Content-Type": "application/json"}
    response = staffed.client.post("/api/v1/record-training", content=b"{no", headers=headers)
    assert response.status_code == 400


def test_a_body_too_large_is_refused(staffed):
    response = staffed.post("boss", "/record-training", {**TRAINING, "training": "x" * 1_100_000})
    assert response.status_code == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    headers = {**staffed.headers("boss"), "Idempotency-Key": "key-00003", "Content-Type": "application/json"}
    assert staffed.client.post("/api/v1/record-training", content=chunks, headers=headers).status_code == 413


def test_sign_in_confirm_and_sign_out(staffed):
    code = TOTP(staffed.secrets["ana"]).at(staffed.clock() + timedelta(seconds=30))
    given = {"user": "ana", "password": GOOD, "code": code}
    signed = staffed.client.post("/api/v1/sign-in", json=given).json()
    assert (signed["user"], signed["only"]) == ("ana", None)
    staffed.tokens["ana"] = signed["token"]
    assert staffed.get("ana", "/me").json()["roles"] == ["coordinator"]
    assert staffed.post("ana", "/confirm", {"password": "wrong"}).status_code == 403
    assert staffed.post("ana", "/confirm", {"password": GOOD}).json()["until"] == "2026-03-02T08:10:00Z"
    assert staffed.post("ana", "/sign-out", {}).json() == {"done": True}
    assert staffed.get("ana", "/me").status_code == 401


@pytest.mark.requirement("R16")
def test_every_failed_sign_in_is_answered_alike(staffed):
    tries = [
        ("ana", "wrong", None),
        ("ana", GOOD, None),
        ("ana", GOOD, "000000"),
        ("nobody", GOOD, None),
        ("system", GOOD, None),
    ]
    said = []
    for user, password, code in tries:
        response = staffed.client.post("/api/v1/sign-in", json={"user": user, "password": password, "code": code})
        said.append((response.status_code, response.json()["why"], response.json()["what_to_do"]))
    assert len(set(said)) == 1
    assert said[0][0] == 403


@pytest.mark.requirement("R15")
@pytest.mark.requirement("R15")
def test_a_session_without_requests_ends(staffed):
    staffed.clock.on(minutes=29)
    assert staffed.get("ana", "/me").status_code == 200
    staffed.clock.on(minutes=29)
    assert staffed.get("ana", "/me").status_code == 200
    staffed.clock.on(minutes=31)
    assert staffed.get("ana", "/me").status_code == 401
    assert staffed.kinds()[-1] == "session closed"


@pytest.mark.requirement("R13")
@pytest.mark.requirement("R13")
def test_a_right_taken_back_is_gone_with_the_next_request(staffed):
    assert staffed.get("ana", "/subjects").status_code == 200
    staffed.post("boss", "/revoke-role", {"grant": "grant-2", "reason": "left"})
    assert staffed.get("ana", "/subjects").status_code == 401


@pytest.mark.requirement("R13")
@pytest.mark.requirement("R13")
def test_a_closed_account_is_out_with_the_next_request(staffed):
    staffed.post("boss", "/deactivate-user", {"user": "ana", "reason": "left"})
    assert staffed.get("ana", "/me").status_code == 401


def test_an_administrator_issues_passwords_and_others_do_not(staffed):
    issued = staffed.post("boss", "/issue-password", {"user": "ana"}).json()["secret"]
    signed = staffed.client.post(
        "/api/v1/sign-in",
        json={
            "user": "ana",
            "password": issued,
            "code": TOTP(staffed.secrets["ana"]).at(staffed.clock() + timedelta(seconds=30)),
        },
    ).json()
    assert signed["only"] == "password"
    staffed.tokens["ana"] = signed["token"]
    assert staffed.get("ana", "/me").status_code == 401
    staffed.person("eva", "coordinator", "site:ES06")
    for path in ("/issue-password", "/remove-second-factor", "/issue-token"):
        assert staffed.post("eva", path, {"user": "boss"}).status_code == 403


def test_a_service_reads_with_its_token(staffed):
    staffed.service()
    assert staffed.get("lab-import", "/subjects").json() == []
    assert staffed.get("lab-import", "/audit").status_code == 403
    staffed.clock.on(days=30)
    assert staffed.get("lab-import", "/subjects").status_code == 200


def test_who_asks_too_fast_waits(world_with):
    world = world_with(Settings(rates=Rates(requests=1, requests_at_once=3, sign_ins=1, sign_ins_at_once=2)))
    world.person("boss", "administrator")
    found = [world.get("boss", "/me") for _ in range(4)]
    assert [each.status_code for each in found] == [200, 200, 200, 429]
    assert int(found[-1].headers["retry-after"]) >= 1
    given = {"user": "boss", "password": "x"}
    assert [world.client.post("/api/v1/sign-in", json=given).status_code for _ in range(3)] == [403, 403, 429]


@pytest.mark.requirement("R18")
@pytest.mark.requirement("R18")
def test_every_answer_carries_its_headers(staffed):
    for response in (staffed.get("ana", "/me"), staffed.get(None, "/me"), staffed.client.get("/nowhere")):
        assert response.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "unsafe-inline" not in response.headers["content-security-policy"]
        assert response.headers["strict-transport-security"].startswith("max-age=63072000")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert len(response.headers["x-request-id"]) == 16


def test_a_mistake_of_ours_is_answered_without_its_details(staffed, monkeypatch):
    monkeypatch.setattr(staffed.app.state.desk, "now", lambda: 1 / 0)
    response = staffed.get("ana", "/me")
    assert response.status_code == 500
    assert "ZeroDivision" not in response.text
    assert response.headers["content-security-policy"]


@pytest.mark.requirement("R18")
@pytest.mark.requirement("R18")
def test_no_secret_reaches_the_log(staffed, caplog):
    caplog.set_level(logging.DEBUG)
    canaries = ["canary password 1", "canary password 2"]
    staffed.client.post("/api/v1/sign-in", json={"user": canaries[0], "password": canaries[1]})
    staffed.client.post("/api/v1/sign-in", json={"user": "ana", "password": canaries[1], "code": "123456"})
    staffed.client.post("/api/v1/sign-in", json={"user": "ana", "password": {"x": canaries[1]}})
    staffed.get("ana", "/audit", kind=canaries[0])
    staffed.post("ana", "/confirm", {"password": canaries[1]})
    with staffed.office.reading() as state:
        log = caplog.text + str(state.trail.facts)
    assert '"path": "/api/v1/sign-in"' in log
    for secret in (*canaries, staffed.tokens["ana"], staffed.secrets["ana"], GOOD):
        assert secret not in log


@pytest.mark.requirement("R18")
def test_an_answer_to_a_bad_field_never_repeats_it(staffed):
    response = staffed.client.post("/api/v1/sign-in", json={"user": "ana", "password": ["canary password"]})
    assert response.status_code == 422
    assert "canary" not in response.text
