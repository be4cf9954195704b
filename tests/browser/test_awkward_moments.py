"""What happens at a keyboard in a hurry: Enter twice, Back, two people at one row, a session that ends, no script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from offices import PASSWORD, Days, Keyboard, Served, chromium, practice_office
from patients import COORDINATOR, FORM, INVESTIGATOR, SITE, answered, event, facts, ready, screened

TODAY = date(2020, 3, 2)
LEVELS = {"level-previous_et": "AI", "level-visceral": "visceral"}
WAIT = 60_000


@pytest.fixture(scope="module")
def days() -> Days:
    return Days(datetime(2020, 3, 2, 8, tzinfo=UTC))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, days: Days) -> Iterator[Served]:
    with practice_office(tmp_path_factory.mktemp("practice") / "office", days) as made:
        for user in (INVESTIGATOR, COORDINATOR):
            made.house.accounts.set_password(user, PASSWORD)
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@contextmanager
def somebody(browser: Any, office: Served, user: str, *, script: bool = True) -> Iterator[Keyboard]:
    """A person signed in, in a window of their own."""
    context = browser.new_context(locale="en-US", timezone_id="UTC", java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    keyboard = Keyboard(page, office)
    keyboard.sign_in(user, PASSWORD)
    yield keyboard
    context.close()


@pytest.mark.requirement("R23")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_enter_twice_and_back_allocate_once(office: Served, browser: Any, script: bool) -> None:
    subject = ready(office, "JA" if script else "NO")
    with somebody(browser, office, INVESTIGATOR, script=script) as keyboard:
        keyboard.open(f"/subjects/{subject}/randomize")
        keyboard.fill({**LEVELS, "password": PASSWORD}, "Randomize now")
        keyboard.press("Enter", "Enter")
        keyboard.page.wait_for_url("**/allocation")
        shown = keyboard.page.inner_text("main")
        keyboard.page.go_back()
        assert "is randomized" in keyboard.page.inner_text("main")
        assert keyboard.page.locator("button", has_text="Randomize now").count() == 0
        keyboard.follow(text="See the allocation")
        assert keyboard.page.inner_text("main") == shown
    assert len(facts(office, subject, "allocated")) == 1


@pytest.mark.requirement("R23")
def test_two_windows_that_randomize_one_subject_allocate_once(office: Served, browser: Any) -> None:
    subject = ready(office, "TW")
    with (
        somebody(browser, office, INVESTIGATOR) as first,
        somebody(browser, office, COORDINATOR) as second,
    ):
        for keyboard in (first, second):
            keyboard.open(f"/subjects/{subject}/randomize")
            keyboard.fill({**LEVELS, "password": PASSWORD}, "Randomize now")
        first.send("Randomize now")
        second.follow(text="Randomize now")
        assert second.page.title().startswith("Error")
        second.follow(text="See the allocation")
        assert second.page.inner_text("main") == first.page.inner_text("main")
    assert len(facts(office, subject, "allocated")) == 1


@pytest.mark.requirement("R8")
def test_the_second_of_two_corrections_is_told_what_changed_and_loses_nothing(office: Served, browser: Any) -> None:
    subject = screened(office, "CO")
    address = event(office, subject, grade=2)
    with (
        somebody(browser, office, INVESTIGATOR) as first,
        somebody(browser, office, COORDINATOR) as second,
    ):
        second.open(address)
        first.open(address)
        first.fill({"grade": 3, "ended_on": TODAY, "why": "The counts of today"}, "Correct")
        first.send("Correct")
        second.fill({"grade": 4, "outcome": "recovering", "why": "Read from the letter"}, "Correct")
        with second.page.expect_navigation() as answer:
            second.press("Enter")
        assert answer.value.status == 409
        lines = second.page.locator("table", has_text="Changed since you opened this form").locator("tbody tr")
        assert [line.split("\t") for line in lines.all_inner_texts()] == [
            ["Worst CTCAE grade, 1 to 5", "2", "3", "4"], ["End", "–", "2020-03-02", "–"]
        ]  # fmt: skip
        assert second.page.input_value("#why") == "Read from the letter"
        second.send("Correct")
    with office.house.office.reading() as state:
        row = state.rows.find("adverse_events", subject, {"number": 1})
    assert [version.values["grade"] for version in row.versions] == [2, 3, 4]
    assert (row.values["ended_on"], row.values["outcome"]) == ("2020-03-02", "recovering")


@pytest.mark.requirement("R8")
def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(
    office: Served, browser: Any, days: Days
) -> None:
    subject = screened(office, "EX")
    address = event(office, subject, grade=1)
    with somebody(browser, office, INVESTIGATOR) as keyboard:
        keyboard.open(address)
        keyboard.fill({"grade": 2, "why": "Typed before lunch"}, "Correct")
        days.go_on(timedelta(minutes=45))
        keyboard.follow(text="Correct")
        assert keyboard.page.title().startswith("Sign in")
        keyboard.fill({"user": INVESTIGATOR, "password": PASSWORD}, "Sign in")
        keyboard.follow(text="Sign in")
        assert "Typed before lunch" in keyboard.page.inner_text("main")
        assert facts(office, subject, "corrected") == []
        keyboard.send("Send it now")
        assert "Recorded." in keyboard.page.inner_text("main")
    kept = facts(office, subject, "corrected")
    assert [(one.body["reason"], one.body["values"]["grade"]) for one in kept] == [("Typed before lunch", 2)]


@pytest.mark.requirement("R23")
def test_the_way_to_the_allocation_needs_no_script(office: Served, browser: Any) -> None:
    with somebody(browser, office, INVESTIGATOR, script=False) as keyboard:
        keyboard.open("/screen")
        person = {"birth_year": 1950, "sex": "female", "initials": "ZZ"}
        keyboard.fill({"site": SITE, "screened_on": TODAY, **person}, "Enter in the log")
        keyboard.send("Enter in the log")
        subject = keyboard.page.inner_text("h1")
        keyboard.follow(text="Record consent")
        keyboard.fill({"version": FORM, "signed_on": TODAY, "biopsy": "true", "blood": "true"}, "Record consent")
        keyboard.send("Record consent")
        answered(office, subject, TODAY)
        keyboard.open(f"/subjects/{subject}/eligibility")
        keyboard.fill({"password": PASSWORD}, "Sign as eligible")
        keyboard.send("Sign as eligible")
        keyboard.follow(text="Review and randomize")
        keyboard.fill({**LEVELS, "password": PASSWORD}, "Randomize now")
        keyboard.send("Randomize now")
        assert "Start with" in keyboard.page.inner_text("main")
    assert len(facts(office, subject, "allocated")) == 1
