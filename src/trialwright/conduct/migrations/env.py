"""What Alembic runs: the steps, on the connection it was given."""

from __future__ import annotations

from alembic import context

__all__ = ["run"]


def run() -> None:
    """Take the steps within the transaction of the caller."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file
    run()
