"""Visits and their fee lines.

Why: an institution's admissions and charges need a place, and a worker is in one place at a time.
Safe because: everything is new.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.schema import CreateSequence, DropSequence

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERIAL = sa.Sequence("visit_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
CATEGORIES = "'drug', 'service', 'rehabilitation', 'bed', 'device', 'meal_subsidy', 'travel'"


def _create_visit() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cost_kind", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("determination_id", sa.BigInteger, nullable=False),
        sa.Column("filing_id", sa.BigInteger, nullable=False),
        sa.Column("institution", sa.CHAR(12), nullable=False),
        sa.Column("insured_region", sa.CHAR(6), nullable=False),
        sa.Column("treatment_region", sa.CHAR(6), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discharged_at", sa.DateTime(timezone=True)),
        sa.Column("card_kind", sa.Text, nullable=False),
        sa.Column("admission_no", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("ward", sa.Text),
        sa.Column("bed", sa.Text),
        sa.Column("physician", sa.Text, nullable=False),
        sa.Column("diagnoses", JSONB, nullable=False),
        sa.Column("discharge_way", sa.Text),
        sa.Column("memo", sa.Text),
        sa.Column("transfer_from", sa.BigInteger),
        sa.Column("journey", sa.Uuid, nullable=False),
        sa.Column("holds_filing", sa.Boolean, nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visit"),
        sa.UniqueConstraint("number", name="uq_visit_number"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name="fk_visit_worker_id_worker"),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["determination.id"],
            name="fk_visit_determination_id_determination",
        ),
        sa.ForeignKeyConstraint(["filing_id"], ["filing.id"], name="fk_visit_filing_id_filing"),
        sa.ForeignKeyConstraint(
            ["transfer_from"], ["visit.id"], name="fk_visit_transfer_from_visit"
        ),
        sa.CheckConstraint("kind IN ('inpatient', 'fitting', 'outpatient')", name="ck_visit_kind"),
        sa.CheckConstraint(
            "cost_kind IN ('medical', 'rehabilitation', 'device')", name="ck_visit_cost_kind"
        ),
        sa.CheckConstraint("scheme IN ('cross_province', 'in_province')", name="ck_visit_scheme"),
        sa.CheckConstraint(
            "state IN ('admitted', 'discharged', 'settled', 'cancelled')", name="ck_visit_state"
        ),
        sa.CheckConstraint(
            "card_kind IN ('physical', 'electronic', 'none')", name="ck_visit_card_kind"
        ),
        sa.CheckConstraint(
            "discharge_way IN ('advised', 'transferred', 'community', 'against_advice', 'death', "
            "'other')",
            name="ck_visit_discharge_way",
        ),
        sa.CheckConstraint("admitted_at <= discharged_at", name="ck_visit_stay"),
        sa.CheckConstraint("line_count >= 0 AND total_fen >= 0", name="ck_visit_totals"),
        sa.CheckConstraint(
            "state <> 'discharged' OR (kind = 'inpatient' AND discharged_at IS NOT NULL)",
            name="ck_visit_discharged",
        ),
        ExcludeConstraint(
            (sa.column("worker_id"), "="),
            (sa.column("journey"), "<>"),
            (sa.text("tstzrange(admitted_at, discharged_at)"), "&&"),
            where=sa.text("state IN ('admitted', 'discharged')"),
            name="ex_visit_open",
            using="gist",
        ),
    )
    op.create_index("ix_visit_worker_id", "visit", ["worker_id"])
    op.create_index("ix_visit_institution", "visit", ["institution", "id"])
    op.create_index("ix_visit_filing_id", "visit", ["filing_id"])
    op.create_index(
        "uq_visit_transfer_from",
        "visit",
        ["transfer_from"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )


def _line_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("refund_of", sa.Text),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("item_code", sa.Text),
        sa.Column("item_name", sa.Text, nullable=False),
        sa.Column("institution_item_code", sa.Text),
        sa.Column("specification", sa.Text),
        sa.Column("unit", sa.Text),
        sa.Column("quantity", sa.Numeric(16, 4), nullable=False),
        sa.Column("unit_price", sa.Numeric(16, 6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("injury_related", sa.Boolean, nullable=False),
        sa.Column("restricted_approved", sa.Boolean, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("physician", sa.Text),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_lines() -> None:
    op.create_table(
        "fee_line",
        sa.Column("visit_id", sa.BigInteger, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        *_line_columns(),
        sa.PrimaryKeyConstraint("visit_id", "serial", name="pk_fee_line"),
        sa.UniqueConstraint("visit_id", "position", name="uq_fee_line_visit_id_position"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_fee_line_visit_id_visit"),
        sa.ForeignKeyConstraint(
            ["visit_id", "refund_of"],
            ["fee_line.visit_id", "fee_line.serial"],
            name="fk_fee_line_refund_of",
        ),
        sa.CheckConstraint(f"category IN ({CATEGORIES})", name="ck_fee_line_category"),
        sa.CheckConstraint(
            "CASE WHEN refund_of IS NULL THEN quantity > 0 AND amount_fen >= 0 "
            "ELSE quantity < 0 AND amount_fen <= 0 END",
            name="ck_fee_line_sign",
        ),
    )
    op.create_index("ix_fee_line_refund_of", "fee_line", ["visit_id", "refund_of"])
    op.create_table(
        "fee_line_removed",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("visit_id", sa.BigInteger, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        *_line_columns(),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fee_line_removed"),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_fee_line_removed_visit_id_visit"
        ),
        sa.CheckConstraint(f"category IN ({CATEGORIES})", name="ck_fee_line_removed_category"),
    )
    op.create_index("ix_fee_line_removed_visit_id", "fee_line_removed", ["visit_id"])


def upgrade() -> None:
    """Create the tables; a visit's identity never changes, its state and particulars do."""
    op.execute(CreateSequence(SERIAL))
    _create_visit()
    _create_lines()
    op.execute(
        "GRANT UPDATE (state, discharged_at, admission_no, department, ward, bed, physician, "
        "diagnoses, discharge_way, memo, holds_filing, line_count, total_fen, revision) "
        "ON visit TO hub_app"
    )
    # a removed line moves to fee_line_removed
    op.execute("GRANT DELETE ON fee_line TO hub_app")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("fee_line_removed")
    op.drop_table("fee_line")
    op.drop_table("visit")
    op.execute(DropSequence(SERIAL))
