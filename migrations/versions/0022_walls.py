"""Row-level security: the second wall beneath every scope.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0022
"""

from __future__ import annotations

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
