"""Declarations, deductions, closings and payments of the monthly review.

Why: the treatment side reviews what its institutions settled, takes off what is wrong, closes the
month and pays them; the database itself keeps a deduction within what the fund bears.
Safe because: the tables are new; the new column of settlements has a constant default, so no row is
rewritten, and the index and checks only hold writers back while they are made.

Revision ID: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SERIALS = tuple(
    Sequence(f"{noun}_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True)
    for noun in ("declaration", "deduction", "review", "fund_request", "institution_payment")
)
SCHEMES = "scheme IN ('cross_province', 'in_province')"
REASONS = (
    "'not_injury_related', 'charged_twice', 'overcharged', 'item_exchanged', 'not_indicated', "
    "'stay_split', 'evidence_missing', 'other'"
)
# Whatever the service asks for: deductions never exceed what the fund bears of a settlement or of
# a line (its refunds taken off), none stands against what is cancelled, and a decided one stays.
# The settlement's row is changed first, so that rivals queue there and see each other.
LIMIT = """
CREATE FUNCTION deduction_limit() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    more BIGINT := CASE WHEN NEW.state = 'withdrawn' THEN 0 ELSE NEW.amount_fen END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state IN ('final', 'withdrawn') THEN
            RAISE EXCEPTION 'deduction % is decided', OLD.number USING ERRCODE = '23514';
        END IF;
        more := more - OLD.amount_fen;
    END IF;
    IF NEW.cancels IS NOT NULL AND NOT EXISTS (
        SELECT FROM deduction d
         WHERE d.id = NEW.cancels AND d.state = 'final' AND d.cancels IS NULL
           AND d.settlement_id = NEW.settlement_id AND d.serial IS NOT DISTINCT FROM NEW.serial
           AND d.amount_fen = -NEW.amount_fen)
    THEN
        RAISE EXCEPTION 'a twin gives back what a final deduction took' USING ERRCODE = '23514';
    END IF;
    IF more = 0 THEN
        RETURN NULL;
    END IF;
    UPDATE settlement SET deducted_fen = deducted_fen + more
     WHERE id = NEW.settlement_id AND kind = 'settlement' AND cancelled_by IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'settlement % does not stand', NEW.settlement USING ERRCODE = '23514';
    END IF;
    IF more > 0 AND NEW.serial IS NOT NULL AND (
        SELECT sum(amount_fen) FROM deduction
         WHERE settlement_id = NEW.settlement_id AND serial = NEW.serial AND state <> 'withdrawn'
    ) > coalesce((
        SELECT sum(fund_fen) FROM settlement_line
         WHERE settlement_id = NEW.settlement_id
           AND (serial = NEW.serial OR refund_of = NEW.serial)
    ), 0) THEN
        RAISE EXCEPTION 'line % of % bears less', NEW.serial, NEW.settlement
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$
"""


def _identity() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _whole(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _char(name: str, length: int, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.CHAR(length), nullable=nullable)


def _extend_settlement() -> None:
    op.add_column(
        "settlement",
        sa.Column("deducted_fen", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_check_constraint(
        op.f("ck_settlement_deducted_fen"),
        "settlement",
        "deducted_fen = 0 OR deducted_fen BETWEEN 1 AND fund_fen",
    )
    op.create_check_constraint(
        op.f("ck_settlement_cancelled_whole"),
        "settlement",
        "cancelled_by IS NULL OR deducted_fen = 0",
    )
    op.create_index(
        "ix_settlement_treatment_place",
        "settlement",
        ["treatment_place", "month", "institution"],
    )


def _create_declaration() -> None:
    op.create_table(
        "declaration",
        _identity(),
        _text("number"),
        _char("place", 6),
        _text("scheme"),
        _char("month", 7),
        _char("institution", 12),
        _char("region", 6),
        *_whole("settlement_count", "total_fen", "fund_fen", "own_fen"),
        sa.Column("root", sa.LargeBinary, nullable=False),
        _at("declared_at"),
        _text("declared_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_declaration"),
        sa.UniqueConstraint("number", name="uq_declaration_number"),
        sa.UniqueConstraint(
            "institution",
            "place",
            "month",
            "root",
            name="uq_declaration_institution_place_month_root",
        ),
        sa.CheckConstraint(SCHEMES, name="ck_declaration_scheme"),
        sa.CheckConstraint("total_fen = fund_fen + own_fen", name="ck_declaration_shares"),
        sa.CheckConstraint("length(root) = 32", name="ck_declaration_root"),
    )
    op.create_index("ix_declaration_place", "declaration", ["place", "month", "institution", "id"])


def _create_deduction() -> None:
    op.create_table(
        "deduction",
        _identity(),
        _text("number"),
        sa.Column("settlement_id", sa.BigInteger, nullable=False),
        _text("settlement"),
        _text("serial", nullable=True),
        _char("institution", 12),
        *(_char(f"{side}_region", 6) for side in ("insured", "treatment")),
        *(_char(f"{side}_place", 6) for side in ("insured", "treatment")),
        *(_text(name) for name in ("scheme", "reason", "note")),
        *_whole("proposed_fen", "amount_fen"),
        _text("state"),
        _at("proposed_at"),
        _text("proposed_by"),
        sa.Column("appeal_by", sa.Date, nullable=False),
        _at("appealed_at", nullable=True),
        _text("appealed_by", nullable=True),
        _text("appeal_note", nullable=True),
        _at("decided_at", nullable=True),
        *(_text(name, nullable=True) for name in ("decided_by", "decision", "decision_note")),
        _at("final_at", nullable=True),
        _char("month", 7, nullable=True),
        sa.Column("cancels", sa.BigInteger),
        _text("policy_version"),
        sa.PrimaryKeyConstraint("id", name="pk_deduction"),
        sa.UniqueConstraint("number", name="uq_deduction_number"),
        sa.UniqueConstraint("cancels", name="uq_deduction_cancels"),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name="fk_deduction_settlement_id_settlement"
        ),
        sa.ForeignKeyConstraint(
            ["cancels"], ["deduction.id"], name="fk_deduction_cancels_deduction"
        ),
        sa.CheckConstraint(SCHEMES, name="ck_deduction_scheme"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_deduction_reason"),
        sa.CheckConstraint(
            "state IN ('proposed', 'appealed', 'final', 'withdrawn')", name="ck_deduction_state"
        ),
        sa.CheckConstraint(
            "decision IN ('upheld', 'lowered', 'withdrawn', 'unappealed')",
            name="ck_deduction_decision",
        ),
        sa.CheckConstraint(
            "CASE WHEN cancels IS NULL THEN amount_fen BETWEEN 1 AND proposed_fen "
            "ELSE amount_fen < 0 AND amount_fen = proposed_fen AND state = 'final' END",
            name="ck_deduction_amount_fen",
        ),
        sa.CheckConstraint("(state = 'final') = (month IS NOT NULL)", name="ck_deduction_month"),
        sa.CheckConstraint(
            "(state = 'final') = (final_at IS NOT NULL)", name="ck_deduction_final_at"
        ),
        sa.CheckConstraint(
            "state <> 'appealed' OR appealed_at IS NOT NULL", name="ck_deduction_appealed_at"
        ),
    )
    op.create_index("ix_deduction_settlement_id", "deduction", ["settlement_id"])
    op.create_index("ix_deduction_institution", "deduction", ["institution", "id"])
    op.create_index(
        "ix_deduction_appeal_by",
        "deduction",
        ["appeal_by"],
        postgresql_where=sa.text("state IN ('proposed', 'appealed')"),
    )
    op.create_index(
        "ix_deduction_month",
        "deduction",
        ["scheme", "month", "treatment_place"],
        postgresql_where=sa.text("month IS NOT NULL"),
    )
    op.execute(
        "GRANT UPDATE (amount_fen, state, appealed_at, appealed_by, appeal_note, decided_at, "
        "decided_by, decision, decision_note, final_at, month) ON deduction TO hub_app"
    )
    op.execute(LIMIT)
    op.execute("REVOKE ALL ON FUNCTION deduction_limit() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER deduction_limit AFTER INSERT OR UPDATE ON deduction "
        "FOR EACH ROW EXECUTE FUNCTION deduction_limit()"
    )


def _create_review() -> None:
    op.create_table(
        "review",
        _identity(),
        _text("number"),
        _char("place", 6),
        _text("scheme"),
        _char("month", 7),
        *_whole("settlement_count", "total_fen", "fund_fen", "own_fen"),
        *_whole("deduction_count", "deducted_fen", "due_fen", "carried_count", "carried_fen"),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("review_by", sa.Date, nullable=False),
        sa.Column("request_by", sa.Date, nullable=False),
        _at("closed_at"),
        _text("closed_by"),
        _at("uploaded_at", nullable=True),
        _text("uploaded_by", nullable=True),
        _text("request", nullable=True),
        _at("requested_at", nullable=True),
        _text("requested_by", nullable=True),
        _text("policy_version"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("number", name="uq_review_number"),
        sa.UniqueConstraint("request", name="uq_review_request"),
        sa.UniqueConstraint("place", "month", name="uq_review_place_month"),
        sa.CheckConstraint(SCHEMES, name="ck_review_scheme"),
        sa.CheckConstraint("total_fen = fund_fen + own_fen", name="ck_review_shares"),
        sa.CheckConstraint("due_fen = fund_fen - deducted_fen", name="ck_review_due_fen"),
        sa.CheckConstraint("length(root) = 32", name="ck_review_root"),
        sa.CheckConstraint(
            "(request IS NULL) = (requested_at IS NULL)", name="ck_review_requested_at"
        ),
        sa.CheckConstraint(
            "requested_at IS NULL OR uploaded_at IS NOT NULL", name="ck_review_uploaded_at"
        ),
    )
    op.execute(
        "GRANT UPDATE (uploaded_at, uploaded_by, request, requested_at, requested_by) "
        "ON review TO hub_app"
    )
    op.create_table(
        "review_line",
        sa.Column("review_id", sa.BigInteger, nullable=False),
        _char("institution", 12),
        _text("review"),
        _char("place", 6),
        _char("month", 7),
        *_whole("settlement_count", "total_fen", "fund_fen", "own_fen"),
        *_whole("deduction_count", "deducted_fen", "due_fen"),
        sa.PrimaryKeyConstraint("review_id", "institution", name="pk_review_line"),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_review_line_review_id_review"
        ),
        sa.CheckConstraint("due_fen = fund_fen - deducted_fen", name="ck_review_line_due_fen"),
    )
    op.create_index("ix_review_line_institution", "review_line", ["institution", "place", "month"])
    op.create_index("ix_review_line_place", "review_line", ["place", "institution"])
    op.create_table(
        "review_alert",
        _char("place", 6),
        _char("month", 7),
        sa.Column("review_by", sa.Date, nullable=False),
        _at("alerted_at"),
        sa.PrimaryKeyConstraint("place", "month", name="pk_review_alert"),
    )


def _create_payment() -> None:
    op.create_table(
        "institution_payment",
        _identity(),
        _text("number"),
        _char("place", 6),
        _char("institution", 12),
        _char("region", 6),
        *_whole("amount_fen"),
        _text("bank_reference"),
        sa.Column("paid_on", sa.Date, nullable=False),
        _at("recorded_at"),
        _text("recorded_by"),
        sa.PrimaryKeyConstraint("id", name="pk_institution_payment"),
        sa.UniqueConstraint("number", name="uq_institution_payment_number"),
        sa.UniqueConstraint(
            "place", "bank_reference", name="uq_institution_payment_place_bank_reference"
        ),
        sa.CheckConstraint("amount_fen > 0", name="ck_institution_payment_amount_fen"),
    )
    op.create_index(
        "ix_institution_payment_institution", "institution_payment", ["institution", "place", "id"]
    )


def upgrade() -> None:
    """Create the tables and the limit on deductions."""
    for serial in SERIALS:
        op.execute(CreateSequence(serial))
    _extend_settlement()
    _create_declaration()
    _create_deduction()
    _create_review()
    _create_payment()


def downgrade() -> None:
    """Drop them."""
    for table in ("institution_payment", "review_alert", "review_line", "review", "deduction"):
        op.drop_table(table)
    op.execute("DROP FUNCTION deduction_limit()")
    op.drop_table("declaration")
    op.drop_index("ix_settlement_treatment_place", "settlement")
    for name in ("cancelled_whole", "deducted_fen"):
        op.drop_constraint(op.f(f"ck_settlement_{name}"), "settlement", type_="check")
    op.drop_column("settlement", "deducted_fen")
    for serial in SERIALS:
        op.execute(DropSequence(serial))
