"""Every page, for every role, in an office full of a rehearsed trial: axe finds nothing, at a desk and in the hand."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from offices import Keyboard, Served, chromium, demo_office

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WHOLE = "es20.investigator"
"""Who looks at every kind of page; the others at those that only they see, and at a few more."""
SHARED = ("/", "/subjects", "/queries", "/progress", "/subjects/S")
MOST = 70


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with demo_office(tmp_path_factory.mktemp("demo") / "office", date(2019, 12, 31)) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def kind_of(path: str) -> str:
    """The kind of page behind an address: subjects, rows and people do not count one by one."""
    parts = urlsplit(path)
    kind = re.sub(r"/[A-Z]{2}\d\d-\d{3}", "/S", parts.path)
    kind = re.sub(r"/(queries|people)/[^/]+", r"/\1/X", kind)
    table = re.search(r"table=(\w+)", parts.query)
    return kind + (f"?{table[1]}" if table else "")


def axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    # the nodes of rules that pass are not told, which halves the time on a long table
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]} on {page.url}" for one in found]


def crawl(page: Any, office: Served, seen: set[str], whole: bool) -> Iterator[str]:
    """Yield the address of each kind of page that links lead to, open in the browser."""
    waiting, mine = deque(["/"]), set()
    while waiting and len(mine) < MOST:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind in mine or (kind in seen and not whole and kind not in SHARED):
            continue
        mine.add(kind)
        seen.add(kind)
        answer = page.goto(office.url + path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status == 200, f"{path}: {answer.status}"
        yield path
        found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        waiting.extend(link for link in found if link.startswith("/") and not link.endswith(".csv"))


@pytest.mark.requirement("R8")
def test_no_page_of_any_role_has_a_violation(office: Served, browser: Any) -> None:
    seen: set[str] = set()
    faults: list[str] = []
    visited = 0
    for user in sorted(office.told, key=lambda user: user != WHOLE):
        context = browser.new_context(locale="en-US", viewport={"width": 1200, "height": 900}, bypass_csp=True)
        page = context.new_page()
        faults += _signed_out(page, office) if user == WHOLE else []
        Keyboard(page, office).sign_in(user)
        for path in crawl(page, office, seen, whole=user == WHOLE):
            visited += 1
            faults += axe(page)
            faults += [f"no heading of level 1 on {path}"] if page.locator("h1").count() != 1 else []
            page.set_viewport_size({"width": 360, "height": 700})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            faults += [f"{path} scrolls {wide} px sideways at 360 px"] if wide > 0 else []
            page.set_viewport_size({"width": 1200, "height": 900})
        context.close()
    assert faults == []
    assert visited > 40
    assert {"/audit", "/people", "/lists", "/progress", "/subjects/S/eligibility"} <= seen


def _signed_out(page: Any, office: Served) -> list[str]:
    page.goto(f"{office.url}/sign-in")
    faults = axe(page)
    page.goto(f"{office.url}/nowhere")
    return faults + axe(page)


def test_pages_ask_nothing_of_other_machines_and_run_no_inline_script(office: Served, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    Keyboard(page, office).sign_in(WHOLE)
    for path in ("/", "/subjects", "/progress"):
        page.goto(office.url + path)
    context.close()
    assert [url for url in asked if not url.startswith(office.url)] == []
    assert said == []
