"""What fell due, and who did it.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0019
"""

from __future__ import annotations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
