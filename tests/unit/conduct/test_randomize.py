"""Randomization is one decision: everything that must be true is asked again, and what it rested on is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from trial_desk import Desk, asked, candidate, open_sites, refused, running, screened, seal, sealed_key, shown

from trialwright.conduct import (
    CloseRecruitment,
    CloseSite,
    CorrectStratum,
    DuplicatePerson,
    Invalid,
    LogDisclosure,
    NotFound,
    Randomize,
    RandomizedInError,
    SetCap,
    Stale,
    Unavailable,
)
from trialwright.conduct.commands_eligibility import SignEligibility
from trialwright.conduct.commands_screening import Answer, Consent, ScreenFail, Withdraw
from trialwright.protocol import protocol_hash
from trialwright.randomize import allocate, scheme


@pytest.fixture
def desk() -> Desk:
    return running()


@pytest.mark.requirement("R30")
def test_the_arm_is_that_of_the_next_place_and_its_inputs_are_kept(desk: Desk) -> None:
    key, _ = sealed_key("central")
    plan = scheme(desk.screener.protocol)
    for place in range(9):
        subject = candidate(desk, "S1" if place % 2 else "S2")
        fact, mail, *_ = desk.ask(asked(desk, subject))
        body = fact.body
        expected = allocate(plan, key, "central", "liver=liver", place)
        assert (body["arm"], body["block"], body["place"]) == (expected.arm, expected.block, expected.place)
        assert (body["position"], body["stratum"]) == (place, "liver=liver")
        assert (mail.kind, mail.subject, mail.body["to"]) == ("mail queued", subject, f"site:{fact.site}")
    assert body["inputs"]["answers"]["age"] == ["value", 60]
    assert body["inputs"]["anchors"] == {"entry": "2024-03-01"}
    assert body["protocol_hash"] == protocol_hash(desk.screener.protocol)
    assert (body["randomized_on"], body["consent"], body["content_hash"]) == ("2024-03-01", "1.0", shown(desk, subject))


def test_the_answer_tells_the_arm_and_doses_but_not_the_place(desk: Desk) -> None:
    reply = desk.reply(asked(desk, candidate(desk, age=80)))
    dose = {"new": {"exampletinib": 300.0}, "standard": {"comparator": 50.0}}[reply["arm"]]
    assert {name: given["dose"] for name, given in reply["doses"].items()} == dose
    assert set(reply) == {"subject", "randomized_at", "arm", "arm_label", "levels", "doses", "randomized_on"}


@pytest.mark.requirement("R30")
def test_later_changes_do_not_reach_what_was_frozen(desk: Desk) -> None:
    subject = candidate(desk)
    fact = desk.ask(asked(desk, subject))[0]
    changed = [{"variable": "lesions", "value": [{"organ": "bone", "measurable": False}]}]
    desk.ask(Answer(subject=subject, answers=changed, reason="read again by the radiologist"))
    assert fact.body["inputs"]["answers"]["lesions"][1] == [{"organ": "liver", "measurable": True}]
    assert desk.state.allocations.of[subject].stratum == "liver=liver"


def test_criteria_are_asked_again_on_the_day(desk: Desk) -> None:
    desk.wait(days=-8)
    subject = screened(desk, last_chemotherapy="2024-02-16")
    desk.wait(days=8)
    desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    desk.wait(days=-1)  # the day before, the washout was not over yet
    with refused("not eligible on 2024-02-29: E01 not met"):
        desk.ask(asked(desk, subject))
    desk.wait(days=1)
    assert desk.ask(asked(desk, subject))[0].kind == "allocated"


def _changed(desk: Desk, subject: str) -> None:
    desk.ask(Answer(subject=subject, answers=[{"variable": "age", "value": 61}], reason="birthday"))


def _failed(desk: Desk, subject: str) -> None:
    desk.ask(ScreenFail(subject=subject, outcome="declined", reason="changed her mind"))


def _withdrew(desk: Desk, subject: str) -> None:
    desk.ask(Withdraw(subject=subject, level="study", withdrawn_on=desk.at.date(), reason="moved away"))


def _site_closed(desk: Desk, subject: str) -> None:
    desk.ask(CloseSite(site="S1", reason="no staff"))


def _closed(scope: str) -> Callable[[Desk, str], None]:
    return lambda desk, subject: desk.ask(CloseRecruitment(scope=scope, reason="enough patients")) and None


def _capped(scope: str) -> Callable[[Desk, str], None]:
    return lambda desk, subject: desk.ask(SetCap(scope=scope, most=0)) and None


def _double(desk: Desk, subject: str) -> None:
    first = desk.state.subjects.records[subject]
    other = screened(desk, "S2")
    desk.ask(DuplicatePerson(subject=other, other=first.id, reason="same date of birth"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_changed, "signed before the data changed"),
        (_failed, r"screening of S1-001 ended \(declined\)"),
        (_withdrew, "has withdrawn"),
        (_site_closed, "site S1 is not open"),
        (_closed("study"), r"recruitment is closed in study \(enough patients\)"),
        (_closed("country:Norway"), "recruitment is closed in country:Norway"),
        (_closed("site:S1"), "recruitment is closed in site:S1"),
        (_closed("stratum:liver=liver"), "recruitment is closed in stratum:liver=liver"),
        (_capped("study"), "cap of 0 patients in study"),
        (_capped("country:Norway"), "cap of 0 patients in country:Norway"),
        (_capped("site:S1"), "cap of 0 patients in site:S1"),
        (_capped("stratum:liver=liver"), "cap of 0 patients in stratum:liver=liver"),
    ],
)
@pytest.mark.requirement("R23", "R36")
def test_what_forbids_it_is_named_and_takes_no_place(desk: Desk, change: Callable[[Desk, str], None], why: str) -> None:
    subject = candidate(desk)
    change(desk, subject)
    with refused(why):
        desk.ask(asked(desk, subject))
    assert not desk.state.allocations.of
    assert not desk.state.allocations.used


@pytest.mark.parametrize("scope", ["country:Austria", "site:S2", "stratum:liver=no liver"])
def test_a_cap_elsewhere_forbids_nothing(desk: Desk, scope: str) -> None:
    desk.ask(SetCap(scope=scope, most=0))
    assert desk.ask(asked(desk, candidate(desk)))


def test_a_cap_holds_from_the_patient_that_reaches_it(desk: Desk) -> None:
    desk.ask(SetCap(scope="country:Norway", most=2))
    for site in ("S1", "S2", "S1", "S2"):
        desk.ask(asked(desk, candidate(desk, site)))
    with refused("cap of 2 patients in country:Norway is reached"):
        desk.ask(asked(desk, candidate(desk, "S1")))


def test_nobody_is_randomized_twice(desk: Desk) -> None:
    subject = candidate(desk)
    desk.ask(asked(desk, subject))
    with refused("randomized already"):
        desk.ask(asked(desk, subject))


def test_a_double_is_not_randomized(desk: Desk) -> None:
    first = candidate(desk)
    second = candidate(desk, "S2")
    desk.ask(DuplicatePerson(subject=second, other=first, reason="same person by date of birth"))
    with refused(f"same person as {first}"):
        desk.ask(asked(desk, second))
    with refused("came first"):
        desk.ask(DuplicatePerson(subject=first, other=second, reason="the other way round"), "ann")


@pytest.mark.requirement("R23")
def test_an_unsigned_subject_is_not_randomized(desk: Desk) -> None:
    subject = screened(desk)
    with refused("is not signed"):
        desk.ask(asked(desk, subject))


def test_what_was_shown_must_be_what_was_signed(desk: Desk) -> None:
    with refused("another content was signed than was shown", Stale):
        desk.ask(asked(desk, candidate(desk), content_hash="0" * 64))


def test_the_stratum_entered_must_be_the_one_the_data_give(desk: Desk) -> None:
    subject = candidate(desk)
    with refused("liver was entered as 'no liver', but the data give 'liver'"):
        desk.ask(asked(desk, subject, levels={"liver": "no liver"}))
    with refused("levels must name the factors liver; got spleen"):
        desk.ask(asked(desk, subject, levels={"spleen": "yes"}))


def test_a_form_approved_no_longer_as_signed_is_refused(desk: Desk) -> None:
    subject = candidate(desk)
    desk.fact("consented", "S1", subject, version="0.9", signed_on="2024-03-01")
    desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    with refused("version 0.9 of the consent form was not in force at S1 on 2024-03-01"):
        desk.ask(asked(desk, subject))
    desk.ask(Consent(subject=subject, version="1.0", signed_on=desk.at.date()))
    desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    assert desk.ask(asked(desk, subject))


def test_nobody_is_randomized_without_a_list_or_its_key() -> None:
    desk = Desk()
    open_sites(desk, "S1")
    subject = candidate(desk)
    with refused("no allocation list is active"):
        desk.ask(asked(desk, subject))
    seal(desk)
    desk.keys = type(desk.keys)()
    with refused("'central' is not unsealed", Unavailable):
        desk.ask(asked(desk, subject))
    desk.keys = desk.keys.with_list("central", bytes(32))
    with refused("is not the one it was sealed with", Unavailable):
        desk.ask(asked(desk, subject))


def test_an_unknown_subject_is_not_found(desk: Desk) -> None:
    with refused("no subject 'S1-999'", NotFound):
        desk.ask(Randomize(subject="S1-999", content_hash="0" * 64, levels={}))


def test_the_list_stops_hard_and_goes_on_with_the_next_one() -> None:
    desk = running(places=5)
    kinds = [[fact.kind for fact in desk.ask(asked(desk, candidate(desk)))] for _ in range(5)]
    alarm = ["allocated", "mail queued", "list alarm", "mail queued"]
    assert kinds == [alarm[:2], alarm[:2], alarm[:2], alarm, alarm]
    levels = [fact.body["level"] for fact in desk.facts if fact.kind == "list alarm"]
    assert levels == ["nearly used up", "used up"]
    last = candidate(desk)
    with refused("no place left in stratum 'liver=liver'"):
        desk.ask(asked(desk, last))
    other = candidate(desk, lesions=[{"organ": "bone", "measurable": True}])
    assert desk.ask(asked(desk, other))[0].body["list"] == "central"
    seal(desk, "further", places=3)
    body = desk.ask(asked(desk, last))[0].body
    assert (body["list"], body["position"]) == ("further", 0)
    assert desk.ask(asked(desk, candidate(desk, lesions=[])))[0].body["list"] == "central"


def test_errors_are_told_and_take_nothing_back(desk: Desk) -> None:
    subject, other = candidate(desk), candidate(desk)
    for command in (
        RandomizedInError(subject=subject, reason="not eligible"),
        CorrectStratum(subject=subject, levels={"liver": "no liver"}, reason="scan read again"),
    ):
        with refused("is not randomized; there is nothing to state"):
            desk.ask(command)
    desk.ask(asked(desk, subject))
    before = desk.state.allocations.of[subject]
    desk.ask(RandomizedInError(subject=subject, reason="not eligible"))
    desk.ask(CorrectStratum(subject=subject, levels={"liver": "no liver"}, reason="scan read again"))
    assert desk.state.allocations.of[subject] == before
    assert desk.state.allocations.corrected == {subject: {"liver": "no liver"}}
    assert desk.state.allocations.in_error == {subject: "not eligible"}
    assert desk.ask(asked(desk, other))[0].body["position"] == 1
    with refused("marked as randomized in error already"):
        desk.ask(RandomizedInError(subject=subject, reason="not eligible"))
    with refused("the levels of S1-001 already"):
        desk.ask(CorrectStratum(subject=subject, levels={"liver": "no liver"}, reason="again"))
    with refused("'liver=moon' is not in the scheme", Invalid):
        desk.ask(CorrectStratum(subject=subject, levels={"liver": "moon"}, reason="again"))


@pytest.mark.requirement("R33")
def test_a_disclosure_is_logged_without_an_arm(desk: Desk) -> None:
    subject = candidate(desk)
    arm = desk.reply(asked(desk, subject))["arm_label"]
    (fact,) = desk.ask(
        LogDisclosure(subject=subject, category="emergency", to_whom="emergency physician", reason="poisoning")
    )
    assert (fact.kind, fact.site) == ("disclosed", "S1")
    assert arm not in (fact.text or "")
    assert desk.state.allocations.disclosures == [fact.seq]
