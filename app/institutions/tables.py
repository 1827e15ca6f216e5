"""Where institutions, their scopes and their standings are kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

from app.institutions.model import Grade, InstitutionState
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.parties.tables import region
from app.runtime.db import METADATA, identity, moment, one_of

# Numbers the changes of the list. Writers take turns (store.take_turn), so numbers commit in
# order and a reader who has seen one never misses a smaller one.
revision = sa.Sequence("institution_revision", metadata=METADATA)

institution = sa.Table(
    "institution",
    METADATA,
    identity(),
    sa.Column("code", sa.CHAR(12), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("aliases", ARRAY(sa.Text), nullable=False),
    sa.Column("types", ARRAY(sa.Text), nullable=False),
    sa.Column("grade", sa.Text),
    sa.Column("region", sa.CHAR(6), sa.ForeignKey(region.c.code), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_aliases", ARRAY(sa.Text), nullable=False),
    sa.Column("specialities", ARRAY(sa.Text), nullable=False),
    sa.Column("uscc", sa.Text),
    sa.Column("state", sa.Text, nullable=False),  # the last one declared; it may lie ahead
    sa.Column("state_since", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
    moment("updated_at"),
    sa.Column(
        "search",
        sa.Text,
        sa.Computed(
            "institution_search_text(name, aliases, address, address_aliases)", persisted=True
        ),
        nullable=False,
    ),
    one_of("grade", Grade),
    one_of("state", InstitutionState),
    sa.CheckConstraint("code ~ '^[HA][0-9]{11}$'", name="code"),
    sa.CheckConstraint(
        "cardinality(types) > 0 AND types <@ '{medical,rehabilitation,device}'::text[]",
        name="types",
    ),
    # substring search by name or address
    sa.Index(
        "ix_institution_search",
        "search",
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    ),
    # the list of one place
    sa.Index("ix_institution_region", "region", "code"),
)
institution_scope = sa.Table(
    "institution_scope",
    METADATA,
    identity(),
    sa.Column("institution_id", sa.BigInteger, sa.ForeignKey(institution.c.id), nullable=False),
    sa.Column("cost_kind", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date),
    one_of("cost_kind", CostKind),
    one_of("scheme", Scheme),
    sa.CheckConstraint("last_day IS NULL OR first_day <= last_day", name="days"),
    ExcludeConstraint(
        (sa.column("institution_id"), "="),
        (sa.column("cost_kind"), "="),
        (sa.column("scheme"), "="),
        (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
        name="ex_institution_scope_days",
        using="gist",
    ),
)
institution_standing = sa.Table(
    "institution_standing",
    METADATA,
    sa.Column("institution_id", sa.BigInteger, sa.ForeignKey(institution.c.id), primary_key=True),
    sa.Column("first_day", sa.Date, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    one_of("state", InstitutionState),
)
