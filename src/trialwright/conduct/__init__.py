"""The trial office: facts appended by people, an office that keeps them, and snapshots at a data cut-off."""

from trialwright.conduct.accounts import Accounts, Limits, SignedIn, digest_of_token
from trialwright.conduct.commands import COMMANDS, Actor, Ask, Context, offered
from trialwright.conduct.commands_people import DeactivateUser, GrantRole, RecordTraining, RegisterUser, RevokeRole
from trialwright.conduct.credentials import Credentials
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.journal import Journal
from trialwright.conduct.keys import Keys
from trialwright.conduct.office import Office, Receipt
from trialwright.conduct.passwords import check_password, new_hasher
from trialwright.conduct.people import Account, Grant, Session
from trialwright.conduct.refusals import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from trialwright.conduct.rights import RIGHTS, ROLES, SECOND_FACTOR, check_session, role_for, roles_at, sites_for
from trialwright.conduct.state import State

__all__ = [
    "COMMANDS",
    "RIGHTS",
    "ROLES",
    "SECOND_FACTOR",
    "Account",
    "Accounts",
    "Actor",
    "Ask",
    "Conflict",
    "Context",
    "Credentials",
    "DeactivateUser",
    "Fact",
    "Forbidden",
    "Grant",
    "GrantRole",
    "Invalid",
    "Journal",
    "Keys",
    "Limits",
    "NewFact",
    "NotFound",
    "Office",
    "Receipt",
    "RecordTraining",
    "Refused",
    "RegisterUser",
    "RevokeRole",
    "Session",
    "SignedIn",
    "State",
    "Unavailable",
    "check_password",
    "check_session",
    "digest_of_token",
    "new_hasher",
    "offered",
    "role_for",
    "roles_at",
    "sites_for",
]
