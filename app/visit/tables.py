"""Where visits and their fee lines are kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from app.entitlement.model import CardKind
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, fen, identity, moment, one_of
from app.runtime.numbers import serial_of
from app.visit.model import DischargeWay, FeeCategory, VisitKind, VisitState

visit_serial = serial_of("S", "visit")

visit = sa.Table(
    "visit",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("cost_kind", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), nullable=False),
    sa.Column("determination_id", sa.BigInteger, sa.ForeignKey("determination.id"), nullable=False),
    sa.Column("filing_id", sa.BigInteger, sa.ForeignKey("filing.id"), nullable=False),
    sa.Column("institution", sa.CHAR(12), nullable=False),
    sa.Column("insured_region", sa.CHAR(6), nullable=False),
    sa.Column("treatment_region", sa.CHAR(6), nullable=False),
    moment("admitted_at"),
    moment("discharged_at", nullable=True),
    sa.Column("card_kind", sa.Text, nullable=False),
    sa.Column("admission_no", sa.Text, nullable=False),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("ward", sa.Text),
    sa.Column("bed", sa.Text),
    sa.Column("physician", sa.Text, nullable=False),
    sa.Column("diagnoses", JSONB, nullable=False),
    sa.Column("discharge_way", sa.Text),
    sa.Column("memo", sa.Text),
    sa.Column("transfer_from", sa.BigInteger, sa.ForeignKey("visit.id")),
    # visits linked by transfers share it: they alone may overlap
    sa.Column("journey", sa.Uuid, nullable=False),
    # false once settled or cancelled, or reopened after the filing itself had ended
    sa.Column("holds_filing", sa.Boolean, nullable=False),
    sa.Column("line_count", sa.Integer, nullable=False),
    fen("total_fen"),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    moment("created_at"),
    one_of("kind", VisitKind),
    one_of("cost_kind", CostKind),
    one_of("scheme", Scheme),
    one_of("state", VisitState),
    one_of("card_kind", CardKind),
    one_of("discharge_way", DischargeWay),
    sa.CheckConstraint("admitted_at <= discharged_at", name="stay"),
    sa.CheckConstraint("line_count >= 0 AND total_fen >= 0", name="totals"),
    sa.CheckConstraint(
        "state <> 'discharged' OR (kind = 'inpatient' AND discharged_at IS NOT NULL)",
        name="discharged",
    ),
    # one open visit of a worker at a time, whatever the order of requests
    ExcludeConstraint(
        (sa.column("worker_id"), "="),
        (sa.column("journey"), "<>"),
        (sa.text("tstzrange(admitted_at, discharged_at)"), "&&"),
        where=sa.text("state IN ('admitted', 'discharged')"),
        name="ex_visit_open",
        using="gist",
    ),
    # "the visits of this worker"
    sa.Index("ix_visit_worker_id", "worker_id"),
    # "our visits", newest last, for an institution
    sa.Index("ix_visit_institution", "institution", "id"),
    # the lists of agencies: where the worker is insured, and where treated
    sa.Index("ix_visit_insured_region_id", "insured_region", "id"),
    sa.Index("ix_visit_treatment_region_id", "treatment_region", "id"),
    # "visits under this filing"
    sa.Index("ix_visit_filing_id", "filing_id"),
    # a visit is continued once
    sa.Index(
        "uq_visit_transfer_from",
        "transfer_from",
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    ),
    # written over and over: room for the next version beside the last
    postgresql_with={"fillfactor": 85},
)


def _line_columns() -> tuple[sa.schema.SchemaItem, ...]:
    """Return what a fee line says; kept alike for lines that were removed."""
    return (
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("refund_of", sa.Text),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("item_code", sa.Text),
        sa.Column("item_name", sa.Text, nullable=False),
        sa.Column("institution_item_code", sa.Text),
        sa.Column("specification", sa.Text),
        sa.Column("unit", sa.Text),
        sa.Column("quantity", sa.Numeric(16, 4), nullable=False),
        sa.Column("unit_price", sa.Numeric(16, 6), nullable=False),
        fen("amount_fen"),
        moment("occurred_at"),
        sa.Column("injury_related", sa.Boolean, nullable=False),
        sa.Column("restricted_approved", sa.Boolean, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("physician", sa.Text),
        moment("uploaded_at"),
        one_of("category", FeeCategory),
    )


fee_line = sa.Table(
    "fee_line",
    METADATA,
    # tied by nobody: the proof's law `rows_hang_together` looks after it, and after refunds
    sa.Column("visit_id", sa.BigInteger, primary_key=True),
    sa.Column("serial", sa.Text, primary_key=True),
    *_line_columns(),
    sa.CheckConstraint(
        "CASE WHEN refund_of IS NULL THEN quantity > 0 AND amount_fen >= 0 "
        "ELSE quantity < 0 AND amount_fen <= 0 END",
        name="sign",
    ),
    # the bill in the order it was uploaded
    sa.UniqueConstraint("visit_id", "position"),
    # "the refunds of this line"
    sa.Index(
        "ix_fee_line_refund_of",
        "visit_id",
        "refund_of",
        postgresql_where=sa.text("refund_of IS NOT NULL"),
    ),
)
fee_line_removed = sa.Table(
    "fee_line_removed",
    METADATA,
    identity(),
    sa.Column("visit_id", sa.BigInteger, sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("serial", sa.Text, nullable=False),
    *_line_columns(),
    moment("removed_at"),
    sa.Column("removed_by", sa.Text, nullable=False),
    # "what was removed from this visit"
    sa.Index("ix_fee_line_removed_visit_id", "visit_id"),
)
