"""Where regions, parties, clients, persons and proposals are kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.kernel.parties import KeyKind, PartyKind, SignatureScheme
from app.kernel.regions import Level
from app.parties.model import AgencyRole, ClientState, PartyState, PersonState, ProposalState
from app.runtime.db import METADATA, identity, moment, one_of
from app.runtime.numbers import serial_of

region = sa.Table(
    "region",
    METADATA,
    sa.Column("code", sa.CHAR(6), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("parent", sa.CHAR(6), sa.ForeignKey("region.code")),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    one_of("level", Level),
    sa.CheckConstraint("(level = 'province') = (parent IS NULL)", name="tree"),
)
party = sa.Table(
    "party",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.CHAR(6), sa.ForeignKey("region.code")),
    sa.Column("parent", sa.Text, sa.ForeignKey("party.code")),
    sa.Column("role", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("requests_per_minute", sa.Integer),
    one_of("kind", PartyKind),
    one_of("role", AgencyRole),
    one_of("state", PartyState),
    sa.CheckConstraint("(kind = 'agency') = (role IS NOT NULL)", name="only_agencies_have_roles"),
    sa.CheckConstraint(
        "kind NOT IN ('agency', 'institution') OR region IS NOT NULL", name="local_has_region"
    ),
    sa.CheckConstraint("requests_per_minute > 0", name="rate"),
)
client = sa.Table(
    "client",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, sa.ForeignKey("party.code"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("created_at"),
    moment("rotated_at", nullable=True),
    moment("expires_at", nullable=True),
    moment("tokens_valid_from", nullable=True),  # a token given then or before is revoked
    sa.Column("addresses", ARRAY(sa.Text), nullable=False, server_default="{}"),  # CIDR; none: any
    sa.Column("requests_per_minute", sa.Integer),
    sa.Column("signature", sa.Text),
    one_of("state", ClientState),
    one_of("signature", SignatureScheme),
    sa.CheckConstraint("requests_per_minute > 0", name="rate"),
    sa.CheckConstraint("strpos(id, ':') = 0", name="plain_id"),
)
client_secret = sa.Table(
    "client_secret",
    METADATA,
    identity(),
    sa.Column("client", sa.Text, sa.ForeignKey("client.id"), nullable=False),
    sa.Column("hint", sa.Text, nullable=False),  # the open part of the secret, by which it is found
    sa.Column("hash", sa.Text, nullable=False),  # argon2id, with its own salt
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("retired_at", nullable=True),
    sa.UniqueConstraint("client", "hint"),
)
client_key = sa.Table(
    "client_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, sa.ForeignKey("client.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text),  # SM2: 04, x and y in hexadecimal; the other kind has none
    moment("created_at"),
    moment("retired_at", nullable=True),
    one_of("kind", KeyKind),
    sa.CheckConstraint("(kind = 'sm2') = (public_key IS NOT NULL)", name="public"),
    # GET /v1/clients/{id}/keys, and what a token says may sign
    sa.Index("ix_client_key_client", "client"),
)
lock_out = sa.Table(
    "lock_out",
    METADATA,
    sa.Column("who", sa.LargeBinary, primary_key=True),  # a digest of what was typed
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    moment("last_at"),
    moment("until", nullable=True),
)
person = sa.Table(
    "person",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # argon2id, with its own salt; of the invitation until the person has taken it up
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("seed", sa.LargeBinary, nullable=False),  # of the one-time codes, sealed
    sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("state", sa.Text, nullable=False),
    moment("created_at"),
    moment("sessions_valid_from", nullable=True),
    sa.Column("party", sa.Text, sa.ForeignKey("party.code"), nullable=False),
    moment("invited_until", nullable=True),
    one_of("state", PersonState),
    sa.CheckConstraint("state <> 'invited' OR invited_until IS NOT NULL", name="invited"),
    # GET /v1/persons, and how many persons a party has
    sa.Index("ix_person_party", "party"),
)
proposal_serial = serial_of("P", "proposal")
proposal = sa.Table(
    "proposal",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, sa.ForeignKey("person.id"), nullable=False),
    moment("proposed_at"),
    moment("expires_at"),
    sa.Column("decided_by", sa.Text, sa.ForeignKey("person.id")),
    moment("decided_at", nullable=True),
    sa.Column("decision", sa.Text),
    sa.Column("party", sa.Text, sa.ForeignKey("party.code"), nullable=False),
    # a digest of the half of an invitation that whoever proposed it was shown
    sa.Column("invitation", sa.LargeBinary),
    one_of("state", ProposalState),
    sa.CheckConstraint("decided_by <> proposed_by", name="two_persons"),
    sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided"),
)
policy_edition = sa.Table(
    "policy_edition",
    METADATA,
    identity(),
    sa.Column("version", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("book", sa.Text, nullable=False),
    sa.Column("changes", ARRAY(sa.Text), nullable=False),
    sa.Column("follows", sa.Text, sa.ForeignKey("policy_edition.version")),
    # No foreign key: a sandbox that begins anew forgets proposals, and decides by the same book.
    sa.Column("proposal", sa.Text),
    moment("adopted_at"),
    sa.Column("adopted_by", sa.Text, nullable=False),
    # Editions stand in one line: of two that were compared with the same one, one is adopted.
    sa.UniqueConstraint("follows", postgresql_nulls_not_distinct=True),
)
