"""An archive that outlives this program: facts in SQLite and JSON lines, two scripts that verify them, open forms.

Nothing of it needs anything but a reader of text, ``sqlite3`` and a Python interpreter.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.exchange.casebook_page import casebook_page
from trialwright.exchange.office_export import export_office
from trialwright.records import TABLES

if TYPE_CHECKING:
    from trialwright.conduct import Fact
    from trialwright.protocol import Protocol

__all__ = ["archive"]

SCRIPTS = ("verifier.py", "replay_allocations.py")
_README = """Archive of the trial {study}, made {created}
{facts} facts; hash of the last one {head}

Verify that nothing was changed, removed, added or reordered:
    python3 verifier.py archive.sqlite
    sha256sum -c MANIFEST.sha256
Allocate again, with the key of the list once it is opened:
    python3 replay_allocations.py --help
Ask:
    sqlite3 archive.sqlite "SELECT at, author, role, kind, text FROM facts WHERE subject = 'SUBJECT' ORDER BY seq"
    sqlite3 archive.sqlite ".tables"

archive.sqlite    facts (the log) and one table for each table of the trial as it stood at the end
facts.jsonl       the log again, one fact a line
tables/           the trial's tables as CSV, with the hash of the snapshot
odm/              CDISC ODM-XML 1.3.2 with the audit record of every change
casebooks/        one page for each patient, with all signatures
protocol.yaml     what was promised
"""


def archive(
    facts: Sequence[Fact], protocol: Protocol, protocol_file: Path, to: Path, *, created: datetime
) -> list[Path]:
    """Write the archive into a new folder and return its files; it never holds a key or a future arm.

    ``facts`` is the whole log in order. FileExistsError when the folder is there.

    >>> SCRIPTS
    ('verifier.py', 'replay_allocations.py')
    """
    to.mkdir(parents=True, exist_ok=False)
    tables = export_office(facts, protocol, "csv", to / "tables", created=created)
    odm = export_office(facts, protocol, "odm", to / "odm", created=created)
    made = [
        *tables,
        *odm,
        _database(facts, tables, to / "archive.sqlite"),
        _text(to / "facts.jsonl", "".join(json.dumps(_columns(fact), ensure_ascii=False) + "\n" for fact in facts)),
        _text(to / "protocol.yaml", protocol_file.read_text(encoding="utf-8")),
        *(_text(to / name, (files("trialwright.conduct") / name).read_text()) for name in SCRIPTS),
        *_casebooks(facts, protocol, to / "casebooks"),
    ]
    head = facts[-1].hash if facts else ""
    told = _README.format(study=protocol.identification.id, created=created.isoformat(), facts=len(facts), head=head)
    made.append(_text(to / "README.txt", told))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(to)}\n" for path in sorted(made)]
    return [*made, _text(to / "MANIFEST.sha256", "".join(lines))]


def _casebooks(facts: Sequence[Fact], protocol: Protocol, to: Path) -> list[Path]:
    to.mkdir()
    by: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.subject is not None:
            by.setdefault(fact.subject, []).append(fact)
    virtual = not any(fact.kind == "office founded" and fact.body["environment"] == "live" for fact in facts)
    study = protocol.identification.acronym or protocol.identification.id
    return [
        _text(to / f"{subject}.html", casebook_page(subject, own, study=study, virtual=virtual))
        for subject, own in by.items()
    ]


def _database(facts: Sequence[Fact], tables: Sequence[Path], to: Path) -> Path:
    import polars as pl

    with closing(sqlite3.connect(to)) as connection, connection:
        columns = list(_columns(facts[0])) if facts else ["seq"]
        connection.execute(f"CREATE TABLE facts ({', '.join(columns)}, PRIMARY KEY (seq))")
        marks = ", ".join("?" * len(columns))
        connection.executemany(
            f"INSERT INTO facts VALUES ({marks})", [tuple(_columns(fact).values()) for fact in facts]
        )
        for path in tables:
            if path.stem in TABLES and path.suffix == ".csv":
                frame = pl.read_csv(path, infer_schema_length=0)
                names = ", ".join(f'"{name}"' for name in frame.columns)
                connection.execute(f'CREATE TABLE "{path.stem}" ({names})')
                marks = ", ".join("?" * frame.width)
                connection.executemany(f'INSERT INTO "{path.stem}" VALUES ({marks})', frame.rows())
    return to


def _columns(fact: Fact) -> dict[str, Any]:
    """Return the columns of the log; what a redaction left is told by the fact that redacted."""
    return {name: value for name, value in asdict(fact).items() if name != "remains"}


def _text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path
