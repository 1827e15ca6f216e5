"""The lane: one call reads what many visits are settled on, one keeps what was decided of them.

Why: a settlement at the door costs a dozen round trips; through these two functions many settle in
two, each with its own message, trail, announcement and entry, and all in one commit. What writes
the books takes fewer steps for the same effect.
Safe because: whatever is not plain (an id known or under way, a visit that moved on or is held, a
month that closes, an advance that crosses a line) is written for nobody and left to the door. Both
functions ask for the institution themselves, since their owner sees behind the walls. The foreign
keys that go are of rows that one function writes together with what they point at, to rows nobody
can delete; each cost a look-up a line. The law `rows_hang_together` of the proof looks for what
they would have refused.

Revision ID: 0025
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# What a settlement is decided on, for each of the visits asked about that is plain so far: the id
# was never used, the visit is open and the institution's own, the client still stands, and the bill
# is not so long that its neighbours would wait for it. The caller decides whether the rest is as it
# should be. `lists` changes with every list that comes in; one
# that is taken back was not in force yet, and so decided nothing.
LOOK = """
CREATE FUNCTION settle_look(
    parties text[], clients text[], issued_at timestamptz[], keys text[], numbers text[],
    now timestamptz, today date
) RETURNS TABLE (
    n int, lists text, id bigint, kind text, cost_kind text, scheme text, state text,
    worker_id bigint, worker_number text, determination_number text, filing_id bigint,
    filing_number text, institution text, insured_region text, treatment_region text,
    admitted_at timestamptz, discharged_at timestamptz, line_count int,
    total_fen bigint, revision bigint, decided_on date, determination_state text,
    third_party boolean, lost_on date, region text, standing_since date, standing text,
    settlement_number text,
    serials text[], refunds_of text[], categories text[], item_codes text[], item_names text[],
    quantities numeric[], unit_prices numeric[], amounts bigint[], occurred_at timestamptz[],
    injury_related boolean[], restricted_approved boolean[]
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.n::int, concat((SELECT max(c.id) FROM catalogue_version c)), v.id, v.kind,
           v.cost_kind, v.scheme, v.state, v.worker_id, w.number, d.number,
           v.filing_id, f.number, v.institution::text, v.insured_region::text,
           v.treatment_region::text, v.admitted_at, v.discharged_at, v.line_count,
           v.total_fen, v.revision, d.decided_on, d.state, d.third_party,
           loss.lost_on, i.region::text, standing.first_day, standing.state,
           'A' || v.treatment_region || to_char(today, 'YYMMDD')
               || lpad(nextval('settlement_serial')::text, 7, '0'),
           bill.serials, bill.refunds_of, bill.categories, bill.item_codes, bill.item_names,
           bill.quantities, bill.unit_prices, bill.amounts, bill.occurred_at,
           bill.injury_related, bill.restricted_approved
      FROM unnest(parties, clients, issued_at, keys, numbers) WITH ORDINALITY
           AS a(party, client, issued_at, key, number, n)
      JOIN visit v ON v.number = a.number AND v.institution = a.party::bpchar
      JOIN worker w ON w.id = v.worker_id
      JOIN determination d ON d.id = v.determination_id
      JOIN filing f ON f.id = v.filing_id
      JOIN institution i ON i.code = a.party
      LEFT JOIN entitlement_loss loss ON loss.worker_id = v.worker_id
      LEFT JOIN LATERAL (
            SELECT s.first_day, s.state FROM institution_standing s
             WHERE s.institution_id = i.id AND s.first_day <= settle_look.today
             ORDER BY s.first_day DESC LIMIT 1) AS standing ON true
     CROSS JOIN LATERAL (
            SELECT array_agg(l.serial) AS serials, array_agg(l.refund_of) AS refunds_of,
                   array_agg(l.category) AS categories, array_agg(l.item_code) AS item_codes,
                   array_agg(l.item_name) AS item_names, array_agg(l.quantity) AS quantities,
                   array_agg(l.unit_price) AS unit_prices, array_agg(l.amount_fen) AS amounts,
                   array_agg(l.occurred_at) AS occurred_at,
                   array_agg(l.injury_related) AS injury_related,
                   array_agg(l.restricted_approved) AS restricted_approved
              FROM (SELECT * FROM fee_line fl WHERE fl.visit_id = v.id ORDER BY fl.position) AS l
           ) AS bill
     WHERE v.state IN ('admitted', 'discharged') AND v.line_count <= 1000
       AND NOT EXISTS (SELECT FROM message m WHERE m.party = a.party AND m.key = a.key)
       AND nullif(client_stands(a.client, a.issued_at, now), 'unknown') IS NULL;
END $$
"""
# Keeps what was decided, for all or for nobody; returns the places (from 1) of those that are not
# plain after all. The order of locks is the door's: message, month, visit, filing, and the books at
# the very end; nobody is waited for but at a filing and at the books.
KEEP = """
CREATE FUNCTION settle_keep(
    at timestamptz, business_day date, month text, policy_version text, action text,
    deed text, topic text, status smallint,
    parties text[], clients text[], keys text[], fingerprints bytea[], requests text[],
    bodies bytea[],
    visit_ids bigint[], revisions bigint[], ended_at timestamptz[], numbers text[],
    insured_places text[], treatment_places text[], lost_on date[], confirmed_on date[],
    funds bigint[], owns bigint[], invoice_nos text[],
    facts text[], told_parties text[], told_bodies text[],
    line_of int[], positions int[], serials text[], versions bigint[], listed boolean[],
    caps bigint[], item_restricted boolean[], lives int[], line_funds bigint[],
    line_owns bigint[], reasons text[], clauses text[],
    account_kinds text[], account_insured text[], account_treatment text[],
    account_institutions text[], events text[], subjects text[], days date[], undone text[],
    entry_numbers int[], debits text[], credits text[], amounts bigint[]
) RETURNS int[] LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    odd int[];
    ids bigint[];
BEGIN
    -- Who is not plain is told, and nothing is written for anybody. Nor is plain what an
    -- advance has no room for: the books would refuse it, and with it all of the call.
    SELECT array_agg(a.n) INTO odd
      FROM unnest(parties, keys) WITH ORDINALITY AS a(party, key, n)
     WHERE NOT pg_try_advisory_xact_lock(
               hashtextextended('message ' || a.party || ' ' || a.key, 0));
    IF odd IS NOT NULL THEN RETURN odd; END IF;
    SELECT array_agg(a.n) INTO odd
      FROM unnest(treatment_places) WITH ORDINALITY AS a(place, n)
     WHERE a.place = ANY (ARRAY(
               SELECT p.place FROM (SELECT DISTINCT place FROM unnest(treatment_places) AS place) p
                WHERE NOT pg_try_advisory_xact_lock_shared(hashtextextended(
                          'settlement_month ' || p.place || ' ' || settle_keep.month, 0))));
    IF odd IS NOT NULL THEN RETURN odd; END IF;
    SELECT array_agg(a.n) INTO odd
      FROM unnest(parties, keys, visit_ids, revisions, insured_places, treatment_places, funds)
           WITH ORDINALITY AS a(party, key, visit_id, revision, insured_place, place, fund, n)
      LEFT JOIN (SELECT v.id, v.revision, v.institution FROM visit v
                  WHERE v.id = ANY (visit_ids) ORDER BY v.id
                    FOR NO KEY UPDATE SKIP LOCKED) AS held
             ON held.id = a.visit_id AND held.revision = a.revision
                AND held.institution = a.party::bpchar
     WHERE held.id IS NULL
        OR EXISTS (SELECT FROM message m WHERE m.party = a.party AND m.key = a.key)
        OR EXISTS (SELECT FROM settlement_month c
                    WHERE c.place = a.place::bpchar AND c.month >= settle_keep.month::bpchar)
        OR a.fund > 0 AND EXISTS (
               SELECT FROM account_guard g
                WHERE g.treatment_place = a.place::bpchar
                  AND g.insured_place = a.insured_place::bpchar AND g.mode <> 'warn'
                  AND a.fund > (SELECT -coalesce(sum(b.balance_fen), 0) FROM account b
                                 WHERE b.treatment_place = g.treatment_place
                                   AND b.insured_place = g.insured_place));
    IF odd IS NOT NULL THEN RETURN odd; END IF;

    INSERT INTO message
           (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    SELECT a.party, a.key, a.fingerprint, 'applied', settle_keep.action, a.client, settle_keep.at,
           settle_keep.status, a.body, settle_keep.deed, a.number
      FROM unnest(parties, keys, fingerprints, clients, bodies, numbers)
           AS a(party, key, fingerprint, client, body, number);
    SELECT array_agg(nextval('settlement_id_seq')) INTO ids FROM unnest(keys);
    INSERT INTO settlement
           (id, number, visit_id, kind, settled_at, business_day, month, institution, worker_id,
            filing_id, insured_region, treatment_region, insured_place, treatment_place, scheme,
            cost_kind, entitlement_lost_on, confirmed_on, line_count, total_fen, fund_fen, own_fen,
            policy_version, message_key, invoice_no, adjustment)
    OVERRIDING SYSTEM VALUE
    SELECT a.id, a.number, v.id, 'settlement', settle_keep.at, settle_keep.business_day,
           settle_keep.month, v.institution, v.worker_id, v.filing_id, v.insured_region,
           v.treatment_region, a.insured_place, a.treatment_place, v.scheme, v.cost_kind,
           a.lost_on, a.confirmed_on, v.line_count, v.total_fen, a.fund, a.own,
           settle_keep.policy_version, a.key, a.invoice_no, false
      FROM unnest(ids, numbers, visit_ids, insured_places, treatment_places, lost_on,
                  confirmed_on, funds, owns, keys, invoice_nos)
           AS a(id, number, visit_id, insured_place, treatment_place, lost_on, confirmed_on, fund,
                own, key, invoice_no)
      JOIN visit v ON v.id = a.visit_id;
    INSERT INTO settlement_line
           (settlement_id, serial, position, refund_of, category, item_code, item_name, quantity,
            unit_price, amount_fen, service_day, injury_related, restricted_approved,
            catalogue_version, listed, cap_fen, item_restricted, minimum_life_months, fund_fen,
            own_fen, reason, clause)
    SELECT ids[a.of], f.serial, a.position, f.refund_of, f.category, f.item_code, f.item_name,
           f.quantity, f.unit_price, f.amount_fen,
           (f.occurred_at AT TIME ZONE 'Asia/Shanghai')::date, f.injury_related,
           f.restricted_approved, a.version, a.listed, a.cap, a.restricted, a.life, a.fund, a.own,
           a.reason, a.clause
      FROM unnest(line_of, positions, serials, versions, listed, caps, item_restricted, lives,
                  line_funds, line_owns, reasons, clauses)
           AS a(of, position, serial, version, listed, cap, restricted, life, fund, own, reason,
                clause)
      JOIN fee_line f ON f.visit_id = visit_ids[a.of] AND f.serial = a.serial;
    UPDATE filing f SET open_visits = f.open_visits - let.go
      FROM (SELECT held.id, count(*) AS go
              FROM (SELECT f.id FROM filing f
                     WHERE f.id IN (SELECT v.filing_id FROM visit v
                                     WHERE v.id = ANY (visit_ids) AND v.holds_filing)
                     ORDER BY f.id FOR NO KEY UPDATE) AS held
              JOIN visit v ON v.filing_id = held.id AND v.id = ANY (visit_ids) AND v.holds_filing
             GROUP BY held.id) AS let
     WHERE f.id = let.id;
    UPDATE visit v SET state = 'settled', discharged_at = a.ended_at, holds_filing = false,
                       revision = v.revision + 1
      FROM unnest(visit_ids, ended_at) AS a(visit_id, ended_at) WHERE v.id = a.visit_id;
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts, message)
    SELECT settle_keep.at, a.party, a.client, a.request, settle_keep.deed,
           a.number, a.facts::jsonb, a.key
      FROM unnest(parties, clients, requests, numbers, facts, keys)
           AS a(party, client, request, number, facts, key);
    INSERT INTO announcement (at, topic, subject, parties, body)
    SELECT settle_keep.at, settle_keep.topic, a.number, string_to_array(a.told, ' '), a.body::jsonb
      FROM unnest(numbers, told_parties, told_bodies) AS a(number, told, body);
    PERFORM ledger_book(
        settle_keep.at, settle_keep.policy_version, account_kinds, account_insured,
        account_treatment, account_institutions, events, subjects, days, undone, entry_numbers,
        debits, credits, amounts);
    IF cardinality(keys) > 1 AND EXISTS (
        SELECT FROM account_guard g
         WHERE g.treatment_place = ANY (treatment_places::bpchar[])
           AND g.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'an advance crossed a line' USING ERRCODE = 'HAL01';
    END IF;
    RETURN NULL;
END $$
"""
# As in revision 0017, with fewer joins, and accounts that are there already looked up once.
BOOK = """
CREATE OR REPLACE FUNCTION ledger_book(
    at timestamptz, policy_version text,
    kinds text[], insured_places text[], treatment_places text[], institutions text[],
    events text[], subjects text[], days date[], undone text[],
    entry_numbers int[], debits text[], credits text[], amounts bigint[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    names text[];
    entry_ids bigint[];
BEGIN
    SELECT array_agg(concat_ws(':', w.kind, w.insured_place, w.treatment_place, w.institution))
      INTO names
      FROM unnest(kinds, insured_places, treatment_places, institutions)
           AS w(kind, insured_place, treatment_place, institution);

    IF (SELECT count(*) FROM account a WHERE a.name = ANY (names)) < cardinality(names) THEN
        INSERT INTO account
               (name, kind, insured_place, treatment_place, institution, balance_fen, version)
        SELECT w.name, w.kind, w.insured_place, w.treatment_place, w.institution, 0, 0
          FROM unnest(names, kinds, insured_places, treatment_places, institutions)
               AS w(name, kind, insured_place, treatment_place, institution)
         WHERE NOT EXISTS (SELECT FROM account a WHERE a.name = w.name)
         ORDER BY w.name
            ON CONFLICT DO NOTHING;
    END IF;

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

    WITH leg AS (
        SELECT p.number, p.entry_number, p.fen, a.id AS account, side.debits,
               a.balance_fen + sum(side.delta) OVER running AS balance_fen,
               a.version + row_number() OVER running AS version,
               row_number() OVER running = count(*) OVER (PARTITION BY a.id) AS final
          FROM unnest(entry_numbers, debits, credits, amounts) WITH ORDINALITY
               AS p(entry_number, debit, credit, fen, number)
         CROSS JOIN LATERAL (VALUES (p.debit, p.fen, true), (p.credit, -p.fen, false))
               AS side(name, delta, debits)
          JOIN account a ON a.name = side.name
        WINDOW running AS (PARTITION BY a.id ORDER BY p.number ROWS UNBOUNDED PRECEDING)
    ), written AS (
        INSERT INTO posting (entry_id, debit_account, credit_account, fen, debit_balance_fen,
                             debit_version, credit_balance_fen, credit_version)
        SELECT entry_ids[leg.entry_number],
               max(leg.account) FILTER (WHERE leg.debits),
               max(leg.account) FILTER (WHERE NOT leg.debits), leg.fen,
               max(leg.balance_fen) FILTER (WHERE leg.debits),
               max(leg.version) FILTER (WHERE leg.debits),
               max(leg.balance_fen) FILTER (WHERE NOT leg.debits),
               max(leg.version) FILTER (WHERE NOT leg.debits)
          FROM leg GROUP BY leg.number, leg.entry_number, leg.fen ORDER BY leg.number
    )
    UPDATE account a SET balance_fen = leg.balance_fen, version = leg.version
      FROM leg WHERE leg.final AND a.id = leg.account;

    PERFORM advance_watch(
        ledger_book.at, entry_numbers, debits, credits, amounts, events, subjects);
END $$
"""
BOOK_BEFORE = """
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

    PERFORM advance_watch(
        ledger_book.at, entry_numbers, debits, credits, amounts, events, subjects);
END $$
"""
# How full pages are packed: rows that are written over and over find room beside themselves.
PACKED = {"account": 20, "filing": 85, "visit": 85}
# Where a foreign key goes: table, column, table it points at.
UNTIED = (
    ("settlement_line", "settlement_id", "settlement"),
    ("settlement_line", "catalogue_version", "catalogue_version"),
    ("posting", "entry_id", "entry"),
    ("posting", "debit_account", "account"),
    ("posting", "credit_account", "account"),
)


def upgrade() -> None:
    """Open the lane."""
    for table, percent in PACKED.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")
    for table, column, points_at in UNTIED:
        op.drop_constraint(f"fk_{table}_{column}_{points_at}", table)
    op.execute(BOOK)
    for name, function in (("settle_look", LOOK), ("settle_keep", KEEP)):
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO hub_app")


def downgrade() -> None:
    """Close the lane, and tie the rows again."""
    op.execute("DROP FUNCTION settle_keep")
    op.execute("DROP FUNCTION settle_look")
    op.execute(BOOK_BEFORE)
    op.execute("ALTER FUNCTION ledger_book RESET plan_cache_mode")
    for table, column, points_at in UNTIED:
        name = f"fk_{table}_{column}_{points_at}"
        op.create_foreign_key(name, table, points_at, [column], ["id"])
    for table in PACKED:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
