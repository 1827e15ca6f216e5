"""Advance funds: quotas, notices, usage, crossings, modes.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0017
"""

from __future__ import annotations

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
