"""An office at home in a folder: made once, opened again, never half opened; practice and demonstration."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from trialwright import protocol
from trialwright.conduct import Forbidden, Refused, Unavailable
from trialwright.design import Scenario
from trialwright.protocol import Protocol, read_document
from trialwright.server import Address, demonstration, first_people, open_house, practice, unseal_kept

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


@pytest.fixture(scope="module")
def tiny() -> Protocol:
    return protocol.load(str(TINY))


def test_an_office_is_founded_once_and_opened_again(tiny, tmp_path):
    with open_house(tiny, tmp_path / "a", environment="live") as house:
        assert house.is_new
        told = first_people(house)
        assert [one.user for one in told] == ["administrator"]
    with open_house(tiny, tmp_path / "a") as house:
        assert (house.is_new, house.environment) == (False, "live")
        assert house.accounts.sign_in("administrator", told[0].password).only == "password"


def test_the_folder_and_the_key_are_the_owners_alone(tiny, tmp_path):
    open_house(tiny, tmp_path / "a").close()
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert (tmp_path / "a" / "office.key").stat().st_mode & 0o077 == 0


def test_an_office_does_not_open_for_another_study_or_environment_or_without_its_key(tiny, tmp_path):
    open_house(tiny, tmp_path / "a", environment="training").close()
    with pytest.raises(Unavailable, match="founded as training and stays that"):
        open_house(tiny, tmp_path / "a", environment="live")
    with pytest.raises(Unavailable, match="founded for study"):
        open_house(protocol.load("palmira"), tmp_path / "a")
    (tmp_path / "a" / "office.key").unlink()
    with pytest.raises(Unavailable, match="key is missing"):
        open_house(tiny, tmp_path / "a")


def test_practice_has_a_person_for_each_role_a_site_and_a_list_that_gives_arms(tiny, tmp_path):
    with open_house(tiny, tmp_path / "a", environment="training") as house:
        told = practice(house)
        assert [one.what.split(" at ")[0] for one in told] == [
            "administrator", "sponsor", "statistician", "data manager", "monitor", "coordinator", "investigator",
        ]  # fmt: skip
        assert house.accounts.sign_in(told[-1].user, told[-1].password).only == "password"
        with house.office.reading() as state:
            assert state.sites.open == {tiny.sites[0].id}
    with open_house(tiny, tmp_path / "a") as house:
        assert house.office.keys.lists == {}
        unseal_kept(house)
        assert list(house.office.keys.lists) == ["practice"]


@pytest.mark.requirement("R31")
def test_no_password_or_passphrase_lies_in_the_office(tiny, tmp_path):
    with open_house(tiny, tmp_path / "a", environment="training") as house:
        told = practice(house)
    secret = (tmp_path / "a" / "office.passphrase").read_text().strip()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "a").glob("office.[dm]*"))
    assert len(stored) > 10_000
    for one in [secret, *(one.password for one in told)]:
        assert one.encode() not in stored


def test_a_demonstration_holds_a_trial_and_lives_on_from_its_day(tiny, tmp_path):
    scenario = read_document(TINY.with_name("scenario.yaml"), Scenario)
    until = scenario.until
    told = demonstration(tiny, scenario, tmp_path / "demo", seed=5, until=until)
    with open_house(tiny, tmp_path / "demo") as house:
        assert house.environment == "demo"
        assert abs((house.clock().date() - until).days) <= 1
        with house.office.reading() as state:
            assert sum(one.allocated is not None for one in state.subjects.records.values()) > 10
            assert sum(one.status == "in screening" for one in state.subjects.records.values()) == 2
            assert [one.status for one in state.cleaning.waiting()][:3] == ["open", "answered", "open"]
        for one in told:
            assert house.accounts.sign_in(one.user, one.password).only is None
        with pytest.raises(Forbidden):
            house.accounts.sign_in("administrator", "wrong")


def test_a_demonstration_is_not_made_twice_in_one_folder(tiny, tmp_path):
    scenario = read_document(TINY.with_name("scenario.yaml"), Scenario)
    open_house(tiny, tmp_path / "demo", environment="training").close()
    with pytest.raises(Refused):
        demonstration(tiny, scenario, tmp_path / "demo", seed=5, until=scenario.until)


def test_an_address_seen_by_others_needs_tls():
    with pytest.raises(Unavailable, match="give --certificate"):
        Address("0.0.0.0").check()
    Address("0.0.0.0", behind_proxy=True).check()
    Address("localhost").check()
    assert not Address("localhost").secure
    assert Address("::1").url == "http://[::1]:8000/"


def test_the_clock_of_a_demonstration_runs(tiny, tmp_path):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    (tmp_path / "office.clock").write_text('{"seconds_behind": 86400}')
    with open_house(tiny, tmp_path, clock=lambda: now) as house:
        assert house.clock().date() == date(2025, 12, 31)
