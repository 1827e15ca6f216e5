"""Where workers, determinations and losses of entitlement are kept.

`worker_identity` is the one table with personal data, encrypted by the hub's vault.
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
from app.runtime.vault import INDEX_BYTES, OVERHEAD_BYTES

worker_serial = serial_of("W", "worker")
determination_serial = serial_of("D", "determination")
loss_serial = serial_of("L", "entitlement_loss")

# What the vault keeps of a person, and by what of it a person is found.
SEALED = ("certificate_number", "name", "card_number", "electronic_card", "phone", "birth_date")
INDEXED = ("certificate_number", "card_number", "electronic_card")


def sealed(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Return a column of values encrypted for their row."""
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def index_of(name: str, *, nullable: bool = True) -> sa.Column[bytes]:
    """Return the column an encrypted one is found by, and kept unique by."""
    return sa.Column(f"{name}_index", sa.LargeBinary, nullable=nullable, unique=True)


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
    sealed("certificate_number"),
    index_of("certificate_number", nullable=False),
    sealed("name"),
    sealed("card_number", nullable=True),
    index_of("card_number"),
    sealed("electronic_card", nullable=True),
    index_of("electronic_card"),
    sealed("phone", nullable=True),
    sa.Column("sex", sa.Text, nullable=False),
    sealed("birth_date"),
    one_of("certificate_kind", CertificateKind),
    one_of("sex", Sex),
    # A value in clear, or a digest without its key, does not get in by a slip.
    *(
        sa.CheckConstraint(f"octet_length({it}) > {OVERHEAD_BYTES}", name=f"{it}_sealed")
        for it in SEALED
    ),
    *(
        sa.CheckConstraint(f"octet_length({it}_index) = {INDEX_BYTES}", name=f"{it}_indexed")
        for it in INDEXED
    ),
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
