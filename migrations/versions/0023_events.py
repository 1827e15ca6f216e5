"""Deliveries of announcements to their parties.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0023
"""

from __future__ import annotations

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
