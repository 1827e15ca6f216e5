"""Not filled yet: small changes of rooms that exist.

Why: the number is taken so that the chain of revisions does not fork.
Safe because: nothing is done.

Revision ID: 0028
"""

from __future__ import annotations

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do nothing yet."""


def downgrade() -> None:
    """Undo nothing yet."""
