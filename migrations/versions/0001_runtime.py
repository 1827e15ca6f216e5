"""Messages, the audit trail and announcements; the role the service takes.

Why: one door needs a place for message ids that are kept for ever, and a trail nobody edits.
Safe because: everything is new.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub_app') THEN
        CREATE ROLE hub_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of this cluster was migrated in the same moment
END $$
"""
MEMBER = """
DO $$ BEGIN
    IF NOT pg_has_role(current_user, 'hub_app', 'MEMBER') THEN
        EXECUTE format('GRANT hub_app TO %I', current_user);
    END IF;
END $$
"""


def upgrade() -> None:
    """Create the role, the extensions and the door's tables."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(ROLE)
    op.execute(MEMBER)
    op.execute("GRANT USAGE ON SCHEMA public TO hub_app")
    # A table is readable and appendable by default; changing rows is granted column by column.
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO hub_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO hub_app")
    op.execute("GRANT SELECT ON alembic_version TO hub_app")
    op.create_table(
        "message",
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("body", sa.LargeBinary),
        sa.PrimaryKeyConstraint("party", "key", name="pk_message"),
        sa.CheckConstraint("state IN ('applied', 'refused')", name="ck_message_state"),
    )
    op.execute("GRANT UPDATE (state, action, client, at, status, body) ON message TO hub_app")
    op.create_table(
        "audit_trail",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_trail"),
    )
    op.create_index("ix_audit_trail_subject", "audit_trail", ["subject", "seq"])
    op.create_table(
        "announcement",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("parties", ARRAY(sa.Text), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_announcement"),
    )


def downgrade() -> None:
    """Drop the tables; the role may serve other databases and stays."""
    op.drop_table("announcement")
    op.drop_table("audit_trail")
    op.drop_table("message")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT ON TABLES FROM hub_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM hub_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM hub_app")
