"""From the first sign-in to the first scan on treatment, by keyboard alone, in the office that anybody can open.

Set TRIALWRIGHT_SCREENSHOTS to a folder to keep the pictures of docs/tutorials/run-an-office.md there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from offices import PASSWORD, Days, Keyboard, Served, chromium, practice_office
from patients import FORM, INVESTIGATOR, SITE, facts, judgments, questions
from pyotp import TOTP

from trialwright.randomize import key_from_seed

SIGNED, ENTERED, SCANNED = date(2020, 2, 24), date(2020, 3, 2), date(2020, 4, 27)
SUBJECT = f"{SITE}-001"
WAIT = 60_000
Picture = Callable[..., None]


@pytest.fixture(scope="module")
def days() -> Days:
    return Days(datetime(2020, 2, 24, 8, tzinfo=UTC))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, days: Days) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trialwright.server.first_day.new_key", lambda: key_from_seed(1, 0))  # the first place is arm A
        with practice_office(tmp_path_factory.mktemp("practice") / "office", days, second_factor=True) as made:
            yield made


@pytest.fixture
def keyboard(office: Served) -> Iterator[Keyboard]:
    with chromium() as browser:
        page = browser.new_page(locale="en-US", timezone_id="UTC", viewport={"width": 1200, "height": 800})
        page.set_default_timeout(WAIT)
        pointed = watched(page)
        yield Keyboard(page, office)
        assert pointed == [], "this journey has a keyboard and nothing else"


def watched(page: Any) -> list[str]:
    """Return a list that grows whenever a pointer touches the page."""
    pointed: list[str] = []
    page.expose_function("pointed", lambda by: pointed.append(by))  # noqa: PLW0108 - Playwright writes to the function
    page.add_init_script("for (const by of ['pointerdown', 'mousedown', 'touchstart']) "
                         "addEventListener(by, event => pointed(event.type), true)")  # fmt: skip
    return pointed


@pytest.fixture
def picture(keyboard: Keyboard) -> Picture:
    """Keep what the window shows from an element on, where a folder for it is named."""
    folder = os.environ.get("TRIALWRIGHT_SCREENSHOTS")

    def keep(name: str, at: str = "header") -> None:
        if folder:
            keyboard.page.evaluate("at => document.querySelector(at).scrollIntoView()", at)
            keyboard.page.screenshot(path=Path(folder) / f"{name}.png")

    return keep


def test_a_pointer_would_be_noticed() -> None:
    with chromium() as browser:
        page = browser.new_page()
        pointed = watched(page)
        page.goto("data:text/html,<title>nothing</title>")
        page.keyboard.press("Tab")
        assert pointed == []
        page.mouse.click(10, 10)
        page.wait_for_timeout(200)
    assert "pointerdown" in pointed


def main(keyboard: Keyboard) -> str:
    text: str = keyboard.page.inner_text("main")
    return text


@pytest.mark.requirement("R8", "R21", "R23")
def test_from_the_first_sign_in_to_the_first_scan(
    keyboard: Keyboard, office: Served, days: Days, picture: Picture
) -> None:
    arrive(keyboard, office, days)
    screen(keyboard)
    days.go_on(timedelta(days=(ENTERED - SIGNED).days))
    keyboard.sign_in(INVESTIGATOR, PASSWORD)
    eligible(keyboard, picture)
    randomize(keyboard, office, picture)
    calendar(keyboard, picture)
    dose(keyboard, office)
    baseline(keyboard)
    days.go_on(timedelta(days=(SCANNED - ENTERED).days))
    keyboard.sign_in(INVESTIGATOR, PASSWORD)
    first_scan(keyboard, picture)
    adverse_event(keyboard)
    history(keyboard, picture)
    assert keyboard.pressed > 500


def arrive(keyboard: Keyboard, office: Served, days: Days) -> None:
    """The temporary password leads to one's own, and the role to a second factor, before anything else."""
    keyboard.sign_in(INVESTIGATOR)
    assert keyboard.page.url.endswith("/password")
    given = office.password(INVESTIGATOR)
    keyboard.fill({"old": given, "new": PASSWORD, "again": PASSWORD}, "Change password")
    with keyboard.page.expect_navigation():
        keyboard.press("Enter")
    assert "The password is changed" in main(keyboard)
    keyboard.sign_in(INVESTIGATOR, PASSWORD)
    assert keyboard.page.url.endswith("/second-factor")
    office.secrets[INVESTIGATOR] = keyboard.page.inner_text("main code").replace(" ", "")
    keyboard.open("/subjects")
    assert "/sign-in" in keyboard.page.url, "a session for setting the second factor opened a page about patients"
    set_second_factor(keyboard, office, days)
    keyboard.sign_in(INVESTIGATOR, PASSWORD)
    assert keyboard.page.title().startswith("Home") or keyboard.page.url == office.url + "/"


def set_second_factor(keyboard: Keyboard, office: Served, days: Days) -> None:
    keyboard.sign_in(INVESTIGATOR, PASSWORD)
    secret = office.secrets[INVESTIGATOR] = keyboard.page.inner_text("main code").replace(" ", "")
    keyboard.fill({"code": TOTP(secret).at(days())}, "Set second factor")
    with keyboard.page.expect_navigation():
        keyboard.press("Enter")
    assert "The second factor is set" in main(keyboard)
    days.go_on(timedelta(seconds=31))  # a code proves once (RFC 6238, section 5.2)


def screen(keyboard: Keyboard) -> None:
    keyboard.follow(text="Subjects")
    keyboard.follow(text="Screen somebody")
    person = {"birth_year": 1962, "sex": "female", "initials": "EV"}
    keyboard.fill({"site": SITE, "screened_on": SIGNED, **person}, "Enter in the log")
    keyboard.send("Enter in the log")
    assert keyboard.page.url.endswith(SUBJECT)
    keyboard.follow(text="Record consent")
    keyboard.fill({"version": FORM, "signed_on": SIGNED, "biopsy": "true", "blood": "true"}, "Record consent")
    keyboard.send("Record consent")
    assert "yes, yes" in main(keyboard)
    keyboard.follow(text="Screening")
    keyboard.fill({"visited_on": SIGNED}, "Record")
    keyboard.send("Record")


def eligible(keyboard: Keyboard, picture: Picture) -> None:
    """Neutrophils are forgotten at first: the page of criteria says so, and leads there."""
    keyboard.open(f"/subjects/{SUBJECT}/questions")
    answers = {name: value for name, value in questions().items() if name != "anc"}
    keyboard.fill(answers, "Record answers")
    keyboard.send("Record answers")
    assert "Data are still missing" in main(keyboard)
    picture("eligibility-missing")
    keyboard.follow(text="Absolute neutrophil count")
    assert keyboard.page.url.endswith("#anc")
    keyboard.fill({"anc": 3}, "Record answers")
    keyboard.send("Record answers")
    judge(keyboard)
    assert "Every criterion is met today" in main(keyboard)
    picture("eligibility-met")
    keyboard.fill({"password": PASSWORD}, "Sign as eligible")
    keyboard.send("Sign as eligible")


def judge(keyboard: Keyboard) -> None:
    """A wrong password signs nothing; the judgments given stay on the page."""
    keyboard.follow(text="Sign judgments")
    keyboard.fill({**judgments(), "password": "not my password at all"}, "Sign judgments")
    keyboard.follow(text="Sign judgments")
    assert keyboard.page.title().startswith("Error")
    keyboard.fill({"password": PASSWORD}, "Sign judgments")
    keyboard.send("Sign judgments")


def randomize(keyboard: Keyboard, office: Served, picture: Picture) -> None:
    keyboard.follow(text="Review and randomize")
    assert facts(office, SUBJECT, "allocated") == []
    levels = {"level-previous_et": "AI", "level-visceral": "visceral"}
    keyboard.fill({**levels, "password": PASSWORD}, "Randomize now")
    picture("randomize", "h1")
    keyboard.send("Randomize now")
    assert keyboard.page.url.endswith(f"/subjects/{SUBJECT}/allocation")
    body = facts(office, SUBJECT, "allocated")[0].body
    assert body["arm_label"] in main(keyboard)
    for given in body["doses"].values():
        assert given["product"] in main(keyboard)
    picture("allocation")


def calendar(keyboard: Keyboard, picture: Picture) -> None:
    keyboard.follow(text="On to the visits")
    shown = main(keyboard)
    assert "Cycle 1, day 15" in shown
    assert "2020-03-16" in shown
    assert "overdue" not in shown
    assert "Tumor biopsy at inclusion" in shown
    picture("calendar", "h2")
    keyboard.follow(text="Cycle 1, day 1")
    keyboard.fill({"visited_on": ENTERED}, "Record")
    keyboard.send("Record")
    keyboard.follow(text=SUBJECT)


def dose(keyboard: Keyboard, office: Served) -> None:
    """More than the starting dose is refused beside its field; the starting dose is taken."""
    drug, given = next(
        (name, one) for name, one in facts(office, SUBJECT, "allocated")[0].body["doses"].items() if one["dose"]
    )
    keyboard.follow(text="Treatment as taken")
    keyboard.follow(text="Record")
    row = {"intervention": drug, "cycle": 1, "product": given["product"], "unit": given["unit"], "change": "none"}
    keyboard.fill({**row, "dose": given["dose"] * 2, "started_on": ENTERED}, "Record")
    with keyboard.page.expect_navigation():
        keyboard.press("Enter")
    assert keyboard.page.title().startswith("Error")
    keyboard.fill({"dose": f"{given['dose']:g}"}, "Record")
    keyboard.send("Record")
    assert given["product"] in main(keyboard)
    keyboard.follow(text=SUBJECT)


LIVER = {"evaluator": "investigator", "lesion": "T1"}


def record(keyboard: Keyboard, button: str, values: dict[str, Any]) -> None:
    """Fill in one of the four forms of a scan."""
    keyboard.open(f"/subjects/{SUBJECT}/tumor")
    keyboard.follow(text=button)
    keyboard.fill(values, "Record")
    keyboard.send("Record")


def baseline(keyboard: Keyboard) -> None:
    keyboard.follow(text="Tumor assessment, baseline")
    keyboard.fill({"evaluator": "investigator", "assessed_on": ENTERED}, "Record")
    keyboard.send("Record")
    lesion = {"role": "target", "organ": "liver", "node": "false", "found_on": ENTERED}
    record(keyboard, "Record a lesion", LIVER | lesion)
    seen = {"number": 0, "assessed_on": ENTERED, "diameter": "40", "state": "measured"}
    record(keyboard, "Record a measurement", LIVER | seen)


def first_scan(keyboard: Keyboard, picture: Picture) -> None:
    """The target shrank from 40 to 22 mm, a partial response; the investigator noted a stable disease."""
    keyboard.open(f"/subjects/{SUBJECT}")
    keyboard.follow(text="Tumor assessment 1")
    keyboard.fill({"evaluator": "investigator", "assessed_on": SCANNED}, "Record")
    keyboard.send("Record")
    seen = {"number": 1, "assessed_on": SCANNED, "diameter": "22", "state": "measured"}
    record(keyboard, "Record a measurement", LIVER | seen)
    said = {"evaluator": "investigator", "number": 1, "kind": "overall", "response": "SD"}
    record(keyboard, "Record a response", said)
    keyboard.open(f"/subjects/{SUBJECT}")
    keyboard.follow(text="Lesions and response")
    line = keyboard.page.locator("tr", has_text="differs").inner_text()
    assert "PR" in line
    assert "SD" in line
    picture("response")


def adverse_event(keyboard: Keyboard) -> None:
    keyboard.follow(text=SUBJECT)
    keyboard.follow(text="Adverse events")
    keyboard.follow(text="Record")
    event = {"number": 1, "system": "Blood", "term": "Neutropenia", "grade": 6, "serious": "false"}
    keyboard.fill({**event, "started_on": date(2020, 3, 30)}, "Record")
    with keyboard.page.expect_navigation():
        keyboard.press("Enter")
    assert "from 1 to 5" in main(keyboard)
    keyboard.fill({"grade": 3}, "Record")
    keyboard.send("Record")


def history(keyboard: Keyboard, picture: Picture) -> None:
    """A grade is corrected; from the subject's page three links lead to every value it had."""
    keyboard.follow(href=r".*table=adverse_events.*")
    keyboard.fill({"grade": 4, "why": "Laboratory of 30 March came in"}, "Correct")
    keyboard.send("Correct")
    keyboard.open(f"/subjects/{SUBJECT}")
    for link in ({"text": "Adverse events"}, {"href": r".*/row\?table=adverse_events.*"}, {"href": r".*field=grade"}):
        keyboard.follow(**link)
    versions = keyboard.page.locator("tbody tr").all_inner_texts()
    assert [one.split()[:2] for one in versions] == [["1", "3"], ["2", "4"]]
    assert "Laboratory of 30 March came in" in versions[1]
