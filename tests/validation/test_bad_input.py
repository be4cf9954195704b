"""Every address of the interface refuses what cannot be: 4xx with what to do, and nothing stored but the refusal."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from argon2 import PasswordHasher
from whole_trial import PEOPLE, whole_trial

from trialwright.conduct import COMMANDS, RIGHTS, Accounts, Ask, Credentials, Journal, Limits, Office
from trialwright.server import Rates, Settings, create_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

GOOD = "four purple otters"
LEFT_BY_A_REFUSAL = {"refused", "alert raised", "mail queued"}
MAY_LIE_AHEAD = {"start", "end"}
HOSTILE = (
    "x" * 20_000,
    "a\x00b",
    "\x1b[31m",
    "half \ud800 a pair",
    "S1-001'; DROP TABLE facts; --",
    "../../etc/passwd",
)
IDENTIFIERS = {"subject", "site", "list", "table", "query", "grant", "user", "anchor", "other", "scope", "criteria"}


@dataclass
class Desk:
    """The office of a trial lived through, behind the interface, with somebody signed in for each right."""

    client: TestClient
    office: Office
    tokens: dict[str, str]
    bodies: dict[str, dict[str, Any]]
    keys: Iterator[int] = field(default_factory=itertools.count)

    def post(self, name: str, body: Any, key: str | None = None) -> Any:
        address = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
        headers = {
            "Authorization": f"Bearer {self.tokens[self.user(name)]}",
            "Idempotency-Key": key or f"bad-input-{next(self.keys)}",
            "Content-Type": "application/json",
        }
        return self.client.post(f"/api/v1/{address}", content=json.dumps(body), headers=headers)

    def user(self, name: str) -> str:
        """Return who has the right, at the first site where it is a site's."""
        may = RIGHTS[COMMANDS[name].action]
        return next(user for user, (role, _) in PEOPLE.items() if role in may)

    def seq(self) -> int:
        with self.office.reading() as state:
            return state.seq

    def kinds_since(self, seq: int) -> set[str]:
        with self.office.reading() as state:
            return {fact.kind for fact in state.trail.facts[seq:]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    trial, url = whole_trial(), f"sqlite:///{tmp_path_factory.mktemp('office') / 'office.db'}"
    journal = Journal(url)
    with journal.transaction() as log:
        log.append(trial.draft.written)
    with Office(journal, trial.draft.screener, trial.keys, clock=lambda: trial.at) as office:
        credentials = Credentials(url, bytes(32), hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        accounts = Accounts(office, credentials, Limits(second_factor=False), clock=lambda: trial.at)
        tokens = {user: _signed_in(accounts, user) for user in PEOPLE}
        rates = Rates(requests=1e6, requests_at_once=10**6, sign_ins=1e6, sign_ins_at_once=10**6)
        app = create_app(office, accounts, Settings(rates=rates), clock=lambda: trial.at)
        with TestClient(app, base_url="https://office.test", raise_server_exceptions=False) as client:
            yield Desk(client, office, tokens, _bodies(trial.steps))
        credentials.close()


def _signed_in(accounts: Accounts, user: str) -> str:
    accounts.set_password(user, GOOD)
    token = accounts.sign_in(user, GOOD).token
    accounts.confirm(token, GOOD)
    return token


def _bodies(steps: list[Any]) -> dict[str, dict[str, Any]]:
    """Return what was asked of each command in the trial: a body in good shape."""
    return {type(one.command).__name__: one.command.model_dump(mode="json") for one in steps if one.refusal is None}


def spoilt(name: str, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield bodies that cannot be, each with what is wrong with it."""
    command: type[Ask] = COMMANDS[name]
    yield "no object", [body]
    yield "a field nobody knows", {**body, "arm_to_give": "new"}
    for column, info in command.model_fields.items():
        if info.is_required():
            yield f"no {column}", {key: value for key, value in body.items() if key != column}
        yield f"{column} of another type", {**body, column: [[{"x": 1}]]}
        value = body.get(column)
        if column in IDENTIFIERS and isinstance(value, str):
            yield from ((f"{column} = {text[:20]!r}", {**body, column: text}) for text in HOSTILE)
        elif isinstance(value, str):
            yield f"{column} too long", {**body, column: "x" * 20_000}
            yield f"{column} with a null byte", {**body, column: "a\x00b"}
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            yield f"{column} on no day", {**body, column: "2023-02-29"}
            if column not in MAY_LIE_AHEAD:
                yield f"{column} in the future", {**body, column: "2999-01-01"}
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"{column} below nothing", {**body, column: -1}
            yield f"{column} beyond all", {**body, column: 10**40}


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_cannot_be_is_refused_with_what_to_do_and_nothing_is_stored(desk: Desk, name: str) -> None:
    before, tried = desk.seq(), 0
    for what, body in spoilt(name, desk.bodies[name]):
        response = desk.post(name, body)
        assert 400 <= response.status_code < 500, (what, response.status_code, response.text[:300])
        said = response.json()
        assert said["why"], what
        assert said["what_to_do"], what
        assert len(response.content) < 5_000, what
        tried += 1
    assert desk.kinds_since(before) <= LEFT_BY_A_REFUSAL
    assert tried >= 3


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_key_used_for_one_request_is_good_for_no_other(desk: Desk, name: str) -> None:
    with desk.office.reading() as state:
        used = next(fact.key for fact in state.trail.facts if fact.kind == "session opened")
    before = desk.seq()
    response = desk.post(name, desk.bodies[name], used)
    assert 400 <= response.status_code < 500
    assert desk.kinds_since(before) <= LEFT_BY_A_REFUSAL


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("name", ["CorrectRow", "StrikeRow", "VerifyRow"])
def test_a_stale_version_is_refused(desk: Desk, name: str) -> None:
    before = desk.seq()
    for version in (0, 1, 99):
        body = {**desk.bodies["CorrectRow"], **desk.bodies[name], "version": version}
        if name != "CorrectRow":
            body = {key: value for key, value in body.items() if key in COMMANDS[name].model_fields}
        response = desk.post(name, body | {"reason": "misread"} if name != "VerifyRow" else body)
        assert 400 <= response.status_code < 500, response.text
    assert desk.kinds_since(before) <= LEFT_BY_A_REFUSAL


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b"[" * 5000, b'{"a":1e999}', b'{"a":NaN}'])
def test_what_is_no_json_is_refused_everywhere(desk: Desk, content: bytes) -> None:
    before = desk.seq()
    for name in COMMANDS:
        address = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
        headers = {"Authorization": f"Bearer {desk.tokens['ivy']}", "Idempotency-Key": f"no-json-{next(desk.keys)}"}
        response = desk.client.post(f"/api/v1/{address}", content=content, headers=headers)
        assert 400 <= response.status_code < 500, (name, response.text)
        assert response.json()["what_to_do"]
    assert desk.seq() == before


def _endless(shape: Any, where: str) -> Iterator[str]:
    """Yield texts and whole numbers of a JSON schema that nothing keeps short."""
    if isinstance(shape, list):
        for each in shape:
            yield from _endless(each, where)
    if not isinstance(shape, dict):
        return
    kind = shape.get("type")
    if kind == "string" and not {"maxLength", "enum", "const", "format", "pattern"} & set(shape):
        yield where
    if kind == "integer" and not {"maximum", "exclusiveMaximum", "enum"} & set(shape):
        yield where
    for name, each in shape.items():
        yield from _endless(each, f"{where}/{name}")


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_text_or_number_of_a_request_is_endless(name: str) -> None:
    assert list(_endless(COMMANDS[name].model_json_schema(), name)) == []


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_form_refuses_what_cannot_be(desk: Desk, name: str) -> None:
    _come(desk, desk.user(name))
    address = f"/acts/{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '-', name).lower()}"
    page = desk.client.get(address).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    before, filled = desk.seq(), _typed(desk.bodies[name])
    for what, body in spoilt(name, filled):
        if not isinstance(body, dict) or what == "a field nobody knows" or not _can_be_typed(body):
            continue
        fields = {
            **hidden,
            "password": GOOD,
            **{"of-key" if column == "key" else column: text for column, text in body.items()},
        }
        response = desk.client.post(address, data=fields, follow_redirects=False)
        assert 400 <= response.status_code < 500, (what, response.status_code, re.sub("<[^>]+>", " ", response.text))
        assert "<title>Error: " in response.text, what
    assert desk.kinds_since(before) <= LEFT_BY_A_REFUSAL | {"confirmed"}


@pytest.mark.requirement("R24")
def test_a_form_whose_act_has_a_key_of_its_own_keeps_it_apart_from_that_of_the_request(desk: Desk) -> None:
    _come(desk, "mona")
    page = desk.client.get("/acts/open-query").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    row = {"subject": "S1-001", "table": "visits", "of-key": '{"visit": "c1d1", "number": 1}', "text": "which day?"}
    response = desk.client.post("/acts/open-query", data={**hidden, **row})
    assert response.status_code == 200
    with desk.office.reading() as state:
        fact = state.trail.facts[-1]
    assert (fact.kind, fact.key, fact.body["key"]) == ("query opened", hidden["key"], {"visit": "c1d1", "number": 1})


def _come(desk: Desk, user: str) -> None:
    desk.client.cookies.clear()
    form = {"user": user, "password": GOOD, "code": "", "next": "/"}
    assert desk.client.post("/sign-in", data=form, follow_redirects=False).status_code == 303


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body as it is typed into a form: texts, and JSON for what has parts."""
    plain = {key: value for key, value in body.items() if value is not None}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in plain.items()}


def _can_be_typed(body: dict[str, Any]) -> bool:
    """Say whether a browser can send it: a value of another type comes as no text, half a surrogate pair not at all."""
    try:
        return all(isinstance(value, str) and value.encode() for value in body.values())
    except UnicodeEncodeError:
        return False
