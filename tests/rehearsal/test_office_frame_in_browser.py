"""The pages around the patients in a real browser: people, lists, sites, audit trail, all acts, without a barrier."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trialwright import protocol
from trialwright.server import House, Settings, create_app, open_house, practice, unseal_kept

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
GOOD = "four purple otters"
PAGES = {
    "administrator": (
        "/", "/people", "/people/s1.investigator", "/audit", "/audit?since=soon", "/sites", "/acts", "/acts/grant-role",
        "/account", "/password", "/second-factor", "/nowhere",
    ),
    "statistician": ("/", "/lists", "/audit?kind=list+sealed", "/acts/import-list"),
    "sponsor": ("/", "/lists", "/acts/open-site"),
}  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    import uvicorn

    with open_house(protocol.load(str(TINY)), tmp_path / "office", environment="training") as house:
        practice(house)
        unseal_kept(house)
        for user in PAGES:
            house.accounts.set_password(user, GOOD)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(_app(house), port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://localhost:{port}"
        server.should_exit = True
        thread.join(10)


def _app(house: House) -> Any:
    return create_app(house.office, house.accounts, Settings(secure=False), clock=house.clock)


def test_no_page_has_a_barrier_or_grows_beyond_its_window(served: str) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    axe, found, looked = Axe(), [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width in (1200, 390):
            for user, paths in PAGES.items():
                context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
                page = context.new_page()
                page.goto(f"{served}/sign-in")
                found += _barriers(axe, page, width)
                page.fill("#user", user)
                page.fill("#password", GOOD)
                page.keyboard.press("Enter")
                page.wait_for_url(f"{served}/")
                for path in paths:
                    page.goto(f"{served}{path}")
                    found += _barriers(axe, page, width)
                    looked += 1
                context.close()
        browser.close()
    assert found == []
    assert looked == 2 * sum(map(len, PAGES.values()))


def _barriers(axe: Any, page: Any, width: int) -> list[str]:
    told = [f"{page.url} at {width}: {one['id']}" for one in axe.run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*told, f"{page.url} is {wide} wide at {width}"] if wide > width else told


@pytest.mark.requirement("R18")
def test_the_script_of_the_pages_runs_under_their_policy(served: str) -> None:
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{served}/sign-in")
        page.fill("#user", "administrator")
        page.keyboard.press("Enter")
        page.wait_for_selector("#error-summary:focus")
        browser.close()
    assert [text for text in said if "403" not in text] == []
