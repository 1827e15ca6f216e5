"""Where reconciliations, what they found and what was done about it are kept; none ever changes."""

from __future__ import annotations

import sqlalchemy as sa

from app.review.model import DifferenceKind, ReconciliationResult, RepairAct, Side
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of

reconciliation_serial = serial_of("R", "reconciliation")

reconciliation = sa.Table(
    "reconciliation",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("region", sa.CHAR(6), nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    moment("at"),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("institution", sa.CHAR(12)),
    sa.Column("with_cancelled", sa.Boolean, nullable=False),
    sa.Column("sender_count", sa.Integer, nullable=False),
    fen("sender_total_fen"),
    fen("sender_fund_fen"),
    sa.Column("hub_count", sa.Integer, nullable=False),
    fen("hub_total_fen"),
    fen("hub_fund_fen"),
    # settlements of any kind the day had: when it has more, the day is to be compared again
    sa.Column("day_count", sa.Integer, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("rows_sent", sa.Boolean, nullable=False),
    one_of("side", Side),
    one_of("result", ReconciliationResult),
    # "the last comparison of this day"
    sa.Index("ix_reconciliation_party", "party", "day", "side", "id"),
)
reconciliation_difference = sa.Table(
    "reconciliation_difference",
    METADATA,
    sa.Column(
        "reconciliation_id",
        sa.BigInteger,
        sa.ForeignKey("reconciliation.id"),
        primary_key=True,
    ),
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("settlement", sa.Text, nullable=False),  # as the sender or the hub names it
    fen("hub_total_fen", nullable=True),
    fen("hub_fund_fen", nullable=True),
    fen("sender_total_fen", nullable=True),
    fen("sender_fund_fen", nullable=True),
    sa.Column("hub_day", sa.Date),
    sa.Column("message", sa.Text),
    one_of("kind", DifferenceKind),
)
reconciliation_repair = sa.Table(
    "reconciliation_repair",
    METADATA,
    identity(),
    sa.Column("reconciliation_id", sa.BigInteger, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    moment("at"),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("message", sa.Text),  # to be sent under
    sa.Column("undone_by", sa.Text),  # what the hub booked to reverse it
    sa.Column("note", sa.Text),
    one_of("act", RepairAct),
    sa.ForeignKeyConstraint(
        ["reconciliation_id", "row"],
        ["reconciliation_difference.reconciliation_id", "reconciliation_difference.row"],
        name="fk_reconciliation_repair_difference",
    ),
    # "what was last done about this difference"
    sa.Index("ix_reconciliation_repair_difference", "reconciliation_id", "row", "id"),
)
