"""Who may do what: one table, from which pages, API and the test matrix are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.conduct.refusals import Forbidden, NotFound

if TYPE_CHECKING:
    from datetime import date, datetime

    from trialwright.conduct.people import Account, Grant
    from trialwright.conduct.state import State

__all__ = [
    "ANYWHERE", "OWN_ACCOUNT", "RIGHTS", "ROLES", "SECOND_FACTOR", "UNTRAINED", "check_session", "role_for",
    "role_to_ask", "roles_at", "sites_for",
]  # fmt: skip

ROLES = (
    "coordinator", "investigator", "monitor", "data manager", "statistician", "sponsor", "administrator", "service",
)  # fmt: skip

SITE_STAFF = frozenset({"coordinator", "investigator"})
EVERYBODY = frozenset(ROLES)

RIGHTS: dict[str, frozenset[str]] = {
    "activate list": frozenset({"sponsor"}),
    "allow waivers": frozenset({"sponsor"}),
    "answer query": SITE_STAFF,
    "answer": SITE_STAFF,
    "approve form": frozenset({"sponsor"}),
    "approve protocol": frozenset({"sponsor"}),
    "ask waiver": frozenset({"investigator"}),
    "attest": frozenset({"investigator", "sponsor"}),
    "begin generation": frozenset({"administrator"}),
    "close query": frozenset({"data manager", "monitor"}),
    "close recruitment": frozenset({"sponsor"}),
    "close site": frozenset({"sponsor"}),
    "correct row": SITE_STAFF,
    "correct stratum": SITE_STAFF,
    "deactivate user": frozenset({"administrator"}),
    "enter contingency allocation": SITE_STAFF,
    "fail screening": SITE_STAFF,
    "force eligibility": frozenset({"sponsor"}),
    "freeze": frozenset({"data manager"}),
    "grant role": frozenset({"administrator"}),
    "import list": frozenset({"statistician"}),
    "issue token": frozenset({"administrator"}),
    "lock": frozenset({"data manager"}),
    "log disclosure": SITE_STAFF | {"data manager", "monitor", "sponsor", "statistician"},
    "open query": frozenset({"data manager", "monitor"}),
    "open site": frozenset({"sponsor"}),
    "randomize": SITE_STAFF,
    "propose protocol": frozenset({"data manager", "statistician"}),
    "read audit": EVERYBODY - {"service"},
    "read lists": frozenset({"sponsor", "statistician"}),
    "read people": frozenset({"administrator", "data manager", "monitor", "sponsor"}),
    "read queries": SITE_STAFF | {"data manager", "monitor"},
    "read sites": EVERYBODY,
    "read subjects": SITE_STAFF | {"data manager", "monitor", "service"},
    "record consent": SITE_STAFF,
    "record identity": SITE_STAFF,
    "record randomized in error": SITE_STAFF | {"data manager"},
    "record row": SITE_STAFF,
    "record training": frozenset({"administrator", "data manager", "monitor"}),
    "redact": frozenset({"data manager"}),
    "register user": frozenset({"administrator"}),
    "reopen recruitment": frozenset({"sponsor"}),
    "report duplicate person": SITE_STAFF | {"data manager"},
    "report serious event": SITE_STAFF,
    "review trail": frozenset({"data manager", "monitor", "sponsor"}),
    "revoke role": frozenset({"administrator"}),
    "screen": SITE_STAFF,
    "seal list": frozenset({"statistician"}),
    "set cap": frozenset({"sponsor"}),
    "sign casebook": frozenset({"investigator"}),
    "sign eligibility": frozenset({"investigator"}),
    "state date": SITE_STAFF,
    "state range": SITE_STAFF,
    "strike row": SITE_STAFF,
    "unseal list": frozenset({"sponsor", "statistician"}),
    "verify row": frozenset({"monitor"}),
    "withdraw": SITE_STAFF,
}
"""Action: the roles that may do it. An action not named here is refused."""

OWN_ACCOUNT = "own account"
"""The action of every open account upon itself: sign in, sign out, prove the password, change it."""

ANYWHERE = frozenset({"read audit", "read people", "read queries", "read sites", "read subjects"})
"""Actions for which a right at any one place is enough to begin: what is shown is then held to those places."""

SECOND_FACTOR = frozenset({"administrator", "coordinator", "investigator", "sponsor", "statistician"})
"""Roles that sign in with a second factor: those that allocate, seal or activate lists, or give roles."""

UNTRAINED = frozenset({"administrator", "service"})
"""Roles that give their rights without a training on record: they touch no patient."""


def role_for(state: State, user: str, action: str, site: str | None, at: datetime) -> str:
    """Return the role under which the user may do this at that site (None: the whole study) at that instant.

    Raises Forbidden, which says which roles may.
    """
    if user == "system":
        return "system"
    account = state.people.account(user)
    if account is None:
        raise Forbidden(f"{user!r} is no open account; ask an administrator to register it")
    if action == OWN_ACCOUNT:
        return account.kind
    held = [
        grant.role
        for grant in grants_in_force(state, account, at.date())
        if grant.role in RIGHTS.get(action, ()) and (action in ANYWHERE or grant.covers(site))
    ]
    if not held:
        raise Forbidden(_why_not(account, action, site))
    return min(held, key=ROLES.index)


def role_to_ask(state: State, user: str, action: str, where: tuple[str | None, str | None], at: datetime) -> str:
    """Return the role under which the user may do this to what a command names: site, subject, both or neither.

    A subject that the user neither may act upon nor see looks the same as one that does not exist: NotFound.
    """
    site, subject = where
    if subject is None or user == "system":
        return role_for(state, user, action, site, at)
    own = state.subjects.site_of(subject)
    acts, sees = sites_for(state, user, action, at), sites_for(state, user, "read subjects", at)
    if acts == frozenset():
        return role_for(state, user, action, None, at)
    if own is None or site not in {None, own} or not (_reaches(acts, own) or _reaches(sees, own)):
        raise NotFound(f"there is no subject {subject!r} that you may see; check the number")
    return role_for(state, user, action, own, at)


def roles_at(state: State, user: str, site: str | None, at: datetime) -> frozenset[str]:
    """Return the roles a user holds at a site at that instant; None: those that cover the whole study."""
    account = state.people.account(user)
    if account is None:
        return frozenset()
    return frozenset(grant.role for grant in grants_in_force(state, account, at.date()) if grant.covers(site))


def sites_for(state: State, user: str, action: str, at: datetime) -> frozenset[str] | None:
    """Return the sites at which the user may do this; None: at every site, also one that joins later.

    Empty without the right anywhere.
    """
    account = state.people.account(user)
    held = [] if account is None else grants_in_force(state, account, at.date())
    sites = [grant.sites for grant in held if grant.role in RIGHTS.get(action, ())]
    return None if None in sites else frozenset().union(*(each for each in sites if each is not None))


def check_session(state: State, user: str, digest: str, at: datetime, *, confirmed: str | None = None) -> None:
    """Refuse what is asked through a session that is closed, another's, too old, or good for one step only.

    ``confirmed`` is the idempotency key of an act for which the password must have been proved again.
    """
    session = state.people.sessions.get(digest)
    if session is None or session.user != user or at > session.expires_at:
        raise Forbidden("this session has ended; sign in again")
    if session.only is not None:
        raise Forbidden(f"this session may only set the {session.only}; do that first, then sign in again")
    if confirmed is not None and not session.confirms(confirmed, at):
        raise Forbidden("this needs your password again just before; confirm it, then ask again")


def _reaches(sites: frozenset[str] | None, site: str) -> bool:
    return sites is None or site in sites


def grants_in_force(state: State, account: Account, day: date) -> list[Grant]:
    """Return what an account holds that day, without the roles for which its training is not on record."""
    return [
        grant
        for grant in state.people.grants_of(account.user, day)
        if account.trainings or grant.role in UNTRAINED
    ]  # fmt: skip


def _why_not(account: Account, action: str, site: str | None) -> str:
    may = " or ".join(sorted(RIGHTS.get(action, ()))) or "nobody"
    where = f"at site {site}" if site else "for the whole study"
    untrained = "" if account.trainings else "; no training of this account is on record, and roles wait for it"
    return f"{account.user} may not {action} {where}: that takes the role {may}{untrained}"
