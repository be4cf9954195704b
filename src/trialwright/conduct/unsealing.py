"""Opening the lists of an office: the passphrase is used outside the log, and that it was given is a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.conduct.commands_lists import ListUnsealed, known_list
from trialwright.conduct.rights import role_for
from trialwright.conduct.sealing import SealedKey, open_key

if TYPE_CHECKING:
    from datetime import datetime

    from trialwright.conduct.commands import Actor
    from trialwright.conduct.office import Office, Receipt

__all__ = ["unseal"]


def unseal(office: Office, list_id: str, passphrase: str, *, actor: Actor, key: str, at: datetime) -> Receipt:
    """Open a list with its passphrase so that the office can allocate from it, until it is closed.

    Raises Forbidden without the right or with a wrong passphrase, NotFound for an unknown list. ``key`` is the
    idempotency key, ``at`` the present time.
    """
    with office.reading() as state:
        found = known_list(state, list_id)
        role_for(state, actor.user, ListUnsealed.action, None, at)
    opened = open_key(SealedKey(**found.sealed), list_id, passphrase)
    receipt = office.do(ListUnsealed(list=list_id), actor, key)
    office.keys = office.keys.with_list(list_id, opened)
    return receipt
