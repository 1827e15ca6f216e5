"""Indexes for the lists agencies ask for.

Why: the next page of the rows that name a place must be found without looking at the rows of all
the others.
Safe because: only indexes are added, and no row changes. Each is built while its table takes no
writes, so a hub with millions of rows is migrated at night.

Revision ID: 0027
"""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Whose a row is, by table; each is indexed together with the order of the list.
LISTED: Mapping[str, tuple[str, ...]] = {
    "visit": ("insured_region", "treatment_region"),
    "settlement": ("insured_region", "treatment_region"),
    "filing": ("insured_region",),
    "reconciliation": ("region", "party"),
    "declaration": ("place", "region"),
    "deduction": ("insured_region", "treatment_region"),
    "institution_payment": ("place", "region"),
    "notice": ("party_place",),
    "contest": ("insured_place", "treatment_place"),
    "bank_confirmation": ("payer", "payee"),
    "account": ("insured_place", "treatment_place", "institution"),
}


def upgrade() -> None:
    """Let every list be read from an index of its own."""
    for table, columns in LISTED.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def downgrade() -> None:
    """Drop the indexes: the lists are read as before, only slower."""
    for table, columns in LISTED.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}_id", table)
