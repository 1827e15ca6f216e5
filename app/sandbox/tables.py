"""What a sandbox keeps of its own: its clock, the personas it made, faults ordered, a log."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.runtime.db import METADATA, identity, moment

sandbox_clock = sa.Table(
    "sandbox_clock",
    METADATA,
    sa.Column("single", sa.Boolean, primary_key=True),  # one row at most
    moment("at"),
    moment("since"),
    sa.Column("ticks", sa.Boolean, nullable=False),
    sa.CheckConstraint("single", name="single"),
)
# Numbers only: who a persona is follows from the set and the key.
persona = sa.Table(
    "persona",
    METADATA,
    sa.Column("set_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("made_on", sa.Date, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("determinations", ARRAY(sa.Text), nullable=False),
    sa.Column("filing", sa.Text, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
)
sandbox_fault = sa.Table(
    "sandbox_fault",
    METADATA,
    sa.Column("party", sa.Text, primary_key=True),
    sa.Column("faults", sa.Text, nullable=False),
    # what one person asked for, and who, until another orders it
    sa.Column("asked", sa.Text),
    sa.Column("asked_by", sa.Text),
    sa.CheckConstraint("(asked IS NULL) = (asked_by IS NULL)", name="asked"),
)
sandbox_exchange = sa.Table(
    "sandbox_exchange",
    METADATA,
    identity("id"),
    moment("at"),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("message", sa.Text),
    sa.Column("faults", sa.Text),
    sa.Column("status", sa.SmallInteger),  # NULL: no answer left the hub
    sa.Column("request", sa.Text),
    sa.Column("answer", sa.Text),
    # a party's exchanges, newest first
    sa.Index("ix_sandbox_exchange_party_id", "party", "id"),
)
