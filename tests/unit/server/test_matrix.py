"""Every role at every address, at its own site and at another: made from the table of rights and the description.

Nobody does what the table does not give; another site's subject looks the same as none; nobody is shown an arm that is
not theirs to see, or a place in an allocation list.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

from trialwright import protocol
from trialwright.conduct import COMMANDS, RIGHTS, Actor, GrantRole, RecordTraining, RegisterUser
from trialwright.design import Scenario
from trialwright.protocol import read_document
from trialwright.server import Rates, Settings, create_app, demonstration, open_house

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
SITED = ("coordinator", "investigator", "monitor", "data manager", "service")
WHOLE = ("statistician", "sponsor", "administrator")
ROLES = SITED + WHOLE
SEES_ARMS = {"coordinator", "investigator", "monitor"}
SEALED = {
    "commitment": "0" * 64, "salt": "0" * 32, "nonce": "0" * 24, "ciphertext": "0" * 96, "cost": 2**14,
}  # fmt: skip
HASH = "0" * 64
OWN_NAMES = {  # a value for every field of every command; a new field needs a line
    "answers": [{"variable": "age", "value": 50}], "approvals": [], "arm": "new", "aware_at": "2024-02-01T08:00:00Z",
    "biopsy": True, "blood": True, "category": "other", "content": "eA==", "content_hash": HASH, "criteria": ["I01"],
    "digest": HASH, "end": None, "field": None, "fields": ["note"], "grant": "grant-99999",
    "judgments": [{"variable": "age", "value": True}],
    "protocol_hash": HASH,
    "key": {}, "kind": "person", "level": "study", "levels": {}, "list": "new list", "looked_at": "all", "mail": None,
    "meaning": "data are complete and true", "most": 3, "name": "Somebody", "narrative": "for the test",
    "note": "for the test",
    "facts": 1,
    "number": 1, "on": "2024-02-01", "anchor": "randomization", "opened_at": "2024-02-01T08:00:00Z",
    "opened_by": "somebody",
    "organization": "Somewhere", "other": "S1-002", "outcome": "screen failure", "places": 10, "position": 0,
    "purpose": "central", "query": "Q99999", "reason": "for the test", "role": "monitor", "scope": "study",
    "screened_on": "2024-02-01", "sealed": SEALED, "seq": 1, "sha256": HASH, "signed_on": "2024-02-01",
    "start": "2024-02-01", "table": "contacts", "text": "why?", "to_whom": "somebody", "trained_on": "2024-02-01",
    "test": "ALT", "unit": "U/L",
    "training": "x", "user": "nobody.here", "valid_from": "2024-02-01", "values": {"alive_on": "2024-02-01"},
    "variable": "age", "version": 1, "withdrawn_on": "2024-02-01",
    "rows": [{"table": "contacts", "values": {"alive_on": "2024-02-01"}}],
}  # fmt: skip
OF_COMMAND: dict[str, dict[str, Any]] = {
    "ImportList": {"key": HASH},
    "Consent": {"version": "1.0"},
    "ApproveForm": {"version": "9.9"},
}
READS = {
    "/me": None,
    "/study": None,
    "/sites": "read sites",
    "/sites/{site}": "read sites",
    "/users": "read people",
    "/subjects": "read subjects",
    "/subjects/{subject}": "read subjects",
    "/subjects/{subject}/history": "read subjects",
    "/subjects/{subject}/rows": "read subjects",
    "/lists": "read lists",
    "/queries": "read queries",
    "/audit": "read audit",
    "/audit.csv": "read audit",
}
NO_RIGHT, NOT_SEEN = "that takes the role", "that you may see"


@dataclass
class Stage:
    """An office with a trial in it, and one account for each role."""

    client: TestClient
    tokens: dict[str, str]
    own: str
    other: str
    others: list[str]
    arms: set[str]
    description: dict[str, Any]

    def get(self, role: str, path: str):
        return self.client.get(f"/api/v1{path}", headers=self._headers(role))

    def post(self, role: str, path: str, body: dict[str, Any], key: str):
        return self.client.post(f"/api/v1{path}", json=body, headers={**self._headers(role), "Idempotency-Key": key})

    def _headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("office") / "tiny"
    study = protocol.load(str(TINY))
    scenario = read_document(TINY.with_name("scenario.yaml"), Scenario)
    demonstration(study, scenario, folder, seed=5, until=scenario.until)
    with open_house(study, folder) as house:
        tokens = {role: _token(house, role) for role in ROLES}
        app = create_app(house.office, house.accounts, _unhurried(), clock=house.clock)
        with house.office.reading() as state:
            allocated = [one for one in state.subjects.records.values() if one.allocated is not None]
            mine = [one.id for one in allocated if one.site == "S1"]
            others = [one.id for one in state.subjects.records.values() if one.site == "S2"]
            other = next(one.id for one in allocated if one.site == "S2")
        with TestClient(app, base_url="https://office.test", raise_server_exceptions=False) as client:
            arms = {arm.id for arm in study.arms}
            yield Stage(client, tokens, mine[0], other, others, arms, app.openapi())


def _unhurried() -> Settings:
    return Settings(rates=Rates(requests=1e6, requests_at_once=10**6, sign_ins=1e6, sign_ins_at_once=10**6))


def _token(house, role: str) -> str:
    user = f"matrix.{role.replace(' ', '-')}"
    kind = "service" if role == "service" else "person"
    today = house.clock().date()
    scope = "site:S1" if role in SITED else "study"
    for number, command in enumerate(
        (
            RegisterUser(user=user, name=role, organization="Matrix", kind=kind),
            RecordTraining(user=user, training="GCP", trained_on=today),
            GrantRole.model_validate({"user": user, "role": role, "scope": scope, "start": today}),
        )
    ):
        house.office.do(command, Actor("system"), f"matrix {role} {number}")
    if kind == "service":
        return house.accounts.issue_token(user)
    house.accounts.set_password(user, "four purple otters")
    token = house.accounts.sign_in(user, "four purple otters").token
    house.accounts.confirm(token, "four purple otters")
    return token


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


@cache
def required(name: str) -> tuple[str, ...]:
    return tuple(field for field, info in COMMANDS[name].model_fields.items() if info.is_required())


def body_of(name: str, subject: str, site: str) -> dict[str, Any]:
    values = OWN_NAMES | OF_COMMAND.get(name, {}) | {"subject": subject, "site": site}
    fields = {*required(name)} | ({"subject", "site"} & set(COMMANDS[name].model_fields))
    return {field: values[field] for field in fields}


def place_of(name: str) -> str:
    fields = COMMANDS[name].model_fields
    return "subject" if "subject" in fields else "site" if "site" in fields else "study"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_body_that_can_be(name):
    assert COMMANDS[name].model_validate(body_of(name, "S1-001", "S1"))


@pytest.mark.requirement("R12", "R26")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_role_does_at_its_own_site_what_the_table_gives_and_no_more(stage, name, role):
    response = stage.post(
        role, f"/{kebab(name)}", body_of(name, stage.own, "S1"), f"own-{name}-{role}".replace(" ", "-")
    )
    assert response.status_code < 500, response.text
    why = "" if response.status_code == 200 else response.json()["why"]
    given = role in RIGHTS[COMMANDS[name].action] and (place_of(name) != "study" or role in WHOLE)
    if given:
        assert NO_RIGHT not in why
        assert NOT_SEEN not in why
        assert response.status_code != 401
    else:
        assert (response.status_code, NO_RIGHT in why or is_unproved(name, role, why)) == (403, True)


def is_unproved(name: str, role: str, why: str) -> bool:
    """A program has no password to prove again, which is asked before anything else."""
    return role == "service" and COMMANDS[name].needs_confirmation and "password again" in why


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("role", SITED)
@pytest.mark.parametrize("name", sorted(name for name in COMMANDS if place_of(name) != "study"))
def test_at_another_site_nothing_is_done_and_its_subjects_look_like_none(stage, name, role):
    key = f"other-{name}-{role}".replace(" ", "-")
    response = stage.post(role, f"/{kebab(name)}", body_of(name, stage.other, "S2"), key)
    said = response.json()
    if place_of(name) == "site" or role not in RIGHTS[COMMANDS[name].action]:
        refused = NO_RIGHT in said["why"] or is_unproved(name, role, said["why"])
        assert (response.status_code, refused) == (403, True)
        return
    assert (response.status_code, NOT_SEEN in said["why"]) == (404, True)
    unknown = stage.post(role, f"/{kebab(name)}", body_of(name, "S2-999", "S2"), f"{key}-unknown").json()
    same = {**unknown, "why": unknown["why"].replace("S2-999", stage.other), "request": said["request"]}
    assert same == said


@pytest.mark.parametrize("role", SITED)
def test_ones_own_site_named_beside_anothers_subject_opens_nothing(stage, role):
    body = {**body_of("LogDisclosure", stage.other, "S1")}
    response = stage.post(role, "/log-disclosure", body, f"mixed-{role}".replace(" ", "-"))
    assert response.status_code in {403, 404}


def test_the_reads_of_the_matrix_are_all_there_are(stage):
    described = {path.removeprefix("/api/v1") for path, item in stage.description["paths"].items() if "get" in item}
    assert described == set(READS)


@pytest.mark.requirement("R9", "R12", "R31")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", sorted(READS))
def test_a_role_reads_what_is_its_to_read(stage, path, role):
    action = READS[path]
    response = stage.get(role, path.format(site="S1", subject=stage.own))
    if action is not None and role not in RIGHTS[action]:
        assert response.status_code == 403
        return
    assert response.status_code == 200, response.text
    if role in SITED:
        assert [subject for subject in stage.others if subject in response.text] == []
    for found in leaves(response):
        assert_hidden(stage, found, role)


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", sorted(path for path in READS if "{subject}" in path))
def test_anothers_subject_reads_like_none(stage, path, role):
    response = stage.get(role, path.format(subject=stage.other))
    if role in SITED and role in RIGHTS["read subjects"]:
        unknown = stage.get(role, path.format(subject="S2-999"))
        assert (response.status_code, unknown.status_code) == (404, 404)
        assert response.json()["why"] == unknown.json()["why"].replace("S2-999", stage.other)
    else:
        assert response.status_code == 403


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("role", ROLES)
def test_the_whole_trail_shows_nobody_a_place_in_a_list_or_an_arm_not_theirs(stage, role):
    after, seen = 0, 0
    while True:
        response = stage.get(role, f"/audit?after={after}&most=1000")
        if response.status_code == 403:
            assert role == "service"
            return
        facts = response.json()
        for fact in facts:
            assert_hidden(stage, ("fact", fact["body"]), role)
            if fact["kind"] == "allocated":
                seen += 1
                assert (fact["body"]["arm"] in stage.arms) == (role in SEES_ARMS)
        if len(facts) < 1000:
            break
        after = facts[-1]["seq"]
    assert (seen > 0) == (role in SEES_ARMS | {"data manager"})


def leaves(response) -> list[tuple[str, Any]]:
    if response.headers["content-type"].startswith("application/json"):
        return [("answer", response.json())]
    return [("answer", {"text": line}) for line in response.text.splitlines()]


def assert_hidden(stage: Stage, found: tuple[str, Any], role: str) -> None:
    text = json.dumps(found[1])
    for name in ("block", "place", "position", "sealed", "ciphertext", "person"):
        shown = re.findall(rf'"{name}\\*": (?!\\*"hidden|null)', text)
        assert shown == [], f"{name} is shown to {role}"
    if role not in SEES_ARMS:
        assert re.findall(r'"arm\\*": \\*"(?!hidden)', text) == []
