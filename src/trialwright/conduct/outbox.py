"""Outgoing mail: queued as facts in the transaction of what it tells, sent afterwards, marked when gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from trialwright.conduct.commands import Actor, Ask, Context
from trialwright.conduct.facts import Fact, NewFact

if TYPE_CHECKING:
    from trialwright.conduct.office import Office
    from trialwright.conduct.state import State

__all__ = ["Mail", "MailSent", "Outbox", "alarm_mail", "allocation_mail", "send_mail"]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to a post of the trial, such as ``site:ES06``; who sits there is known outside the log."""

    seq: int
    """Sequence of the fact that queued it."""
    id: str
    """Hash of that fact: a mail sent twice by a fault is known by it."""
    to: str
    subject_line: str
    text: str


@dataclass
class Outbox:
    """Mail that is still to be sent, in order."""

    waiting: dict[int, Mail] = field(default_factory=dict)

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "mail queued":
            self.waiting[fact.seq] = Mail(fact.seq, fact.hash, body["to"], body["subject line"], body["text"])
        elif fact.kind == "mail sent":
            self.waiting.pop(body["seq"], None)


class MailSent(Ask):
    """Note that a mail went out."""

    action: ClassVar[str] = "system"
    seq: int

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``mail sent``; nothing when it was noted before."""
        return [NewFact("mail sent", {"seq": self.seq})] if self.seq in state.outbox.waiting else []


def send_mail(office: Office, send: Callable[[Mail], None]) -> int:
    """Send what waits, in order, and return how many went; an error of ``send`` ends it and the rest waits on.

    A crash between sending and noting sends a mail again, with the same ``id``: a copy too many, never one too few.
    """
    with office.reading() as state:
        waiting = list(state.outbox.waiting.values())
    for mail in waiting:
        send(mail)
        office.do(MailSent(seq=mail.seq), Actor("system"), f"mail sent {mail.seq}")
    return len(waiting)


def allocation_mail(allocated: NewFact) -> NewFact:
    """Return the mail that tells the site, off the system, of the allocation it was queued with."""
    body = allocated.body
    doses = "\n".join(f"{name}: {_dose(dose)}" for name, dose in body["doses"].items())
    text = (
        f"Subject {allocated.subject} of site {allocated.site} was randomized on {body['randomized_on']} to "
        f"{body['arm_label']} ({body['arm']}).\n\nStart with\n{doses}\n\nKeep this copy with the site's records."
    )
    line = f"Randomization of {allocated.subject}"
    return NewFact(
        "mail queued", {"to": f"site:{allocated.site}", "subject line": line, "text": text, "about": "allocation"},
        allocated.site, allocated.subject,
    )  # fmt: skip


def alarm_mail(alarm: dict[str, Any]) -> NewFact:
    """Return the mail that tells the maker and the sponsor that places run short; it names no arm."""
    text = (
        f"List {alarm['list']} has given {alarm['used']} of its {alarm['places']} places in stratum "
        f"{alarm['stratum']}. Seal and activate a further list in time: without one, randomization stops there."
    )
    line = f"Allocation list {alarm['list']} {alarm['level']}"
    return NewFact("mail queued", {"to": "lists", "subject line": line, "text": text, "about": "list alarm"})


def _dose(dose: dict[str, Any]) -> str:
    amount = f"{dose['dose']:g} {dose['unit'] or ''}".strip() if dose["dose"] is not None else "dose as in the protocol"
    return f"{dose['product']}, {amount}"
