"""The journey from screening to the first scan in a real browser, by keyboard alone, and every page without a barrier.

Set TRIALWRIGHT_SCREENSHOTS to a folder to keep a picture of each page.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import (
    Accounts,
    ActivateList,
    Actor,
    ApproveForm,
    Credentials,
    GrantRole,
    Journal,
    Keys,
    Office,
    OpenSite,
    RecordTraining,
    RegisterUser,
    SealList,
    seal_key,
)
from trialwright.server import Settings, create_app

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
GOOD, DAY = "four purple otters", date(2026, 3, 2)
WIDTHS = (1200, 390)


class Clock:
    """The office's time, moved by hand."""

    now = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Clinic:
    """One office behind one server on a free port, with an investigator at one open site."""

    def __init__(self, folder: Path) -> None:
        self.clock, url = Clock(), f"sqlite:///{folder / 'office.db'}"
        key = b"l" * 32
        keys = Keys(person=bytes(32)).with_list("central", key)
        self.office = Office(Journal(url), protocol.Screener(protocol.load(TINY)), keys, clock=self.clock)
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.credentials = Credentials(url, b"k" * 32, hasher=weak)
        self.accounts = Accounts(self.office, self.credentials, clock=self.clock)
        self.asked = 0
        papers = [
            {"kind": kind, "reference": "1", "approved_on": "2026-01-02"}
            for kind in ("ethics committee", "competent authority", "agreement")
        ]
        self.do(OpenSite(site="S1", approvals=papers))
        self.do(ApproveForm(site="S1", version="1.0", valid_from=date(2026, 1, 2)))
        sealed = seal_key(key, "central", "a passphrase of some length", cost=2**14)
        told = self.do(SealList(list="central", sealed=sealed, places=20))
        self._person("spo", "sponsor", "study")
        self.do(ActivateList(list="central", sha256=told["sha256"]), "spo")
        self._person("ivy", "investigator", "site:S1")
        self.secret = self.accounts.new_secret()
        self.accounts.set_second_factor("ivy", self.secret, self.code())
        self._serve(create_app(self.office, self.accounts, Settings(secure=False), clock=self.clock))

    def do(self, command: Any, user: str = "system") -> dict[str, Any]:
        self.asked += 1
        return self.office.do(command, Actor(user), f"prepared {self.asked}").reply

    def code(self) -> str:
        return TOTP(self.secret).at(self.clock())

    def _person(self, user: str, role: str, scope: str) -> None:
        self.do(RegisterUser(user=user, name=user.title(), organization="First Hospital"))
        self.do(RecordTraining(user=user, training="good clinical practice", trained_on=DAY))
        self.do(GrantRole(user=user, role=role, scope=scope, start=DAY))
        self.accounts.set_password(user, GOOD)

    def _serve(self, app: Any) -> None:
        import uvicorn

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://localhost:{port}"
        self.server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.office.close()
        self.credentials.close()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    clinic = Clinic(tmp_path)
    yield clinic
    clinic.close()


class Hands:
    """Somebody at a keyboard, without a mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.visited: list[str] = []

    def reach(self, selector: str) -> None:
        """Press Tab until the focus is there."""
        for _ in range(300):
            if self._is_at(selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {selector} on {self.page.url}")

    def _is_at(self, selector: str) -> bool:
        return bool(self.page.evaluate("s => document.activeElement.matches(s)", selector))

    def fill(self, name: str, text: str) -> None:
        """Type into a field."""
        self.reach(f"[name='{name}']")
        self.page.keyboard.type(text)

    def day(self, name: str, on: date) -> None:
        """Type a date as this browser asks for it."""
        self.fill(name, f"{on:%m%d%Y}")

    def pick(self, name: str, value: str) -> None:
        """Choose a radio button: Tab to its group, arrows within."""
        self.reach(f"[name='{name}']")
        self.page.keyboard.press("Space")
        for _ in range(20):
            if self._is_at(f"[value='{value}']"):
                assert self.page.evaluate("document.activeElement.checked")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {name} {value}")

    def press(self, selector: str) -> None:
        """Go to a button or link and press Enter; wait for the page it leads to."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.look()

    def send(self) -> None:
        """Send the form in hand."""
        self.press("main form.form button[type=submit]")

    def follow(self, text: str) -> None:
        """Follow the first link of the page that says so."""
        place = self.page.evaluate(
            "t => [...document.links].findIndex(a => a.textContent.trim() === t && a.offsetParent)", text
        )
        assert place >= 0, f"no link says {text!r} on {self.page.url}"
        self.page.evaluate("i => document.links[i].setAttribute('data-wanted', '')", place)
        self.press("[data-wanted]")

    def look(self) -> None:
        """Look for barriers at both widths, and keep a picture."""
        from axe_playwright_python.sync_playwright import Axe

        title = self.page.title()
        self.visited.append(title)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(self.page).response["violations"]
            told = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
            assert told == [], f"{title} at {width}: {told}"
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{title} is wider than {width}"
            self._keep(width)
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def _keep(self, width: int) -> None:
        folder = os.environ.get("TRIALWRIGHT_SCREENSHOTS")
        if folder:
            name = (
                f"{len(self.visited):02}-{self.page.title().partition(' – ')[0].lower().replace(' ', '-')}-{width}.png"
            )
            self.page.screenshot(path=Path(folder) / name.replace(":", ""), full_page=True)


@pytest.fixture
def hands(clinic: Clinic) -> Iterator[Hands]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(locale="en-US", timezone_id="UTC")
        page.set_default_timeout(20_000)
        page.goto(f"{clinic.base}/sign-in")
        yield Hands(page)
        browser.close()


def test_from_screening_to_the_first_scan_by_keyboard(clinic: Clinic, hands: Hands) -> None:
    clinic.clock.now += timedelta(seconds=31)
    hands.look()
    hands.fill("user", "ivy")
    hands.fill("password", GOOD)
    hands.fill("code", clinic.code())
    hands.press("main form button[type=submit]")

    hands.follow("Subjects")
    hands.follow("Screen somebody")
    hands.pick("site", "S1")
    hands.day("screened_on", DAY)
    hands.fill("birth_year", "1961")
    hands.pick("sex", "female")
    hands.fill("initials", "EV")
    hands.send()
    assert hands.page.url.endswith("/subjects/S1-001")

    hands.follow("Record consent")
    hands.pick("version", "1.0")
    hands.day("signed_on", DAY)
    hands.pick("blood", "true")
    hands.send()

    hands.follow("Answer questions")
    hands.fill("age", "61")
    hands.pick("ecog", "1")
    hands.pick("sidedness", "left")
    hands.reach("details.record summary")
    hands.page.keyboard.press("Enter")
    hands.pick("lesions-1-organ", "liver")
    hands.pick("lesions-1-measurable", "true")
    hands.day("last_chemotherapy", date(2026, 1, 2))
    hands.send()
    assert "Data are still missing" in hands.page.inner_text("main")

    hands.follow("Sign judgments")
    hands.pick("compliant", "true")
    hands.fill("password", GOOD)
    hands.send()
    assert "Every criterion is met today" in hands.page.inner_text("main")
    hands.fill("password", GOOD)
    hands.send()

    hands.follow("Review and randomize")
    hands.pick("level-liver", "liver")
    hands.fill("password", GOOD)
    hands.send()
    assert hands.page.url.endswith("/subjects/S1-001/allocation")
    assert "Start with" in hands.page.inner_text("main")

    hands.follow("On to the visits")
    hands.follow("Tumor assessment, baseline")
    assert hands.page.input_value("[name=number]") == "0"
    hands.pick("evaluator", "investigator")
    hands.day("assessed_on", date(2026, 3, 3))
    hands.send()
    assert "lies in the future" in hands.page.inner_text("[role=alert]").lower()
    hands.reach("[name=assessed_on]")
    hands.page.keyboard.type(f"{DAY:%m%d%Y}")
    hands.send()

    with clinic.office.reading() as state:
        scans = [row.values for row in state.rows.of("S1-001", "assessments")]
        assert state.subjects.records["S1-001"].allocated is not None
    assert scans == [
        {"evaluator": "investigator", "number": 0, "planned_on": "2026-03-02", "assessed_on": "2026-03-02",
         "accepted": None}
    ]  # fmt: skip
    assert len(hands.visited) >= 18


PAGES = (
    "/", "/subjects", "/progress", "/serious", "/queries", "/sites", "/audit", "/acts", "/account", "/screen",
    "/subjects/S1-001", "/subjects/S1-001/consent", "/subjects/S1-001/questions", "/subjects/S1-001/judgments",
    "/subjects/S1-001/eligibility", "/subjects/S1-001/dates", "/subjects/S1-001/fail", "/subjects/S1-001/withdraw",
    "/subjects/S1-001/randomize", "/subjects/S1-001/tumor", "/subjects/S1-001/casebook",
    "/subjects/S1-001/data/adverse_events", "/subjects/S1-001/data/adverse_events/new",
    "/subjects/S1-001/data/laboratory/new", "/subjects/S1-001/data/lesions/new", "/subjects/S1-001/data/deaths/new",
    '/subjects/S1-001/row?table=visits&key={"number":1,"visit":"screening"}',
    '/subjects/S1-001/history?table=visits&key={"number":1,"visit":"screening"}&field=visited_on',
    "/subjects/S9-999",
)  # fmt: skip


def test_no_page_has_a_barrier(clinic: Clinic, hands: Hands) -> None:
    from trialwright.conduct import Consent, RecordRow, Screen

    subject = clinic.do(Screen(site="S1", screened_on=DAY), "ivy")["subject"]
    clinic.do(Consent(subject=subject, version="1.0", signed_on=DAY), "ivy")
    key, values = {"visit": "screening", "number": 1}, {"visited_on": DAY.isoformat()}
    clinic.do(RecordRow(subject=subject, table="visits", key=key, values=values), "ivy")
    clinic.clock.now += timedelta(seconds=31)
    for name, text in {"user": "ivy", "password": GOOD, "code": clinic.code()}.items():
        hands.page.fill(f"[name={name}]", text)
    with hands.page.expect_navigation():
        hands.page.press("[name=code]", "Enter")
    for path in PAGES:
        hands.page.goto(clinic.base + path)
        hands.look()
    assert len(set(hands.visited)) >= len(PAGES) - 2
