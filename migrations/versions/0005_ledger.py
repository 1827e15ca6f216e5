"""The books: accounts, entries, postings, and the one function that writes them.

Why: balances must be exact at every commit, and nobody may alter a posting.
Safe because: everything is new.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# One round trip books any number of entries. It runs with its owner's rights on a pinned search
# path, and the service's role may call it but not write the tables: a posting without its two
# balance steps, or a balance without its posting, is beyond what the service can do.
#
# Three steps, each a statement of its own so that it sees what the one before has done or waited
# for: create what is missing, lock every account in the order of ids, write. Creation comes first
# and in the order of names, so two writers that meet on new accounts wait for each other in one
# direction only; a transaction calls the function once.
BOOK = """
CREATE FUNCTION ledger_book(
    at timestamptz, policy_version text,
    kinds text[], insured_places text[], treatment_places text[], institutions text[],
    events text[], subjects text[], days date[], undone text[],
    entry_numbers int[], debits text[], credits text[], amounts bigint[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    names text[];
    entry_ids bigint[];
BEGIN
    SELECT array_agg(concat_ws(':', w.kind, w.insured_place, w.treatment_place, w.institution))
      INTO names
      FROM unnest(kinds, insured_places, treatment_places, institutions)
           AS w(kind, insured_place, treatment_place, institution);

    INSERT INTO account
           (name, kind, insured_place, treatment_place, institution, balance_fen, version)
    SELECT w.name, w.kind, w.insured_place, w.treatment_place, w.institution, 0, 0
      FROM unnest(names, kinds, insured_places, treatment_places, institutions)
           AS w(name, kind, insured_place, treatment_place, institution)
     WHERE NOT EXISTS (SELECT FROM account a WHERE a.name = w.name)
     ORDER BY w.name
        ON CONFLICT DO NOTHING;

    PERFORM FROM account a WHERE a.name = ANY (names) ORDER BY a.id FOR NO KEY UPDATE;

    IF EXISTS (SELECT FROM unnest(undone) AS u(subject)
                WHERE u.subject IS NOT NULL
                  AND NOT EXISTS (SELECT FROM entry e WHERE e.subject = u.subject)) THEN
        RAISE EXCEPTION 'an entry to be reversed is not in the books: %', undone;
    END IF;

    SELECT array_agg(nextval('entry_id_seq')) INTO entry_ids FROM unnest(events);

    INSERT INTO entry (id, event, subject, effective_day, at, policy_version, reverses)
    OVERRIDING SYSTEM VALUE
    SELECT e.id, e.event, e.subject, e.day, ledger_book.at, ledger_book.policy_version,
           (SELECT max(was.id) FROM entry was WHERE was.subject = e.undone)
      FROM unnest(entry_ids, events, subjects, days, undone)
           AS e(id, event, subject, day, undone);

    WITH posted AS (
        SELECT p.number, p.fen, entry_ids[p.entry_number] AS entry_id,
               d.id AS debit_account, c.id AS credit_account
          FROM unnest(entry_numbers, debits, credits, amounts) WITH ORDINALITY
               AS p(entry_number, debit, credit, fen, number)
          JOIN account d ON d.name = p.debit
          JOIN account c ON c.name = p.credit
    ), leg AS (
        SELECT p.number, side.account, side.delta
          FROM posted p
         CROSS JOIN LATERAL (VALUES (p.debit_account, p.fen), (p.credit_account, -p.fen))
               AS side(account, delta)
    ), step AS (
        SELECT leg.number, leg.account,
               a.balance_fen + sum(leg.delta) OVER running AS balance_fen,
               a.version + row_number() OVER running AS version
          FROM leg JOIN account a ON a.id = leg.account
        WINDOW running AS (PARTITION BY leg.account ORDER BY leg.number
                           ROWS UNBOUNDED PRECEDING)
    ), written AS (
        INSERT INTO posting (entry_id, debit_account, credit_account, fen, debit_balance_fen,
                             debit_version, credit_balance_fen, credit_version)
        SELECT p.entry_id, p.debit_account, p.credit_account, p.fen,
               d.balance_fen, d.version, c.balance_fen, c.version
          FROM posted p
          JOIN step d ON d.number = p.number AND d.account = p.debit_account
          JOIN step c ON c.number = p.number AND c.account = p.credit_account
         ORDER BY p.number
    )
    UPDATE account a SET balance_fen = final.balance_fen, version = final.version
      FROM (SELECT DISTINCT ON (step.account) step.account, step.balance_fen, step.version
              FROM step ORDER BY step.account, step.version DESC) AS final
     WHERE a.id = final.account;
END $$
"""
SIGNATURE = (
    "ledger_book(timestamptz, text, text[], text[], text[], text[], "
    "text[], text[], date[], text[], int[], text[], text[], bigint[])"
)


def upgrade() -> None:
    """Create the books, closed to everything but reading and booking."""
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("insured_place", sa.CHAR(6)),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("institution", sa.CHAR(12)),
        sa.Column("balance_fen", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
        sa.CheckConstraint(
            "kind IN ('uncleared', 'notified', 'advance', 'payable', 'treasury')",
            name="ck_account_kind",
        ),
        sa.CheckConstraint(
            "name = concat_ws(':', kind, insured_place, treatment_place, institution)",
            name="ck_account_name",
        ),
        sa.CheckConstraint(
            "(insured_place IS NOT NULL) = (kind IN ('uncleared', 'notified', 'advance'))",
            name="ck_account_insured_place",
        ),
        sa.CheckConstraint(
            "(institution IS NOT NULL) = (kind = 'payable')", name="ck_account_institution"
        ),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("effective_day", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("reverses", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.ForeignKeyConstraint(["reverses"], ["entry.id"], name="fk_entry_reverses_entry"),
        sa.UniqueConstraint("reverses", name="uq_entry_reverses"),
        sa.CheckConstraint(
            "event IN ('settlement_booked', 'settlement_cancelled', 'deduction_made', "
            "'notice_issued', 'payment_matched', 'advance_paid', 'advance_returned', "
            "'institution_paid')",
            name="ck_entry_event",
        ),
    )
    op.create_index("ix_entry_subject", "entry", ["subject", "id"])
    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("debit_account", sa.BigInteger, nullable=False),
        sa.Column("credit_account", sa.BigInteger, nullable=False),
        sa.Column("fen", sa.BigInteger, nullable=False),
        sa.Column("debit_balance_fen", sa.BigInteger, nullable=False),
        sa.Column("debit_version", sa.BigInteger, nullable=False),
        sa.Column("credit_balance_fen", sa.BigInteger, nullable=False),
        sa.Column("credit_version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_posting"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_posting_entry_id_entry"),
        sa.ForeignKeyConstraint(
            ["debit_account"], ["account.id"], name="fk_posting_debit_account_account"
        ),
        sa.ForeignKeyConstraint(
            ["credit_account"], ["account.id"], name="fk_posting_credit_account_account"
        ),
        sa.UniqueConstraint(
            "debit_account", "debit_version", name="uq_posting_debit_account_debit_version"
        ),
        sa.UniqueConstraint(
            "credit_account", "credit_version", name="uq_posting_credit_account_credit_version"
        ),
        sa.CheckConstraint("fen > 0", name="ck_posting_fen"),
        sa.CheckConstraint("debit_account <> credit_account", name="ck_posting_two_ends"),
    )
    op.create_index("ix_posting_entry_id", "posting", ["entry_id"])
    op.execute("REVOKE INSERT ON account, entry, posting FROM hub_app")
    op.execute(BOOK)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO hub_app")


def downgrade() -> None:
    """Drop the function and the books."""
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    op.drop_table("posting")
    op.drop_table("entry")
    op.drop_table("account")
