"""Clearings, their gross claims per ordered pair, and the notices that call for them.

Why: what insured places owe treatment places is claimed once a period, each settlement once.
Safe because: everything is new.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; only a clearing's state and totals may be changed."""
    for serial in ("clearing_serial", "notice_serial"):
        op.execute(f"CREATE SEQUENCE {serial} MINVALUE 1 MAXVALUE 9999999 CYCLE")
    op.create_table(
        "clearing",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generated_by", sa.Text, nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True)),
        sa.Column("settlement_count", sa.BigInteger, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clearing"),
        sa.UniqueConstraint("number", name="uq_clearing_number"),
        sa.UniqueConstraint("scheme", "period", name="uq_clearing_scheme_period"),
        sa.CheckConstraint(
            "scheme IN ('cross_province', 'in_province')", name="ck_clearing_scheme"
        ),
        sa.CheckConstraint("state IN ('generated', 'noticed')", name="ck_clearing_state"),
        sa.CheckConstraint(
            "(noticed_at IS NULL) = (state = 'generated')", name="ck_clearing_noticed_at"
        ),
    )
    op.execute(
        "GRANT UPDATE (state, noticed_at, settlement_count, total_fen, fund_fen) "
        "ON clearing TO hub_app"
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("clearing_id", sa.BigInteger, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("settlement_count", sa.BigInteger, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_claim"),
        sa.ForeignKeyConstraint(
            ["clearing_id"], ["clearing.id"], name="fk_claim_clearing_id_clearing"
        ),
        sa.UniqueConstraint(
            "clearing_id",
            "insured_place",
            "treatment_place",
            name="uq_claim_clearing_id_insured_place_treatment_place",
        ),
        sa.CheckConstraint("insured_place <> treatment_place", name="ck_claim_two_places"),
        sa.CheckConstraint("settlement_count > 0", name="ck_claim_settlement_count"),
        sa.CheckConstraint("length(root) = 32", name="ck_claim_root"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("party_place", sa.CHAR(6), nullable=False),
        sa.Column("counter_place", sa.CHAR(6), nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_finance_by", sa.Date, nullable=False),
        sa.Column("pay_by", sa.Date, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("number", name="uq_notice_number"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name="fk_notice_claim_id_claim"),
        sa.UniqueConstraint("claim_id", "kind", name="uq_notice_claim_id_kind"),
        sa.CheckConstraint("kind IN ('payable', 'receivable')", name="ck_notice_kind"),
        sa.CheckConstraint("fund_fen <> 0", name="ck_notice_fund_fen"),
        sa.CheckConstraint("to_finance_by < pay_by", name="ck_notice_pay_by"),
    )


def downgrade() -> None:
    """Drop the tables and their sequences."""
    op.drop_table("notice")
    op.drop_table("claim")
    op.drop_table("clearing")
    op.execute("DROP SEQUENCE notice_serial")
    op.execute("DROP SEQUENCE clearing_serial")
