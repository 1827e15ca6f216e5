"""Which months a clearing took, instead of a mark on every settlement.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0018
"""

from __future__ import annotations

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
