"""Who may do what: one table, from which pages, API and the test matrix are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.conduct.refusals import Forbidden

if TYPE_CHECKING:
    from datetime import datetime

    from trialwright.conduct.state import State

__all__ = ["RIGHTS", "ROLES", "role_for"]

ROLES = (
    "coordinator", "investigator", "monitor", "data manager", "statistician", "sponsor", "administrator", "service",
)  # fmt: skip

RIGHTS: dict[str, frozenset[str]] = {}
"""Action: the roles that may do it. An action not named here is refused."""


def role_for(state: State, user: str, action: str, site: str | None, at: datetime) -> str:
    """Return the role under which the user may do this at that site (None: the whole study) at that instant.

    Raises Forbidden, which says which roles may.
    """
    if user == "system":
        return "system"
    raise Forbidden(f"{user} may not {action}")
