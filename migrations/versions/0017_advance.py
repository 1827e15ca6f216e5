"""Advance funds: quotas, transfers, guards, crossings, changes and holds; the books keep watch.

Why: how much of an advance is used must be exact at every commit, a crossing told once, and a pair
set to `hard` never overdrawn, in batches, races and crashes; only the statement that writes the
balances can promise that.
Safe because: the tables are new; `ledger_book` keeps its signature and, where nothing is guarded,
its effect. The index on `account` is built on some thousand rows.

Revision ID: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SERIALS = ("advance_run", "advance_notice", "advance_crossing", "advance_change", "advance_hold")

# The function of revision 0005 with one more statement at its end; without it, the same as before.
BOOK = """
CREATE OR REPLACE FUNCTION ledger_book(
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
{watch}END $$
"""
WATCH = """
    PERFORM advance_watch(
        ledger_book.at, entry_numbers, debits, credits, amounts, events, subjects);
"""

# Where usage lies, given where it lay: it rises with a line and falls only well below it. Whole
# numbers on both sides, so that no rounding decides. Without an advance there is nothing to use.
LEVEL = """
CREATE FUNCTION advance_level(
    used numeric, advance numeric, funded boolean, was text, yellow int, red int, rearm int
) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE
        WHEN NOT funded OR used <= 0 THEN 'normal'
        WHEN used * 100 >= advance * red THEN 'red'
        WHEN was = 'red' AND used * 100 >= advance * (red - rearm) THEN 'red'
        WHEN used * 100 >= advance * yellow THEN 'yellow'
        WHEN was <> 'normal' AND used * 100 >= advance * (yellow - rearm) THEN 'yellow'
        ELSE 'normal'
    END
$$
"""

# Runs inside `ledger_book`, after the balances are written. It takes the guards of every pair and
# pool the booking touches, pairs first, each in the order of places: whoever books on the same
# guard waits here, and the balances read after that are those of everybody before. A booking that
# lowers usage, or raises an advance, always passes; and so does what the bank did: money that it
# sent back is a fact, and refusing to book it would not keep it.
GUARD = """
CREATE FUNCTION advance_watch(
    at timestamptz, entry_numbers int[], debits text[], credits text[], amounts bigint[],
    events text[], subjects text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    guard record;
    now_is record;
    waiting text;
    reached text;
    told text;
    ranks CONSTANT text[] := ARRAY['normal', 'yellow', 'red'];
    today CONSTANT date := (at AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    FOR guard IN
        WITH leg AS (
            SELECT string_to_array(p.debit, ':') AS account, p.fen,
                   events[p.entry_number] AS event
              FROM unnest(debits, amounts, entry_numbers) AS p(debit, fen, entry_number)
             UNION ALL
            SELECT string_to_array(p.credit, ':'), -p.fen, events[p.entry_number]
              FROM unnest(credits, amounts, entry_numbers) AS p(credit, fen, entry_number)
        ), named AS (
            SELECT account[1] AS kind, account[2] AS insured_place,
                   account[3] AS treatment_place, fen, event
              FROM leg WHERE account[1] IN ('uncleared', 'notified', 'advance')
        ), moved AS (
            SELECT insured_place, treatment_place,
                   coalesce(sum(fen) FILTER (WHERE event <> 'payment_matched'), 0) AS burden,
                   sum(fen) FILTER (WHERE kind = 'advance') AS taken
              FROM named
             GROUP BY GROUPING SETS ((insured_place, treatment_place), (treatment_place))
        )
        SELECT g.*, moved.burden, moved.taken
          FROM moved
          JOIN account_guard g ON g.treatment_place = moved.treatment_place
               AND g.insured_place IS NOT DISTINCT FROM moved.insured_place
         ORDER BY g.insured_place IS NULL, g.insured_place, g.treatment_place
           FOR NO KEY UPDATE OF g
    LOOP
        SELECT coalesce(sum(a.balance_fen) FILTER (WHERE a.kind <> 'advance'), 0) AS used,
               coalesce(-sum(a.balance_fen) FILTER (WHERE a.kind = 'advance'), 0) AS advance,
               coalesce(bool_or(a.kind = 'advance' AND a.version > 0), false) AS funded
          INTO now_is
          FROM account a
         WHERE a.treatment_place = guard.treatment_place AND a.insured_place IS NOT NULL
           AND (guard.insured_place IS NULL OR a.insured_place = guard.insured_place);
        told := jsonb_build_object(
            'insured_place', guard.insured_place, 'treatment_place', guard.treatment_place,
            'used_fen', now_is.used, 'advance_fen', now_is.advance)::text;

        IF guard.burden > 0 AND guard.mode = 'hard' AND now_is.used > now_is.advance
           OR guard.taken > 0 AND now_is.advance < 0 THEN
            RAISE EXCEPTION 'the advance is exhausted' USING ERRCODE = 'HAE01', DETAIL = told;
        END IF;
        IF guard.burden > 0 AND guard.mode = 'hold' AND now_is.used > now_is.advance THEN
            SELECT e.subject INTO waiting
              FROM unnest(entry_numbers, debits) AS p(entry_number, debit)
              JOIN unnest(events, subjects) WITH ORDINALITY AS e(event, subject, number)
                ON e.number = p.entry_number
             WHERE e.event = 'settlement_booked'
               AND p.debit = concat_ws(
                   ':', 'uncleared', guard.insured_place, guard.treatment_place)
               AND NOT EXISTS (
                   SELECT FROM settlement s JOIN advance_hold h ON h.visit_id = s.visit_id
                    WHERE s.number = e.subject AND h.state = 'approved'
                      AND s.fund_fen <= h.fund_fen)
             LIMIT 1;
            IF waiting IS NOT NULL THEN
                RAISE EXCEPTION 'the settlement needs an approval'
                      USING ERRCODE = 'HAH01', DETAIL = told;
            END IF;
        END IF;

        reached := advance_level(
            now_is.used, now_is.advance, now_is.funded, guard.level,
            guard.yellow_percent, guard.red_percent, guard.rearm_points);
        CONTINUE WHEN reached = guard.level;
        UPDATE account_guard g SET level = reached WHERE g.id = guard.id;
        CONTINUE WHEN array_position(ranks, reached) < array_position(ranks, guard.level);
        WITH raised AS (
            INSERT INTO advance_crossing
                   (number, insured_place, treatment_place, addressee, level, used_fen,
                    advance_fen, subject, raised_at, announced_on)
            SELECT 'X' || told_to || to_char(today, 'YYMMDD')
                       || lpad(nextval('advance_crossing_serial')::text, 7, '0'),
                   guard.insured_place, guard.treatment_place, told_to, reached, now_is.used,
                   now_is.advance, subjects[1], advance_watch.at, today
              FROM unnest(ARRAY[guard.treatment_place, guard.insured_place]) AS told_to
             WHERE told_to IS NOT NULL
            RETURNING number, addressee
        )
        INSERT INTO announcement (at, topic, subject, parties, body)
        SELECT advance_watch.at, 'advance.crossed', raised.number,
               ARRAY[raised.addressee::text],
               jsonb_build_object(
                   'level', reached, 'insured_place', guard.insured_place,
                   'treatment_place', guard.treatment_place,
                   'used', to_char(now_is.used / 100, 'FM9999999999999990.00'),
                   'advance', to_char(now_is.advance / 100, 'FM9999999999999990.00'))
          FROM raised;
    END LOOP;
END $$
"""
LEVEL_SIGNATURE = "advance_level(numeric, numeric, boolean, text, int, int, int)"
GUARD_SIGNATURE = "advance_watch(timestamptz, int[], text[], text[], bigint[], text[], text[])"


def _create_advance_run() -> None:
    op.create_table(
        "advance_run",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("months", ARRAY(sa.Text), nullable=False),
        sa.Column("cover_months", sa.Integer, nullable=False),
        sa.Column("floor_fen", sa.BigInteger, nullable=False),
        sa.Column("step_fen", sa.BigInteger, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("computed_by", sa.Text, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Text),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advance_run"),
        sa.CheckConstraint(
            "state <> 'issued' OR closed_by <> computed_by", name="ck_advance_run_another_person"
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (state = 'computed')", name="ck_advance_run_closed_at"
        ),
        sa.CheckConstraint(
            "scheme IN ('cross_province', 'in_province')", name="ck_advance_run_scheme"
        ),
        sa.CheckConstraint(
            "state IN ('computed', 'issued', 'withdrawn')", name="ck_advance_run_state"
        ),
        sa.UniqueConstraint("number", name="uq_advance_run_number"),
    )
    op.create_index(
        "uq_advance_run_scheme_year",
        "advance_run",
        ["scheme", "year"],
        unique=True,
        postgresql_where=sa.text("state = 'issued'"),
    )


def _create_advance_quota() -> None:
    op.create_table(
        "advance_quota",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("month_amounts", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("base_fen", sa.BigInteger, nullable=False),
        sa.Column("mean_fen", sa.BigInteger, nullable=False),
        sa.Column("exact_fen", sa.BigInteger, nullable=False),
        sa.Column("rounded_fen", sa.BigInteger, nullable=False),
        sa.Column("quota_fen", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("held_fen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advance_quota"),
        sa.CheckConstraint("quota_fen > 0", name="ck_advance_quota_quota_fen"),
        sa.CheckConstraint(
            "reason IN ('base_period', 'floor', 'new_pair')", name="ck_advance_quota_reason"
        ),
        sa.CheckConstraint("insured_place <> treatment_place", name="ck_advance_quota_two_places"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["advance_run.id"], name="fk_advance_quota_run_id_advance_run"
        ),
        sa.UniqueConstraint(
            "run_id",
            "insured_place",
            "treatment_place",
            name="uq_advance_quota_run_id_insured_place_treatment_place",
        ),
    )


def _create_advance_change() -> None:
    op.create_table(
        "advance_change",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("mode", sa.Text),
        sa.Column("amount_fen", sa.BigInteger),
        sa.Column("decided_fen", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Text),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_advance_change"),
        sa.CheckConstraint(
            "(kind = 'mode') = (amount_fen IS NULL)", name="ck_advance_change_amount_fen"
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR (proposed_by IS NOT NULL AND closed_by <> proposed_by)",
            name="ck_advance_change_another_person",
        ),
        sa.CheckConstraint("kind IN ('mode', 'quota', 'increase')", name="ck_advance_change_kind"),
        sa.CheckConstraint("mode IN ('warn', 'hold', 'hard')", name="ck_advance_change_mode"),
        sa.CheckConstraint(
            "(kind = 'mode') = (mode IS NOT NULL)", name="ck_advance_change_mode_of"
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'proposed', 'approved', 'rejected')", name="ck_advance_change_state"
        ),
        sa.CheckConstraint("insured_place <> treatment_place", name="ck_advance_change_two_places"),
        sa.UniqueConstraint("number", name="uq_advance_change_number"),
    )
    op.create_index(
        "uq_advance_change_pair_kind",
        "advance_change",
        ["insured_place", "treatment_place", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'proposed')"),
    )


def _create_advance_transfer() -> None:
    op.create_table(
        "advance_transfer",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger),
        sa.Column("change_id", sa.BigInteger),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("payment_number", sa.Text, nullable=False),
        sa.Column("receipt_number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_by", sa.Date, nullable=False),
        sa.Column("finance_by", sa.Date, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("payer_place", sa.CHAR(6), nullable=False),
        sa.Column("bank_reference", sa.Text),
        sa.Column("paid_on", sa.Date),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("paid_by", sa.Text),
        sa.Column("received_at", sa.DateTime(timezone=True)),
        sa.Column("received_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_advance_transfer"),
        sa.CheckConstraint("amount_fen > 0", name="ck_advance_transfer_amount_fen"),
        sa.CheckConstraint(
            "(paid_at IS NULL) = (bank_reference IS NULL)",
            name="ck_advance_transfer_bank_reference",
        ),
        sa.CheckConstraint(
            "(run_id IS NULL) <> (change_id IS NULL)", name="ck_advance_transfer_called_by"
        ),
        sa.CheckConstraint(
            "direction IN ('paid_in', 'paid_back')", name="ck_advance_transfer_direction"
        ),
        sa.CheckConstraint("agency_by < finance_by", name="ck_advance_transfer_finance_by"),
        sa.CheckConstraint(
            "(state = 'called') = (paid_at IS NULL)", name="ck_advance_transfer_paid_at"
        ),
        sa.CheckConstraint(
            "(paid_at IS NULL) = (paid_on IS NULL)", name="ck_advance_transfer_paid_on"
        ),
        sa.CheckConstraint(
            "payer_place = CASE direction WHEN 'paid_in' THEN insured_place "
            "ELSE treatment_place END",
            name="ck_advance_transfer_payer_place",
        ),
        sa.CheckConstraint(
            "purpose IN ('yearly', 'adjustment', 'increase')", name="ck_advance_transfer_purpose"
        ),
        sa.CheckConstraint(
            "(state = 'received') = (received_at IS NOT NULL)",
            name="ck_advance_transfer_received_at",
        ),
        sa.CheckConstraint(
            "state IN ('called', 'paid', 'received')", name="ck_advance_transfer_state"
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["advance_change.id"],
            name="fk_advance_transfer_change_id_advance_change",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["advance_run.id"], name="fk_advance_transfer_run_id_advance_run"
        ),
        sa.UniqueConstraint("change_id", name="uq_advance_transfer_change_id"),
        sa.UniqueConstraint(
            "payer_place", "bank_reference", name="uq_advance_transfer_payer_place_bank_reference"
        ),
        sa.UniqueConstraint("payment_number", name="uq_advance_transfer_payment_number"),
        sa.UniqueConstraint("receipt_number", name="uq_advance_transfer_receipt_number"),
    )
    op.create_index(
        "ix_advance_transfer_open",
        "advance_transfer",
        ["treatment_place", "insured_place"],
        postgresql_where=sa.text("state <> 'received'"),
    )


def _create_account_guard() -> None:
    op.create_table(
        "account_guard",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("insured_place", sa.CHAR(6)),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("yellow_percent", sa.Integer, nullable=False),
        sa.Column("red_percent", sa.Integer, nullable=False),
        sa.Column("rearm_points", sa.Integer, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_guard"),
        sa.CheckConstraint("level IN ('normal', 'yellow', 'red')", name="ck_account_guard_level"),
        sa.CheckConstraint(
            "0 < rearm_points AND rearm_points < yellow_percent AND yellow_percent < red_percent",
            name="ck_account_guard_lines",
        ),
        sa.CheckConstraint("mode IN ('warn', 'hold', 'hard')", name="ck_account_guard_mode"),
        sa.CheckConstraint(
            "insured_place IS NOT NULL OR mode = 'warn'", name="ck_account_guard_pool_warns"
        ),
        sa.UniqueConstraint(
            "treatment_place",
            "insured_place",
            name="uq_account_guard_treatment_place_insured_place",
            postgresql_nulls_not_distinct=True,
        ),
    )


def _create_advance_crossing() -> None:
    op.create_table(
        "advance_crossing",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("insured_place", sa.CHAR(6)),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("addressee", sa.CHAR(6), nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("used_fen", sa.BigInteger, nullable=False),
        sa.Column("advance_fen", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_on", sa.Date, nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_advance_crossing"),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)",
            name="ck_advance_crossing_acknowledged_at",
        ),
        sa.CheckConstraint("level IN ('yellow', 'red')", name="ck_advance_crossing_level"),
        sa.UniqueConstraint("number", name="uq_advance_crossing_number"),
    )
    op.create_index(
        "ix_advance_crossing_open",
        "advance_crossing",
        ["announced_on"],
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )


def _create_advance_hold() -> None:
    op.create_table(
        "advance_hold",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("visit_id", sa.BigInteger, nullable=False),
        sa.Column("insured_place", sa.CHAR(6), nullable=False),
        sa.Column("treatment_place", sa.CHAR(6), nullable=False),
        sa.Column("fund_fen", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_advance_hold"),
        sa.CheckConstraint("decided_by <> asked_by", name="ck_advance_hold_another_person"),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (state = 'asked')", name="ck_advance_hold_decided_at"
        ),
        sa.CheckConstraint("fund_fen > 0", name="ck_advance_hold_fund_fen"),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'rejected')", name="ck_advance_hold_state"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_advance_hold_visit_id_visit"),
        sa.UniqueConstraint("number", name="uq_advance_hold_number"),
    )
    op.create_index(
        "ix_advance_hold_visit_id",
        "advance_hold",
        ["visit_id"],
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(
        "uq_advance_hold_visit_id",
        "advance_hold",
        ["visit_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def upgrade() -> None:
    """Create the tables, and let the books watch."""
    for serial in SERIALS:
        op.execute(f"CREATE SEQUENCE {serial}_serial MINVALUE 1 MAXVALUE 9999999 CYCLE")
    _create_advance_run()
    _create_advance_quota()
    _create_advance_change()
    _create_advance_transfer()
    _create_account_guard()
    _create_advance_crossing()
    _create_advance_hold()
    op.create_index(
        "ix_account_treatment_place",
        "account",
        ["treatment_place", "insured_place"],
        postgresql_where=sa.text("insured_place IS NOT NULL"),
    )
    for columns, table in (
        ("state, closed_at, closed_by", "advance_run"),
        ("decided_fen, state, proposed_by, closed_at, closed_by, note", "advance_change"),
        (
            "state, bank_reference, paid_on, paid_at, paid_by, received_at, received_by",
            "advance_transfer",
        ),
        ("mode, yellow_percent, red_percent, rearm_points", "account_guard"),
        ("announced_on, acknowledged_at, acknowledged_by", "advance_crossing"),
        ("state, decided_at, decided_by, note", "advance_hold"),
    ):
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO hub_app")
    op.execute("REVOKE INSERT ON advance_crossing FROM hub_app")
    op.execute(LEVEL)
    op.execute(GUARD)
    for signature in (LEVEL_SIGNATURE, GUARD_SIGNATURE):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
    op.execute(BOOK.replace("{watch}", WATCH))


def downgrade() -> None:
    """Let the books watch nothing again, and drop the tables."""
    op.execute(BOOK.replace("{watch}", ""))
    op.execute(f"DROP FUNCTION {GUARD_SIGNATURE}")
    op.execute(f"DROP FUNCTION {LEVEL_SIGNATURE}")
    op.drop_index("ix_account_treatment_place", "account")
    for table in (
        "advance_hold",
        "advance_crossing",
        "account_guard",
        "advance_transfer",
        "advance_change",
        "advance_quota",
        "advance_run",
    ):
        op.drop_table(table)
    for serial in SERIALS:
        op.execute(f"DROP SEQUENCE {serial}_serial")
