"""Messages that are reversed or fenced, what each did, and the trail's way back to them.

Why: a sender that does not know an outcome has the message undone or shut out by its id.
Safe because: new columns are empty and fill with new messages only; the wider check holds for
every row the narrower one let in.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WAS_NAMED = "ck_message_ck_message_state"  # by a name and the naming convention on top of it


def upgrade() -> None:
    """Add the columns and the states."""
    op.add_column("message", sa.Column("deed", sa.Text))
    op.add_column("message", sa.Column("subject", sa.Text))
    op.add_column("message", sa.Column("reversed_by", sa.Text))
    op.add_column("audit_trail", sa.Column("message", sa.Text))
    op.drop_constraint(op.f(WAS_NAMED), "message")
    op.create_check_constraint(
        op.f("ck_message_state"),
        "message",
        "state IN ('applied', 'refused', 'reversed', 'fenced')",
    )
    op.execute("GRANT UPDATE (deed, subject, reversed_by) ON message TO hub_app")


def downgrade() -> None:
    """Go back to the two states; what was fenced never took effect, and a reversal is booked."""
    op.execute("DELETE FROM message WHERE state = 'fenced'")
    op.execute("UPDATE message SET state = 'applied' WHERE state = 'reversed'")
    op.drop_constraint(op.f("ck_message_state"), "message")
    op.create_check_constraint(op.f(WAS_NAMED), "message", "state IN ('applied', 'refused')")
    op.drop_column("audit_trail", "message")
    op.drop_column("message", "reversed_by")
    op.drop_column("message", "subject")
    op.drop_column("message", "deed")
