"""``trialwright conduct``: the office from its own machine: people, sites, lists, copies."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trialwright.cli.conduct_gdpr import gdpr_report
from trialwright.cli.conduct_mend import new_generation, reconcile
from trialwright.cli.randomize import predictability
from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.conduct import Fact, SignedIn, State
    from trialwright.protocol import Protocol
    from trialwright.server import House

__all__ = ["app", "open_folder"]

app = typer.Typer(help="The trial office from its own machine: people, sites, lists, copies.", no_args_is_help=True)
app.command()(predictability)
app.command()(reconcile)
app.command("new-generation")(new_generation)
app.command("gdpr-report")(gdpr_report)

Office = Annotated[str, typer.Argument(help="Folder of the office, its SQLite file, or the URL of its database.")]
Folder = Annotated[Path, typer.Argument(help="Folder of the office, as 'trialwright serve' made it.")]
Database = Annotated[str | None, typer.Option(help="URL of the database where it is not in the folder.")]
StudyFile = Annotated[
    str | None, typer.Option(help="Study or protocol file, where it is not the name the office was founded under.")
]
Person = Annotated[str, typer.Option("--as", help="Your account; password and code are asked for.")]


@app.command()
def users(
    office: Office,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the accounts of an office, the roles they hold or held, by whom and until when: the access review."""
    state = _state(office)
    people = [_account(state, user) for user in state.people.accounts]
    _show(people, json)


@app.command("issue-password")
def issue_password(
    folder: Folder,
    user: Annotated[str, typer.Argument(help="Account that gets a temporary password.")],
    db: Database = None,
    study: StudyFile = None,
) -> None:
    """Set a temporary password for an account and print it once, for when no administrator can sign in.

    The server must not be running on the same folder.
    """
    with open_folder(folder, db, study) as house:
        typer.echo(f"{user}  {house.accounts.issue_password(user)}  (to be changed at the first sign-in)")


@app.command()
def sites(
    office: Office,
    study: StudyFile = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the sites of the protocol: open or not, consent form in force, cap, screened and randomized."""
    state = _state(office)
    protocol = _protocol(state, study)
    _show([_site(state, site.id, site.facility, site.country) for site in protocol.sites], json)


@app.command()
def activate(
    folder: Folder,
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="List to activate.")],
    user: Person,
    db: Database = None,
    study: StudyFile = None,
) -> None:
    """Activate a sealed list, as another person than the one who sealed it, after its passphrase was given.

    The list's hash is shown and must be typed again by its first eight characters. The server must not be running on
    the same folder.
    """
    from trialwright.conduct import ActivateList, unseal

    with open_folder(folder, db, study) as house:
        signed, password = _signed_in(house, user)
        with house.office.reading() as state:
            found = state.allocations.lists.get(list_id)
        if found is None:
            raise DataError(f"there is no list {list_id!r} in this office; seal or import it first")
        typer.echo(f"list {list_id}: sha256 {found.sha256}")
        if typer.prompt("First eight characters of the hash you were told") != found.sha256[:8]:
            raise DataError("these are not the first characters of the hash; the list is not the one you were told of")
        actor = _actor(signed)
        passphrase = typer.prompt("Passphrase of the list", hide_input=True)
        unseal(house.office, list_id, passphrase, actor=actor, key=_key("unseal"), at=house.clock())
        key = _key("activate")
        house.accounts.confirm(signed.token, password, key)
        house.office.do(ActivateList(list=list_id, sha256=found.sha256), actor, key)
        house.accounts.sign_out(signed.token)
    typer.echo(f"list {list_id} is active")


@app.command()
def export(  # noqa: PLR0917 - each is an option of the command
    office: Office,
    to: Annotated[Path, typer.Option(help="Folder to write; it must not be there.")],
    form: Annotated[
        str, typer.Option(help="archive, audit, csv, dataset-json, odm or sdtm; the archive opens without us.")
    ] = "archive",
    site: Annotated[str | None, typer.Option(help="Only this site's own, for the copy it may always take.")] = None,
    cutoff: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Data cut-off of the tables.")] = None,
    study: StudyFile = None,
) -> None:
    """Write an office's data and audit trail into a folder."""
    from trialwright.conduct import state_as_of
    from trialwright.exchange import EXPORTS, archive, export_office
    from trialwright.protocol import protocol_file

    if form not in {"archive", *EXPORTS}:
        raise DataError(f"form must be one of archive, {', '.join(sorted(EXPORTS))}; got {form!r}")
    if form == "archive" and (site or cutoff):
        raise DataError("the archive holds the whole office; leave out --site and --cutoff, or choose another form")
    facts, now = _facts(office), datetime.now(UTC)
    state = state_as_of(facts)
    protocol = _protocol(state, study)
    if to.exists():
        raise DataError(f"{to} exists; an export never overwrites anything, choose a new name")
    if form == "archive":
        files = archive(facts, protocol, protocol_file(study or str(state.founding.study)), to, created=now)
    else:
        last = cutoff.date() if cutoff else None
        files = export_office(facts, protocol, form, to, created=now, cutoff=last, site=site)
    typer.echo(f"{len(files)} files in {to}; {state.seq} facts, head sha256 {state.head}")
    typer.echo(_noted(office, protocol, f"{form} {site or ''}".strip(), files))


@app.command()
def backup(office: Office, to: Annotated[Path, typer.Argument(help="File to write; it must not be there.")]) -> None:
    """Copy an office in use into one SQLite file, in one consistent state, verified before it takes its name."""
    from trialwright.conduct import backup as copied

    done = copied(_url(office), to)
    typer.echo(f"{done.facts} facts in {to}; head sha256 {done.head}; file sha256 {done.sha256}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="Backup file.")],
    to: Annotated[str, typer.Argument(help="New SQLite file, or URL of an empty database.")],
) -> None:
    """Fill a new, empty database from a backup and verify it.

    Started with the office's mirror, the server stands read-only where the mirror knows more than the backup.
    """
    from trialwright.conduct import restore as filled

    done = filled(file, to if "://" in to else f"sqlite:///{to}")
    typer.echo(f"{done.facts} facts restored and verified; head sha256 {done.head}")


def _url(office: str) -> str:
    from trialwright.cli.snapshot import database_url

    path = Path(office)
    return database_url(str(path / "office.db")) if "://" not in office and path.is_dir() else database_url(office)


def _facts(office: str) -> list[Fact]:
    from trialwright.conduct import Journal

    journal = Journal(_url(office))
    try:
        with journal.reading() as log:
            return log.since(0)
    finally:
        journal.close()


def _state(office: str) -> State:
    from trialwright.conduct import state_as_of

    return state_as_of(_facts(office))


def _noted(office: str, protocol: Protocol, what: str, files: list[Path]) -> str:
    """Write down in the office that a copy was taken; a mere copy of the database is no office and is left alone."""
    import hashlib
    from contextlib import suppress

    from trialwright.conduct import Actor, Journal, Mirror, NoteExport, Office, Unavailable
    from trialwright.protocol import Screener

    folder = Path(office)
    if not folder.is_dir():
        return "not written down in the log: name the office's folder for that"
    mirror = None
    with suppress(Unavailable):  # a running server holds it, and has compared it with the database
        mirror = Mirror(folder / "office.mirror")
    hashes = "".join(sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
    size = sum(path.stat().st_size for path in files)
    note = NoteExport(what=f"trialwright conduct export {what}", sha256=_sha256(hashes), size=size)
    with Office(Journal(_url(office)), Screener(protocol), mirror=mirror) as opened:
        (fact,) = opened.do(note, Actor("system"), _key("export")).facts
    return f"written down as fact {fact.seq}"


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def read_office(office: str, study: str | None) -> tuple[State, Protocol]:
    """Return the state of an office and its protocol, for commands that only read."""
    state = _state(office)
    return state, _protocol(state, study)


def _protocol(state: State, study: str | None) -> Protocol:
    from trialwright.cli.snapshot import protocol_of

    return protocol_of(state, study)


def open_folder(folder: Path, db: str | None, study: str | None) -> House:
    """Open the office in a folder, for its study or the protocol named."""
    from trialwright.server import open_house

    state = _state(db or str(folder))
    return open_house(_protocol(state, study), folder, url=db)


def _signed_in(house: House, user: str) -> tuple[SignedIn, str]:
    password = typer.prompt(f"Password of {user}", hide_input=True)
    code = typer.prompt("Six-digit code, if you have a second factor", default="", show_default=False)
    signed = house.accounts.sign_in(user, password, code or None)
    if signed.only is not None:
        raise DataError(f"{user} must set the {signed.only} first; sign in on the pages")
    return signed, password


def _actor(signed: SignedIn) -> Any:
    from trialwright.conduct import Actor, digest_of_token

    return Actor(signed.user, digest_of_token(signed.token))


def _key(what: str) -> str:
    import secrets

    return f"cli-{what}-{secrets.token_hex(8)}"


def _account(state: State, user: str) -> dict[str, Any]:
    one = state.people.accounts[user]
    grants = [each for each in state.people.grants.values() if each.user == user]
    held = [f"{g.role} {g.scope} {g.start}..{g.end or ''}{' revoked' if g.revoked_at else ''}" for g in grants]
    return {
        "user": user,
        "name": one.name,
        "organization": one.organization,
        "state": "open" if one.active else "closed",
        "training": ", ".join(sorted(one.trainings)) or "none",
        "roles": "; ".join(held) or "none",
    }


def _site(state: State, site: str, facility: str, country: str) -> dict[str, Any]:
    records = [one for one in state.subjects.records.values() if one.site == site]
    return {
        "site": site,
        "facility": facility,
        "country": country,
        "state": "open" if site in state.sites.open else "not open",
        "form": state.sites.form_on(site, date.max) or "none",
        "cap": state.sites.caps.get(f"site:{site}"),
        "screened": len(records),
        "randomized": sum(one.allocated is not None for one in records),
    }


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    import json
    import sys

    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table(*(rows[0] if rows else ()))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    (Console() if sys.stdout.isatty() else Console(width=160)).print(table)
