"""The log of facts, and the places taken in allocation lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "facts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "author", "role", "key")),
        sa.Column("part", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("request", "kind")),
        *(sa.Column(name, sa.Text) for name in ("site", "subject", "text")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("salt", "digest")),
        *(sa.Column(name, sa.Text, nullable=False, unique=True) for name in ("previous", "hash")),
        sa.UniqueConstraint("key", "part"),
    )
    # A second lock on the door: the database itself refuses a place or a patient used twice.
    op.create_table(
        "allocations",
        sa.Column("seq", sa.BigInteger, sa.ForeignKey("facts.seq"), primary_key=True, autoincrement=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, unique=True),
        sa.UniqueConstraint("list", "stratum", "position"),
    )


def downgrade() -> None:
    """Refuse: a log is never taken away."""
    raise RuntimeError("the log cannot be taken away; restore a backup into a new database instead")
