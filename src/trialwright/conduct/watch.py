"""The watch over failed sign-ins and refused acts: a burst of them becomes an alert, told by mail."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trialwright.conduct.facts import Fact, NewFact

__all__ = ["Watch", "alerts"]

WITHIN = timedelta(minutes=10)
FAILED_SIGN_INS = 20
"""Failed sign-ins of all accounts together within that time: somebody tries one password on many names."""
FORBIDDEN = 10
"""Acts without the right to them, of one account within that time."""
EVERYBODY = ""


@dataclass
class Watch:
    """When attempts failed lately, and what was told of it."""

    failed: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)
    """Kind of attempt and account (of all: the empty name): the last times, no more than make an alert."""
    told: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Kind of attempt and account: the last alert."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "alert raised":
            self.told[body["attempts"], body["user"] or EVERYBODY] = datetime.fromisoformat(fact.at)
        elif (found := _attempt(fact.kind, fact.author, body)) is not None:
            kind, user, most = found
            self.failed.setdefault((kind, user), deque(maxlen=most)).append(datetime.fromisoformat(fact.at))


def alerts(watch: Watch, failed: NewFact, author: str, at: datetime) -> Iterator[NewFact]:
    """Yield the alert, and its mail, that one more failed attempt makes; one in ten minutes of each kind."""
    found = _attempt(failed.kind, author, failed.body)
    if found is None:
        return
    kind, user, most = found
    before = [each for each in watch.failed.get((kind, user), ()) if at - each <= WITHIN]
    last = watch.told.get((kind, user))
    if len(before) + 1 >= most and (last is None or at - last > WITHIN):
        body = {"attempts": kind, "user": user or None, "count": most, "minutes": WITHIN.seconds // 60}
        yield NewFact("alert raised", body)
        yield _mail(body)


def _attempt(kind: str, author: str, body: Any) -> tuple[str, str, int] | None:
    """Return what is counted, for whom, and how many make an alert."""
    if kind == "sign-in failed":
        return "failed sign-ins", EVERYBODY, FAILED_SIGN_INS
    if kind == "refused" and body.get("status") == 403:
        return "acts without the right", author, FORBIDDEN
    return None


def _mail(alert: dict[str, Any]) -> NewFact:
    whose = f" by the account {alert['user']}" if alert["user"] else ""
    text = (
        f"{alert['count']} {alert['attempts']}{whose} within {alert['minutes']} minutes. Look at the audit trail, and "
        "close the account or the address they come from if nobody can explain them."
    )
    line = f"Alert: {alert['attempts']}"
    return NewFact("mail queued", {"to": "security", "subject line": line, "text": text, "about": "alert"})
