"""Guesses that are old are forgotten; an event that nothing can sign is not sent.

Why: whoever guesses at ids that nobody has leaves a row for each, and the service removes none. A
subscription whose every secret was sealed with a key the hub no longer has was sent events under
an empty signature; the log of deliveries needs a word for why it is not.
Safe because: no row is touched, and a release before calls what it always did. The constraint is
made anew with one value more; the log it is held against is cut back every day.

Revision ID: 0036
"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# The service counts guesses and removes none. What is old by the hub's clock and by the wall's
# goes, a day at the least after it was last guessed at; a row that somebody guesses at meanwhile
# stays, for what was read of it is no longer so.
PRUNE = """
CREATE FUNCTION prune_lock_outs(at timestamptz, days int, most int)
RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT l.who, l.address FROM lock_out l
         WHERE current_setting('hub.whole', true) = 'on'
           AND l.last_at < least($1, now()) - make_interval(days => greatest($2, 1))
           AND (l.until IS NULL OR l.until < least($1, now()))
         LIMIT $3 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM lock_out l USING old
         WHERE (l.who, l.address) = (old.who, old.address) RETURNING 1
    )
    SELECT count(*) FROM gone
$$
"""
PRUNING = "prune_lock_outs(timestamptz, int, int)"
FAULTS = (
    "fault IN ('name_unresolved', 'address_forbidden', 'unreachable', 'timed_out',"
    " 'redirected', 'answered_no'{more})"
)
NOT_REACHED = "UPDATE delivery SET fault = 'unreachable' WHERE fault = 'unsignable'"


def upgrade() -> None:
    """Let the hub forget old guesses, and say of an attempt that nothing could sign it."""
    op.execute(PRUNE)
    op.execute(f"REVOKE ALL ON FUNCTION {PRUNING} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {PRUNING} TO hub_app")
    _allow(", 'unsignable'")


def _allow(more: str) -> None:
    op.drop_constraint(op.f("ck_delivery_fault"), "delivery")
    op.create_check_constraint(op.f("ck_delivery_fault"), "delivery", FAULTS.format(more=more))


def downgrade() -> None:
    """Keep guesses for good again; what was not sent was not reached, in the words of before."""
    op.execute(NOT_REACHED)
    _allow("")
    op.execute(f"DROP FUNCTION {PRUNING}")
