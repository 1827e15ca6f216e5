"""Sealed blocks of every participant's journal and of the trail, chained and append-only.

Why: whoever holds one link of a chain can tell whether anything before it was changed since.
Safe because: the tables are new; the trail gains two indexes, and reads them only for its search.

Revision ID: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# The owner is refused, too, unless the trigger is taken away first: an accident is no tampering. A
# sandbox begins anew with its journals, so it may be emptied.
REFUSE = """
CREATE FUNCTION seal_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE'
       AND EXISTS (SELECT FROM public.database_mark WHERE mode = 'sandbox') THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'a seal is never altered' USING ERRCODE = 'insufficient_privilege';
END $$
"""
REFUSING = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION seal_refuse()
"""
TABLES = ("seal", "sealing")
JOURNALS = "journal IN ('ledger', 'trail')"


def upgrade() -> None:
    """Create the seals and the trail's indexes."""
    op.create_table(
        "seal",
        sa.Column("journal", sa.Text, nullable=False),
        sa.Column("participant", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("after_id", sa.BigInteger, nullable=False),
        sa.Column("through_id", sa.BigInteger, nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("journal", "participant", "number", name="pk_seal"),
        sa.CheckConstraint(JOURNALS, name="ck_seal_journal"),
        sa.CheckConstraint("number > 0", name="ck_seal_number"),
        sa.CheckConstraint("line_count > 0", name="ck_seal_line_count"),
        sa.CheckConstraint("after_id < through_id", name="ck_seal_through_id"),
        sa.CheckConstraint(
            "length(root) = 32 AND length(previous) = 32 AND length(chain) = 32",
            name="ck_seal_digests",
        ),
    )
    op.create_table(
        "sealing",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("journal", sa.Text, nullable=False),
        sa.Column("through_id", sa.BigInteger, nullable=False),
        sa.Column("through_day", sa.Date, nullable=False),
        sa.Column("block_count", sa.Integer, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sealing"),
        sa.UniqueConstraint("journal", "through_id", name="uq_sealing_journal_through_id"),
        sa.CheckConstraint(JOURNALS, name="ck_sealing_journal"),
    )
    op.execute(REFUSE)
    for table in TABLES:
        op.execute(REFUSING.format(table=table))
    op.create_index("ix_audit_trail_party", "audit_trail", ["party", "seq"])
    op.create_index("ix_audit_trail_at", "audit_trail", ["at"], postgresql_using="brin")


def downgrade() -> None:
    """Drop them; a trail without its seals is what it was before."""
    op.drop_index("ix_audit_trail_at", "audit_trail")
    op.drop_index("ix_audit_trail_party", "audit_trail")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION seal_refuse()")
