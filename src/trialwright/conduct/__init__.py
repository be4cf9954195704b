"""The trial office: facts appended by people, an office that keeps them, and snapshots at a data cut-off."""

from trialwright.conduct.commands import COMMANDS, Actor, Ask, Context, offered
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.journal import Journal
from trialwright.conduct.keys import Keys
from trialwright.conduct.office import Office, Receipt
from trialwright.conduct.refusals import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from trialwright.conduct.state import State

__all__ = [
    "COMMANDS",
    "Actor",
    "Ask",
    "Conflict",
    "Context",
    "Fact",
    "Forbidden",
    "Invalid",
    "Journal",
    "Keys",
    "NewFact",
    "NotFound",
    "Office",
    "Receipt",
    "Refused",
    "State",
    "Unavailable",
    "offered",
]
