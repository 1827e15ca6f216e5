"""Where clearings, their claims and their notices are kept; only a clearing's state moves."""

from __future__ import annotations

import sqlalchemy as sa

from app.clearing.model import ClearingState, NoticeKind
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of

clearing_serial = serial_of("C", "clearing")
notice_serial = serial_of("N", "notice")

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
    sa.Column("root", sa.LargeBinary, nullable=False),
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
    one_of("kind", NoticeKind),
    sa.CheckConstraint("fund_fen <> 0", name="fund_fen"),
    sa.CheckConstraint("to_finance_by < pay_by", name="pay_by"),
    # A claim is called for once on each side; also read as "the notices of a claim".
    sa.UniqueConstraint("claim_id", "kind"),
)
