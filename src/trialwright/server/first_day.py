"""The first day of an office: its first people, and for practice or demonstration a site, a list and patients."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.conduct import (
    ActivateList,
    Actor,
    ApproveForm,
    Ask,
    GrantRole,
    OpenSite,
    RecordTraining,
    RegisterUser,
    SealList,
    new_key,
    seal_key,
    unseal,
)
from trialwright.randomize import key_from_seed
from trialwright.server.house import House, open_house, set_clock_back
from trialwright.server.loading import Hands, ListToUse, load_trial, staff_name
from trialwright.server.unfinished import leave_unfinished

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.protocol import Protocol

__all__ = ["Told", "demonstration", "first_people", "practice", "unseal_kept"]

SYSTEM = Actor("system")
ADMINISTRATOR = "administrator"
STUDY_ROLES = ("sponsor", "statistician", "data manager", "monitor")
SITE_ROLES = ("coordinator", "investigator")
PASSPHRASE_FILE = "office.passphrase"
"""Of practice and demonstration only; that of a live list is typed by the statistician."""
PLACES = 300
FORM = "1.0"


@dataclass(frozen=True)
class Told:
    """One line of credentials, printed once."""

    user: str
    password: str
    what: str


def first_people(house: House) -> list[Told]:
    """Register the first administrator of a new office, with a temporary password."""
    _register(house, ADMINISTRATOR, "administrator", "study", "Trial office")
    return [_told(house, ADMINISTRATOR, "administrator")]


def practice(house: House) -> list[Told]:
    """Fill a new office for practice: one open site, a person for each role, an activated list."""
    site = house.office.screener.protocol.sites[0].id
    told = first_people(house)
    for role in STUDY_ROLES:
        _register(house, staff_name("", role), role, "study", "Trial office")
        told.append(_told(house, staff_name("", role), role))
    for role in SITE_ROLES:
        _register(house, staff_name(site, role), role, f"site:{site}", site)
        told.append(_told(house, staff_name(site, role), f"{role} at {site}"))
    _open_site(house, site)
    _list(house)
    return told


def demonstration(protocol: Protocol, scenario: Scenario, folder: Path, *, seed: int, until: date) -> list[Told]:
    """Make an office in a new folder that holds a rehearsed trial up to a day, everything asked by its commands.

    The office then lives on from that day. Returns credentials for each role; they need not be changed.
    """
    from trialwright.simulate import trial

    now = datetime.now(UTC)
    data = trial(protocol, scenario.model_copy(update={"until": until}), seed)
    hands = Hands(datetime.combine(min(data["screened"]["screened_on"].to_list()) - timedelta(40), time(8, tzinfo=UTC)))
    key, name, passphrase = key_from_seed(seed, 0), f"{protocol.identification.id} virtual", _kept_passphrase(folder)
    plan = ListToUse(name, key, seal_key(key, name, passphrase), places=len(data["screened"]) + PLACES)
    with open_house(protocol, folder, environment="demo", clock=hands) as house:
        _register(house, ADMINISTRATOR, "administrator", "study", "Trial office")
        load_trial(house.office, hands, data, plan, scenario.candidates.anchors)
        hands.now = datetime.combine(until, time(8, tzinfo=UTC))
        largest = data["screened"]["site"].mode().sort()[0]
        leave_unfinished(house, data, largest)
        people = [(ADMINISTRATOR, "administrator"), *((staff_name("", role), role) for role in STUDY_ROLES)]
        people += [(staff_name(largest, role), f"{role} at {largest}") for role in SITE_ROLES]
        told = [_told(house, user, what, temporary=False) for user, what in people]
    set_clock_back(folder, datetime.combine(until, now.timetz()), now)
    return told


def unseal_kept(house: House) -> None:
    """Unseal the lists of an office for practice or demonstration with the passphrase kept in its folder."""
    path = house.folder / PASSPHRASE_FILE
    if house.environment == "live" or not path.is_file():
        return
    with house.office.reading() as state:
        lists = list(state.allocations.lists)
    for one in lists:
        unseal(
            house.office, one, path.read_text(encoding="utf-8").strip(), actor=SYSTEM, key=_key("unseal"),
            at=house.clock(),
        )  # fmt: skip


def _register(house: House, user: str, role: str, scope: str, organization: str) -> None:
    today = house.clock().date()
    name = user.replace(".", " ").replace("-", " ").title()
    register = RegisterUser(user=user, name=name, organization=organization)
    training = RecordTraining(user=user, training="protocol and GCP", trained_on=today)
    grant = GrantRole.model_validate({"user": user, "role": role, "scope": scope, "start": today})
    asked: tuple[Ask, ...] = (register, grant) if role == "administrator" else (register, training, grant)
    for command in asked:
        house.office.do(command, SYSTEM, _key("first-day"))


def _told(house: House, user: str, what: str, *, temporary: bool = True) -> Told:
    password = house.accounts.issue_password(user, temporary=temporary)
    return Told(user, password, what)


def _open_site(house: House, site: str) -> None:
    today = house.clock().date()
    kinds = ("ethics committee", "competent authority", "agreement")
    papers = [{"kind": kind, "reference": "practice", "approved_on": today} for kind in kinds]
    sponsor = Actor(staff_name("", "sponsor"))
    house.office.do(OpenSite.model_validate({"site": site, "approvals": papers}), sponsor, _key("first-day"))
    house.office.do(ApproveForm(site=site, version=FORM, valid_from=today), sponsor, _key("first-day"))


def _list(house: House) -> None:
    key, name, passphrase = new_key(), "practice", _kept_passphrase(house.folder)
    seal = SealList(list=name, places=PLACES, sealed=seal_key(key, name, passphrase))
    told = house.office.do(seal, Actor(staff_name("", "statistician")), _key("first-day")).reply
    unseal(house.office, name, passphrase, actor=SYSTEM, key=_key("unseal"), at=house.clock())
    sponsor = Actor(staff_name("", "sponsor"))
    house.office.do(ActivateList(list=name, sha256=told["sha256"]), sponsor, _key("first-day"))


def _kept_passphrase(folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = secrets.token_urlsafe(24)
    path = folder / PASSPHRASE_FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return text


def _key(what: str) -> str:
    return f"{what}-{secrets.token_hex(8)}"
