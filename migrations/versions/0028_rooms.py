"""Notices that fall due again are told again; the log of deliveries is cut back.

Why: a notice whose payment the bank returned is overdue anew, and `alerted_at` alone cannot tell
that from the first time. A log that only grows is a log nobody can read or keep.
Safe because: the new columns have constant defaults, so no row is rewritten, and few notices were
ever alerted. A release before goes on beside it: what it alerts in between is told once more. The
index of the log is built while nothing is delivered; deliveries wait, they are not lost.

Revision ID: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COUNTED = ("reopened_count", "alerted_count")
# Each time a notice falls open is alerted once, and what was counted is never counted back.
SAID_ONCE = """
CREATE TRIGGER said_once BEFORE UPDATE OF alerted_at, alerted_count, reopened_count ON notice
FOR EACH ROW WHEN (
    NEW.reopened_count < OLD.reopened_count
    OR NEW.alerted_count < OLD.alerted_count
    OR NEW.alerted_count > NEW.reopened_count + 1
    OR (OLD.alerted_at IS NOT NULL AND NEW.alerted_at IS DISTINCT FROM OLD.alerted_at
        AND NEW.alerted_count = OLD.alerted_count)
) EXECUTE FUNCTION said_once()
"""
# As 0022 has it.
ONCE_FOR_ALL = """
CREATE TRIGGER said_once BEFORE UPDATE OF alerted_at ON notice
FOR EACH ROW WHEN (OLD.alerted_at IS NOT NULL AND NEW.alerted_at IS DISTINCT FROM OLD.alerted_at)
EXECUTE FUNCTION said_once()
"""
# The service cannot delete what it logged; it can have what is old enough removed, so many rows at
# a time. Attempts bear the wall's time, whatever a sandbox's clock says, so the database's counts.
PRUNE = """
CREATE FUNCTION prune_deliveries(days int, dead_letter_days int, most int)
RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT d.id FROM delivery d
         WHERE current_setting('hub.whole', true) = 'on'
           AND d.outcome IN ('delivered', 'failed')
           AND d.at < now() - make_interval(days => greatest($1, 1))
        UNION ALL
        SELECT d.id FROM delivery d
         WHERE current_setting('hub.whole', true) = 'on'
           AND d.outcome = 'given_up'
           AND d.at < now() - make_interval(days => greatest($1, $2, 1))
         LIMIT $3
    ), gone AS (
        DELETE FROM delivery d USING old WHERE d.id = old.id RETURNING d.id
    )
    SELECT count(*) FROM gone
$$
"""
PRUNING = "prune_deliveries(int, int, int)"


def upgrade() -> None:
    """Count how often a notice fell open and was alerted; let old attempts be removed."""
    for name in COUNTED:
        op.add_column("notice", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE notice SET alerted_count = 1 WHERE alerted_at IS NOT NULL")
    op.execute(f"GRANT UPDATE ({', '.join(COUNTED)}) ON notice TO hub_app")
    op.execute("DROP TRIGGER said_once ON notice")
    op.execute(SAID_ONCE)
    op.create_index("ix_delivery_outcome", "delivery", ["outcome", "at"])
    op.execute(PRUNE)
    op.execute(f"REVOKE ALL ON FUNCTION {PRUNING} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {PRUNING} TO hub_app")


def downgrade() -> None:
    """Forget how often; what was removed stays removed."""
    op.execute(f"DROP FUNCTION {PRUNING}")
    op.drop_index("ix_delivery_outcome", "delivery")
    op.execute("DROP TRIGGER said_once ON notice")
    for name in reversed(COUNTED):
        op.drop_column("notice", name)
    op.execute(ONCE_FOR_ALL)
