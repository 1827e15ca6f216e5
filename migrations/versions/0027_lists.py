"""Not filled yet: indexes for the lists agencies ask for.

Why: the number is taken so that the chain of revisions does not fork.
Safe because: nothing is done.

Revision ID: 0027
"""

from __future__ import annotations

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do nothing yet."""


def downgrade() -> None:
    """Undo nothing yet."""
