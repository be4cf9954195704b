"""Bring a database to the newest schema, without loading Alembic where there is nothing to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trialwright.conduct.refusals import Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["head", "migrate"]

FOLDER = Path(__file__).parent
LOCK = "SELECT pg_advisory_xact_lock(7261690911)"  # any number will do, as long as it stays the same


def head() -> str:
    """Return the newest revision of the schema, from the names of the files.

    >>> head() >= "0002"
    True
    """
    names = (re.fullmatch(r"r(\d{4})_\w+", path.stem) for path in (FOLDER / "versions").iterdir())
    return max(match[1] for match in names if match)


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database to a revision, in one transaction that other processes wait for.

    Unavailable when the schema is newer than this program, or may not be changed by this user of the database.
    """
    wanted = head() if to == "head" else to
    with engine.connect() as connection:
        if _revision(connection) == wanted:
            return
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text(LOCK))
            _upgrade(connection, wanted)
    except sa.exc.ProgrammingError as error:
        raise Unavailable(
            f"the database's schema must be brought to revision {wanted}, and its user may not do that "
            f"({error.orig}); start the office once as the owner of the database"
        ) from error


def _upgrade(connection: Connection, wanted: str) -> None:
    now = _revision(connection)
    if now is not None and now > head():
        raise Unavailable(
            f"the database has schema {now}, newer than the {head()} this program knows; install the newer program"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, wanted)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
