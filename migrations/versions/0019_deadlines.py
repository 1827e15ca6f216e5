"""What fell due, and who did it.

Why: a due act is done once for each day, whichever hub's clock strikes first, and a missed day is
made up; so the days that are done are kept.
Safe because: a new table, whose rows are added in the transaction of the act and never change; the
index holds the few filings that wait for a first admission.

Revision ID: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and what the expiry of unused filings looks up."""
    op.create_table(
        "due_act",
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("found", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("act", "day", name="pk_due_act"),
    )
    op.create_index(
        "ix_filing_admission_deadline",
        "filing",
        ["admission_deadline"],
        postgresql_where=sa.text("state = 'approved' AND NOT admitted_once"),
    )


def downgrade() -> None:
    """Drop it: acts would be done anew, and find nothing to do."""
    op.drop_index("ix_filing_admission_deadline", "filing")
    op.drop_table("due_act")
