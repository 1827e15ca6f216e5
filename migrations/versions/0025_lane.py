"""Not filled yet: the settling lane: one call that reads and one that keeps, for many visits at once.

Why: the number is taken so that the chain of revisions does not fork.
Safe because: nothing is done.

Revision ID: 0025
"""

from __future__ import annotations

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do nothing yet."""


def downgrade() -> None:
    """Undo nothing yet."""
