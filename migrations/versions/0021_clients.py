"""Secrets, limits, persons and second persons.

Why: a client rotates its secret without a pause, is held to addresses, rates and a last day, and
signs its messages; operators are persons, and what one of them proposes another decides.
Safe because: the tables are new; secrets move to a table of their own unread, and the columns
added to `client` and `party` are empty, which costs no rewrite. The column they leave goes with
them: run it with the hub stopped, since the release before looks there for a secret.

Revision ID: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SERIAL = Sequence("proposal_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
# Why a token is good for nothing any more, or NULL while its holder stands. What has a colon in its
# name and is no person took no token: it is the hub's own command line or clock, and whoever runs
# those holds the database anyway. A session of a person stands as long as the person does. A moment
# of issue that is NULL is later than every revocation.
STANDS = """
CREATE FUNCTION client_stands(client text, issued_at timestamptz, now timestamptz)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(
        CASE
        WHEN starts_with($1, 'person:') THEN coalesce((
            SELECT CASE
                   WHEN it.state <> 'active' THEN 'disabled'
                   WHEN $2 <= it.sessions_valid_from THEN 'revoked'
                   ELSE ''
                   END
              FROM public.person it
             WHERE it.id = substr($1, 8)), 'unknown')
        WHEN strpos($1, ':') > 0 THEN ''
        ELSE coalesce((
            SELECT CASE
                   WHEN owner.state <> 'active' THEN 'party_disabled'
                   WHEN it.state <> 'active' THEN 'disabled'
                   WHEN it.expires_at <= $3 THEN 'expired'
                   WHEN $2 <= it.tokens_valid_from THEN 'revoked'
                   ELSE ''
                   END
              FROM public.client it JOIN public.party owner ON owner.code = it.party
             WHERE it.id = $1), 'unknown')
        END, '')
$$
"""


def upgrade() -> None:
    """Widen the client, move its secret out, and create what is new."""
    _widen()
    _create_keys()
    _create_persons()
    op.execute(STANDS)
    op.execute("REVOKE ALL ON FUNCTION client_stands(text, timestamptz, timestamptz) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION client_stands(text, timestamptz, timestamptz) TO hub_app")


def _widen() -> None:
    op.add_column("party", sa.Column("requests_per_minute", sa.Integer))
    op.create_check_constraint(op.f("ck_party_rate"), "party", "requests_per_minute > 0")
    op.add_column("client", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.add_column("client", sa.Column("tokens_valid_from", sa.DateTime(timezone=True)))
    op.add_column(
        "client", sa.Column("addresses", ARRAY(sa.Text), nullable=False, server_default="{}")
    )
    op.add_column("client", sa.Column("requests_per_minute", sa.Integer))
    op.add_column("client", sa.Column("signature", sa.Text))
    op.create_check_constraint(op.f("ck_client_rate"), "client", "requests_per_minute > 0")
    # An id with a colon would speak for a person or for the command line.
    op.create_check_constraint(op.f("ck_client_plain_id"), "client", "strpos(id, ':') = 0")
    op.create_check_constraint(
        op.f("ck_client_signature"), "client", "signature IN ('hmac_sm3', 'sm2_raw', 'sm2_der')"
    )
    op.create_table(
        "client_secret",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_client_secret"),
        sa.UniqueConstraint("client", "hint", name="uq_client_secret_client_hint"),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name="fk_client_secret_client_client"),
    )
    op.execute(
        "INSERT INTO client_secret (client, hint, hash, created_at)"
        " SELECT id, '', secret_hash, coalesce(rotated_at, created_at) FROM client"
    )
    op.drop_column("client", "secret_hash")
    op.execute("GRANT UPDATE (requests_per_minute) ON party TO hub_app")
    op.execute(
        "GRANT UPDATE (expires_at, tokens_valid_from, addresses, requests_per_minute, signature)"
        " ON client TO hub_app"
    )
    op.execute("GRANT UPDATE (expires_at, retired_at) ON client_secret TO hub_app")


def _create_keys() -> None:
    op.create_table(
        "client_key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_client_key"),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name="fk_client_key_client_client"),
        sa.CheckConstraint("kind IN ('sm2', 'hmac_sm3')", name=op.f("ck_client_key_kind")),
        sa.CheckConstraint(
            "(kind = 'sm2') = (public_key IS NOT NULL)", name=op.f("ck_client_key_public")
        ),
    )
    # GET /v1/clients/{id}/keys, and what a token says may sign
    op.create_index("ix_client_key_client", "client_key", ["client"])
    op.execute("GRANT UPDATE (retired_at) ON client_key TO hub_app")
    op.create_table(
        "lock_out",
        sa.Column("who", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("who", "address", name="pk_lock_out"),
    )
    op.execute("GRANT UPDATE (failures, last_at, until) ON lock_out TO hub_app")


def _create_persons() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("seed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sessions_valid_from", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_person_state")),
    )
    op.execute(
        "GRANT UPDATE (password_hash, seed, last_step, state, sessions_valid_from)"
        " ON person TO hub_app"
    )
    op.execute(CreateSequence(SERIAL))
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sa.UniqueConstraint("number", name="uq_proposal_number"),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.id"], name="fk_proposal_proposed_by_person"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name="fk_proposal_decided_by_person"
        ),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'rejected')", name=op.f("ck_proposal_state")
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_proposal_two_persons")),
        sa.CheckConstraint(
            "(state = 'open') = (decided_by IS NULL)", name=op.f("ck_proposal_decided")
        ),
    )
    op.execute("GRANT UPDATE (state, decided_by, decided_at, decision) ON proposal TO hub_app")


def downgrade() -> None:
    """Give every client its newest secret back, and drop the rest."""
    op.execute("DROP FUNCTION client_stands(text, timestamptz, timestamptz)")
    op.drop_table("proposal")
    op.execute(DropSequence(SERIAL))
    op.drop_table("person")
    op.drop_table("lock_out")
    op.drop_table("client_key")
    op.add_column("client", sa.Column("secret_hash", sa.Text))
    op.execute(
        "UPDATE client SET secret_hash = coalesce((SELECT hash FROM client_secret it"
        " WHERE it.client = client.id AND it.retired_at IS NULL ORDER BY it.id DESC LIMIT 1), '')"
    )
    op.alter_column("client", "secret_hash", nullable=False)
    op.execute("GRANT UPDATE (secret_hash) ON client TO hub_app")
    op.drop_table("client_secret")
    for name in ("signature", "requests_per_minute", "addresses", "tokens_valid_from"):
        op.drop_column("client", name)
    op.drop_constraint(op.f("ck_client_plain_id"), "client")
    op.drop_column("client", "expires_at")
    op.drop_column("party", "requests_per_minute")
