"""Filings, what they cover, and their history.

Why: nothing is settled directly without a filing, and two must never cover the same day.
Safe because: everything is new.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, INT4RANGE, JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "'submitted', 'approved', 'rejected', 'expired', 'cancelled', 'changed', 'terminated'"
EVENTS = "'submit', 'approve', 'reject', 'expire', 'cancel', 'change', 'terminate'"


def upgrade() -> None:
    """Create the tables."""
    op.execute("CREATE SEQUENCE filing_serial MINVALUE 1 MAXVALUE 9999999 CYCLE")
    _filing()
    _filing_cover()
    _filing_history()


def _filing() -> None:
    op.create_table(
        "filing",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("insured_region", sa.CHAR(6), nullable=False),
        sa.Column("treatment_region", sa.CHAR(6), nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("cost_kinds", ARRAY(sa.Text), nullable=False),
        sa.Column("asked_first_day", sa.Date),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("admission_deadline", sa.Date),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("submitted_by", sa.Text, nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("referral", JSONB),
        sa.Column("replaces", sa.BigInteger),
        sa.Column("replaced_by", sa.BigInteger),
        sa.Column("open_visits", sa.Integer, nullable=False),
        sa.Column("admitted_once", sa.Boolean, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_filing"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name="fk_filing_worker_id_worker"),
        sa.ForeignKeyConstraint(["replaces"], ["filing.id"], name="fk_filing_replaces_filing"),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["filing.id"], name="fk_filing_replaced_by_filing"
        ),
        sa.UniqueConstraint("number", name="uq_filing_number"),
        sa.CheckConstraint("kind IN ('residence', 'posting', 'referral')", name="ck_filing_kind"),
        sa.CheckConstraint("scheme IN ('cross_province', 'in_province')", name="ck_filing_scheme"),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_filing_state"),
        sa.CheckConstraint("first_day <= last_day", name="ck_filing_term"),
        sa.CheckConstraint("insured_region <> treatment_region", name="ck_filing_elsewhere"),
        sa.CheckConstraint("cardinality(cost_kinds) > 0", name="ck_filing_cost_kinds"),
        sa.CheckConstraint("open_visits >= 0", name="ck_filing_open_visits"),
        sa.CheckConstraint(
            "state IN ('submitted', 'rejected') OR decided_at IS NOT NULL",
            name="ck_filing_decided",
        ),
    )
    op.create_index("ix_filing_worker_id", "filing", ["worker_id"])
    op.create_index(
        "ix_filing_insured_region_state_id", "filing", ["insured_region", "state", "id"]
    )
    op.create_index("ix_filing_treatment_region_id", "filing", ["treatment_region", "id"])
    op.create_index("ix_filing_submitted_by_id", "filing", ["submitted_by", "id"])
    op.create_index(
        "ix_filing_last_day", "filing", ["last_day"], postgresql_where=sa.text("state = 'approved'")
    )
    op.execute(
        "GRANT UPDATE (first_day, last_day, ended_on, admission_deadline, state, decided_at,"
        " decided_by, reason, replaced_by, open_visits, admitted_once, policy_version, revision)"
        " ON filing TO hub_app"
    )


def _filing_cover() -> None:
    op.create_table(
        "filing_cover",
        sa.Column("filing_id", sa.BigInteger, nullable=False),
        sa.Column("cost_kind", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("place", INT4RANGE, nullable=False),
        sa.Column("term", DATERANGE, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("filing_id", "cost_kind", name="pk_filing_cover"),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name="fk_filing_cover_filing_id_filing"
        ),
        sa.CheckConstraint(
            "cost_kind IN ('medical', 'rehabilitation', 'device')",
            name="ck_filing_cover_cost_kind",
        ),
    )
    op.execute(
        "ALTER TABLE filing_cover ADD CONSTRAINT ex_filing_cover_one_at_a_time"
        " EXCLUDE USING gist (worker_id WITH =, cost_kind WITH =, place WITH &&, term WITH &&)"
        " WHERE (live)"
    )
    op.execute("GRANT UPDATE (live) ON filing_cover TO hub_app")


def _filing_history() -> None:
    op.create_table(
        "filing_history",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("filing_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_filing_history"),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name="fk_filing_history_filing_id_filing"
        ),
        sa.CheckConstraint(f"event IN ({EVENTS})", name="ck_filing_history_event"),
        sa.CheckConstraint(f"from_state IN ({STATES})", name="ck_filing_history_from_state"),
        sa.CheckConstraint(f"to_state IN ({STATES})", name="ck_filing_history_to_state"),
    )
    op.create_index("ix_filing_history_filing_id_id", "filing_history", ["filing_id", "id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("filing_history", "filing_cover", "filing"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE filing_serial")
