"""The record of processing: what is kept of whom, where and how protected, who reads it, what a breach would touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from trialwright.records import TABLES

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.protocol import Protocol

__all__ = ["record_of_processing"]

Section = dict[str, str]

KEPT = {
    "log of facts": (
        "database (tables facts and allocations): pseudonymous patient data with author, role and time. Nobody can "
        "change or remove a row; each is sealed to the one before. The office does not encrypt it: encrypt the volume "
        "or the database server's storage"
    ),
    "mirror": "file beside the office, readable by its owner only: the same facts once more, for restores",
    "who subjects are": (
        "database (table identities), AES-256-GCM bound to the subject; the log holds the digest of the ciphertext. "
        "Erased on request without a trace of the content"
    ),
    "persons told apart": "keyed hash (HMAC-SHA-256) of year of birth, sex and initials; none of these is kept",
    "passwords": "database (table credentials), argon2id; the last 12 are remembered as hashes",
    "second factors": "database (table credentials), AES-256-GCM bound to the account",
    "sessions": "SHA-256 of the token only",
    "allocation lists": (
        "key sealed with scrypt and AES-256-GCM under a passphrase; future arms of a computed list lie nowhere, those "
        "of an imported one encrypted row by row"
    ),
    "office key": "file office.key beside the office, readable by its owner only, never in the database or a backup",
    "in transit": (
        "TLS; an address that others can reach is not served without a certificate, and browsers are told to insist"
    ),
    "server log": "path, status, duration, account and request number; no query, body, header or cookie",
}


def record_of_processing(state: State, protocol: Protocol) -> dict[str, Section]:
    """Return the record of processing (GDPR 30) with what a breach would touch (33), read off the office as it stands.

    Sections by title, each item a line of text. It is material for the unit's own record and impact assessment: legal
    basis, contract partners and retention are the controller's to state and appear as such.
    """
    return {
        "Processing": _processing(state, protocol),
        "Persons and kinds of data": _data(state),
        "Where it lies and how it is protected": dict(KEPT),
        "Who may read and write": _access(state),
        "Handed out": _handed_out(state),
        "Requests of patients": _requests(state),
        "What a breach would touch": _breach(state),
    }


def _processing(state: State, protocol: Protocol) -> Section:
    about = protocol.identification
    return {
        "purpose": f"conduct of the randomized trial {about.id}: {about.brief_title}",
        "controller": protocol.organization.sponsor or "to be stated by the unit",
        "legal basis, contact, retention": "to be stated by the controller",
        "environment": state.founding.environment or "not founded",
        "state described": f"{state.seq} facts, head sha256 {state.head}",
    }


def _data(state: State) -> Section:
    rows = Counter(
        row.id.table for tables in state.rows.by_subject.values() for each in tables.values() for row in each
    )
    columns = {name: ", ".join(c.name for c in TABLES[name].columns if c.name != "subject") for name in sorted(rows)}
    return {
        "patients": f"{len(state.subjects.records)} under subject numbers; health data (GDPR 9)",
        "staff": f"{len(state.people.accounts)} accounts: name, organization and, where given, mail address at work",
        "answers of screening": f"{sum(len(one.answers) for one in state.subjects.records.values())} in force",
        **{f"table {name}": f"{rows[name]} rows: {listed}" for name, listed in columns.items()},
    }


def _access(state: State) -> Section:
    today = date.fromisoformat(state.at[:10]) if state.at else date.min
    held = [(g.role, g.scope) for user in state.people.accounts for g in state.people.grants_of(user, today)]
    counted = Counter(held)
    return {f"{role}, {scope}": f"{count} accounts" for (role, scope), count in sorted(counted.items())}


def _handed_out(state: State) -> Section:
    taken = Counter(fact.body["what"].partition("?")[0] for fact in state.trail.facts if fact.kind == "exported")
    mails = Counter(fact.kind for fact in state.trail.facts if fact.kind in {"mail queued", "mail sent"})
    return {
        **{f"export {what}": f"{count} times" for what, count in sorted(taken.items())},
        "mails": f"{mails['mail queued']} queued, {mails['mail sent']} sent, to posts of the trial",
    }


def _requests(state: State) -> Section:
    kinds = Counter(fact.kind for fact in state.trail.facts)
    told = {
        "withdrawals": "withdrawn", "corrections of data": "corrected", "texts redacted": "redacted",
        "identities looked up": "identity read", "identities erased": "identity erased",
    }  # fmt: skip
    return {what: str(kinds[kind]) for what, kind in told.items()}


def _breach(state: State) -> Section:
    return dict(_at_sites(state)) | {
        "a copy of the database alone": (
            "pseudonymous health data of all the above and names of staff; no name of a patient without the office "
            "key, no password, no future arm"
        ),
        "database and office key": "the identities kept in it besides; no future arm without a list's passphrase",
        "one site's account": "that site's patients only, for as long as the session lasts; close the account",
        "to be told": "the supervisory authority within 72 hours of learning of it (GDPR 33), the sponsor at once",
    }


def _at_sites(state: State) -> Iterator[tuple[str, str]]:
    records = list(state.subjects.records.values())
    for site in sorted({one.site for one in records}):
        here = [one for one in records if one.site == site]
        named = sum(one.identity is not None for one in here)
        yield f"site {site}", f"{len(here)} patients, {named} with an identity kept in encrypted form"
