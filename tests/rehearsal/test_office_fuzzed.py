"""The interface asked everything its description allows, and what it does not, by every role: never a fault of ours.

Whoever asks, no answer is a server error, every answer is one that the description names, and none tells of a subject
of another site.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from trialwright import protocol
from trialwright.conduct import Actor, GrantRole, RecordTraining, RegisterUser
from trialwright.design import Scenario
from trialwright.protocol import read_document
from trialwright.server import Rates, Settings, create_app, demonstration, open_house

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
GOOD = "four purple otters"
SITED = ("coordinator", "investigator", "monitor", "data manager", "service")
ROLES = (*SITED, "statistician", "sponsor", "administrator")
EXAMPLES = 2
"""For each address and role; a long run takes more."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("office") / "tiny"
    study = protocol.load(str(TINY))
    scenario = read_document(TINY.with_name("scenario.yaml"), Scenario)
    demonstration(study, scenario, folder, seed=5, until=scenario.until)
    with open_house(study, folder) as house:
        rates = Rates(requests=1e6, requests_at_once=10**6, sign_ins=1e6, sign_ins_at_once=10**6)
        app = create_app(house.office, house.accounts, Settings(rates=rates), clock=house.clock)
        with house.office.reading() as state:
            others = [one.id for one in state.subjects.records.values() if one.site == "S2"]
        yield {"app": app, "house": house, "others": others}


def _token(house: Any, role: str) -> str:
    user, today = f"fuzz.{role.replace(' ', '-')}", house.clock().date()
    grant = {"user": user, "role": role, "scope": "site:S1" if role in SITED else "study", "start": today}
    for number, command in enumerate(
        (
            RegisterUser(user=user, name=role, organization="x", kind="service" if role == "service" else "person"),
            RecordTraining(user=user, training="GCP", trained_on=today),
            GrantRole.model_validate(grant),
        )
    ):
        house.office.do(command, Actor("system"), f"fuzz {role} {number}")
    if role == "service":
        return house.accounts.issue_token(user)
    house.accounts.set_password(user, GOOD)
    token = house.accounts.sign_in(user, GOOD).token
    house.accounts.confirm(token, GOOD)
    return token


@pytest.mark.requirement("R12", "R24")
@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_asked_is_answered_as_described(office: dict[str, Any], role: str) -> None:
    headers = {"Authorization": f"Bearer {_token(office['house'], role)}"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", office["app"])
    checks = (not_a_server_error, status_code_conformance, response_schema_conformance)
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith(("/sign-out", "/change-password")):
            continue  # they end the session that the rest is asked with

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
        def ask(case: Any) -> None:
            nonlocal asked
            response = case.call(headers=headers)
            case.validate_response(response, checks=checks)
            if role in SITED:
                assert [one for one in office["others"] if one in response.text] == []
            asked += 1

        ask()
    assert asked > 100
