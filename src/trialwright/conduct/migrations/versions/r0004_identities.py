"""Who a subject is, encrypted for the site alone: outside the log, so that it can be erased when the law asks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trialwright.conduct.migrations.grants import grant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "identities",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    )
    grant("SELECT, INSERT, DELETE", "identities")


def downgrade() -> None:
    """Take the table away; nobody but the hospital's own list then knows who a subject is."""
    op.drop_table("identities")
