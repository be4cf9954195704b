"""An office in memory of one test, people who sign in, and a browserless client."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import (
    COMMANDS,
    Accounts,
    Actor,
    Credentials,
    GrantRole,
    Identities,
    Journal,
    Office,
    RecordTraining,
    RegisterUser,
)
from trialwright.server import Settings, create_app

with warnings.catch_warnings():  # it asks for a successor of httpx that nothing else here needs
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

GOOD = "four purple otters"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = date(2026, 3, 2)


@cache
def _screener() -> protocol.Screener:
    return protocol.Screener(protocol.load(protocol.study_file("palmira", "protocol.yaml")))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


class World:
    """One office behind one application, with short words for what the tests do."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.clock = Clock()
        self.url = f"sqlite:///{folder / 'office.db'}"
        self.office = Office(Journal(self.url), _screener(), clock=self.clock)
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.credentials = Credentials(self.url, b"k" * 32, hasher=weak)
        self.accounts = Accounts(self.office, self.credentials, clock=self.clock)
        self.identities = Identities(self.url, b"i" * 32)
        self.app = create_app(
            self.office, self.accounts, settings or Settings(), identities=self.identities, clock=self.clock
        )
        self.client = TestClient(self.app, base_url="https://office.test", raise_server_exceptions=False)
        self.tokens: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self._keys = iter(range(10**6))

    def key(self) -> str:
        return f"test-key-{next(self._keys)}"

    def do(self, command, by="system"):
        return self.office.do(command, Actor(by), self.key()).reply

    def person(self, user: str, role: str, scope: str = "study", *, trained: bool = True) -> str:
        """Register somebody, give the role, sign in, return the name."""
        self.do(RegisterUser(user=user, name=user.title(), organization="Hospital"))
        if trained:
            self.do(RecordTraining(user=user, training="good clinical practice", trained_on=DAY))
        self.do(GrantRole(user=user, role=role, scope=scope, start=DAY))
        self.accounts.set_password(user, GOOD)
        self.secrets[user] = secret = self.accounts.new_secret()
        self.accounts.set_second_factor(user, secret, TOTP(secret).at(self.clock()))
        self.tokens[user] = self.accounts.sign_in(user, GOOD, TOTP(secret).at(self.clock())).token
        return user

    def service(self, user: str = "lab-import") -> str:
        self.do(RegisterUser(user=user, name="Laboratory import", organization="Hospital", kind="service"))
        self.do(GrantRole(user=user, role="service", scope="study", start=DAY))
        self.tokens[user] = self.accounts.issue_token(user)
        return user

    def get(self, user: str | None, path: str, **query) -> httpx.Response:
        return self.client.get(f"/api/v1{path}", params=query, headers=self.headers(user))

    def post(self, user: str | None, path: str, body, key: str | None = None) -> httpx.Response:
        headers = {**self.headers(user), "Idempotency-Key": key or self.key()}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def headers(self, user: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}

    def kinds(self) -> list[str]:
        with self.office.reading() as state:
            return [fact.kind for fact in state.trail.facts]

    def close(self) -> None:
        self.client.close()
        self.office.close()
        self.credentials.close()
        self.identities.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def world_with(tmp_path: Path) -> Iterator[Callable[[Settings], World]]:
    made: list[World] = []

    def make(settings: Settings) -> World:
        made.append(World(tmp_path, settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def commands() -> dict[str, type]:
    return dict(COMMANDS)
