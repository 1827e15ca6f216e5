"""Secrets, limits, persons and second persons.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0021
"""

from __future__ import annotations

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
