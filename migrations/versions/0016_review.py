"""Declarations, deductions, closings and payments of the monthly review.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0016
"""

from __future__ import annotations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
