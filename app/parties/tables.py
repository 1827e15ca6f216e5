"""Where regions, parties and clients are kept."""

from __future__ import annotations

import sqlalchemy as sa

from app.kernel.parties import PartyKind
from app.kernel.regions import Level
from app.parties.model import AgencyRole, ClientState, PartyState
from app.runtime.db import METADATA, moment, one_of

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
    one_of("kind", PartyKind),
    one_of("role", AgencyRole),
    one_of("state", PartyState),
    sa.CheckConstraint("(kind = 'agency') = (role IS NOT NULL)", name="only_agencies_have_roles"),
    sa.CheckConstraint(
        "kind NOT IN ('agency', 'institution') OR region IS NOT NULL", name="local_has_region"
    ),
)
client = sa.Table(
    "client",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, sa.ForeignKey("party.code"), nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False),  # argon2id, with its own salt
    sa.Column("state", sa.Text, nullable=False),
    moment("created_at"),
    moment("rotated_at", nullable=True),
    one_of("state", ClientState),
)
