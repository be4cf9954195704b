"""``trialwright snapshot``: the data of a trial office at a data cut-off, with the hash that names them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.conduct import State
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["database_url", "protocol_of", "snapshot"]


def snapshot(  # noqa: PLR0917 - each is an option of the command
    db: Annotated[str, typer.Argument(help="Database of the office: a file of SQLite, or a URL.")],
    cutoff: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Data cut-off: last day whose data are in.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="Only what was written by then (UTC), not later corrections.",
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Study or protocol file, where it is not the name the office was founded under.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write: one CSV for each table, and a manifest.")] = None,
    replace: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
) -> None:
    """Give the data of a trial office at a cut-off, with the hash by which an analysis names them.

    The same facts give the same hash for ever; with --as-of, an earlier snapshot is made again from a log that went on.
    """
    from trialwright.conduct import snapshot as taken

    state = _state(db, as_of)
    protocol = protocol_of(state, study)
    virtual = state.founding.environment in {"demo", "training"}
    data = taken(state, protocol, cutoff.date() if cutoff else None, virtual=virtual)
    if out is not None:
        _write(out, replace, data, state, protocol)
    typer.echo("\n".join(_told(data, state)))


def database_url(db: str) -> str:
    """Return the URL of a database that is there; DataError for a file that is not.

    >>> database_url("postgresql://writer@host/trial")
    'postgresql://writer@host/trial'
    """
    path = None if "://" in db and not db.startswith("sqlite:///") else db.removeprefix("sqlite:///")
    if path is not None and not Path(path).is_file():
        raise DataError(f"{path}: there is no such database; name the file that 'trialwright serve' wrote")
    return db if "://" in db else f"sqlite:///{db}"


def _state(db: str, as_of: datetime | None) -> State:
    from trialwright.conduct import Journal, state_as_of

    journal = Journal(database_url(db))
    try:
        with journal.reading() as log:
            facts = log.since(0)
    finally:
        journal.close()
    return state_as_of(facts, _last_instant(as_of))


def _last_instant(as_of: datetime | None) -> datetime | None:
    """Return the last instant meant: a bare date means the whole of that day."""
    if as_of is None:
        return None
    midnight = as_of.time() == datetime.min.time()
    return (
        as_of.replace(hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC)
        if midnight
        else (as_of.replace(tzinfo=UTC))
    )


def protocol_of(state: State, study: str | None) -> Protocol:
    """Return the protocol in force in an office, that of its founding before any is; DataError for any other."""
    from trialwright.protocol import load, protocol_hash

    name = study or state.founding.study
    if name is None:
        raise DataError("the office was not founded for a study; name its protocol with --study")
    protocol = load(name)
    promised = state.configuration.in_force or state.founding.protocol_hash
    if promised is not None and promised != protocol_hash(protocol):
        raise DataError(
            f"{name}: this is not the protocol of the office, whose hash is {promised}; name it with --study"
        )
    return protocol


def _write(out: Path, replace: bool, data: TrialData, state: State, protocol: Protocol) -> None:
    from trialwright.cli.files import write_tables
    from trialwright.cli.output import whole_folder

    with whole_folder(out, replace=replace) as folder:
        write_tables(folder, data, _manifest(data, state, protocol))


def _manifest(data: TrialData, state: State, protocol: Protocol) -> dict[str, object]:
    from trialwright.protocol import protocol_hash

    return {
        "virtual patients": data.virtual,
        "study": data.study,
        "protocol sha256": protocol_hash(protocol),
        "data cut-off": _shown(data.cutoff),
        "data sha256": data.hash,
        "facts": state.seq,
        "last fact": state.at,
        "head sha256": state.head,
    }


def _told(data: TrialData, state: State) -> list[str]:
    counts = ", ".join(f"{name} {len(table)}" for name, table in data.tables.items() if len(table))
    return [
        f"{data.study}, data cut-off {_shown(data.cutoff) or 'none'}, {state.seq} facts until {state.at}",
        counts,
        f"sha256 {data.hash}",
    ]


def _shown(day: date | None) -> str | None:
    return day.isoformat() if day else None
