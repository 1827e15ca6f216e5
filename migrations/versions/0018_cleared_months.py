"""Which months a clearing holds, what contests took off, and misdirected payments put right.

Why: a closed month takes no more settlements, so that a clearing of a nation's quarter need not
write a million rows; a cancellation must not take back what a contest has taken off already, and
the month that bears it shows it on its statement; a payment under a wrong reference must find its
notice by two persons, booked once.
Safe because: months are closed before they are cleared, so the settlements marked so far tell
their months' clearings without contradiction. Building the indexes holds settling up for as long as
reading the table takes: run it outside desk hours.

Revision ID: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SERIAL = Sequence("reassignment_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
WHOSE = ["insured_region", "treatment_region", "institution"]  # asked of every row that is read
COUNTED = ["number", "total_fen", "fund_fen", "conceded_before_fen", *WHOSE]


def upgrade() -> None:
    """Keep months instead of marks; note what the contests answered so far took off."""
    op.create_table(
        "cleared_month",
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("month", sa.CHAR(7), nullable=False),
        sa.Column("clearing", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scheme", "month", name="pk_cleared_month"),
        sa.CheckConstraint(
            "scheme IN ('cross_province', 'in_province')", name="ck_cleared_month_scheme"
        ),
    )
    op.create_index("ix_cleared_month_clearing", "cleared_month", ["clearing"])
    op.execute(
        "INSERT INTO cleared_month (scheme, month, clearing) "
        "SELECT DISTINCT scheme, month, clearing FROM settlement WHERE clearing IS NOT NULL"
    )
    for name in ("conceded_fen", "conceded_before_fen"):
        op.add_column(
            "settlement", sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        )
    op.execute(
        "UPDATE settlement SET conceded_fen = contest.fund_fen - contest.agreed_fen FROM contest "
        "WHERE contest.settlement = settlement.number AND settlement.cancelled_by IS NULL "
        "AND contest.agreed_fen <> contest.fund_fen"
    )
    op.create_check_constraint(
        op.f("ck_settlement_conceded_fen"),
        "settlement",
        "CASE kind WHEN 'settlement' THEN conceded_fen BETWEEN 0 AND fund_fen - deducted_fen "
        "ELSE conceded_fen BETWEEN fund_fen AND 0 END",
    )
    op.drop_index("ix_settlement_month", "settlement")
    op.drop_index("ix_settlement_clearing", "settlement")
    op.drop_column("settlement", "clearing")
    op.create_index(
        "ix_settlement_month",
        "settlement",
        ["scheme", "month", "number"],
        postgresql_include=["insured_place", "treatment_place", *WHOSE],
    )
    op.create_index(
        "ix_settlement_pair",
        "settlement",
        ["scheme", "insured_place", "treatment_place", "month"],
        postgresql_include=COUNTED,
    )
    op.execute("GRANT UPDATE (conceded_fen) ON settlement TO hub_app")
    for name in ("reviewed_count", "reviewed_fen"):
        op.add_column("claim", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    _date_contests()
    _create_reassignment()


def _date_contests() -> None:
    """Fix the month in which what a contest took off counts: the one open when it was answered."""
    op.add_column("contest", sa.Column("month", sa.CHAR(7)))
    op.execute(
        """
        UPDATE contest c
           SET month = greatest(to_char(replied_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'),
                   (SELECT to_char(to_date(max(m.month), 'YYYY-MM') + INTERVAL '1 month', 'YYYY-MM')
                      FROM settlement_month m WHERE m.place = c.treatment_place))
         WHERE agreed_fen <> fund_fen
        """
    )
    op.create_check_constraint(
        op.f("ck_contest_month"),
        "contest",
        "(month IS NOT NULL) = (coalesce(agreed_fen, fund_fen) <> fund_fen)",
    )
    op.create_index(
        "ix_contest_month",
        "contest",
        ["treatment_place", "month"],
        postgresql_where=sa.text("month IS NOT NULL"),
    )
    op.execute("GRANT UPDATE (month) ON contest TO hub_app")


def _create_reassignment() -> None:
    op.execute(CreateSequence(SERIAL))
    op.create_table(
        "reassignment",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("payment_id", sa.BigInteger, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text),
        sa.Column("decision_note", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_reassignment"),
        sa.UniqueConstraint("number", name="uq_reassignment_number"),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["bank_confirmation.id"],
            name="fk_reassignment_payment_id_bank_confirmation",
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'rejected')", name="ck_reassignment_state"
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name="ck_reassignment_decided_at"
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name="ck_reassignment_decided_by"
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR decided_by <> proposed_by",
            name="ck_reassignment_second_person",
        ),
    )
    op.create_index(
        "uq_reassignment_payment_id",
        "reassignment",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'rejected'"),
    )
    op.execute(
        "GRANT UPDATE (state, decided_at, decided_by, decision_note) ON reassignment TO hub_app"
    )
    op.execute("GRANT UPDATE (outcome, claim_id) ON bank_confirmation TO hub_app")


def downgrade() -> None:
    """Mark the settlements again."""
    op.execute("REVOKE UPDATE (outcome, claim_id) ON bank_confirmation FROM hub_app")
    op.drop_table("reassignment")
    for name in ("reviewed_fen", "reviewed_count"):
        op.drop_column("claim", name)
    op.drop_index("ix_contest_month", "contest")
    op.drop_constraint(op.f("ck_contest_month"), "contest", type_="check")
    op.drop_column("contest", "month")
    op.execute(DropSequence(SERIAL))
    op.add_column("settlement", sa.Column("clearing", sa.Text))
    op.execute(
        "UPDATE settlement SET clearing = cleared_month.clearing FROM cleared_month "
        "WHERE cleared_month.scheme = settlement.scheme AND cleared_month.month = settlement.month"
    )
    op.drop_index("ix_settlement_pair", "settlement")
    op.drop_index("ix_settlement_month", "settlement")
    op.create_index(
        "ix_settlement_month",
        "settlement",
        ["scheme", "month"],
        postgresql_where=sa.text("clearing IS NULL"),
    )
    op.create_index("ix_settlement_clearing", "settlement", ["clearing", "id"])
    op.execute("GRANT UPDATE (clearing) ON settlement TO hub_app")
    op.drop_constraint(op.f("ck_settlement_conceded_fen"), "settlement", type_="check")
    for name in ("conceded_before_fen", "conceded_fen"):
        op.drop_column("settlement", name)
    op.drop_table("cleared_month")
