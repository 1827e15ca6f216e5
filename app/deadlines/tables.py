"""Which due acts were done for which day; written once, in the transaction of the act itself."""

from __future__ import annotations

import sqlalchemy as sa

from app.runtime.db import METADATA, moment

# The newest day of an act is how far it is done. Which acts there are grows with the road, so
# the database does not list them.
due_act = sa.Table(
    "due_act",
    METADATA,
    sa.Column("act", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    moment("at"),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("found", sa.BigInteger, nullable=False),
)
