"""Personal data encrypted, found by a keyed index.

Why: whoever gets hold of the tables, a backup or a replica must not hold the people in them.
Safe because: it refuses a database that has workers. A migration holds no keys and could not
encrypt them; a hub that has workers in clear was never released. An embedded home is made anew.

Revision ID: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SEALED = ("certificate_number", "name", "card_number", "electronic_card", "phone", "birth_date")
INDEXED = ("certificate_number", "card_number", "electronic_card")
OVERHEAD_BYTES, INDEX_BYTES = 32, 32
REFUSE_PEOPLE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM worker_identity) THEN
        RAISE EXCEPTION USING ERRCODE = 'HUB01', MESSAGE = '{message}';
    END IF;
END $$
"""
IN_CLEAR = (
    "The workers of this database are kept in clear, by a hub that was never released. Begin with "
    "an empty database, or with another HUB_HOME, and register them again."
)
FOR_GOOD = (
    "The workers of this database are encrypted, and the schema before cannot hold them. Restore a "
    "backup of that time instead."
)
# As 0022 has it, but for what a certificate is found by.
STEP = """
CREATE FUNCTION hub_step(purpose text, certificate {type}, number text, within boolean)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    IF $1 NOT IN ('identify', 'admit', 'register', 'file') THEN
        RAISE EXCEPTION 'no such purpose' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF coalesce(current_setting('hub.party', true), '') = '' THEN
        RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT w.id INTO found FROM worker w
     WHERE w.number = $3
        OR w.id = (SELECT i.worker_id FROM worker_identity i WHERE i.{column} = $2);
    PERFORM set_config('hub.purpose', $1, $4),
            set_config('hub.worker', coalesce(found::text, ''), $4);
END $$
"""


def upgrade() -> None:
    """Make room for what is encrypted, and note which keys it needs."""
    op.execute(REFUSE_PEOPLE.format(message=IN_CLEAR))
    for column in INDEXED:
        op.drop_constraint(f"uq_worker_identity_{column}", "worker_identity")
    for column in SEALED:
        _retype(column, "bytea")
        op.create_check_constraint(
            op.f(f"ck_worker_identity_{column}_sealed"),
            "worker_identity",
            f"octet_length({column}) > {OVERHEAD_BYTES}",
        )
    for column in INDEXED:
        _add_index(f"{column}_index", nullable=column != "certificate_number")
        op.create_check_constraint(
            op.f(f"ck_worker_identity_{column}_indexed"),
            "worker_identity",
            f"octet_length({column}_index) = {INDEX_BYTES}",
        )
    op.execute(
        "GRANT UPDATE (card_number_index, electronic_card_index) ON worker_identity TO hub_app"
    )
    _data_key()
    _step("text", "bytea", "certificate_number_index")


def downgrade() -> None:
    """Go back, if nobody is registered."""
    op.execute(REFUSE_PEOPLE.format(message=FOR_GOOD))
    _step("bytea", "text", "certificate_number")
    op.drop_table("data_key")
    for column in INDEXED:
        op.drop_column("worker_identity", f"{column}_index")
    for column in SEALED:
        op.drop_constraint(op.f(f"ck_worker_identity_{column}_sealed"), "worker_identity")
        _retype(column, "date" if column == "birth_date" else "text")
    for column in INDEXED:
        op.create_unique_constraint(f"uq_worker_identity_{column}", "worker_identity", [column])


def _retype(column: str, kind: str) -> None:
    """Change a column's type; there is no row, so there is no value to carry over."""
    op.execute(f"ALTER TABLE worker_identity ALTER COLUMN {column} TYPE {kind} USING NULL::{kind}")


def _add_index(name: str, *, nullable: bool) -> None:
    op.add_column("worker_identity", sa.Column(name, sa.LargeBinary, nullable=nullable))
    op.create_unique_constraint(f"uq_worker_identity_{name}", "worker_identity", [name])


def _data_key() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("use", sa.Text, nullable=False),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_data_key"),
        sa.CheckConstraint("use IN ('encryption', 'index')", name="ck_data_key_use"),
    )
    op.create_index(
        "uq_data_key_index",
        "data_key",
        ["use"],
        unique=True,
        postgresql_where=sa.text("use = 'index'"),
    )
    op.execute("GRANT UPDATE (retired_at) ON data_key TO hub_app")


def _step(was: str, becomes: str, column: str) -> None:
    """Let a file be found by what its certificate is kept as."""
    op.execute(f"DROP FUNCTION hub_step(text, {was}, text, boolean)")
    op.execute(STEP.format(type=becomes, column=column))
    signature = f"hub_step(text, {becomes}, text, boolean)"
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO hub_app")
