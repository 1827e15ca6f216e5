"""Editions of the policy book that were adopted; faults of a sandbox ordered by two; wishes pruned.

Why: a change of policy takes two persons, and the database must know what they said to refuse a
hub that decides by anything else. Where a party acts by persons, one asks for faults and another
orders them. A wish to have an event sent again is of no use once it was met and is old.
Safe because: no row is touched. The table is new and the columns are empty; a release before goes
on beside it, and orders faults as it did. The index is built over a handful of rows.

Revision ID: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# Beneath the mechanism of proposals: in production an edition that follows another was approved,
# this text, compared with that one, with these words about it.
BY_TWO = """
CREATE FUNCTION edition_by_two() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('hub.whole', true), '') <> 'on' THEN
        RAISE EXCEPTION 'the operator alone adopts an edition'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM database_mark WHERE mode = 'production')
       AND EXISTS (SELECT FROM policy_edition)
       AND NOT EXISTS (SELECT FROM proposal p
                        WHERE p.number = NEW.proposal AND p.act = 'policy.adopt'
                          AND p.subject = NEW.version AND p.details ->> 'digest' = NEW.digest
                          AND p.details ->> 'book' = NEW.book
                          AND p.details -> 'changes' = to_jsonb(NEW.changes)
                          AND p.details ->> 'follows' IS NOT DISTINCT FROM NEW.follows
                          AND p.state = 'approved') THEN
        RAISE EXCEPTION 'an edition takes two persons' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.digest <> encode(sha256(convert_to(NEW.book, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the digest is of another text' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
GUARD = """
CREATE TRIGGER by_two BEFORE INSERT ON policy_edition
FOR EACH ROW EXECUTE FUNCTION edition_by_two()
"""
# As 0014 has it, but for what a sandbox goes on deciding by.
KEPT = (
    "'alembic_version', 'database_mark', 'sandbox_clock', 'region',\n"
    "                             'party', 'client', 'client_secret', 'client_key', 'person',\n"
    "                             'data_key', 'turns_before', 'catalogue_version',\n"
    "                             'catalogue_item', 'message'"
)
RESET = """
CREATE OR REPLACE FUNCTION sandbox_reset(keeper TEXT, keeper_key TEXT) RETURNS VOID
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
       AND tablename NOT IN ({kept});
    EXECUTE 'TRUNCATE ' || emptied;
    DELETE FROM message
     WHERE NOT (party = keeper AND key = keeper_key)
       AND NOT (party = 'operator' AND starts_with(key, 'seed-'));
END $$
"""
# Beside prune_deliveries, and on the same terms: what was met bears the wall's time.
PRUNE = """
CREATE FUNCTION prune_redeliveries(days int, most int)
RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT r.id FROM redelivery r
         WHERE current_setting('hub.whole', true) = 'on'
           AND r.done_at < now() - make_interval(days => greatest($1, 1))
         LIMIT $2
    ), gone AS (
        DELETE FROM redelivery r USING old WHERE r.id = old.id RETURNING r.id
    )
    SELECT count(*) FROM gone
$$
"""
PRUNING = "prune_redeliveries(int, int)"
ASKED = ("asked", "asked_by")


def upgrade() -> None:
    """Create the table with its guard, give faults a first half, and let met wishes go."""
    op.create_table(
        "policy_edition",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.Column("changes", ARRAY(sa.Text), nullable=False),
        sa.Column("follows", sa.Text),
        sa.Column("proposal", sa.Text),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_edition"),
        sa.UniqueConstraint("version", name="uq_policy_edition_version"),
        sa.UniqueConstraint(
            "follows", name="uq_policy_edition_follows", postgresql_nulls_not_distinct=True
        ),
        sa.ForeignKeyConstraint(
            ["follows"],
            ["policy_edition.version"],
            name="fk_policy_edition_follows_policy_edition",
        ),
    )
    op.execute(BY_TWO)
    op.execute(GUARD)
    op.execute(RESET.format(kept=f"{KEPT}, 'policy_edition'"))
    for name in ASKED:
        op.add_column("sandbox_fault", sa.Column(name, sa.Text))
    op.create_check_constraint(
        op.f("ck_sandbox_fault_asked"), "sandbox_fault", "(asked IS NULL) = (asked_by IS NULL)"
    )
    op.execute(f"GRANT UPDATE ({', '.join(ASKED)}) ON sandbox_fault TO hub_app")
    # "which wishes were met long ago"
    op.create_index(
        "ix_redelivery_done_at",
        "redelivery",
        ["done_at"],
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.execute(PRUNE)
    op.execute(f"REVOKE ALL ON FUNCTION {PRUNING} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {PRUNING} TO hub_app")


def downgrade() -> None:
    """Forget which editions were adopted; every hub decides by its own again."""
    op.execute(f"DROP FUNCTION {PRUNING}")
    op.drop_index("ix_redelivery_done_at", "redelivery")
    op.drop_constraint(op.f("ck_sandbox_fault_asked"), "sandbox_fault")
    for name in reversed(ASKED):
        op.drop_column("sandbox_fault", name)
    op.execute(RESET.format(kept=KEPT))
    op.drop_table("policy_edition")
    op.execute("DROP FUNCTION edition_by_two()")
