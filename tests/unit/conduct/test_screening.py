"""Screening keeps its order: log, consent, answers, judgments, signature; every step says what is wrong with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError
from trial_desk import ADMISSIBLE, Desk, asked, candidate, open_sites, refused, running, screened, shown

from trialwright.conduct import (
    AllowWaivers,
    Answer,
    AskWaiver,
    Attest,
    Consent,
    Forbidden,
    ForceEligibility,
    Invalid,
    Keys,
    NotFound,
    Screen,
    ScreenFail,
    SignEligibility,
    Stale,
    StateDate,
    Unavailable,
    Withdraw,
    eligibility_of,
)

TODAY = date(2024, 3, 1)
EVA = {"birth_year": 1961, "sex": "female", "initials": "ev"}


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    open_sites(desk, "S1", "S2")
    desk.keys = Keys(person=bytes(32))
    return desk


def logged(desk: Desk, site: str = "S1") -> str:
    subject: str = desk.reply(Screen(site=site, screened_on=TODAY))["subject"]
    return subject


def consented(desk: Desk) -> str:
    subject = logged(desk)
    desk.ask(Consent(subject=subject, version="1.0", signed_on=TODAY))
    return subject


def answer(subject: str, reason: str | None = None, **values: Any) -> Answer:
    given = [{"variable": name, "value": value} for name, value in values.items()]
    return Answer(subject=subject, answers=given, reason=reason)


def test_numbers_follow_one_another_at_each_site(desk: Desk) -> None:
    assert [logged(desk, site) for site in ("S1", "S2", "S1", "S1")] == ["S1-001", "S2-001", "S1-002", "S1-003"]
    assert desk.state.subjects.site_of("S2-001") == "S2"
    assert desk.state.subjects.site_of("S9-001") is None


def test_nobody_is_screened_at_a_closed_site_or_tomorrow(desk: Desk) -> None:
    with refused("site S1 is not open"):
        Desk().ask(Screen(site="S1", screened_on=TODAY))
    with refused("screened_on must not be in the future", Invalid):
        desk.ask(Screen(site="S1", screened_on=date(2024, 3, 2)))


@pytest.mark.requirement("R42")
def test_a_person_enters_once_and_no_identifier_is_kept(desk: Desk) -> None:
    (first,) = desk.ask(Screen(site="S1", screened_on=TODAY, person=EVA))
    assert "1961" not in str(first.text)
    assert "EV" not in str(first.text)
    assert "initials" not in str(Screen(site="S1", screened_on=TODAY, person=EVA).request())
    with refused("a person enters once") as _:
        desk.ask(Screen(site="S2", screened_on=TODAY, person={**EVA, "initials": "EV"}))
    other = Screen(site="S2", screened_on=TODAY, person=EVA, another_person_because="born in another month")
    subject = desk.reply(other)["subject"]
    assert desk.state.subjects.same_person(subject) == []
    desk.ask(ScreenFail(subject="S1-001", outcome="declined", reason="no time"))
    desk.ask(ScreenFail(subject=subject, outcome="declined", reason="no time"))
    again = desk.reply(Screen(site="S2", screened_on=TODAY, person=EVA))["subject"]
    assert desk.state.subjects.same_person(again) == ["S1-001"]


def test_without_its_key_the_office_cannot_tell_persons(desk: Desk) -> None:
    desk.keys = Keys()
    with refused("the key that hides persons is not there", Unavailable):
        desk.ask(Screen(site="S1", screened_on=TODAY, person=EVA))


@pytest.mark.parametrize(
    "person",
    [{**EVA, "initials": "E"}, {**EVA, "initials": "Eva Vidal"}, {**EVA, "birth_year": 61}, {**EVA, "name": "E"}],
)
@pytest.mark.requirement("R42")
def test_names_do_not_fit_into_a_person(person: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Screen(site="S1", screened_on=TODAY, person=person)


def test_consent_is_to_the_form_in_force_that_day(desk: Desk) -> None:
    subject = logged(desk)
    with refused("version 2.0 of the consent form was not in force at S1 on 2024-03-01: version 1.0 was"):
        desk.ask(Consent(subject=subject, version="2.0", signed_on=TODAY))
    with refused("no version was"):
        desk.ask(Consent(subject=subject, version="1.0", signed_on=date(2024, 1, 1)))
    with refused("signed_on must not be in the future", Invalid):
        desk.ask(Consent(subject=subject, version="1.0", signed_on=date(2024, 3, 2)))
    desk.ask(Consent(subject=subject, version="1.0", signed_on=TODAY, biopsy=False, blood=True))
    consent = desk.state.subjects.records[subject].consent
    assert consent is not None
    assert (consent.biopsy, consent.blood) == (False, True)
    with refused("must not be before 2024-03-01, the day of the consent in force", Invalid):
        desk.ask(Consent(subject=subject, version="1.0", signed_on=date(2024, 2, 1)))


@pytest.mark.requirement("R23")
def test_nothing_is_answered_before_consent(desk: Desk) -> None:
    subject = logged(desk)
    with refused("has not consented yet"):
        desk.ask(answer(subject, age=60))
    with refused("has not consented yet"):
        desk.ask(Attest(subject=subject, judgments=[{"variable": "compliant", "value": True}]))


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        ({"age": "sixty"}, Invalid, "age: expected a finite number in y; found 'sixty'"),
        ({"age": 1e300}, Invalid, "age: expected a finite number"),
        ({"ecog": "7"}, Invalid, "ecog: expected one of 0, 1, 2, 3, 4"),
        ({"last_chemotherapy": "2024-02-30"}, Invalid, "last_chemotherapy: expected a date"),
        ({"lesions": [{"organ": "moon"}]}, Invalid, "lesions.*organ: expected one of"),
        ({"lesions": 3}, Invalid, "lesions: expected a list of records"),
        ({"size": 3}, NotFound, "'size' is no variable of the protocol"),
        ({"compliant": True}, Invalid, "compliant is a judgment; it is attested"),
    ],
)
@pytest.mark.requirement("R24")
def test_answers_of_the_wrong_kind_are_refused(desk: Desk, values: dict[str, Any], kind: type, why: str) -> None:
    subject = consented(desk)
    with refused(why, kind):
        desk.ask(answer(subject, **values))
    assert desk.state.subjects.records[subject].answers == {}


@pytest.mark.parametrize("flavor", ["unknown yet", "not done", "not applicable", "asked and unknown"])
@pytest.mark.requirement("R25")
def test_why_there_is_no_value_is_kept_and_shown_where_it_matters(desk: Desk, flavor: str) -> None:
    subject = consented(desk)
    desk.ask(Answer(subject=subject, answers=[{"variable": "age", "no_value": flavor}]))
    finding = eligibility_of(desk.state, desk.screener, subject, TODAY).of("I01")
    assert (finding.answer, finding.because) == ("cannot tell", f"missing: age ({flavor})")


def test_an_answer_has_a_value_or_a_reason_for_none_in_the_variables_unit(desk: Desk) -> None:
    subject = consented(desk)
    for one in ({"variable": "age"}, {"variable": "age", "value": 60, "no_value": "not done"}):
        with refused("needs either a value or", Invalid):
            desk.ask(Answer(subject=subject, answers=[one]))
    with refused("age is given in y; got mo: convert it", Invalid):
        desk.ask(Answer(subject=subject, answers=[{"variable": "age", "value": 720, "unit": "mo"}]))
    with refused("age is given twice", Invalid):
        desk.ask(Answer(subject=subject, answers=[{"variable": "age", "value": 60}, {"variable": "age", "value": 61}]))


def test_a_changed_answer_needs_its_reason_and_the_same_one_is_no_news(desk: Desk) -> None:
    subject = consented(desk)
    desk.ask(answer(subject, age=60, ecog="1"))
    assert desk.ask(answer(subject, age=60.0)) == []
    with refused("age was answered before \\(60.0\\); say in reason why it changes", Invalid):
        desk.ask(answer(subject, age=61))
    (fact,) = desk.ask(answer(subject, "read from the passport", age=61, ecog="1"))
    assert fact.body == {"variable": "age", "value": 61.0, "flavor": "value", "reason": "read from the passport"}


def test_judgments_are_those_of_whom_the_protocol_names(desk: Desk) -> None:
    subject = consented(desk)
    judgment = Attest(subject=subject, judgments=[{"variable": "compliant", "value": True}])
    with refused("compliant is judged by the investigator; signed in as sponsor", Forbidden):
        desk.ask(judgment, "spo", "sponsor")
    desk.ask(judgment, "ivy", "investigator")
    given = desk.state.subjects.records[subject].answers["compliant"]
    assert (given.by, given.attested, given.value) == ("ivy", True, True)
    with refused("say in note why it changes", Invalid):
        desk.ask(Attest(subject=subject, judgments=[{"variable": "compliant", "value": False}]), "ivy", "investigator")
    with refused("age is a finding, not a judgment", Invalid):
        desk.ask(Attest(subject=subject, judgments=[{"variable": "age", "value": True}]), "ivy", "investigator")


def test_a_stated_date_holds_and_any_other_is_today(desk: Desk) -> None:
    subject = screened(desk, last_chemotherapy="2024-02-16")

    def finding() -> str:
        return eligibility_of(desk.state, desk.screener, subject, desk.at.date()).of("E01").answer

    assert finding() == "met"
    desk.wait(days=-1)
    assert finding() == "not met"
    desk.wait(days=1)
    desk.ask(StateDate(subject=subject, anchor="entry", on=TODAY))
    desk.wait(days=30)
    assert eligibility_of(desk.state, desk.screener, subject, desk.at.date()).of("E01").because.count("2024-03-01")
    with refused("no reference date of the protocol; known: entry", NotFound):
        desk.ask(StateDate(subject=subject, anchor="birth", on=TODAY))
    with refused("must not be before 2024-03-01", Invalid):
        desk.ask(StateDate(subject=subject, anchor="entry", on=date(2024, 2, 1)))


@pytest.mark.requirement("R20", "R23")
def test_only_the_eligible_are_signed_for_and_only_what_was_shown(desk: Desk) -> None:
    subject = screened(desk, ecog="2")
    with refused("not eligible on 2024-03-01: I02 not met"):
        desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    before = shown(desk, subject)
    desk.ask(answer(subject, "better today", ecog="1"))
    with refused("the data changed since they were shown", Stale):
        desk.ask(SignEligibility(subject=subject, content_hash=before))
    (fact,) = desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    assert {one["answer"] for one in fact.body["findings"]} == {"met"}
    record = desk.state.subjects.records[subject]
    assert record.signature_holds
    assert record.status == "eligible, signed"
    desk.ask(answer(subject, "typing error", age=61))
    assert not record.signature_holds
    assert record.status == "in screening"


@pytest.mark.requirement("R23")
def test_after_screen_failure_nothing_goes_on(desk: Desk) -> None:
    subject = screened(desk, ecog="3")
    (fact,) = desk.ask(ScreenFail(subject=subject, outcome="not eligible", reason="ECOG 3"))
    assert [one["criterion"] for one in fact.body["findings"] if one["answer"] == "not met"] == ["I02"]
    for command in (
        ScreenFail(subject=subject, outcome="declined", reason="again"),
        SignEligibility(subject=subject, content_hash=shown(desk, subject)),
        Consent(subject=subject, version="1.0", signed_on=TODAY),
        StateDate(subject=subject, anchor="entry", on=TODAY),
    ):
        with refused(r"the screening of S1-001 ended \(not eligible\)"):
            desk.ask(command)


def test_criteria_are_set_aside_by_two_persons_within_a_number_that_is_none_by_default(desk: Desk) -> None:
    subject = screened(desk, ecog="2")
    force = ForceEligibility(subject=subject, reason="agreed by telephone")
    with refused("nobody asked for a waiver"):
        desk.ask(force, "spo", "sponsor")
    with refused("criterion 'I99' is not in the protocol", Invalid):
        desk.ask(AskWaiver(subject=subject, criteria=["I99"], reason="fit enough"), "ivy")
    desk.ask(AskWaiver(subject=subject, criteria=["I02"], reason="fit enough"), "ivy")
    with refused("0 eligibilities were forced and 0 are allowed"):
        desk.ask(force, "spo", "sponsor")
    desk.ask(AllowWaivers(most=1, reason="amendment 1"), "spo", "sponsor")
    with refused("whoever asked for a waiver may not grant it", Forbidden):
        desk.ask(force, "ivy", "sponsor")
    desk.ask(force, "spo", "sponsor")
    assert desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    other = screened(desk, ecog="2")
    desk.ask(AskWaiver(subject=other, criteria=["I02"], reason="fit enough"), "ivy")
    with refused("1 eligibilities were forced and 1 are allowed"):
        desk.ask(ForceEligibility(subject=other, reason="once more"), "spo", "sponsor")


def test_a_waiver_sets_aside_only_what_was_asked(desk: Desk) -> None:
    subject = screened(desk, ecog="2", age=17)
    desk.ask(AllowWaivers(most=5, reason="amendment 1"))
    desk.ask(AskWaiver(subject=subject, criteria=["I02"], reason="fit enough"), "ivy")
    desk.ask(ForceEligibility(subject=subject, reason="agreed"), "spo")
    with refused("not eligible on 2024-03-01: I01 not met"):
        desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))


@pytest.mark.requirement("R43")
def test_withdrawal_has_levels_and_leaves_the_data(desk: Desk) -> None:
    subject = screened(desk)
    desk.ask(Withdraw(subject=subject, level="biopsies", withdrawn_on=TODAY, reason="no more needles"))
    record = desk.state.subjects.records[subject]
    assert not record.withdrawn
    with refused("has withdrawn from biopsies already"):
        desk.ask(Withdraw(subject=subject, level="biopsies", withdrawn_on=TODAY, reason="again"))
    desk.ask(Withdraw(subject=subject, level="study", withdrawn_on=TODAY, reason="moved away"))
    assert record.withdrawn
    assert set(ADMISSIBLE) < set(record.answers)
    with refused("has withdrawn; signature comes too late"):
        desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    with refused("withdrawn_on must not be in the future", Invalid):
        desk.ask(Withdraw(subject=subject, level="treatment", withdrawn_on=date(2024, 4, 1), reason="planned"))


def test_screening_is_over_once_randomized_but_consent_goes_on() -> None:
    desk = running()
    subject = candidate(desk)
    desk.ask(asked(desk, subject))
    with refused("is randomized; screen failure comes too late"):
        desk.ask(ScreenFail(subject=subject, outcome="declined", reason="too late"))
    assert desk.ask(Consent(subject=subject, version="1.0", signed_on=TODAY))


def test_an_unknown_subject_is_not_found(desk: Desk) -> None:
    with refused("there is no subject 'S1-999'", NotFound):
        desk.ask(answer("S1-999", age=60))
