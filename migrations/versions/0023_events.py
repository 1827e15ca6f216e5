"""Events in one order without gaps, and their delivery to whoever subscribes.

Why: serials are taken in one order and committed in another. The turn, the number of the
transaction, tells which announcements are settled: those of turns older than any still running.
Safe because: the column's first default is a constant, so no row of announcements is rewritten;
every row there is has turn 0 and keeps its place by serial. The index is built while the service
waits for at most the lock time-out; the tables are new.

Revision ID: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import CreateSequence, DropSequence

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SERIAL = sa.Sequence("subscription_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
# A server that took the rows over from another one counts its transactions anew: what the other
# had counted is added, so that no turn comes twice.
TURN = """
CREATE FUNCTION announcement_turn() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT pg_current_xact_id()::text::bigint + b.number FROM turns_before b
$$
"""
# Every turn below it has ended: what it announced is there to be read, and nothing is added.
SETTLED = """
CREATE FUNCTION turns_settled() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + b.number FROM turns_before b
$$
"""
# Where a look at so many announcements ends, whosever they are: it bounds what one reading costs,
# for whom few of them concern. It tells a place in the order and nothing of what stands there.
STRETCH = """
CREATE FUNCTION announcement_stretch(after_turn bigint, after_seq bigint, rows int)
RETURNS TABLE (turn bigint, seq bigint, seen int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH looked AS (
        SELECT a.turn, a.seq FROM announcement a
         WHERE (a.turn, a.seq) > ($1, $2) AND a.turn < (SELECT turns_settled())
         ORDER BY a.turn, a.seq LIMIT $3
    )
    SELECT l.turn, l.seq, (SELECT count(*)::int FROM looked)
      FROM looked l ORDER BY l.turn DESC, l.seq DESC LIMIT 1
$$
"""
FUNCTIONS = {
    "announcement_turn()": TURN,
    "turns_settled()": SETTLED,
    "announcement_stretch(bigint, bigint, int)": STRETCH,
}
PARTY = "(SELECT nullif(current_setting('hub.party', true), ''))"
WHOLE = "(SELECT current_setting('hub.whole', true) = 'on')"
OF_ITS_OWN = f"{WHOLE} OR party = {PARTY}"
AS_THE_SUBSCRIPTION = (
    f"{WHOLE} OR EXISTS (SELECT FROM subscription WHERE subscription.id = subscription_id)"
)
WALLS = {
    "subscription": OF_ITS_OWN,
    "subscription_secret": AS_THE_SUBSCRIPTION,
    "redelivery": AS_THE_SUBSCRIPTION,
    "delivery": AS_THE_SUBSCRIPTION,
}
CHANGING = (
    "state, changed_at, after_turn, after_seq, attempts, failing_since, next_at, lease,"
    " leased_until"
)


def upgrade() -> None:
    """Give announcements their turn; create subscriptions and what belongs to them."""
    op.create_table(
        "turns_before",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("number", name="pk_turns_before"),
    )
    op.execute("INSERT INTO turns_before (number) VALUES (0)")
    op.execute("REVOKE INSERT ON turns_before FROM hub_app")
    op.execute(TURN)
    op.execute(SETTLED)
    op.add_column(
        "announcement", sa.Column("turn", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute("ALTER TABLE announcement ALTER turn SET DEFAULT announcement_turn()")
    op.create_index("ix_announcement_turn", "announcement", ["turn", "seq"])
    op.execute(STRETCH)
    for signature in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO hub_app")
    _create_subscriptions()
    _create_deliveries()
    for table, condition in WALLS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY wall ON {table} TO hub_app USING ({condition})")
    op.execute(f"GRANT UPDATE ({CHANGING}) ON subscription TO hub_app")
    op.execute("GRANT UPDATE (retired_at) ON subscription_secret TO hub_app")
    op.execute("GRANT UPDATE (done_at) ON redelivery TO hub_app")


def _create_subscriptions() -> None:
    op.execute(CreateSequence(SERIAL))
    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("region", sa.CHAR(6), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("topics", ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_turn", sa.BigInteger, nullable=False),
        sa.Column("after_seq", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Text),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("number", name="uq_subscription_number"),
        sa.CheckConstraint(
            "kind IN ('operator', 'agency', 'institution', 'channel')",
            name=op.f("ck_subscription_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'disabled', 'ended')",
            name=op.f("ck_subscription_state"),
        ),
    )
    op.create_index("ix_subscription_party", "subscription", ["party", "id"])
    op.create_index(
        "ix_subscription_next_at",
        "subscription",
        ["next_at"],
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "subscription_secret",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("subscription_id", sa.BigInteger, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_secret"),
        sa.UniqueConstraint(
            "subscription_id", "hint", name=op.f("uq_subscription_secret_subscription_id_hint")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name="fk_subscription_secret_subscription_id_subscription",
        ),
    )


def _about(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("subscription_id", sa.BigInteger, nullable=False),
        sa.Column("announcement_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=f"fk_{table}_subscription_id_subscription",
        ),
        sa.ForeignKeyConstraint(
            ["announcement_seq"],
            ["announcement.seq"],
            name=f"fk_{table}_announcement_seq_announcement",
        ),
    ]


def _create_deliveries() -> None:
    op.create_table(
        "redelivery",
        *_about("redelivery"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_redelivery_subscription_id",
        "redelivery",
        ["subscription_id", "id"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "delivery",
        *_about("delivery"),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("fault", sa.Text),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'failed', 'given_up')", name=op.f("ck_delivery_outcome")
        ),
        sa.CheckConstraint(
            "fault IN ('name_unresolved', 'address_forbidden', 'unreachable', 'timed_out',"
            " 'redirected', 'answered_no')",
            name=op.f("ck_delivery_fault"),
        ),
        sa.CheckConstraint(
            "(outcome = 'delivered') = (fault IS NULL)",
            name=op.f("ck_delivery_fault_or_delivered"),
        ),
    )
    op.create_index("ix_delivery_subscription_id", "delivery", ["subscription_id", "id"])


def downgrade() -> None:
    """Drop what was delivered to whom; announcements keep their serials."""
    for table in ("delivery", "redelivery", "subscription_secret", "subscription"):
        op.drop_table(table)
    op.execute(DropSequence(SERIAL))
    op.drop_index("ix_announcement_turn", "announcement")
    op.drop_column("announcement", "turn")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_table("turns_before")
