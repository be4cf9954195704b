"""Offices served as users serve them, a browser of Debian's, and a person who has a keyboard and nothing else."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import Accounts, Limits
from trialwright.design import Scenario
from trialwright.server import (
    LOOPBACK,
    House,
    Settings,
    Told,
    create_app,
    demonstration,
    open_house,
    practice,
    unseal_kept,
)

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--force-color-profile=srgb")  # fmt: skip
PASSWORD = "fourteen quiet herons"


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; a visible skip where it is not installed."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (make system)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield browser
        browser.close()


@dataclass
class Served:
    """An office that answers at an address, and the people who may sign in."""

    url: str
    house: House
    told: Mapping[str, Told]
    secrets: dict[str, str] = field(default_factory=dict)

    def password(self, user: str) -> str:
        return self.told[user].password


@contextmanager
def served(house: House, told: list[Told]) -> Iterator[Served]:
    """Answer in a thread, as ``trialwright serve`` does in its process."""
    import uvicorn

    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    app = create_app(
        house.office, house.accounts, Settings(secure=False, limits=house.accounts.limits), clock=house.clock
    )
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield Served(f"http://{LOOPBACK}:{port}", house, {one.user: one for one in told})
    server.should_exit = True
    thread.join(10)


class Days:
    """The time of an office that can be sent on; in between it runs as ever."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def go_on(self, by: timedelta) -> None:
        self._start += by


@contextmanager
def practice_office(
    folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC), *, second_factor: bool = False
) -> Iterator[Served]:
    """The office for practice that ``trialwright serve palmira`` makes on an empty machine.

    ``second_factor`` asks for one, as a live office does.
    """
    with open_house(protocol.load("palmira"), folder, environment="training", clock=clock) as house:
        told = practice(house)
        unseal_kept(house)
        limits = Limits(second_factor=second_factor)
        house.accounts = Accounts(house.office, house.credentials, limits, clock=clock)
        with served(house, told) as office:
            yield office


@contextmanager
def demo_office(folder: Path, until: date) -> Iterator[Served]:
    """The office that ``trialwright serve palmira --demo`` makes, up to an early day so that it is made quickly."""
    promised = protocol.load("palmira")
    scenario = protocol.read_document(protocol.study_file("palmira", "scenario.yaml"), Scenario)
    told = demonstration(promised, scenario, folder, seed=1, until=until)
    with open_house(promised, folder, environment="demo") as house:
        unseal_kept(house)
        with served(house, told) as office:
            yield office


class Keyboard:
    """A person at a page with a keyboard: Tab, Enter, Space, arrows and typing; never a pointer."""

    def __init__(self, page: Any, office: Served) -> None:
        self.page, self.office, self.pressed = page, office, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed += 1
            self.page.keyboard.press(key)

    def open(self, path: str) -> None:
        self.page.goto(self.office.url + path)

    @property
    def at(self) -> dict[str, Any]:
        """What has the focus."""
        return self.page.evaluate(
            "() => { const e = document.activeElement; return {tag: e.tagName, type: e.type || '', name: e.name || '', "
            "value: e.value || '', text: (e.innerText || '').trim(), href: e.getAttribute('href') || '', "
            "checked: !!e.checked, folds: e.tagName === 'SUMMARY' && !e.parentElement.open ? "
            "[...e.parentElement.querySelectorAll('[name]')].map(one => one.name) : [], "
            "seen: e === document.body || getComputedStyle(e).outlineStyle !== 'none' || "
            "getComputedStyle(e).boxShadow !== 'none'} }"
        )  # fmt: skip

    def go_to(self, *, text: str | None = None, href: str | None = None, name: str | None = None) -> dict[str, Any]:
        """Press Tab until the focus is on a link or button of that text or address, or a field of that name."""
        for _ in range(600):
            self.press("Tab")
            at = self.at
            if (
                (text is not None and at["tag"] in {"A", "BUTTON", "SUMMARY"} and at["text"].startswith(text))
                or (href is not None and re.fullmatch(href, at["href"]))
                or (name is not None and at["name"] == name)
            ):
                assert at["seen"], f"the focus on {at} cannot be seen"
                return at
        raise AssertionError(f"no way by Tab to {text or href or name} on {self.page.url}")

    def follow(self, **where: str) -> None:
        self.go_to(**where)
        with self.page.expect_navigation():
            self.press("Enter")

    def send(self, text: str) -> None:
        """Go to a button and press it; what follows must not be an error."""
        self.follow(text=text)
        assert not self.page.title().startswith("Error"), self.page.inner_text("main")[:1500]

    def fill(self, values: Mapping[str, Any], until: str) -> None:
        """Walk down a form once, give every named field its value, and stop on the button of that text."""
        left = dict(values)
        for step in range(1500):
            if step:  # a link may have led to a field itself
                self.press("Tab")
            at = self.at
            if at["tag"] == "BUTTON" and at["text"].startswith(until):
                assert not left, f"the form has no field for {left}"
                return
            if values.keys() & set(at["folds"]):
                self.press("Enter")
            elif at["name"] in values:
                left.pop(at["name"], None)
                self._give(at, values[at["name"]])
        raise AssertionError(f"no button {until!r} on {self.page.url}")

    def _give(self, at: dict[str, Any], value: Any) -> None:
        if at["type"] == "radio":
            self._choose(str(value))
        elif at["type"] == "checkbox":
            wanted = at["value"] in (value if isinstance(value, list) else [value])
            if wanted != at["checked"]:
                self.press("Space")
        elif at["type"] == "date":
            year, month, day = str(value).split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
            # a date field has a stop for each part and one for its calendar
            while self.at["name"] == at["name"]:
                if self.at["value"] == str(value):
                    break
                self.press("Tab")
        elif at["type"] == "select-one":
            for _ in range(40):
                if self.at["value"] == str(value):
                    return
                self.press("ArrowDown")
            raise AssertionError(f"{at['name']} has no option {value!r}")
        else:
            self.press("Control+a")
            self.page.keyboard.type(str(value))

    def _choose(self, value: str) -> None:
        self.press("Space")
        for _ in range(30):
            at = self.at
            if at["value"] == value and at["checked"]:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{self.at['name']} has no choice {value!r}")

    def sign_in(self, user: str, password: str | None = None) -> None:
        self.open("/sign-in")
        secret = self.office.secrets.get(user)
        code = {"code": TOTP(secret).at(self.office.house.clock())} if secret else {}
        self.fill({"user": user, "password": password or self.office.password(user), **code}, "Sign in")
        with self.page.expect_navigation():
            self.press("Enter")
