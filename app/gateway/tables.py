"""Where sign-ins are kept, files on their way, and which message confirmed what."""

from __future__ import annotations

import sqlalchemy as sa

from app.runtime.db import METADATA, moment

session_serial = sa.Sequence(
    "session_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True, metadata=METADATA
)
file_serial = sa.Sequence(
    "file_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True, metadata=METADATA
)
# Files on their way: what was sent for a reconciliation, and what came of it.
file = sa.Table(
    "file",
    METADATA,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    moment("kept_at"),
    moment("kept_until"),
)
# One session of a party's staff member and day (签到); the number is what every message carries.
session = sa.Table(
    "session",
    METADATA,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("staff", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    moment("started_at"),
    moment("ended_at", nullable=True),
    sa.UniqueConstraint("party", "staff", "day"),
)
# Which confirmations a 3261 spoke of: 3262 names it by the number its answer had.
confirmed_page = sa.Table(
    "confirmed_page",
    METADATA,
    sa.Column("party", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("confirmation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("clearing", sa.Text, nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
)
