"""What the database is for, and what a sandbox keeps: clock, personas, faults, exchanges, reset.

Why: a sandbox plays months of business and begins anew; production must never be one by accident.
Safe because: everything is new, and the function that empties tables first reads the mark.

Revision ID: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# All but what a sandbox is set up with: new tables of business are emptied without being named.
# The caller's own message stays, for its answer is stored in it; so do those of the seeds.
RESET = """
CREATE FUNCTION sandbox_reset(keeper TEXT, keeper_key TEXT) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    emptied TEXT;
BEGIN
    IF NOT EXISTS (SELECT FROM database_mark WHERE mode = 'sandbox') THEN
        RAISE EXCEPTION 'this database is not a sandbox' USING ERRCODE = '42501';
    END IF;
    SELECT string_agg(format('%I', tablename), ', ') INTO emptied
      FROM pg_tables
     WHERE schemaname = 'public'
       AND tablename NOT IN ('alembic_version', 'database_mark', 'sandbox_clock', 'region',
                             'party', 'client', 'client_secret', 'client_key', 'person',
                             'data_key', 'turns_before', 'catalogue_version', 'catalogue_item',
                             'message');
    EXECUTE 'TRUNCATE ' || emptied;
    DELETE FROM message
     WHERE NOT (party = keeper AND key = keeper_key)
       AND NOT (party = 'operator' AND starts_with(key, 'seed-'));
END $$
"""


def upgrade() -> None:
    """Create the mark, the sandbox's tables and the function that begins anew."""
    op.create_table(
        "database_mark",
        sa.Column("single", sa.Boolean, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("single", name="pk_database_mark"),
        sa.CheckConstraint("single", name="ck_database_mark_single"),
        sa.CheckConstraint("mode IN ('sandbox', 'production')", name="ck_database_mark_mode"),
    )
    # The service reads the mark; whoever opens the database for the first time writes it.
    op.execute("REVOKE INSERT ON database_mark FROM hub_app")
    op.create_table(
        "sandbox_clock",
        sa.Column("single", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticks", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("single", name="pk_sandbox_clock"),
        sa.CheckConstraint("single", name="ck_sandbox_clock_single"),
    )
    op.execute("GRANT UPDATE (at, since, ticks) ON sandbox_clock TO hub_app")
    op.create_table(
        "persona",
        sa.Column("set_number", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("made_on", sa.Date, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("determinations", ARRAY(sa.Text), nullable=False),
        sa.Column("filing", sa.Text, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("set_number", "key", name="pk_persona"),
    )
    op.create_table(
        "sandbox_fault",
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("party", name="pk_sandbox_fault"),
    )
    op.execute("GRANT UPDATE (faults) ON sandbox_fault TO hub_app")
    op.create_table(
        "sandbox_exchange",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("faults", sa.Text),
        sa.Column("status", sa.SmallInteger),
        sa.Column("request", sa.Text),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_sandbox_exchange"),
    )
    op.create_index("ix_sandbox_exchange_party_id", "sandbox_exchange", ["party", "id"])
    op.execute("GRANT DELETE ON sandbox_exchange TO hub_app")
    op.execute(RESET)
    op.execute("REVOKE ALL ON FUNCTION sandbox_reset(TEXT, TEXT) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION sandbox_reset(TEXT, TEXT) TO hub_app")


def downgrade() -> None:
    """Drop them; nothing of business is in them."""
    op.execute("DROP FUNCTION sandbox_reset(TEXT, TEXT)")
    for table in ("sandbox_exchange", "sandbox_fault", "persona", "sandbox_clock", "database_mark"):
        op.drop_table(table)
