"""A site takes patients only with its approvals; caps and closed recruitment are facts, and the last word holds."""

from __future__ import annotations

from datetime import date

import pytest
from trial_desk import Desk, refused

from trialwright.conduct import Invalid, NotFound
from trialwright.conduct.commands_sites import (
    ApproveForm,
    CloseRecruitment,
    CloseSite,
    OpenSite,
    ReopenRecruitment,
    SetCap,
)

KINDS = ("ethics committee", "competent authority", "agreement")


def approvals(*kinds: str, on: str = "2024-02-01") -> list[dict[str, str]]:
    return [{"kind": kind, "reference": f"no. {place}", "approved_on": on} for place, kind in enumerate(kinds)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.requirement("R36")
def test_a_site_opens_with_all_its_approvals(desk: Desk) -> None:
    (fact,) = desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS)))
    assert (fact.kind, fact.site, fact.body["country"]) == ("site opened", "S1", "Norway")
    assert desk.state.sites.open == {"S1"}
    assert desk.state.sites.scopes("S1", "liver=liver") == (
        "study", "country:Norway", "site:S1", "stratum:liver=liver",
    )  # fmt: skip


@pytest.mark.parametrize("lacking", KINDS)
@pytest.mark.requirement("R36")
def test_without_one_approval_it_stays_closed(desk: Desk, lacking: str) -> None:
    with refused(f"approval of kind '{lacking}' is missing"):
        desk.ask(OpenSite(site="S1", approvals=approvals(*(kind for kind in KINDS if kind != lacking))))
    assert desk.state.sites.open == set()


def test_an_approval_of_tomorrow_is_none(desk: Desk) -> None:
    with refused("must not be in the future; got 2024-03-02, today is 2024-03-01", Invalid):
        desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS, on="2024-03-02")))


def test_an_unknown_site_lists_the_known_ones(desk: Desk) -> None:
    with refused("'S9' is not in the protocol; known: S1, S2", NotFound):
        desk.ask(OpenSite(site="S9", approvals=approvals(*KINDS)))


def test_a_site_is_opened_closed_and_opened_again(desk: Desk) -> None:
    with refused("S1 is not open; open are: none"):
        desk.ask(CloseSite(site="S1", reason="no staff"))
    desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS)))
    with refused("open already"):
        desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS)))
    desk.ask(CloseSite(site="S1", reason="no staff"))
    assert desk.state.sites.open == set()
    desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS)))
    assert desk.state.sites.open == {"S1"}


def test_the_form_in_force_is_that_of_the_day(desk: Desk) -> None:
    desk.ask(ApproveForm(site="S1", version="1.0", valid_from=date(2024, 1, 10)))
    desk.ask(ApproveForm(site="S1", version="2.0", valid_from=date(2024, 2, 10)))
    days = [date(2024, 1, 9), date(2024, 1, 10), date(2024, 2, 9), date(2024, 2, 10)]
    assert [desk.state.sites.form_on("S1", day) for day in days] == [None, "1.0", "1.0", "2.0"]
    assert desk.state.sites.form_on("S2", date(2024, 3, 1)) is None
    with refused("must be after 2024-02-10", Invalid):
        desk.ask(ApproveForm(site="S1", version="1.1", valid_from=date(2024, 2, 1)))
    with refused("2.0 of the consent form is approved at S1 already"):
        desk.ask(ApproveForm(site="S1", version="2.0", valid_from=date(2024, 3, 1)))


@pytest.mark.parametrize("scope", ["study", "country:Austria", "site:S2", "stratum:liver=no liver"])
def test_a_cap_is_the_last_one_set(desk: Desk, scope: str) -> None:
    desk.ask(SetCap(scope=scope, most=10))
    desk.ask(SetCap(scope=scope, most=5))
    assert desk.state.sites.caps == {scope: 5}


@pytest.mark.parametrize(
    ("scope", "known"),
    [
        ("country:Atlantis", "known: country:Austria, country:Norway"),
        ("site:S9", "known: site:S1, site:S2"),
        ("stratum:liver=maybe", "known: stratum:liver=liver, stratum:liver=no liver"),
        ("moon", "known: study, country:"),
    ],
)
def test_an_unknown_scope_lists_the_known_ones_of_its_kind(desk: Desk, scope: str, known: str) -> None:
    with refused(known, NotFound):
        desk.ask(SetCap(scope=scope, most=1))


def test_recruitment_closes_in_a_scope_and_reopens(desk: Desk) -> None:
    desk.ask(OpenSite(site="S1", approvals=approvals(*KINDS)))
    desk.ask(CloseRecruitment(scope="country:Norway", reason="enough patients"))
    sites = desk.state.sites
    assert sites.closed_scope(sites.scopes("S1")) == "country:Norway"
    with refused("closed in country:Norway already: enough patients"):
        desk.ask(CloseRecruitment(scope="country:Norway", reason="again"))
    desk.ask(ReopenRecruitment(scope="country:Norway", reason="one more"))
    assert sites.closed_scope(sites.scopes("S1")) is None
    with refused("not closed in study; closed are: none"):
        desk.ask(ReopenRecruitment(scope="study", reason="one more"))
