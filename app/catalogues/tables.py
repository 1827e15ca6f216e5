"""Where catalogue versions and their items are kept."""

from __future__ import annotations

import sqlalchemy as sa

from app.catalogues.model import CatalogueKind
from app.parties.tables import region
from app.runtime.db import METADATA, fen, identity, moment, one_of

catalogue_version = sa.Table(
    "catalogue_version",
    METADATA,
    identity(),
    sa.Column("place", sa.CHAR(6), sa.ForeignKey(region.c.code), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    moment("imported_at"),
    sa.Column("imported_by", sa.Text, nullable=False),
    sa.UniqueConstraint("place", "kind", "label"),
    # look-up of the version in force on a day
    sa.UniqueConstraint("place", "kind", "first_day"),
    one_of("kind", CatalogueKind),
)
# A trigger (migration 0004) refuses to alter or drop what is in force, items included, and to add
# items to a version in any transaction but its own.
catalogue_item = sa.Table(
    "catalogue_item",
    METADATA,
    sa.Column(
        "version_id",
        sa.BigInteger,
        sa.ForeignKey(catalogue_version.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("specification", sa.Text, nullable=False),
    fen("cap_fen", nullable=True),
    sa.Column("restricted", sa.Boolean, nullable=False),
    sa.Column("minimum_life_months", sa.Integer),
    sa.CheckConstraint("cap_fen > 0", name="cap_fen"),
    sa.CheckConstraint("minimum_life_months > 0", name="minimum_life_months"),
)
