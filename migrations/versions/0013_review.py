"""Reconciliations, their differences and repairs; a day's settlements found by their day.

Why: a sender compares its day with the hub's, and every difference is repaired with a trail.
Safe because: the tables are new; the index is built while settlements are few, and its build only
holds writers of that table back.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SERIAL = Sequence("reconciliation_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)


def upgrade() -> None:
    """Create the tables, the sequence and the index."""
    op.create_index("ix_settlement_business_day", "settlement", ["business_day", "institution"])
    op.execute(CreateSequence(SERIAL))
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("region", sa.CHAR(6), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("institution", sa.CHAR(12)),
        sa.Column("with_cancelled", sa.Boolean, nullable=False),
        sa.Column("sender_count", sa.Integer, nullable=False),
        sa.Column("sender_total_fen", sa.BigInteger, nullable=False),
        sa.Column("sender_fund_fen", sa.BigInteger, nullable=False),
        sa.Column("hub_count", sa.Integer, nullable=False),
        sa.Column("hub_total_fen", sa.BigInteger, nullable=False),
        sa.Column("hub_fund_fen", sa.BigInteger, nullable=False),
        sa.Column("day_count", sa.Integer, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("rows_sent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        sa.UniqueConstraint("number", name=op.f("uq_reconciliation_number")),
        sa.CheckConstraint(
            "side IN ('own', 'treatment', 'insured')", name=op.f("ck_reconciliation_side")
        ),
        sa.CheckConstraint(
            "result IN ('equal', 'hub_has_more', 'sender_has_more', 'amounts_differ')",
            name=op.f("ck_reconciliation_result"),
        ),
    )
    op.create_index("ix_reconciliation_party", "reconciliation", ["party", "day", "side", "id"])
    op.create_table(
        "reconciliation_difference",
        sa.Column("reconciliation_id", sa.BigInteger, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("settlement", sa.Text, nullable=False),
        sa.Column("hub_total_fen", sa.BigInteger),
        sa.Column("hub_fund_fen", sa.BigInteger),
        sa.Column("sender_total_fen", sa.BigInteger),
        sa.Column("sender_fund_fen", sa.BigInteger),
        sa.Column("hub_day", sa.Date),
        sa.Column("message", sa.Text),
        sa.PrimaryKeyConstraint(
            "reconciliation_id", "row", name=op.f("pk_reconciliation_difference")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_difference_reconciliation_id_reconciliation"),
        ),
        sa.CheckConstraint(
            "kind IN ('only_hub', 'only_sender', 'different')",
            name=op.f("ck_reconciliation_difference_kind"),
        ),
    )
    op.create_table(
        "reconciliation_repair",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("undone_by", sa.Text),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_repair")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id", "row"],
            ["reconciliation_difference.reconciliation_id", "reconciliation_difference.row"],
            name=op.f("fk_reconciliation_repair_difference"),
        ),
        sa.CheckConstraint(
            "act IN ('adopt', 'reverse', 'resend')", name=op.f("ck_reconciliation_repair_act")
        ),
    )
    op.create_index(
        "ix_reconciliation_repair_difference",
        "reconciliation_repair",
        ["reconciliation_id", "row", "id"],
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reconciliation_repair")
    op.drop_table("reconciliation_difference")
    op.drop_table("reconciliation")
    op.execute(DropSequence(SERIAL))
    op.drop_index("ix_settlement_business_day", "settlement")
