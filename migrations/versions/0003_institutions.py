"""Agreement institutions, their service scopes and their standings.

Why: who may settle directly, for what and since when, searchable in Chinese.
Safe because: everything is new.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# array_to_string and normalize are declared stable for what other types and encodings could do;
# for text in UTF-8 they depend on their arguments alone.
SEARCH_TEXT = r"""
CREATE FUNCTION institution_search_text(
    name text, aliases text[], address text, address_aliases text[]
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(normalize(
        concat_ws(E'\n', name, array_to_string(aliases, E'\n'), address,
                  array_to_string(address_aliases, E'\n')), NFKC))
$$
"""


def upgrade() -> None:
    """Create the tables; entries are replaced, scopes restated, standings corrected."""
    op.execute(SEARCH_TEXT)
    op.execute(sa.schema.CreateSequence(sa.Sequence("institution_revision")))
    op.create_table(
        "institution",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.CHAR(12), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("aliases", ARRAY(sa.Text), nullable=False),
        sa.Column("types", ARRAY(sa.Text), nullable=False),
        sa.Column("grade", sa.Text),
        sa.Column("region", sa.CHAR(6), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_aliases", ARRAY(sa.Text), nullable=False),
        sa.Column("specialities", ARRAY(sa.Text), nullable=False),
        sa.Column("uscc", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_since", sa.Date, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "search",
            sa.Text,
            sa.Computed(
                "institution_search_text(name, aliases, address, address_aliases)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_institution"),
        sa.UniqueConstraint("code", name="uq_institution_code"),
        sa.UniqueConstraint("revision", name="uq_institution_revision"),
        sa.ForeignKeyConstraint(["region"], ["region.code"], name="fk_institution_region_region"),
        sa.CheckConstraint(
            "grade IN ('三级甲等', '三级乙等', '三级未定等', '三级',"
            " '二级甲等', '二级未定等', '二级')",
            name="ck_institution_grade",
        ),
        sa.CheckConstraint(
            "state IN ('online', 'suspended', 'offline')", name="ck_institution_state"
        ),
        sa.CheckConstraint("code ~ '^[HA][0-9]{11}$'", name="ck_institution_code"),
        sa.CheckConstraint(
            "cardinality(types) > 0 AND types <@ '{medical,rehabilitation,device}'::text[]",
            name="ck_institution_types",
        ),
    )
    op.create_index(
        "ix_institution_search",
        "institution",
        ["search"],
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index("ix_institution_region", "institution", ["region", "code"])
    _create_dated()
    op.execute(
        "GRANT UPDATE (name, aliases, types, grade, region, address, address_aliases,"
        " specialities, uscc, state, state_since, source, revision, updated_at)"
        " ON institution TO hub_app"
    )
    op.execute("GRANT DELETE ON institution_scope TO hub_app")
    op.execute("GRANT UPDATE (state, reason) ON institution_standing TO hub_app")


def _create_dated() -> None:
    op.create_table(
        "institution_scope",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("institution_id", sa.BigInteger, nullable=False),
        sa.Column("cost_kind", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date),
        sa.PrimaryKeyConstraint("id", name="pk_institution_scope"),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name="fk_institution_scope_institution_id_institution",
        ),
        sa.CheckConstraint(
            "cost_kind IN ('medical', 'rehabilitation', 'device')",
            name="ck_institution_scope_cost_kind",
        ),
        sa.CheckConstraint(
            "scheme IN ('cross_province', 'in_province')", name="ck_institution_scope_scheme"
        ),
        sa.CheckConstraint(
            "last_day IS NULL OR first_day <= last_day", name="ck_institution_scope_days"
        ),
        ExcludeConstraint(
            (sa.column("institution_id"), "="),
            (sa.column("cost_kind"), "="),
            (sa.column("scheme"), "="),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            name="ex_institution_scope_days",
            using="gist",
        ),
    )
    op.create_table(
        "institution_standing",
        sa.Column("institution_id", sa.BigInteger, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "first_day", name="pk_institution_standing"),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name="fk_institution_standing_institution_id_institution",
        ),
        sa.CheckConstraint(
            "state IN ('online', 'suspended', 'offline')", name="ck_institution_standing_state"
        ),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("institution_standing")
    op.drop_table("institution_scope")
    op.drop_table("institution")
    op.execute(sa.schema.DropSequence(sa.Sequence("institution_revision")))
    op.execute("DROP FUNCTION institution_search_text(text, text[], text, text[])")
