"""Who may come in and do what: accounts, grants, sessions, passwords, second factors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from trialwright import protocol
from trialwright.conduct import (
    RIGHTS,
    Accounts,
    Actor,
    Conflict,
    Credentials,
    DeactivateUser,
    Forbidden,
    GrantRole,
    Invalid,
    Journal,
    NotFound,
    Office,
    RecordTraining,
    Refused,
    RegisterUser,
    RevokeRole,
    check_password,
    check_session,
    digest_of_token,
    role_for,
    roles_at,
    sites_for,
)

SYSTEM = Actor("system")
GOOD = "four purple otters"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = date(2026, 3, 2)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


class Desk:
    """An office with accounts, and short words for what the tests do."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        screener = protocol.Screener(protocol.load(protocol.study_file("palmira", "protocol.yaml")))
        self.url = f"sqlite:///{folder / 'office.db'}"
        self.office = Office(Journal(self.url), screener, clock=self.clock)
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.credentials = Credentials(self.url, b"k" * 32, hasher=weak)
        self.accounts = Accounts(self.office, self.credentials, clock=self.clock)
        self._keys = iter(range(10**6))

    def do(self, command, by="system"):
        return self.office.do(command, Actor(by), f"key-{next(self._keys)}").reply

    def person(self, user, role=None, scope="study", *, trained=True, kind="person"):
        self.do(RegisterUser(user=user, name=user.title(), organization="Hospital", kind=kind))
        if trained:
            self.do(RecordTraining(user=user, training="good clinical practice", trained_on=DAY))
        return self.do(GrantRole(user=user, role=role, scope=scope, start=DAY))["grant"] if role else None

    def role(self, user, action, site=None):
        with self.office.reading() as state:
            return role_for(state, user, action, site, self.clock())

    def kinds(self):
        with self.office.reading() as state:
            return [fact.kind for facts in state.receipts.facts.values() for fact in facts]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.office.close()
    desk.credentials.close()


@pytest.fixture(autouse=True)
def an_action(monkeypatch):
    monkeypatch.setitem(RIGHTS, "do a thing", frozenset({"coordinator", "investigator"}))


@pytest.mark.requirement("R11")
@pytest.mark.requirement("R11")
def test_a_user_name_is_never_given_again(desk):
    desk.person("ana")
    desk.do(DeactivateUser(user="ana", reason="left"))
    with pytest.raises(Refused, match="never given again"):
        desk.person("ana")


@pytest.mark.parametrize("name", ["Ana", "a", "ana maría", "x" * 41, "", "1ana", "a\x00b"])
def test_a_user_name_that_cannot_be_is_refused(name):
    with pytest.raises(ValueError, match="pattern"):
        RegisterUser(user=name, name="x", organization="y")


@pytest.mark.parametrize(
    ("scope", "site", "may"),
    [
        ("study", "ES06", True),
        ("study", None, True),
        ("country:Spain", "ES06", True),
        ("country:Spain", "FR01", False),
        ("country:Spain", None, False),
        ("site:ES06", "ES06", True),
        ("site:ES06", "ES07", False),
        ("site:ES06", None, False),
    ],
)
def test_a_role_reaches_as_far_as_its_scope(desk, scope, site, may):
    desk.person("ana", "investigator", scope)
    if may:
        assert desk.role("ana", "do a thing", site) == "investigator"
    else:
        with pytest.raises(Forbidden, match="that takes the role coordinator or investigator"):
            desk.role("ana", "do a thing", site)


def test_a_role_holds_from_its_first_day_to_its_last(desk):
    desk.person("ana")
    desk.do(GrantRole(user="ana", role="monitor", scope="study", start=date(2026, 3, 3), end=date(2026, 3, 4)))
    found = []
    for _ in range(4):
        with desk.office.reading() as state:
            found.append(bool(roles_at(state, "ana", "ES06", desk.clock())))
        desk.clock.on(days=1)
    assert found == [False, True, True, False]


def test_a_role_waits_for_training(desk):
    desk.person("ana", "investigator", "site:ES06", trained=False)
    with pytest.raises(Forbidden, match="no training"):
        desk.role("ana", "do a thing", "ES06")
    desk.do(RecordTraining(user="ana", training="protocol 2.0", trained_on=DAY))
    assert desk.role("ana", "do a thing", "ES06") == "investigator"


def test_a_training_is_not_recorded_ahead(desk):
    desk.person("ana")
    with pytest.raises(Invalid, match="must not lie ahead"):
        desk.do(RecordTraining(user="ana", training="x", trained_on=date(2026, 3, 3)))


@pytest.mark.requirement("R13")
@pytest.mark.requirement("R13")
def test_what_was_revoked_gives_no_rights_and_ends_sessions(desk):
    grant = desk.person("ana", "monitor", "site:ES06")
    desk.accounts.set_password("ana", GOOD)
    digest = digest_of_token(desk.accounts.sign_in("ana", GOOD).token)
    desk.do(RevokeRole(grant=grant, reason="left"))
    with desk.office.reading() as state:
        assert sites_for(state, "ana", "read subjects", desk.clock()) == frozenset()
        with pytest.raises(Forbidden, match="session has ended"):
            check_session(state, "ana", digest, desk.clock())
    with pytest.raises(Refused, match="revoked on 2026-03-02 already"):
        desk.do(RevokeRole(grant=grant, reason="again"))


def test_an_unknown_place_is_refused_with_the_known_ones(desk):
    desk.person("ana")
    with pytest.raises(NotFound, match="known: France, Germany"):
        desk.do(GrantRole(user="ana", role="monitor", scope="country:Narnia", start=DAY))
    with pytest.raises(NotFound, match="the protocol has no site 'XX99'"):
        desk.do(GrantRole(user="ana", role="monitor", scope="site:XX99", start=DAY))


@pytest.mark.requirement("R12")
@pytest.mark.requirement("R12")
def test_duties_are_kept_apart(desk):
    desk.person("ana", "statistician")
    with pytest.raises(Refused, match="statistician already"):
        desk.do(GrantRole(user="ana", role="investigator", scope="site:ES06", start=DAY))


@pytest.mark.requirement("R12")
@pytest.mark.requirement("R12")
def test_an_administrator_has_no_rights_in_the_trial(desk):
    assert {a for a, roles in RIGHTS.items() if "administrator" in roles} <= {
        "deactivate user", "grant role", "issue token", "read audit", "read people", "read sites", "record training",
        "register user", "revoke role", "begin generation", "redact", "back up",
    }  # fmt: skip


@pytest.mark.requirement("R12")
def test_nobody_gives_rights_to_themselves(desk):
    desk.person("root1", "administrator")
    with pytest.raises(Forbidden, match="nobody may give a role to their own account"):
        desk.do(GrantRole(user="root1", role="sponsor", scope="study", start=DAY), by="root1")


def test_an_action_unknown_to_the_table_is_refused(desk):
    desk.person("ana", "investigator")
    with pytest.raises(Forbidden, match="that takes the role nobody"):
        desk.role("ana", "fly", "ES06")


def test_sign_in_with_password_alone_for_a_role_without_second_factor(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    signed = desk.accounts.sign_in("mo", GOOD)
    with desk.office.reading() as state:
        check_session(state, "mo", digest_of_token(signed.token), desk.clock())
    desk.accounts.sign_out(signed.token)
    desk.accounts.sign_out(signed.token)
    assert desk.kinds()[-2:] == ["session opened", "session closed"]


@pytest.mark.requirement("R14")
@pytest.mark.requirement("R14")
def test_a_temporary_password_must_be_changed_first(desk):
    desk.person("mo", "monitor")
    issued = desk.accounts.issue_password("mo")
    first = desk.accounts.sign_in("mo", issued)
    assert first.only == "password"
    with desk.office.reading() as state, pytest.raises(Forbidden, match="only set the password"):
        check_session(state, "mo", digest_of_token(first.token), desk.clock())
    desk.accounts.change_password(first.token, issued, GOOD)
    assert desk.accounts.sign_in("mo", GOOD).only is None
    with pytest.raises(Forbidden):
        desk.accounts.sign_in("mo", issued)


@pytest.mark.requirement("R14")
@pytest.mark.requirement("R14")
def test_a_password_does_not_come_back(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    desk.accounts.set_password("mo", "three quiet lemons")
    with pytest.raises(Invalid, match="used before"):
        desk.accounts.set_password("mo", GOOD)


@pytest.mark.requirement("R17")
@pytest.mark.requirement("R17")
def test_a_role_that_allocates_needs_a_second_factor(desk):
    desk.person("ana", "investigator", "site:ES06")
    desk.accounts.set_password("ana", GOOD)
    assert desk.accounts.sign_in("ana", GOOD).only == "second factor"
    secret = desk.accounts.new_secret()
    with pytest.raises(Invalid, match="not right now"):
        desk.accounts.set_second_factor("ana", secret, "000000x")
    desk.accounts.set_second_factor("ana", secret, TOTP(secret).at(desk.clock()))
    with pytest.raises(Forbidden, match="set already"):
        desk.accounts.set_second_factor("ana", secret, TOTP(secret).at(desk.clock()))
    code = TOTP(secret).at(desk.clock())
    for wrong in (None, "", "123", "12345x"):
        with pytest.raises(Forbidden):
            desk.accounts.sign_in("ana", GOOD, wrong)
    assert desk.accounts.sign_in("ana", GOOD, code).only is None
    with pytest.raises(Forbidden):  # a code is good once
        desk.accounts.sign_in("ana", GOOD, code)


@pytest.mark.requirement("R44")
def test_the_second_factor_lies_encrypted_in_the_database(desk):
    desk.person("ana", "investigator", "site:ES06")
    secret = desk.accounts.new_secret()
    desk.accounts.set_second_factor("ana", secret, TOTP(secret).at(desk.clock()))
    with closing(sqlite3.connect(desk.url.removeprefix("sqlite:///"))) as connection:
        stored = connection.execute("SELECT * FROM credentials").fetchall()
    assert len(stored) == 1
    assert secret not in str(stored)
    other = Credentials(desk.url, b"x" * 32, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with pytest.raises(Refused, match="another key"):
        other.prove_code("ana", "123456", desk.clock().timestamp)
    other.close()


@pytest.mark.requirement("R14", "R16")
@pytest.mark.requirement("R14")
def test_five_wrong_tries_make_the_account_wait_longer_each_time(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    waits = []
    for _ in range(4):
        _fail(desk)
    for _ in range(8):
        _fail(desk)
        until = _locked_until(desk)
        waits.append((until - desk.clock.now) / timedelta(minutes=1))
        with pytest.raises(Forbidden):  # the right password is of no use meanwhile
            desk.accounts.sign_in("mo", GOOD)
        desk.clock.now = until
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert desk.accounts.sign_in("mo", GOOD)
    with desk.office.reading() as state:
        assert "mo" not in state.people.failures


def _locked_until(desk):
    with desk.office.reading() as state:
        return state.people.failures["mo"].locked_until


def _fail(desk):
    with pytest.raises(Forbidden, match="wrong, or the account is waiting"):
        desk.accounts.sign_in("mo", "something else")


@pytest.mark.requirement("R16", "R18")
def test_a_name_typed_wrong_is_not_written_down(desk):
    with pytest.raises(Forbidden):
        desk.accounts.sign_in("my secret password", "x")
    with desk.office.reading() as state:
        facts = [fact for facts in state.receipts.facts.values() for fact in facts]
    assert [fact.kind for fact in facts] == ["sign-in failed"]
    assert "secret" not in str(facts)


@pytest.mark.requirement("R21")
@pytest.mark.requirement("R21")
def test_confirmation_is_good_for_one_act_or_for_a_time(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    token = desk.accounts.sign_in("mo", GOOD).token
    digest = digest_of_token(token)

    def confirmed(key):
        with desk.office.reading() as state:
            try:
                check_session(state, "mo", digest, desk.clock(), confirmed=key)
            except Forbidden:
                return False
            return True

    assert not confirmed("act-1")
    desk.accounts.confirm(token, GOOD, "act-1")
    assert (confirmed("act-1"), confirmed("act-2")) == (True, False)
    desk.accounts.confirm(token, GOOD)
    assert confirmed("act-2")
    desk.clock.on(minutes=11)
    assert not confirmed("act-2")


@pytest.mark.requirement("R21")
@pytest.mark.requirement("R21")
def test_wrong_confirmations_end_the_session(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    token = desk.accounts.sign_in("mo", GOOD).token
    for _ in range(5):
        with pytest.raises(Forbidden):
            desk.accounts.confirm(token, "not this one")
    with pytest.raises(Forbidden, match="session has ended"):
        desk.accounts.confirm(token, GOOD)


def test_a_session_ends_after_twelve_hours(desk):
    desk.person("mo", "monitor")
    desk.accounts.set_password("mo", GOOD)
    digest = digest_of_token(desk.accounts.sign_in("mo", GOOD).token)
    desk.clock.on(hours=12, seconds=1)
    with desk.office.reading() as state, pytest.raises(Forbidden, match="has ended"):
        check_session(state, "mo", digest, desk.clock())


def test_a_service_signs_in_with_a_token_and_a_person_does_not(desk):
    desk.person("lab-import", "service", kind="service")
    desk.person("mo", "monitor")
    token = desk.accounts.issue_token("lab-import")
    with desk.office.reading() as state:
        check_session(state, "lab-import", digest_of_token(token), desk.clock())
    with pytest.raises(NotFound, match="no open account of a service"):
        desk.accounts.issue_token("mo")
    with pytest.raises(Forbidden):
        desk.accounts.sign_in("lab-import", "x")


@pytest.mark.requirement("R13")
def test_a_closed_session_does_nothing_through_the_office(desk):
    desk.person("mo", "monitor")
    desk.person("ana")
    desk.accounts.set_password("mo", GOOD)
    token = desk.accounts.sign_in("mo", GOOD).token
    actor = Actor("mo", digest_of_token(token))
    training = RecordTraining(user="ana", training="x", trained_on=DAY)
    desk.office.do(training, actor, "first")
    desk.accounts.sign_out(token)
    with pytest.raises(Forbidden, match="has ended"):
        desk.office.do(training, actor, "second")
    with pytest.raises(Conflict):
        desk.office.do(RecordTraining(user="ana", training="y", trained_on=DAY), actor, "first")


@pytest.mark.requirement("R14")
@pytest.mark.parametrize(
    "password",
    [
        "short", "a" * 129, "passwordpassword", "P4ssw0rd!2026!!", "qwertyuiop123456", "abcabcabcabcabc",
        "aaaaaaaaaaaa",
        "es06.investigator", "es06investigator1", "palmira2026!!", "1234567890123456", "asdfghjklqwer",
        "Correct-Horse-Battery-Staple", "zyxwvutsrqponml",
    ],
)  # fmt: skip
@pytest.mark.requirement("R14")
def test_passwords_that_are_guessed_first_are_refused(password):
    with pytest.raises(Invalid):
        check_password(password, user="es06.investigator", words=("palmira",))


@pytest.mark.parametrize("password", [GOOD, "nube tractor limon 7", "Öl auf dem Wasser", "tinta-verde-sombrero"])
def test_several_words_are_a_password(password):
    assert check_password(password, user="es06.investigator", words=("palmira",)) is None


def test_credentials_are_kept_on_either_database(database_url):
    Journal(database_url).close()
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with closing(Credentials(database_url, b"k" * 32, hasher=weak)) as kept:
        kept.set_password("ana", GOOD, temporary=True)
        secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        kept.set_second_factor("ana", secret)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    with closing(Credentials(database_url, b"k" * 32, hasher=stronger)) as kept:
        proof = kept.prove("ana", GOOD)  # hashed anew on the way, as the parameters have grown
        assert (proof.good, proof.temporary, proof.has_second_factor) == (True, True, True)
        assert not kept.prove("ana", "other").good
        assert not kept.prove("eva", GOOD).good
        code = TOTP(secret).at(3000)
        assert [kept.prove_code("ana", code, lambda: 3000.0) for _ in range(2)] == [True, False]
        kept.set_password("ana", "three quiet lemons", temporary=False)
        with pytest.raises(Invalid, match="used before"):
            kept.check_unused("ana", GOOD)
