"""Randomization: one decision against the state, and everything it rests on frozen with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.configuration import check_in_force, running_hash
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.entry import Entry, check_caps, check_entered, check_site, check_subject, entry
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.outbox import alarm_mail, allocation_mail

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Screener
    from trialwright.randomize import Assignment

__all__ = ["Digest", "Levels", "Randomize", "allocated_fact", "allocation_reply"]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Levels = Annotated[dict[Short, Short], Field(max_length=20)]
ALARM_AT = 0.8
"""Share of a stratum's places after which the makers of the list are told."""


@offered
class Randomize(Ask):
    """Randomize a subject: eligibility is evaluated again at this instant, and the answer stands for ever.

    Asking again with the same key gives the same arm. An allocation is never changed, taken back or used again.
    """

    action: ClassVar[str] = "randomize"
    needs_confirmation: ClassVar[bool] = True
    subject: Short
    content_hash: Digest
    """Hash of the signed content that was shown before confirming."""
    levels: Levels
    """Level of each stratification factor as the investigator sees it; it must be what the data give."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``allocated``, the mail that tells of it, and an alarm when places run short."""
        check_in_force(state, context)
        record = known_subject(state, self.subject)
        check_subject(state, record, self.content_hash)
        check_site(state, record, context.today)
        found = entry(context.screener, record, context.today)
        check_entered(self.levels, found.levels)
        stratum = _stratum_name(state, found.levels)
        check_caps(state, record.site, stratum)
        given = state.allocations.next(context.keys, stratum)
        allocated = allocated_fact(context, record, found, given, context.today)
        return [allocated, allocation_mail(allocated), *_alarms(state, given)]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return what :func:`allocation_reply` returns."""
        return allocation_reply(facts)


def allocation_reply(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the arm and what to start with; not the place in the list, which would tell of others."""
    fact, body = facts[0], facts[0].body
    shown = {name: body[name] for name in ("arm", "arm_label", "levels", "doses", "randomized_on")}
    return {"subject": fact.subject, "randomized_at": fact.at, **shown}


def allocated_fact(
    context: Context, record: Subject, found: Entry, given: Assignment, on: date, **more: Any
) -> NewFact:
    """Return the allocation with its frozen inputs, enough to replay it beside the key."""
    body = {
        "list": given.list_id,
        "stratum": given.stratum,
        "position": given.position,
        "block": given.block,
        "place": given.place,
        "arm": given.arm,
        "arm_label": context.screener.protocol.arm(given.arm).label,
        "levels": dict(found.levels),
        "inputs": found.frozen(record),
        "content_hash": record.signed.content_hash if record.signed else None,
        "consent": record.consent.version if record.consent else None,
        "doses": _doses(context.screener, given.arm, found),
        "protocol_hash": running_hash(context.screener.protocol),
        "randomized_on": on.isoformat(),
        **more,
    }
    return NewFact("allocated", body, record.site, record.id)


def _alarms(state: State, given: Assignment) -> Iterator[NewFact]:
    """Yield what is to be told when this allocation brings its stratum near the end of the list, or to it."""
    places = state.allocations.lists[given.list_id].places[given.stratum]
    used = given.position + 1
    for level, reached in (("nearly used up", used >= ceil(ALARM_AT * places)), ("used up", used >= places)):
        if reached and (given.list_id, given.stratum, level) not in state.allocations.alarms:
            body = {
                "list": given.list_id, "stratum": given.stratum, "level": level, "used": used, "places": places,
            }  # fmt: skip
            yield NewFact("list alarm", body)
            yield alarm_mail(body)


def _stratum_name(state: State, levels: Mapping[str, str]) -> str:
    """Return the stratum with these levels as the active list names it; ``all`` without factors or without a list."""
    active = state.allocations.active
    if not active:
        return "|".join(f"{factor}={level}" for factor, level in levels.items()) or "all"
    return state.allocations.lists[active[0]].scheme.stratum(levels)


def _doses(screener: Screener, arm: str, found: Entry) -> dict[str, dict[str, Any]]:
    starts = screener.starting_doses(arm, found.known, found.anchors)
    return {
        name: {"product": start.product, "dose": start.dose, "unit": start.unit, "reason": start.reason}
        for name, start in starts.items()
    }
