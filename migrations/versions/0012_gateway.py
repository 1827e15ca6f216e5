"""Sign-ins of the gateway.

Why: hospital software signs in once a day and carries the number in every message.
Safe because: everything is new.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SERIAL = Sequence("session_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)


def upgrade() -> None:
    """Create the table and the sequence of its numbers."""
    op.execute(CreateSequence(SERIAL))
    op.create_table(
        "session",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_session"),
        sa.UniqueConstraint("party", "staff", "day", name="uq_session_party_staff_day"),
    )
    # Signing out and signing in again on the same day are all that ever changes.
    op.execute("GRANT UPDATE (ended_at) ON session TO hub_app")


def downgrade() -> None:
    """Drop them; sign-ins are of one day only."""
    op.drop_table("session")
    op.execute(DropSequence(SERIAL))
