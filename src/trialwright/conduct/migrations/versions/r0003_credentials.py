"""What proves who somebody is: password hashes and encrypted second factors, which change and so are no facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trialwright.conduct.migrations.grants import grant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "credentials",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("password", sa.Text),
        sa.Column("temporary", sa.Boolean, nullable=False),
        sa.Column("earlier", sa.Text, nullable=False),
        sa.Column("second_factor", sa.LargeBinary),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    grant("SELECT, INSERT, UPDATE", "credentials")


def downgrade() -> None:
    """Take the table away; everybody needs a new password then."""
    op.drop_table("credentials")
