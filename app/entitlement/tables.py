"""Where workers, determinations and losses of entitlement are kept.

`worker_identity` is the one table with personal data.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.entitlement.model import (
    CertificateKind,
    DeterminationKind,
    DeterminationState,
    LossKind,
)
from app.kernel.identity import Sex
from app.runtime.db import METADATA, identity, moment, one_of
from app.runtime.numbers import serial_of

worker_serial = serial_of("W", "worker")
determination_serial = serial_of("D", "determination")
loss_serial = serial_of("L", "entitlement_loss")

worker = sa.Table(
    "worker",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("insured_region", sa.CHAR(6), nullable=False),
    sa.Column("employer", sa.Text, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    moment("created_at"),
    moment("updated_at"),
)
worker_identity = sa.Table(
    "worker_identity",
    METADATA,
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), primary_key=True),
    sa.Column("certificate_kind", sa.Text, nullable=False),
    sa.Column("certificate_number", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("card_number", sa.Text, unique=True),
    sa.Column("electronic_card", sa.Text, unique=True),
    sa.Column("phone", sa.Text),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date, nullable=False),
    one_of("certificate_kind", CertificateKind),
    one_of("sex", Sex),
)
determination = sa.Table(
    "determination",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date),
    sa.Column("injured_parts", ARRAY(sa.Text), nullable=False),
    sa.Column("diagnoses", ARRAY(sa.Text), nullable=False),
    sa.Column("third_party", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    moment("created_at"),
    moment("withdrawn_at", nullable=True),
    sa.Column("withdrawal_reason", sa.Text),
    one_of("kind", DeterminationKind),
    one_of("state", DeterminationState),
    sa.CheckConstraint("decided_on <= last_day", name="term"),
    sa.CheckConstraint(
        "(state = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
        name="withdrawal",
    ),
    # also "the determinations of a worker": worker_id leads
    sa.UniqueConstraint("worker_id", "kind", "document_number"),
)
entitlement_loss = sa.Table(
    "entitlement_loss",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    # entitlement is lost once
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("lost_on", sa.Date, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    moment("recorded_at"),
    one_of("kind", LossKind),
)
