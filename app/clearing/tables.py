"""Where clearings are kept: claims, what both sides say of them, notices and their payment.

What was claimed and noticed is never altered; what is said about it is added.
"""

from __future__ import annotations

import sqlalchemy as sa

from app.clearing.model import (
    BankOutcome,
    ClearingState,
    ContestReason,
    ContestState,
    Manner,
    NoticeKind,
    Side,
)
from app.clearing.model.reassigning import ReassignmentState
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of

clearing_serial = serial_of("C", "clearing")
notice_serial = serial_of("N", "notice")
contest_serial = serial_of("Z", "contest")
reassignment_serial = serial_of("G", "reassignment")

clearing = sa.Table(
    "clearing",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("generated_at"),
    sa.Column("generated_by", sa.Text, nullable=False),
    moment("noticed_at", nullable=True),
    sa.Column("settlement_count", sa.BigInteger, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("confirm_by", sa.Date, nullable=False),
    one_of("scheme", Scheme),
    one_of("state", ClearingState),
    sa.CheckConstraint("(noticed_at IS NULL) = (state = 'generated')", name="noticed_at"),
    # A period is cleared once.
    sa.UniqueConstraint("scheme", "period"),
)
claim = sa.Table(
    "claim",
    METADATA,
    identity(),
    sa.Column("clearing_id", sa.BigInteger, sa.ForeignKey("clearing.id"), nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("settlement_count", sa.BigInteger, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    # what of these review deducted, off the sums
    sa.Column("reviewed_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reviewed_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("root", sa.LargeBinary, nullable=False),
    moment("noticed_at", nullable=True),
    sa.CheckConstraint("insured_place <> treatment_place", name="two_places"),
    sa.CheckConstraint("settlement_count > 0", name="settlement_count"),
    sa.CheckConstraint("length(root) = 32", name="root"),
    # One claim of a pair; also read as "the claims of a clearing".
    sa.UniqueConstraint("clearing_id", "insured_place", "treatment_place"),
)
notice = sa.Table(
    "notice",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("party_place", sa.CHAR(6), nullable=False),
    sa.Column("counter_place", sa.CHAR(6), nullable=False),
    fen("fund_fen"),
    moment("issued_at"),
    sa.Column("to_finance_by", sa.Date, nullable=False),
    sa.Column("pay_by", sa.Date, nullable=False),
    sa.Column("announced", sa.Boolean, nullable=False),
    sa.Column("deducted_count", sa.BigInteger, nullable=False),
    fen("deducted_fen"),
    sa.Column("rolled_count", sa.BigInteger, nullable=False),
    fen("rolled_fen"),
    fen("paid_fen"),
    sa.Column("paid_on", sa.Date),
    moment("alerted_at", nullable=True),
    # how often it fell open again, since the bank returned what was paid, and was told overdue
    sa.Column("reopened_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("alerted_count", sa.BigInteger, nullable=False, server_default="0"),
    one_of("kind", NoticeKind),
    sa.CheckConstraint("fund_fen <> 0", name="fund_fen"),
    sa.CheckConstraint("to_finance_by < pay_by", name="pay_by"),
    # A claim is called for once on each side; also read as "the notices of a claim".
    sa.UniqueConstraint("claim_id", "kind"),
    # "what is addressed to us"
    sa.Index("ix_notice_party_place_id", "party_place", "id"),
    # "what is open, and since when overdue"
    sa.Index("ix_notice_pay_by", "pay_by", postgresql_where=sa.text("paid_on IS NULL")),
)
confirmation = sa.Table(
    "confirmation",
    METADATA,
    identity(),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id"), nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("manner", sa.Text, nullable=False),
    sa.Column("line_count", sa.BigInteger, nullable=False),
    moment("begun_at"),
    moment("confirmed_at", nullable=True),
    sa.Column("client", sa.Text, nullable=False),
    moment("withdrawn_at", nullable=True),
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("withdrawal_asked_by", sa.Text),
    one_of("side", Side),
    one_of("manner", Manner),
    sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_at"),
    sa.CheckConstraint("withdrawn_by <> client", name="second_person"),
    sa.CheckConstraint("withdrawn_by <> withdrawal_asked_by", name="asker"),
    # A side has one word on a claim at a time; also read as "what the sides say of a claim".
    sa.Index(
        "uq_confirmation_claim_id_side",
        "claim_id",
        "side",
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    ),
)
confirmed_line = sa.Table(
    "confirmed_line",
    METADATA,
    sa.Column("confirmation_id", sa.BigInteger, sa.ForeignKey("confirmation.id"), primary_key=True),
    sa.Column("settlement", sa.Text, primary_key=True),
    sa.Column("page", sa.Integer, nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False),
)
contest = sa.Table(
    "contest",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id"), nullable=False),
    sa.Column("confirmation_id", sa.BigInteger, sa.ForeignKey("confirmation.id"), nullable=False),
    # The claim that counts the item while it is contested; null once it is out of every claim.
    sa.Column("held_by", sa.BigInteger, sa.ForeignKey("claim.id")),
    sa.Column("settlement", sa.Text, nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    fen("fund_fen"),
    sa.Column("reason", sa.Text, nullable=False),
    fen("proposed_fen"),
    sa.Column("note", sa.Text, nullable=False),
    moment("raised_at"),
    sa.Column("raised_by", sa.Text, nullable=False),
    sa.Column("in_time", sa.Boolean, nullable=False),
    sa.Column("reply_by", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    fen("agreed_fen", nullable=True),
    # The month of the treatment place that bears what was taken off, fixed with the answer.
    sa.Column("month", sa.CHAR(7)),
    sa.Column("reply_note", sa.Text),
    moment("replied_at", nullable=True),
    sa.Column("replied_by", sa.Text),
    sa.Column("rolls", sa.SmallInteger, nullable=False),
    # Rolled out of a noticed claim, and not yet in the next one.
    sa.Column("waiting", sa.Boolean, nullable=False),
    one_of("reason", ContestReason),
    one_of("state", ContestState),
    sa.CheckConstraint(
        "(state IN ('open', 'withdrawn')) = (agreed_fen IS NULL)", name="agreed_fen"
    ),
    sa.CheckConstraint(
        "(month IS NOT NULL) = (coalesce(agreed_fen, fund_fen) <> fund_fen)", name="month"
    ),
    sa.CheckConstraint("NOT (waiting AND held_by IS NOT NULL)", name="waiting"),
    # A settlement is contested once.
    sa.Index(
        "uq_contest_settlement",
        "settlement",
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    ),
    # the lists of both sides
    sa.Index("ix_contest_insured_place_id", "insured_place", "id"),
    sa.Index("ix_contest_treatment_place_id", "treatment_place", "id"),
    # "the contests a claim holds"
    sa.Index("ix_contest_held_by", "held_by"),
    # "what contests took off in a month of a place"
    sa.Index(
        "ix_contest_month",
        "treatment_place",
        "month",
        postgresql_where=sa.text("month IS NOT NULL"),
    ),
    # "what rolls into the next clearing"
    sa.Index(
        "ix_contest_waiting",
        "insured_place",
        "treatment_place",
        postgresql_where=sa.text("waiting"),
    ),
)
carried = sa.Table(
    "carried",
    METADATA,
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id"), primary_key=True),
    sa.Column("contest_id", sa.BigInteger, sa.ForeignKey("contest.id"), primary_key=True),
    fen("fund_fen"),
)
bank_confirmation = sa.Table(
    "bank_confirmation",
    METADATA,
    identity(),
    sa.Column("bank_reference", sa.Text, nullable=False, unique=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("payer", sa.Text, nullable=False),
    sa.Column("payee", sa.Text, nullable=False),
    fen("amount_fen"),
    sa.Column("paid_on", sa.Date, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id")),
    moment("imported_at"),
    sa.Column("imported_by", sa.Text, nullable=False),
    one_of("outcome", BankOutcome),
    sa.CheckConstraint("amount_fen <> 0", name="amount_fen"),
    sa.CheckConstraint("(outcome = 'misdirected') = (claim_id IS NULL)", name="claim_id"),
    # "what the bank said about a claim"
    sa.Index("ix_bank_confirmation_claim_id", "claim_id"),
    # the lists of both sides
    sa.Index("ix_bank_confirmation_payer_id", "payer", "id"),
    sa.Index("ix_bank_confirmation_payee_id", "payee", "id"),
)
reassignment = sa.Table(
    "reassignment",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("payment_id", sa.BigInteger, sa.ForeignKey("bank_confirmation.id"), nullable=False),
    sa.Column("notice", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("proposed_at"),
    sa.Column("proposed_by", sa.Text, nullable=False),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("decision_note", sa.Text),
    one_of("state", ReassignmentState),
    sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_at"),
    sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
    sa.CheckConstraint("state <> 'approved' OR decided_by <> proposed_by", name="second_person"),
    # A payment is put to a notice once.
    sa.Index(
        "uq_reassignment_payment_id",
        "payment_id",
        unique=True,
        postgresql_where=sa.text("state <> 'rejected'"),
    ),
)
clearing_year = sa.Table(
    "clearing_year",
    METADATA,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    moment("closed_at"),
    sa.Column("closed_by", sa.Text, nullable=False),
)
