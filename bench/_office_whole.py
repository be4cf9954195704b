"""A whole rehearsed trial through the office's API: every person signs in and asks by HTTP, day by day."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from argon2 import PasswordHasher

from trialwright.conduct import (
    Accounts,
    Actor,
    Ask,
    Credentials,
    Journal,
    Keys,
    Limits,
    Office,
    Randomize,
    Receipt,
    State,
    seal_key,
    snapshot,
)
from trialwright.design import Scenario
from trialwright.protocol import Protocol, Screener, load, protocol_file, read_document
from trialwright.randomize import key_from_seed
from trialwright.records import TABLES, TrialData
from trialwright.server import Hands, ListToUse, Settings, create_app, load_trial
from trialwright.server.api_commands import kebab
from trialwright.simulate import trial

PASSWORD = "seven green kettles"
LANES = 6
"""Connections at once; what concerns one site stays in order on one of them."""
WHILE_LOADING = Limits(session=timedelta(days=9999), idle=timedelta(days=9999), confirmation=timedelta(days=9999),
                       second_factor=False)  # fmt: skip


@dataclass
class ThroughHttp:
    """What the loader takes for the office: commands of people go by HTTP, those of the office itself do not."""

    office: Office
    accounts: Accounts
    port: int
    sent: int = 0
    _tokens: dict[str, str] = field(default_factory=dict)
    _signing: threading.Lock = field(default_factory=threading.Lock)
    _lanes: list[ThreadPoolExecutor] = field(default_factory=lambda: [ThreadPoolExecutor(1) for _ in range(LANES)])
    _own: threading.local = field(default_factory=threading.local)

    @property
    def screener(self) -> Screener:
        return self.office.screener

    @property
    def keys(self) -> Keys:
        return self.office.keys

    @keys.setter
    def keys(self, keys: Keys) -> None:
        self.office.keys = keys

    def reading(self) -> AbstractContextManager[State]:
        return self.office.reading()

    def submit(self, command: Ask, actor: Actor, key: str) -> Future[Receipt]:
        if actor.user == "system":
            return self.office.submit(command, actor, key)
        self.sent += 1
        site, subject = command.where
        # who comes first gets the next place of a list, so that allocations keep the order of the trial
        place = "" if isinstance(command, Randomize) else site or (subject or "").partition("-")[0]
        return self._lanes[sum(place.encode()) % LANES].submit(self._ask, command, actor.user, key.replace(" ", "-"))

    def _ask(self, command: Ask, user: str, key: str) -> Receipt:
        body = command.model_dump(mode="json")
        return Receipt((), self._post(f"/api/v1/{kebab(type(command).__name__)}", body, self._token(user), key))

    def _token(self, user: str) -> str:
        """Sign in once, and confirm the password for the time of the loading."""
        with self._signing:
            if user not in self._tokens:
                self.accounts.set_password(user, PASSWORD)
                signed = self._post("/api/v1/sign-in", {"user": user, "password": PASSWORD}, None, None)
                self._post("/api/v1/confirm", {"password": PASSWORD}, signed["token"], None)
                self._tokens[user] = signed["token"]
            return self._tokens[user]

    def _post(self, path: str, body: dict[str, Any], token: str | None, key: str | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        told = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {told}")
        return dict(told)


@contextmanager
def answering(office: Office, accounts: Accounts, hands: Hands) -> Iterator[int]:
    """Serve the office from a thread of this process, on its own calendar, and give the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(secure=False, limits=WHILE_LOADING)
    app = create_app(office, accounts, settings, clock=hands)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_keep_alive=600
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield port
    server.should_exit = True
    thread.join(10)


def whole_trial(folder: Path, study: str = "palmira", seed: int = 11) -> tuple[str, str, bool]:
    """T8: a whole rehearsed trial through the API; its snapshot is the simulator's truth."""
    protocol, truth, plan, scenario = _rehearsed(study, seed)
    url, hands = f"sqlite:///{folder / 'trial.db'}", Hands(datetime(2000, 1, 1, tzinfo=UTC))
    start = time.perf_counter()
    with Office(Journal(url), Screener(protocol), clock=hands) as office:
        credentials = Credentials(url, b"k" * 32, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        accounts = Accounts(office, credentials, WHILE_LOADING, clock=hands)
        with answering(office, accounts, hands) as port:
            through = ThroughHttp(office, accounts, port)
            load_trial(through, hands, truth, plan, scenario.candidates.anchors)  # type: ignore[arg-type]
        spent = time.perf_counter() - start
        with office.reading() as state:
            shown = snapshot(state, protocol, virtual=True)
        credentials.close()
    differ = [each for each in TABLES if not _sorted(shown, each).equals(_sorted(truth, each))]
    sites = truth["screened"]["site"].n_unique()
    people = f"{sites} sites, {truth['screened'].height} screened, {truth['allocations'].height} randomized"
    told = f"{people}, {through.sent} requests in {spent:.0f} s; {len(differ)} tables differ from the truth"
    return f"T8 the whole {study.upper()}", told, not differ and spent <= 300


def _rehearsed(study: str, seed: int) -> tuple[Protocol, TrialData, ListToUse, Scenario]:
    protocol = load(study)
    scenario = read_document(protocol_file(study).with_name("scenario.yaml"), Scenario)
    key, name = key_from_seed(seed, 0), f"{protocol.identification.id} virtual"
    plan = ListToUse(name, key, seal_key(key, name, "a passphrase of some length", cost=2**14), places=400)
    return protocol, trial(protocol, scenario, seed), plan, scenario


def _sorted(data: TrialData, name: str) -> Any:
    return data[name].sort(TABLES[name].key)
