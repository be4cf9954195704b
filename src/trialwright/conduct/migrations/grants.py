"""The role under which the office works on PostgreSQL: it may add to the log and read it, and nothing else."""

from __future__ import annotations

from alembic import op

__all__ = ["WRITER", "create_writer", "grant"]

WRITER = "trialwright_writer"


def create_writer() -> None:
    """Create the role, where the user may; roles belong to the whole cluster, so another trial may have made it."""
    op.execute(f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WRITER}')
             AND (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            CREATE ROLE {WRITER} NOLOGIN;
            EXECUTE format('GRANT {WRITER} TO %I', current_user);
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
    """)


def grant(rights: str, table: str) -> None:
    """Give the role rights on a table, such as ``SELECT, INSERT``; nothing to do on SQLite, which has no roles."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{WRITER}') THEN
            GRANT {rights} ON {table} TO {WRITER};
          END IF;
        END $$
    """)
