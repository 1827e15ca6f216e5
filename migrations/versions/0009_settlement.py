"""Settlements, the decisions on their lines, closed months.

Why: what was decided is kept with all it was decided on, so that it can be computed again.
Safe because: everything is new.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SERIAL = sa.Sequence("settlement_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
CATEGORIES = "'drug', 'service', 'rehabilitation', 'bed', 'device', 'meal_subsidy', 'travel'"
REASONS = (
    "'out_of_scope', 'entitlement_lost', 'not_injury_related', 'not_in_catalogue', "
    "'device_not_listed', 'device_life', 'restricted', 'over_cap', 'device_over_cap'"
)


def _settlement_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("visit_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cancels", sa.BigInteger),
        sa.Column("cancelled_by", sa.BigInteger),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_day", sa.Date, nullable=False),
        sa.Column("month", sa.CHAR(7), nullable=False),
        sa.Column("institution", sa.CHAR(12), nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("filing_id", sa.BigInteger, nullable=False),
        sa.Column("insured_region", sa.CHAR(6), nullable=False),
        sa.Column("treatment_region", sa.CHAR(6), nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("cost_kind", sa.Text, nullable=False),
        sa.Column("entitlement_lost_on", sa.Date),
        sa.Column("confirmed_on", sa.Date, nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("own_fen", sa.BigInteger, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("message_key", sa.Text, nullable=False),
        sa.Column("invoice_no", sa.Text),
        sa.Column("adjustment", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("clearing", sa.Text),
    )


def _create_settlement() -> None:
    op.create_table(
        "settlement",
        *_settlement_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_settlement"),
        sa.UniqueConstraint("number", name="uq_settlement_number"),
        sa.UniqueConstraint("cancels", name="uq_settlement_cancels"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_settlement_visit_id_visit"),
        sa.ForeignKeyConstraint(
            ["cancels"], ["settlement.id"], name="fk_settlement_cancels_settlement"
        ),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["settlement.id"], name="fk_settlement_cancelled_by_settlement"
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name="fk_settlement_worker_id_worker"
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name="fk_settlement_filing_id_filing"
        ),
        sa.CheckConstraint("kind IN ('settlement', 'cancellation')", name="ck_settlement_kind"),
        sa.CheckConstraint(
            "scheme IN ('cross_province', 'in_province')", name="ck_settlement_scheme"
        ),
        sa.CheckConstraint(
            "cost_kind IN ('medical', 'rehabilitation', 'device')", name="ck_settlement_cost_kind"
        ),
        sa.CheckConstraint("total_fen = fund_fen + own_fen", name="ck_settlement_shares"),
        sa.CheckConstraint(
            "(kind = 'cancellation') = (cancels IS NOT NULL)", name="ck_settlement_cancels"
        ),
        sa.CheckConstraint(
            "kind = 'settlement' OR cancelled_by IS NULL", name="ck_settlement_cancelled_by"
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'settlement' THEN total_fen >= 0 AND fund_fen >= 0 AND own_fen >= 0 "
            "ELSE total_fen <= 0 AND fund_fen <= 0 AND own_fen <= 0 END",
            name="ck_settlement_sign",
        ),
    )
    op.create_index(
        "uq_settlement_visit_id",
        "settlement",
        ["visit_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'settlement' AND cancelled_by IS NULL"),
    )
    op.create_index("ix_settlement_visit_id", "settlement", ["visit_id", "id"])
    op.create_index("ix_settlement_institution", "settlement", ["institution", "id"])
    op.create_index("ix_settlement_worker_id", "settlement", ["worker_id"])
    op.create_index(
        "ix_settlement_month",
        "settlement",
        ["scheme", "month"],
        postgresql_where=sa.text("clearing IS NULL"),
    )
    op.create_index("ix_settlement_clearing", "settlement", ["clearing", "id"])


def _create_line() -> None:
    op.create_table(
        "settlement_line",
        sa.Column("settlement_id", sa.BigInteger, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("refund_of", sa.Text),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("item_code", sa.Text),
        sa.Column("item_name", sa.Text, nullable=False),
        sa.Column("quantity", sa.Numeric(16, 4), nullable=False),
        sa.Column("unit_price", sa.Numeric(16, 6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("service_day", sa.Date, nullable=False),
        sa.Column("injury_related", sa.Boolean, nullable=False),
        sa.Column("restricted_approved", sa.Boolean, nullable=False),
        sa.Column("catalogue_version", sa.BigInteger),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("cap_fen", sa.BigInteger),
        sa.Column("item_restricted", sa.Boolean, nullable=False),
        sa.Column("minimum_life_months", sa.Integer),
        sa.Column("fitted_before", sa.Date),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("own_fen", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("clause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", "serial", name="pk_settlement_line"),
        sa.UniqueConstraint(
            "settlement_id", "position", name="uq_settlement_line_settlement_id_position"
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlement.id"],
            name="fk_settlement_line_settlement_id_settlement",
        ),
        sa.ForeignKeyConstraint(
            ["catalogue_version"],
            ["catalogue_version.id"],
            name="fk_settlement_line_catalogue_version_catalogue_version",
        ),
        sa.CheckConstraint(f"category IN ({CATEGORIES})", name="ck_settlement_line_category"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_settlement_line_reason"),
        sa.CheckConstraint("amount_fen = fund_fen + own_fen", name="ck_settlement_line_shares"),
    )


def upgrade() -> None:
    """Create the tables; of a settlement only its cancellation and its clearing are ever added."""
    op.execute(CreateSequence(SERIAL))
    _create_settlement()
    _create_line()
    op.create_table(
        "settlement_month",
        sa.Column("place", sa.CHAR(6), nullable=False),
        sa.Column("month", sa.CHAR(7), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place", "month", name="pk_settlement_month"),
    )
    op.execute("GRANT UPDATE (cancelled_by, clearing) ON settlement TO hub_app")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("settlement_month")
    op.drop_table("settlement_line")
    op.drop_table("settlement")
    op.execute(DropSequence(SERIAL))
