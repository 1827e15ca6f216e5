"""Where reconciliations are kept, and the monthly review: declarations, deductions, payments.

What was compared, declared, closed or paid never changes; a deduction moves until it is final.
"""

from __future__ import annotations

import sqlalchemy as sa

from app.kernel.regions import Scheme
from app.review.model import (
    DeductionDecision,
    DeductionReason,
    DeductionState,
    DifferenceKind,
    ReconciliationResult,
    RepairAct,
    Side,
)
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of

reconciliation_serial = serial_of("R", "reconciliation")
declaration_serial = serial_of("B", "declaration")
deduction_serial = serial_of("K", "deduction")
review_serial = serial_of("T", "review")
fund_request_serial = serial_of("U", "fund_request")
institution_payment_serial = serial_of("J", "institution_payment")

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
    # the lists of agencies, and of an institution or agency itself
    sa.Index("ix_reconciliation_region_id", "region", "id"),
    sa.Index("ix_reconciliation_party_id", "party", "id"),
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
declaration = sa.Table(
    "declaration",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("place", sa.CHAR(6), nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("month", sa.CHAR(7), nullable=False),
    sa.Column("institution", sa.CHAR(12), nullable=False),
    sa.Column("region", sa.CHAR(6), nullable=False),  # where the institution is
    sa.Column("settlement_count", sa.BigInteger, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    fen("own_fen"),
    sa.Column("root", sa.LargeBinary, nullable=False),
    moment("declared_at"),
    sa.Column("declared_by", sa.Text),  # the client; empty where the hub declared by itself
    one_of("scheme", Scheme),
    sa.CheckConstraint("total_fen = fund_fen + own_fen", name="shares"),
    sa.CheckConstraint("length(root) = 32", name="root"),
    # A month is declared again only where it has changed; the last one counts.
    sa.UniqueConstraint("institution", "place", "month", "root"),
    # the lists of agencies: of the place, and of its parts
    sa.Index("ix_declaration_place_id", "place", "id"),
    sa.Index("ix_declaration_region_id", "region", "id"),
    # "what a place's institutions declared of a month"
    sa.Index("ix_declaration_place", "place", "month", "institution", "id"),
)
deduction = sa.Table(
    "deduction",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("settlement_id", sa.BigInteger, sa.ForeignKey("settlement.id"), nullable=False),
    sa.Column("settlement", sa.Text, nullable=False),
    sa.Column("serial", sa.Text),  # of one fee line; empty: of the settlement as a whole
    sa.Column("institution", sa.CHAR(12), nullable=False),
    sa.Column("insured_region", sa.CHAR(6), nullable=False),
    sa.Column("treatment_region", sa.CHAR(6), nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    fen("proposed_fen"),
    # What it takes off the claim; negative on the twin that gives a final one back.
    fen("amount_fen"),
    sa.Column("state", sa.Text, nullable=False),
    moment("proposed_at"),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("appeal_by", sa.Date, nullable=False),
    moment("appealed_at", nullable=True),
    sa.Column("appealed_by", sa.Text),
    sa.Column("appeal_note", sa.Text),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("decision", sa.Text),
    sa.Column("decision_note", sa.Text),
    moment("final_at", nullable=True),
    # The accounting month it falls into, fixed in the transaction that makes it final.
    sa.Column("month", sa.CHAR(7)),
    # given back once
    sa.Column("cancels", sa.BigInteger, sa.ForeignKey("deduction.id"), unique=True),
    sa.Column("policy_version", sa.Text, nullable=False),
    one_of("scheme", Scheme),
    one_of("reason", DeductionReason),
    one_of("state", DeductionState),
    one_of("decision", DeductionDecision),
    sa.CheckConstraint(
        "CASE WHEN cancels IS NULL THEN amount_fen BETWEEN 1 AND proposed_fen "
        "ELSE amount_fen < 0 AND amount_fen = proposed_fen AND state = 'final' END",
        name="amount_fen",
    ),
    sa.CheckConstraint("(state = 'final') = (month IS NOT NULL)", name="month"),
    sa.CheckConstraint("(state = 'final') = (final_at IS NOT NULL)", name="final_at"),
    sa.CheckConstraint("state <> 'appealed' OR appealed_at IS NOT NULL", name="appealed_at"),
    # "what stands against this settlement", for the database's own limit
    sa.Index("ix_deduction_settlement_id", "settlement_id"),
    # the lists of agencies: where the worker is insured, and where treated
    sa.Index("ix_deduction_insured_region_id", "insured_region", "id"),
    sa.Index("ix_deduction_treatment_region_id", "treatment_region", "id"),
    # "our deductions", for an institution
    sa.Index("ix_deduction_institution", "institution", "id"),
    # "which terms have ended", until when may be appealed, and what is open
    sa.Index(
        "ix_deduction_appeal_by",
        "appeal_by",
        postgresql_where=sa.text("state IN ('proposed', 'appealed')"),
    ),
    # "what fell into a month", for a clearing and for a month's closing
    sa.Index(
        "ix_deduction_month",
        "scheme",
        "month",
        "treatment_place",
        postgresql_where=sa.text("month IS NOT NULL"),
    ),
)
review = sa.Table(
    "review",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("place", sa.CHAR(6), nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("month", sa.CHAR(7), nullable=False),
    sa.Column("settlement_count", sa.BigInteger, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    fen("own_fen"),
    sa.Column("deduction_count", sa.BigInteger, nullable=False),
    fen("deducted_fen"),
    fen("due_fen"),
    # open deductions on its settlements, which fall into a later month
    sa.Column("carried_count", sa.BigInteger, nullable=False),
    fen("carried_fen"),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("review_by", sa.Date, nullable=False),
    sa.Column("request_by", sa.Date, nullable=False),
    moment("closed_at"),
    sa.Column("closed_by", sa.Text, nullable=False),
    moment("uploaded_at", nullable=True),
    sa.Column("uploaded_by", sa.Text),
    sa.Column("request", sa.Text, unique=True),  # number of the fund request
    moment("requested_at", nullable=True),
    sa.Column("requested_by", sa.Text),
    sa.Column("policy_version", sa.Text, nullable=False),
    one_of("scheme", Scheme),
    sa.CheckConstraint("total_fen = fund_fen + own_fen", name="shares"),
    sa.CheckConstraint("due_fen = fund_fen - deducted_fen", name="due_fen"),
    sa.CheckConstraint("length(root) = 32", name="root"),
    sa.CheckConstraint("(request IS NULL) = (requested_at IS NULL)", name="requested_at"),
    sa.CheckConstraint("requested_at IS NULL OR uploaded_at IS NOT NULL", name="uploaded_at"),
    # A place closes a month once; also read as "the months of a place".
    sa.UniqueConstraint("place", "month"),
)
review_line = sa.Table(
    "review_line",
    METADATA,
    sa.Column("review_id", sa.BigInteger, sa.ForeignKey("review.id"), primary_key=True),
    sa.Column("institution", sa.CHAR(12), primary_key=True),
    # as of the review, which an institution does not see as a whole
    sa.Column("review", sa.Text, nullable=False),
    sa.Column("place", sa.CHAR(6), nullable=False),
    sa.Column("month", sa.CHAR(7), nullable=False),
    sa.Column("settlement_count", sa.BigInteger, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    fen("own_fen"),
    sa.Column("deduction_count", sa.BigInteger, nullable=False),
    fen("deducted_fen"),
    fen("due_fen"),
    sa.CheckConstraint("due_fen = fund_fen - deducted_fen", name="due_fen"),
    # "what was closed for this institution"
    sa.Index("ix_review_line_institution", "institution", "place", "month"),
    # "how a place's institutions stand"
    sa.Index("ix_review_line_place", "place", "institution"),
)
review_alert = sa.Table(
    "review_alert",
    METADATA,
    sa.Column("place", sa.CHAR(6), primary_key=True),
    sa.Column("month", sa.CHAR(7), primary_key=True),
    sa.Column("review_by", sa.Date, nullable=False),
    moment("alerted_at"),
)
institution_payment = sa.Table(
    "institution_payment",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("place", sa.CHAR(6), nullable=False),
    sa.Column("institution", sa.CHAR(12), nullable=False),
    sa.Column("region", sa.CHAR(6), nullable=False),  # where the institution is
    fen("amount_fen"),
    sa.Column("bank_reference", sa.Text, nullable=False),
    sa.Column("paid_on", sa.Date, nullable=False),
    moment("recorded_at"),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.CheckConstraint("amount_fen > 0", name="amount_fen"),
    # A transfer is recorded once.
    sa.UniqueConstraint("place", "bank_reference"),
    # the lists of agencies: of the place, and of its parts
    sa.Index("ix_institution_payment_place_id", "place", "id"),
    sa.Index("ix_institution_payment_region_id", "region", "id"),
    # "what was paid to this institution"
    sa.Index("ix_institution_payment_institution", "institution", "place", "id"),
)
