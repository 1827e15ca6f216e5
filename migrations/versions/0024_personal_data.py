"""Personal numbers encrypted, found by a keyed index.

Why: its tables follow in this link.
Safe because: nothing changes yet.

Revision ID: 0024
"""

from __future__ import annotations

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
