"""Sight: which facts a person may read, and how much of each, while the trial runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trialwright.conduct.facts import Fact
from trialwright.conduct.refusals import NotFound
from trialwright.conduct.rights import grants_in_force, sites_for

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["HIDDEN", "Sight", "sight_of"]

HIDDEN = "hidden"
"""What stands in place of a value that the reader may not see."""

NEVER = frozenset({
    "block", "block_sizes", "digest", "document", "identity", "person", "place", "position", "replaces", "rows",
    "sealed", "session",
})  # fmt: skip
"""Hidden from everybody: places in a list and the block sizes of a protocol tell what comes next, ciphertext and keyed
hashes are nobody's to read."""
ARMS = frozenset({"arm", "doses"})
"""Hidden from whoever could count outcomes by arm in the running trial."""
ARM_KINDS = frozenset({"mail queued"})
"""Kinds whose whole text may name an arm."""

SEE_ARMS = frozenset({"coordinator", "investigator", "monitor"})
"""Those who treat a patient, and those who compare with the hospital's own record."""
SEE_OFFICE = frozenset({"administrator", "data manager", "sponsor", "statistician"})
"""Those who read what concerns no site: accounts, roles, lists, the office itself."""


@dataclass(frozen=True)
class Sight:
    """What one person sees at one instant."""

    sites: frozenset[str] | None
    """Sites whose subjects are seen; None: all."""
    arms: frozenset[str] | None
    """Sites at which the arm of a randomized subject is seen; None: all."""
    office: bool
    user: str

    def sees_site(self, site: str | None) -> bool:
        """Say whether the subjects of a site are seen."""
        return self.sites is None or site in self.sites

    def sees(self, fact: Fact) -> bool:
        """Say whether a fact is seen at all."""
        if fact.subject is None and fact.site is None:
            return self.office or fact.author == self.user
        return self.sees_site(fact.site) or (self.office and fact.subject is None)

    def sees_arm(self, site: str | None) -> bool:
        """Say whether the arm given at a site is seen."""
        return self.arms is None or site in self.arms

    def body(self, fact: Fact) -> dict[str, Any]:
        """Return the body of a fact with what must not be seen replaced."""
        arm = self.sees_arm(fact.site)
        if fact.kind in ARM_KINDS and not arm:
            return dict.fromkeys(fact.body, HIDDEN)
        hidden = NEVER if arm else NEVER | ARMS
        shown: dict[str, Any] = masked(fact.body, hidden)
        return shown


def sight_of(state: State, user: str, at: datetime) -> Sight:
    """Return what a user sees now."""
    account = state.people.account(user)
    held = [] if account is None else grants_in_force(state, account, at.date())
    arms = [grant.sites for grant in held if grant.role in SEE_ARMS]
    return Sight(
        sites_for(state, user, "read subjects", at),
        None if None in arms else frozenset().union(*(each for each in arms if each is not None)),
        any(grant.role in SEE_OFFICE and grant.sites is None for grant in held),
        user,
    )


def check_site_seen(sight: Sight, site: str | None, what: str) -> None:
    """Raise NotFound when the reader does not see the site; the same as when there is nothing of that name."""
    if site is None or not sight.sees_site(site):
        raise NotFound(f"there is no {what} that you may see; check the number, or ask an administrator for the right")


def masked(value: Any, hidden: frozenset[str]) -> Any:
    """Return a JSON value with the members of these names hidden, however deep."""
    if isinstance(value, Mapping):
        return {k: HIDDEN if k in hidden and v is not None else masked(v, hidden) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(each, hidden) for each in value]
    return value
