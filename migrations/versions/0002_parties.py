"""Regions, parties and their clients.

Why: every call is made by a party, and every party but the national ones acts for a region.
Safe because: everything is new.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; seeds may be loaded again, secrets rotated, nothing deleted."""
    op.create_table(
        "region",
        sa.Column("code", sa.CHAR(6), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("parent", sa.CHAR(6)),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_region"),
        sa.ForeignKeyConstraint(["parent"], ["region.code"], name="fk_region_parent_region"),
        sa.CheckConstraint("level IN ('province', 'city', 'district')", name="ck_region_level"),
        sa.CheckConstraint("(level = 'province') = (parent IS NULL)", name="ck_region_tree"),
    )
    op.create_table(
        "party",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("region", sa.CHAR(6)),
        sa.Column("parent", sa.Text),
        sa.Column("role", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_party"),
        sa.ForeignKeyConstraint(["region"], ["region.code"], name="fk_party_region_region"),
        sa.ForeignKeyConstraint(["parent"], ["party.code"], name="fk_party_parent_party"),
        sa.CheckConstraint(
            "kind IN ('operator', 'agency', 'institution', 'channel')", name="ck_party_kind"
        ),
        sa.CheckConstraint("role IN ('business', 'money', 'both')", name="ck_party_role"),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="ck_party_state"),
        sa.CheckConstraint(
            "(kind = 'agency') = (role IS NOT NULL)", name="ck_party_only_agencies_have_roles"
        ),
        sa.CheckConstraint(
            "kind NOT IN ('agency', 'institution') OR region IS NOT NULL",
            name="ck_party_local_has_region",
        ),
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_client"),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name="fk_client_party_party"),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="ck_client_state"),
    )
    op.execute("GRANT UPDATE (name, name_en, level, parent, source, as_of) ON region TO hub_app")
    op.execute("GRANT UPDATE (name, region, parent, state, source) ON party TO hub_app")
    op.execute("GRANT UPDATE (secret_hash, state, rotated_at) ON client TO hub_app")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("client")
    op.drop_table("party")
    op.drop_table("region")
