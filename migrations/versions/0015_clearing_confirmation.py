"""Confirmations, contests and payments of clearings.

Why: a claim is noticed once both sides confirmed it, and a notice is open until it is paid.
Safe because: new tables; new columns are filled for the rows there are before they are required.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REASONS = (
    "'not_insured_here', 'not_injury_related', 'wrong_amount', 'counted_twice', "
    "'filing_missing', 'other'"
)
STATES = (
    "'open', 'accepted', 'accepted_in_part', 'rejected', 'not_in_time', 'unanswered', 'withdrawn'"
)
OUTCOMES = "'matched', 'partial', 'misdirected', 'returned'"
COUNTED = ("deducted_count", "deducted_fen", "rolled_count", "rolled_fen", "paid_fen")


def _identity() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False)


def _add_columns() -> None:
    op.add_column("clearing", sa.Column("confirm_by", sa.Date))
    op.execute(
        "UPDATE clearing SET confirm_by = (generated_at AT TIME ZONE 'Asia/Shanghai')::date + 4"
    )
    op.alter_column("clearing", "confirm_by", nullable=False)
    op.add_column("claim", sa.Column("noticed_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE claim SET noticed_at = clearing.noticed_at FROM clearing "
        "WHERE clearing.id = claim.clearing_id"
    )
    op.execute("GRANT UPDATE (noticed_at) ON claim TO hub_app")
    for name in COUNTED:
        op.add_column("notice", sa.Column(name, sa.BigInteger, server_default="0"))
        op.alter_column("notice", name, nullable=False, server_default=None)
    op.add_column("notice", sa.Column("paid_on", sa.Date))
    op.add_column("notice", sa.Column("alerted_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_notice_pay_by", "notice", ["pay_by"], postgresql_where=sa.text("paid_on IS NULL")
    )
    op.execute("GRANT UPDATE (paid_fen, paid_on, alerted_at) ON notice TO hub_app")


def _create_confirmation() -> None:
    op.create_table(
        "confirmation",
        _identity(),
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("manner", sa.Text, nullable=False),
        sa.Column("line_count", sa.BigInteger, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name="fk_confirmation_claim_id_claim"),
        sa.CheckConstraint("side IN ('insured', 'treatment')", name="ck_confirmation_side"),
        sa.CheckConstraint(
            "manner IN ('digest', 'lines', 'silence')", name="ck_confirmation_manner"
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="ck_confirmation_withdrawn_at"
        ),
        sa.CheckConstraint("withdrawn_by <> client", name="ck_confirmation_second_person"),
    )
    op.create_index(
        "uq_confirmation_claim_id_side",
        "confirmation",
        ["claim_id", "side"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.execute(
        "GRANT UPDATE (manner, line_count, confirmed_at, withdrawn_at, withdrawn_by, reason) "
        "ON confirmation TO hub_app"
    )
    op.create_table(
        "confirmed_line",
        sa.Column("confirmation_id", sa.BigInteger, nullable=False),
        sa.Column("settlement", sa.Text, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("confirmation_id", "settlement", name="pk_confirmed_line"),
        sa.ForeignKeyConstraint(
            ["confirmation_id"],
            ["confirmation.id"],
            name="fk_confirmed_line_confirmation_id_confirmation",
        ),
    )


def _create_contest() -> None:
    op.execute("CREATE SEQUENCE contest_serial MINVALUE 1 MAXVALUE 9999999 CYCLE")
    op.create_table(
        "contest",
        _identity(),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("confirmation_id", sa.BigInteger, nullable=False),
        sa.Column("held_by", sa.BigInteger),
        sa.Column("settlement", sa.Text, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_fen", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.Text, nullable=False),
        sa.Column("in_time", sa.Boolean, nullable=False),
        sa.Column("reply_by", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("agreed_fen", sa.BigInteger),
        sa.Column("reply_note", sa.Text),
        sa.Column("replied_at", sa.DateTime(timezone=True)),
        sa.Column("replied_by", sa.Text),
        sa.Column("rolls", sa.SmallInteger, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contest"),
        sa.UniqueConstraint("number", name="uq_contest_number"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name="fk_contest_claim_id_claim"),
        sa.ForeignKeyConstraint(
            ["confirmation_id"], ["confirmation.id"], name="fk_contest_confirmation_id_confirmation"
        ),
        sa.ForeignKeyConstraint(["held_by"], ["claim.id"], name="fk_contest_held_by_claim"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_contest_reason"),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_contest_state"),
        sa.CheckConstraint(
            "(state IN ('open', 'withdrawn')) = (agreed_fen IS NULL)", name="ck_contest_agreed_fen"
        ),
        sa.CheckConstraint("NOT (waiting AND held_by IS NOT NULL)", name="ck_contest_waiting"),
    )
    op.create_index(
        "uq_contest_settlement",
        "contest",
        ["settlement"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_index("ix_contest_held_by", "contest", ["held_by"])
    op.create_index(
        "ix_contest_waiting",
        "contest",
        ["insured_place", "treatment_place"],
        postgresql_where=sa.text("waiting"),
    )
    op.execute(
        "GRANT UPDATE (held_by, state, agreed_fen, reply_note, replied_at, replied_by, rolls, "
        "waiting) ON contest TO hub_app"
    )
    op.create_table(
        "carried",
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("contest_id", sa.BigInteger, nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "contest_id", name="pk_carried"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name="fk_carried_claim_id_claim"),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name="fk_carried_contest_id_contest"
        ),
    )


def _create_payment() -> None:
    op.create_table(
        "bank_confirmation",
        _identity(),
        sa.Column("bank_reference", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("payer", sa.Text, nullable=False),
        sa.Column("payee", sa.Text, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("paid_on", sa.Date, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("claim_id", sa.BigInteger),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_confirmation"),
        sa.UniqueConstraint("bank_reference", name="uq_bank_confirmation_bank_reference"),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name="fk_bank_confirmation_claim_id_claim"
        ),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name="ck_bank_confirmation_outcome"),
        sa.CheckConstraint("amount_fen <> 0", name="ck_bank_confirmation_amount_fen"),
        sa.CheckConstraint(
            "(outcome = 'misdirected') = (claim_id IS NULL)", name="ck_bank_confirmation_claim_id"
        ),
    )
    op.create_index("ix_bank_confirmation_claim_id", "bank_confirmation", ["claim_id"])
    op.create_table(
        "clearing_year",
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_clearing_year"),
    )


def upgrade() -> None:
    """Create the tables; what both sides said is added to, and never rewritten."""
    _add_columns()
    _create_confirmation()
    _create_contest()
    _create_payment()


def downgrade() -> None:
    """Drop the tables and columns."""
    for table in (
        "clearing_year",
        "bank_confirmation",
        "carried",
        "contest",
        "confirmed_line",
        "confirmation",
    ):
        op.drop_table(table)
    op.execute("DROP SEQUENCE contest_serial")
    op.drop_index("ix_notice_pay_by", "notice")
    for name in ("alerted_at", "paid_on", *COUNTED):
        op.drop_column("notice", name)
    op.drop_column("claim", "noticed_at")
    op.drop_column("clearing", "confirm_by")
