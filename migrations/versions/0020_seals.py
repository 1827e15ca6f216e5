"""Sealed roots of every participant's journal.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0020
"""

from __future__ import annotations

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
