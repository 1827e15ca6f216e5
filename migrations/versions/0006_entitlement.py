"""Workers, their identities, determinations and losses of entitlement.

Why: every filing and visit asks who the worker is and what was determined for them.
Safe because: everything is new.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SERIALS = ("worker_serial", "determination_serial", "entitlement_loss_serial")


def upgrade() -> None:
    """Create the tables."""
    for serial in SERIALS:
        op.execute(f"CREATE SEQUENCE {serial} MINVALUE 1 MAXVALUE 9999999 CYCLE")
    op.create_table(
        "worker",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("insured_region", sa.CHAR(6), nullable=False),
        sa.Column("employer", sa.Text, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
        sa.UniqueConstraint("number", name="uq_worker_number"),
    )
    op.execute("GRANT UPDATE (employer, updated_at) ON worker TO hub_app")
    _worker_identity()
    _determination()
    _entitlement_loss()


def _worker_identity() -> None:
    op.create_table(
        "worker_identity",
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("certificate_kind", sa.Text, nullable=False),
        sa.Column("certificate_number", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("card_number", sa.Text),
        sa.Column("electronic_card", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name="pk_worker_identity"),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name="fk_worker_identity_worker_id_worker"
        ),
        sa.UniqueConstraint("certificate_number", name="uq_worker_identity_certificate_number"),
        sa.UniqueConstraint("card_number", name="uq_worker_identity_card_number"),
        sa.UniqueConstraint("electronic_card", name="uq_worker_identity_electronic_card"),
        sa.CheckConstraint(
            "certificate_kind IN ('social_security_number', 'passport', 'hongkong_macao_permit', "
            "'taiwan_permit', 'permanent_residence')",
            name="ck_worker_identity_certificate_kind",
        ),
        sa.CheckConstraint("sex IN ('male', 'female')", name="ck_worker_identity_sex"),
    )
    op.execute("GRANT UPDATE (card_number, electronic_card, phone) ON worker_identity TO hub_app")


def _determination() -> None:
    op.create_table(
        "determination",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("document_number", sa.Text, nullable=False),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date),
        sa.Column("injured_parts", ARRAY(sa.Text), nullable=False),
        sa.Column("diagnoses", ARRAY(sa.Text), nullable=False),
        sa.Column("third_party", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawal_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_determination"),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name="fk_determination_worker_id_worker"
        ),
        sa.UniqueConstraint("number", name="uq_determination_number"),
        sa.UniqueConstraint(
            "worker_id",
            "kind",
            "document_number",
            name="uq_determination_worker_id_kind_document_number",
        ),
        sa.CheckConstraint(
            "kind IN ('injury', 'recurrence', 'rehabilitation', 'device')",
            name="ck_determination_kind",
        ),
        sa.CheckConstraint("state IN ('active', 'withdrawn')", name="ck_determination_state"),
        sa.CheckConstraint("decided_on <= last_day", name="ck_determination_term"),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
            name="ck_determination_withdrawal",
        ),
    )
    op.execute("GRANT UPDATE (state, withdrawn_at, withdrawal_reason) ON determination TO hub_app")


def _entitlement_loss() -> None:
    op.create_table(
        "entitlement_loss",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("worker_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lost_on", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entitlement_loss"),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name="fk_entitlement_loss_worker_id_worker"
        ),
        sa.UniqueConstraint("number", name="uq_entitlement_loss_number"),
        sa.UniqueConstraint("worker_id", name="uq_entitlement_loss_worker_id"),
        sa.CheckConstraint(
            "kind IN ('death', 'relationship_ended', 'lump_sum', 'other')",
            name="ck_entitlement_loss_kind",
        ),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("entitlement_loss", "determination", "worker_identity", "worker"):
        op.drop_table(table)
    for serial in SERIALS:
        op.execute(f"DROP SEQUENCE {serial}")
