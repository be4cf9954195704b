"""What must be true of a subject, a site and the trial at the instant of allocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.conduct.eligibility import anchors_of, answers_of, why_not_eligible
from trialwright.conduct.refusals import Refused, Stale
from trialwright.errors import DataError
from trialwright.protocol import KnownAnswers, Screener, StartingDose

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = ["Entry", "check_caps", "check_entered", "check_site", "check_subject", "entry"]


@dataclass(frozen=True)
class Entry:
    """What an allocation rests on, as the protocol's rules read it on one day."""

    known: KnownAnswers
    anchors: Mapping[str, date]
    levels: Mapping[str, str]
    """Level of each stratification factor, by the protocol's rule."""

    def frozen(self, record: Subject) -> dict[str, Any]:
        """Return the inputs as they are kept with the allocation: later corrections do not reach them."""
        return {
            "answers": {name: [given.flavor, given.value] for name, given in record.answers.items()},
            "anchors": {name: day.isoformat() for name, day in self.anchors.items()},
        }


def check_subject(state: State, record: Subject, content_hash: str) -> None:
    """Refuse whoever is randomized, has left, is somebody else's double, or is not signed for as shown."""
    if record.allocated is not None:
        raise Refused(f"{record.id} is randomized already; look at the subject's page for the arm")
    if record.withdrawn:
        raise Refused(f"{record.id} has withdrawn and cannot be randomized")
    if record.outcome is not None:
        raise Refused(f"the screening of {record.id} ended ({record.outcome}); nobody is randomized after that")
    _check_person(state, record)
    if record.signed is None or not record.signature_holds:
        why = "is not signed" if record.signed is None else "was signed before the data changed"
        raise Refused(f"the eligibility of {record.id} {why}; an investigator signs it first")
    if record.signed.content_hash != content_hash:
        raise Stale("another content was signed than was shown; look at the subject again and confirm what you see")


def check_site(state: State, record: Subject, on: date) -> None:
    """Refuse at a site that is not open, or without consent on a form that was approved there."""
    if record.site not in state.sites.open:
        raise Refused(f"site {record.site} is not open; the sponsor opens it once its approvals are there")
    consent = record.consent
    if consent is None or consent.signed_on > on:
        raise Refused(f"{record.id} had not consented on {on}; record the consent first")
    if state.sites.form_on(record.site, consent.signed_on) != consent.version:
        raise Refused(
            f"version {consent.version} of the consent form was not in force at {record.site} on {consent.signed_on}; "
            "obtain consent with the approved version"
        )


def check_caps(state: State, site: str, stratum: str) -> None:
    """Refuse when recruitment is closed for this patient, or a cap that holds for this patient is reached."""
    scopes = state.sites.scopes(site, stratum)
    closed = state.sites.closed_scope(scopes)
    if closed is not None:
        reason = state.sites.closed_to_recruitment[closed]
        raise Refused(f"recruitment is closed in {closed} ({reason}); nobody else is randomized there")
    for scope in scopes:
        cap = state.sites.caps.get(scope)
        if cap is not None and state.allocations.count(scope, state.sites.countries) >= cap:
            raise Refused(f"the cap of {cap} patients in {scope} is reached; nobody else is randomized there")


def entry(screener: Screener, record: Subject, on: date) -> Entry:
    """Return what the allocation rests on; refused unless eligible on that day, with a dose stated whatever the arm."""
    anchors, _ = anchors_of(screener, record, on)  # for this instant alone: nobody asks how long the answers hold
    known = screener.read(answers_of(screener, record), anchors)
    against = why_not_eligible(record, screener.screen(known, anchors))
    if against:
        raise Refused(f"{record.id} is not eligible on {on}: {against}")
    undosed = _without_dose(screener, known, anchors)
    if undosed:
        # All arms are asked about, so that a refusal tells nothing of the arm to come.
        raise Refused(f"{record.id} has no starting dose of {undosed} in the protocol; ask the sponsor before going on")
    try:
        return Entry(known, anchors, screener.stratum(known, anchors))
    except DataError as error:
        raise Refused(f"{record.id}: {error}") from None


def check_entered(entered: Mapping[str, str], computed: Mapping[str, str]) -> None:
    """Refuse when the stratum that a person entered is not the one the data give: one of them is wrong."""
    if set(entered) != set(computed):
        raise Refused(f"levels must name the factors {', '.join(computed) or '(none)'}; got {', '.join(entered)}")
    differ = [name for name in computed if entered[name] != computed[name]]
    if differ:
        name = differ[0]
        raise Refused(
            f"{name} was entered as {entered[name]!r}, but the data give {computed[name]!r}; correct whichever is wrong"
        )


def _check_person(state: State, record: Subject) -> None:
    if record.duplicate_of is not None:
        raise Refused(f"{record.id} is the same person as {record.duplicate_of}; nobody is randomized twice")
    others = state.subjects.persons.get(record.person, []) if record.person else []
    if any(other != record.id and other in state.allocations.of for other in others):
        # Which subject it is would tell one site of another site's patients.
        raise Refused(f"the person of {record.id} is randomized already under another number; nobody enters twice")


def _without_dose(screener: Screener, known: KnownAnswers, anchors: Mapping[str, date]) -> str | None:
    """Return the first drug whose dose the protocol states for others but not for this patient, in any arm."""
    protocol = screener.protocol
    stated = {drug.id for drug in protocol.interventions if any(dose.dose is not None for dose in drug.start)}
    starts: dict[str, StartingDose] = {}
    for arm in protocol.arms:
        starts |= screener.starting_doses(arm.id, known, anchors)
    return next((name for name, start in starts.items() if name in stated and start.dose is None), None)
