"""Sign-ins and files of the gateway, and which message confirmed what.

Why: hospital software signs in once a day and carries the number in every message; it sends and
fetches the rows of a reconciliation as files; what it takes back it names by an answer's number.
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

SERIALS = [
    Sequence(name, start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
    for name in ("session_serial", "file_serial")
]


def upgrade() -> None:
    """Create the tables and the sequences of their numbers."""
    for serial in SERIALS:
        op.execute(CreateSequence(serial))
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
    op.create_table(
        "file",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_file"),
    )
    op.create_table(
        "confirmed_page",
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("confirmation_id", sa.BigInteger, nullable=False),
        sa.Column("clearing", sa.Text, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.PrimaryKeyConstraint("party", "reference", "confirmation_id", name="pk_confirmed_page"),
    )


def downgrade() -> None:
    """Drop them; sign-ins are of one day, files of some weeks, confirmations are kept elsewhere."""
    op.drop_table("confirmed_page")
    op.drop_table("file")
    op.drop_table("session")
    for serial in SERIALS:
        op.execute(DropSequence(serial))
