"""Where quotas, transfers, guards, crossings, changes and holds are kept.

Guards and crossings are also written by the function that writes the books: see the migration.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.advance.model import Direction, Purpose, QuotaReason, RunState, TransferState
from app.advance.model.watching import ChangeKind, ChangeState, HoldState, Level, Mode
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of

advance_run_serial = serial_of("Q", "advance_run")
advance_notice_serial = serial_of("F", "advance_notice")
advance_crossing_serial = serial_of("X", "advance_crossing")
advance_change_serial = serial_of("M", "advance_change")
advance_hold_serial = serial_of("V", "advance_hold")

advance_run = sa.Table(
    "advance_run",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("months", ARRAY(sa.Text), nullable=False),
    sa.Column("cover_months", sa.Integer, nullable=False),
    fen("floor_fen"),
    fen("step_fen"),
    moment("computed_at"),
    sa.Column("computed_by", sa.Text, nullable=False),
    moment("closed_at", nullable=True),
    sa.Column("closed_by", sa.Text),
    sa.Column("policy_version", sa.Text, nullable=False),
    one_of("scheme", Scheme),
    one_of("state", RunState),
    sa.CheckConstraint("(closed_at IS NULL) = (state = 'computed')", name="closed_at"),
    sa.CheckConstraint("state <> 'issued' OR closed_by <> computed_by", name="another_person"),
    # A year may be computed again and again, and is issued once.
    sa.Index(
        "uq_advance_run_scheme_year",
        "scheme",
        "year",
        unique=True,
        postgresql_where=sa.text("state = 'issued'"),
    ),
)
advance_quota = sa.Table(
    "advance_quota",
    METADATA,
    identity(),
    sa.Column("run_id", sa.BigInteger, sa.ForeignKey("advance_run.id"), nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("month_amounts", ARRAY(sa.BigInteger), nullable=False),
    fen("base_fen"),
    fen("mean_fen"),
    fen("exact_fen"),
    fen("rounded_fen"),
    fen("quota_fen"),
    sa.Column("reason", sa.Text, nullable=False),
    fen("held_fen"),
    one_of("reason", QuotaReason),
    sa.CheckConstraint("insured_place <> treatment_place", name="two_places"),
    sa.CheckConstraint("quota_fen > 0", name="quota_fen"),
    # A pair has one quota in a run; also read as "the worksheet of a run".
    sa.UniqueConstraint("run_id", "insured_place", "treatment_place"),
)
advance_change = sa.Table(
    "advance_change",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("mode", sa.Text),
    fen("amount_fen", nullable=True),
    fen("decided_fen", nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("opened_at"),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text),
    moment("closed_at", nullable=True),
    sa.Column("closed_by", sa.Text),
    sa.Column("note", sa.Text),
    one_of("kind", ChangeKind),
    one_of("mode", Mode),
    one_of("state", ChangeState),
    sa.CheckConstraint("(kind = 'mode') = (mode IS NOT NULL)", name="mode_of"),
    sa.CheckConstraint("(kind = 'mode') = (amount_fen IS NULL)", name="amount_fen"),
    sa.CheckConstraint("insured_place <> treatment_place", name="two_places"),
    sa.CheckConstraint(
        "state <> 'approved' OR (proposed_by IS NOT NULL AND closed_by <> proposed_by)",
        name="another_person",
    ),
    # One change of a kind is under way for a pair.
    sa.Index(
        "uq_advance_change_pair_kind",
        "insured_place",
        "treatment_place",
        "kind",
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'proposed')"),
    ),
)
advance_transfer = sa.Table(
    "advance_transfer",
    METADATA,
    identity(),
    sa.Column("run_id", sa.BigInteger, sa.ForeignKey("advance_run.id")),
    sa.Column("change_id", sa.BigInteger, sa.ForeignKey("advance_change.id"), unique=True),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    fen("amount_fen"),
    sa.Column("payment_number", sa.Text, nullable=False, unique=True),
    sa.Column("receipt_number", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    moment("issued_at"),
    sa.Column("agency_by", sa.Date, nullable=False),
    sa.Column("finance_by", sa.Date, nullable=False),
    sa.Column("announced", sa.Boolean, nullable=False),
    sa.Column("payer_place", sa.CHAR(6), nullable=False),
    sa.Column("bank_reference", sa.Text),
    sa.Column("paid_on", sa.Date),
    moment("paid_at", nullable=True),
    sa.Column("paid_by", sa.Text),
    moment("received_at", nullable=True),
    sa.Column("received_by", sa.Text),
    one_of("direction", Direction),
    one_of("purpose", Purpose),
    one_of("state", TransferState),
    sa.CheckConstraint("amount_fen > 0", name="amount_fen"),
    sa.CheckConstraint("(run_id IS NULL) <> (change_id IS NULL)", name="called_by"),
    sa.CheckConstraint("(state = 'called') = (paid_at IS NULL)", name="paid_at"),
    sa.CheckConstraint("(paid_at IS NULL) = (bank_reference IS NULL)", name="bank_reference"),
    sa.CheckConstraint("(paid_at IS NULL) = (paid_on IS NULL)", name="paid_on"),
    sa.CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="received_at"),
    sa.CheckConstraint("agency_by < finance_by", name="finance_by"),
    sa.CheckConstraint(
        "payer_place = CASE direction WHEN 'paid_in' THEN insured_place ELSE treatment_place END",
        name="payer_place",
    ),
    # One payment of a payer's bank is one transfer.
    sa.UniqueConstraint("payer_place", "bank_reference"),
    # "what is called for and not booked yet", of a pair and of all
    sa.Index(
        "ix_advance_transfer_open",
        "treatment_place",
        "insured_place",
        postgresql_where=sa.text("state <> 'received'"),
    ),
)
account_guard = sa.Table(
    "account_guard",
    METADATA,
    identity(),
    sa.Column("insured_place", sa.CHAR(6)),  # none: the pool of the treatment place
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("yellow_percent", sa.Integer, nullable=False),
    sa.Column("red_percent", sa.Integer, nullable=False),
    sa.Column("rearm_points", sa.Integer, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    one_of("mode", Mode),
    one_of("level", Level),
    sa.CheckConstraint("insured_place IS NOT NULL OR mode = 'warn'", name="pool_warns"),
    sa.CheckConstraint(
        "0 < rearm_points AND rearm_points < yellow_percent AND yellow_percent < red_percent",
        name="lines",
    ),
    # One guard of a pair and one of a pool; also read by the books for what a booking touches.
    sa.UniqueConstraint("treatment_place", "insured_place", postgresql_nulls_not_distinct=True),
)
advance_crossing = sa.Table(
    "advance_crossing",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("insured_place", sa.CHAR(6)),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("addressee", sa.CHAR(6), nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    fen("used_fen"),
    fen("advance_fen"),
    sa.Column("subject", sa.Text, nullable=False),  # the business that crossed the line
    moment("raised_at"),
    sa.Column("announced_on", sa.Date, nullable=False),
    moment("acknowledged_at", nullable=True),
    sa.Column("acknowledged_by", sa.Text),
    sa.CheckConstraint("level IN ('yellow', 'red')", name="level"),
    sa.CheckConstraint(
        "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_at"
    ),
    # "what has not been acknowledged", to be announced again
    sa.Index(
        "ix_advance_crossing_open",
        "announced_on",
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    ),
)
advance_hold = sa.Table(
    "advance_hold",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("visit_id", sa.BigInteger, sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    fen("fund_fen"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("asked_at"),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("note", sa.Text),
    one_of("state", HoldState),
    sa.CheckConstraint("fund_fen > 0", name="fund_fen"),
    sa.CheckConstraint("(decided_at IS NULL) = (state = 'asked')", name="decided_at"),
    sa.CheckConstraint("decided_by <> asked_by", name="another_person"),
    # One question about a visit at a time.
    sa.Index(
        "uq_advance_hold_visit_id",
        "visit_id",
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    ),
    # "was this visit approved", asked by the books
    sa.Index(
        "ix_advance_hold_visit_id",
        "visit_id",
        postgresql_where=sa.text("state = 'approved'"),
    ),
)
