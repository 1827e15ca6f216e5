"""Not filled yet: persons of agencies.

Why: the number is taken so that the chain of revisions does not fork.
Safe because: nothing is done.

Revision ID: 0026
"""

from __future__ import annotations

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do nothing yet."""


def downgrade() -> None:
    """Undo nothing yet."""
