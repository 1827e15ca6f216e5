"""Catalogue versions and their items, unalterable once in force.

Why: a bill is judged by the list in force in a place on a day, and must be judged alike for ever.
Safe because: everything is new.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# By the database's own clock and China's calendar, so that no caller's word is taken for it.
KEEP_VERSION = """
CREATE FUNCTION catalogue_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR OLD.first_day <= (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'catalogue version % is in force and is never altered', OLD.id
            USING ERRCODE = 'HC001';
    END IF;
    RETURN OLD;
END $$
"""
# Items go with their version (whose row is gone by then) and in no other way.
KEEP_ITEM = """
CREATE FUNCTION catalogue_item_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM catalogue_version WHERE id = OLD.version_id) THEN
        RAISE EXCEPTION 'items of catalogue version % are never altered', OLD.version_id
            USING ERRCODE = 'HC001';
    END IF;
    RETURN OLD;
END $$
"""
# Items come in the transaction that makes their version, and never after.
SEAL_VERSION = """
CREATE FUNCTION catalogue_version_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN catalogue_version ON catalogue_version.id = added.version_id
        WHERE catalogue_version.xmin <> pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'a catalogue version takes no more items' USING ERRCODE = 'HC001';
    END IF;
    RETURN NULL;
END $$
"""
KEEP_VERSIONS = """
CREATE TRIGGER catalogue_version_kept BEFORE UPDATE OR DELETE ON catalogue_version
FOR EACH ROW EXECUTE FUNCTION catalogue_version_kept()
"""
KEEP_ITEMS = """
CREATE TRIGGER catalogue_item_kept BEFORE UPDATE OR DELETE ON catalogue_item
FOR EACH ROW EXECUTE FUNCTION catalogue_item_kept()
"""
SEAL_VERSIONS = """
CREATE TRIGGER catalogue_version_sealed AFTER INSERT ON catalogue_item
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION catalogue_version_sealed()
"""
GUARDS = (KEEP_VERSION, KEEP_ITEM, SEAL_VERSION, KEEP_VERSIONS, KEEP_ITEMS, SEAL_VERSIONS)
FUNCTIONS = ("catalogue_version_kept", "catalogue_item_kept", "catalogue_version_sealed")


def upgrade() -> None:
    """Create the tables; a version not yet in force may be dropped, nothing may be changed."""
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("place", sa.CHAR(6), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("item_count", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_version"),
        sa.UniqueConstraint("place", "kind", "label", name="uq_catalogue_version_place_kind_label"),
        sa.UniqueConstraint(
            "place", "kind", "first_day", name="uq_catalogue_version_place_kind_first_day"
        ),
        sa.ForeignKeyConstraint(
            ["place"], ["region.code"], name="fk_catalogue_version_place_region"
        ),
        sa.CheckConstraint(
            "kind IN ('drug', 'service', 'rehabilitation', 'bed', 'device')",
            name="ck_catalogue_version_kind",
        ),
    )
    op.create_table(
        "catalogue_item",
        sa.Column("version_id", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("specification", sa.Text, nullable=False),
        sa.Column("cap_fen", sa.BigInteger),
        sa.Column("restricted", sa.Boolean, nullable=False),
        sa.Column("minimum_life_months", sa.Integer),
        sa.PrimaryKeyConstraint("version_id", "code", name="pk_catalogue_item"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["catalogue_version.id"],
            name="fk_catalogue_item_version_id_catalogue_version",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("cap_fen > 0", name="ck_catalogue_item_cap_fen"),
        sa.CheckConstraint("minimum_life_months > 0", name="ck_catalogue_item_minimum_life_months"),
    )
    for statement in GUARDS:
        op.execute(statement)
    op.execute("GRANT DELETE ON catalogue_version TO hub_app")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("catalogue_item")
    op.drop_table("catalogue_version")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
