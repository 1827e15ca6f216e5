"""Where settlements, the decisions on their lines and the closed months are kept."""

from __future__ import annotations

import sqlalchemy as sa

from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of
from app.settlement.model import Reason, SettlementKind
from app.visit.model import FeeCategory

settlement_serial = serial_of("A", "settlement")

settlement = sa.Table(
    "settlement",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("visit_id", sa.BigInteger, sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    # a settlement is cancelled once
    sa.Column("cancels", sa.BigInteger, sa.ForeignKey("settlement.id"), unique=True),
    sa.Column("cancelled_by", sa.BigInteger, sa.ForeignKey("settlement.id")),
    moment("settled_at"),
    sa.Column("business_day", sa.Date, nullable=False),
    sa.Column("month", sa.CHAR(7), nullable=False),
    sa.Column("institution", sa.CHAR(12), nullable=False),
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), nullable=False),
    sa.Column("filing_id", sa.BigInteger, sa.ForeignKey("filing.id"), nullable=False),
    sa.Column("insured_region", sa.CHAR(6), nullable=False),
    sa.Column("treatment_region", sa.CHAR(6), nullable=False),
    sa.Column("insured_place", sa.CHAR(6), nullable=False),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("cost_kind", sa.Text, nullable=False),
    sa.Column("entitlement_lost_on", sa.Date),
    sa.Column("confirmed_on", sa.Date, nullable=False),
    sa.Column("line_count", sa.Integer, nullable=False),
    fen("total_fen"),
    fen("fund_fen"),
    fen("own_fen"),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("message_key", sa.Text, nullable=False),  # the sender's id it was booked under
    sa.Column("invoice_no", sa.Text),
    sa.Column("adjustment", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    # What deductions take off, open ones included: kept by the database as they are written.
    sa.Column("deducted_fen", sa.BigInteger, nullable=False, server_default="0"),
    # What contests took off by now, and what they had taken off when this was booked.
    sa.Column("conceded_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("conceded_before_fen", sa.BigInteger, nullable=False, server_default="0"),
    one_of("kind", SettlementKind),
    one_of("scheme", Scheme),
    one_of("cost_kind", CostKind),
    sa.CheckConstraint("total_fen = fund_fen + own_fen", name="shares"),
    sa.CheckConstraint("(kind = 'cancellation') = (cancels IS NOT NULL)", name="cancels"),
    sa.CheckConstraint("kind = 'settlement' OR cancelled_by IS NULL", name="cancelled_by"),
    sa.CheckConstraint(
        "CASE kind WHEN 'settlement' THEN total_fen >= 0 AND fund_fen >= 0 AND own_fen >= 0 "
        "ELSE total_fen <= 0 AND fund_fen <= 0 AND own_fen <= 0 END",
        name="sign",
    ),
    sa.CheckConstraint(
        "deducted_fen = 0 OR deducted_fen BETWEEN 1 AND fund_fen", name="deducted_fen"
    ),
    # What is cancelled has nothing taken off it: no fen is counted twice.
    sa.CheckConstraint("cancelled_by IS NULL OR deducted_fen = 0", name="cancelled_whole"),
    # a fen is taken off once
    sa.CheckConstraint(
        "CASE kind WHEN 'settlement' THEN conceded_fen BETWEEN 0 AND fund_fen - deducted_fen "
        "ELSE conceded_fen BETWEEN fund_fen AND 0 END",
        name="conceded_fen",
    ),
    # one settlement of a visit stands at a time
    sa.Index(
        "uq_settlement_visit_id",
        "visit_id",
        unique=True,
        postgresql_where=sa.text("kind = 'settlement' AND cancelled_by IS NULL"),
    ),
    # "what happened to this visit"
    sa.Index("ix_settlement_visit_id", "visit_id", "id"),
    # "our settlements", for an institution
    sa.Index("ix_settlement_institution", "institution", "id"),
    # the lists of agencies: where the worker is insured, and where treated
    sa.Index("ix_settlement_insured_region_id", "insured_region", "id"),
    sa.Index("ix_settlement_treatment_region_id", "treatment_region", "id"),
    # "this day, of an institution or of a place", for the daily reconciliation
    sa.Index("ix_settlement_business_day", "business_day", "institution"),
    # "a month of a place, by institution", for declarations and closings
    sa.Index("ix_settlement_treatment_place", "treatment_place", "month", "institution"),
    # "what was this worker fitted with before"
    sa.Index("ix_settlement_worker_id", "worker_id"),
    # "what a clearing lists", in the order of numbers; with what the database's walls look at
    sa.Index(
        "ix_settlement_month",
        "scheme",
        "month",
        "number",
        postgresql_include=(
            "insured_place",
            "treatment_place",
            "insured_region",
            "treatment_region",
            "institution",
        ),
    ),
    # "what a clearing counts for a pair", without the table; also "which pairs there are"
    sa.Index(
        "ix_settlement_pair",
        "scheme",
        "insured_place",
        "treatment_place",
        "month",
        postgresql_include=(
            "number",
            "total_fen",
            "fund_fen",
            "conceded_before_fen",
            "insured_region",
            "treatment_region",
            "institution",
        ),
    ),
)
settlement_line = sa.Table(
    "settlement_line",
    METADATA,
    # written with its settlement, of which none is ever deleted: not tied by a foreign key
    sa.Column("settlement_id", sa.BigInteger, primary_key=True),
    sa.Column("serial", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("refund_of", sa.Text),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("item_code", sa.Text),
    sa.Column("item_name", sa.Text, nullable=False),
    sa.Column("quantity", sa.Numeric(16, 4), nullable=False),
    sa.Column("unit_price", sa.Numeric(16, 6), nullable=False),
    fen("amount_fen"),
    sa.Column("service_day", sa.Date, nullable=False),
    sa.Column("injury_related", sa.Boolean, nullable=False),
    sa.Column("restricted_approved", sa.Boolean, nullable=False),
    # what the list in force said; no version: no list is in force
    sa.Column("catalogue_version", sa.BigInteger),
    sa.Column("listed", sa.Boolean, nullable=False),
    fen("cap_fen", nullable=True),
    sa.Column("item_restricted", sa.Boolean, nullable=False),
    sa.Column("minimum_life_months", sa.Integer),
    sa.Column("fitted_before", sa.Date),
    fen("fund_fen"),
    fen("own_fen"),
    sa.Column("reason", sa.Text),
    sa.Column("clause", sa.Text, nullable=False),
    one_of("category", FeeCategory),
    one_of("reason", Reason),
    sa.CheckConstraint("amount_fen = fund_fen + own_fen", name="shares"),
    # the bill in order
    sa.UniqueConstraint("settlement_id", "position"),
)
# Which clearing holds every settlement of a month: a closed month takes no more, so that no
# settlement needs a mark of its own.
cleared_month = sa.Table(
    "cleared_month",
    METADATA,
    sa.Column("scheme", sa.Text, primary_key=True),
    sa.Column("month", sa.CHAR(7), primary_key=True),
    sa.Column("clearing", sa.Text, nullable=False),
    one_of("scheme", Scheme),
    # "the months of a clearing"
    sa.Index("ix_cleared_month_clearing", "clearing"),
)
settlement_month = sa.Table(
    "settlement_month",
    METADATA,
    sa.Column("place", sa.CHAR(6), primary_key=True),
    sa.Column("month", sa.CHAR(7), primary_key=True),
    moment("closed_at"),
)
