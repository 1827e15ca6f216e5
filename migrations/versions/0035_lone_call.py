"""What a call of the lane costs Postgres however few it carries: fewer and smaller statements.

Why: a lone settlement in the lane cost Postgres nearly six times as much as one of thirty-two that
come together; most of it is what every statement costs to begin.
Safe because: two functions are made anew with what they take, answer, lock and write unchanged, and
no row is touched: a release before calls them as it always did. Visits are written beside their
settlements, which come before filings as before; both are held since the first look at them.

Revision ID: 0035
"""

from __future__ import annotations

from types import ModuleType

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# As in revision 0034, with one array unrolled in a statement and the others read by place: each
# that is unrolled is a table of its own. Both tries of locks are one look, so are a settlement and
# its visit, and who holds a filing is remembered from the look that draws the numbers.
KEEP = """
CREATE OR REPLACE FUNCTION settle_keep(
    at timestamptz, business_day date, month text, policy_version text, deed text, topic text,
    stand_in text, actions text[], statuses smallint[],
    parties text[], clients text[], keys text[], fingerprints bytea[], requests text[],
    bodies bytea[],
    visit_ids bigint[], revisions bigint[], ended_at timestamptz[],
    insured_places text[], treatment_places text[], lost_on date[], confirmed_on date[],
    funds bigint[], owns bigint[], invoice_nos text[],
    facts text[], told_parties text[], told_bodies text[],
    line_of int[], positions int[], serials text[], versions bigint[], listed boolean[],
    caps bigint[], item_restricted boolean[], lives int[], line_funds bigint[],
    line_owns bigint[], reasons text[], clauses text[],
    account_kinds text[], account_insured text[], account_treatment text[],
    account_institutions text[], events text[], days date[], undone text[],
    entry_numbers int[], debits text[], credits text[], amounts bigint[],
    OUT odd int[], OUT numbers text[]
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
    filing_ids bigint[];  -- of visits that hold theirs, as often as it is held
BEGIN
    -- Who is not plain is told, and nothing is written for anybody. Nor is plain what an
    -- advance has no room for: the books would refuse it, and with it all of the call.
    SELECT array_agg(a.n) INTO odd
      FROM unnest(keys) WITH ORDINALITY AS a(key, n)
     WHERE NOT pg_try_advisory_xact_lock(
               hashtextextended('message ' || parties[a.n] || ' ' || a.key, 0))
        OR NOT pg_try_advisory_xact_lock_shared(hashtextextended(
               'settlement_month ' || treatment_places[a.n] || ' ' || settle_keep.month, 0));
    IF odd IS NOT NULL THEN RETURN; END IF;
    SELECT array_agg(a.n) INTO odd
      FROM unnest(visit_ids) WITH ORDINALITY AS a(visit_id, n)
      LEFT JOIN (SELECT v.id, v.revision, v.institution FROM visit v
                  WHERE v.id = ANY (visit_ids) ORDER BY v.id
                    FOR NO KEY UPDATE SKIP LOCKED) AS held
             ON held.id = a.visit_id AND held.revision = revisions[a.n]
                AND held.institution = parties[a.n]::bpchar
     WHERE held.id IS NULL
        OR EXISTS (SELECT FROM message m WHERE m.party = parties[a.n] AND m.key = keys[a.n])
        OR EXISTS (SELECT FROM settlement_month c
                    WHERE c.place = treatment_places[a.n]::bpchar
                      AND c.month >= settle_keep.month::bpchar)
        OR funds[a.n] > 0 AND EXISTS (
               SELECT FROM account_guard g
                WHERE g.treatment_place = treatment_places[a.n]::bpchar
                  AND g.insured_place = insured_places[a.n]::bpchar AND g.mode <> 'warn'
                  AND funds[a.n] > (SELECT -coalesce(sum(b.balance_fen), 0) FROM account b
                                     WHERE b.treatment_place = g.treatment_place
                                       AND b.insured_place = g.insured_place));
    IF odd IS NOT NULL THEN RETURN; END IF;

    SELECT array_agg(nextval('settlement_id_seq') ORDER BY a.n),
           array_agg('A' || v.treatment_region || to_char(business_day, 'YYMMDD')
                         || lpad(nextval('settlement_serial')::text, 7, '0') ORDER BY a.n),
           array_agg(v.filing_id) FILTER (WHERE v.holds_filing)
      INTO ids, numbers, filing_ids
      FROM unnest(visit_ids) WITH ORDINALITY AS a(visit_id, n) JOIN visit v ON v.id = a.visit_id;
    INSERT INTO message
           (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    SELECT parties[a.n], a.key, fingerprints[a.n], 'applied', actions[a.n], clients[a.n],
           settle_keep.at, statuses[a.n],
           convert_to(replace(convert_from(bodies[a.n], 'UTF8'), stand_in, numbers[a.n]), 'UTF8'),
           settle_keep.deed, numbers[a.n]
      FROM unnest(keys) WITH ORDINALITY AS a(key, n);
    WITH ended AS (
        UPDATE visit v SET state = 'settled', discharged_at = ended_at[a.n], holds_filing = false,
                           revision = v.revision + 1
          FROM unnest(visit_ids) WITH ORDINALITY AS a(visit_id, n) WHERE v.id = a.visit_id
        RETURNING a.n, v.*
    )
    INSERT INTO settlement
           (id, number, visit_id, kind, settled_at, business_day, month, institution, worker_id,
            filing_id, insured_region, treatment_region, insured_place, treatment_place, scheme,
            cost_kind, entitlement_lost_on, confirmed_on, line_count, total_fen, fund_fen, own_fen,
            policy_version, message_key, invoice_no, adjustment)
    OVERRIDING SYSTEM VALUE
    SELECT ids[v.n], numbers[v.n], v.id, 'settlement', settle_keep.at, settle_keep.business_day,
           settle_keep.month, v.institution, v.worker_id, v.filing_id, v.insured_region,
           v.treatment_region, insured_places[v.n], treatment_places[v.n], v.scheme, v.cost_kind,
           lost_on[v.n], confirmed_on[v.n], v.line_count, v.total_fen, funds[v.n], owns[v.n],
           settle_keep.policy_version, keys[v.n], invoice_nos[v.n], false
      FROM ended v;
    INSERT INTO settlement_line
           (settlement_id, serial, position, refund_of, category, item_code, item_name, quantity,
            unit_price, amount_fen, service_day, injury_related, restricted_approved,
            catalogue_version, listed, cap_fen, item_restricted, minimum_life_months, fund_fen,
            own_fen, reason, clause)
    SELECT ids[line_of[a.n]], f.serial, positions[a.n], f.refund_of, f.category, f.item_code,
           f.item_name, f.quantity, f.unit_price, f.amount_fen,
           (f.occurred_at AT TIME ZONE 'Asia/Shanghai')::date, f.injury_related,
           f.restricted_approved, versions[a.n], listed[a.n], caps[a.n], item_restricted[a.n],
           lives[a.n], line_funds[a.n], line_owns[a.n], reasons[a.n], clauses[a.n]
      FROM unnest(serials) WITH ORDINALITY AS a(serial, n)
      JOIN fee_line f ON f.visit_id = visit_ids[line_of[a.n]] AND f.serial = a.serial;
    UPDATE filing f
       SET open_visits = f.open_visits - cardinality(array_positions(filing_ids, f.id))
      FROM (SELECT f.id FROM filing f
             WHERE f.id = ANY (filing_ids) ORDER BY f.id FOR NO KEY UPDATE) AS held
     WHERE f.id = held.id;
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts, message)
    SELECT settle_keep.at, parties[a.n], clients[a.n], requests[a.n], settle_keep.deed,
           numbers[a.n], facts[a.n]::jsonb, a.key
      FROM unnest(keys) WITH ORDINALITY AS a(key, n);
    INSERT INTO announcement (at, topic, subject, parties, body, turn)
    SELECT settle_keep.at, settle_keep.topic, a.number, string_to_array(told_parties[a.n], ' '),
           replace(told_bodies[a.n], stand_in, a.number)::jsonb, (SELECT announcement_turn())
      FROM unnest(numbers) WITH ORDINALITY AS a(number, n);
    PERFORM ledger_book(
        settle_keep.at, settle_keep.policy_version, account_kinds, account_insured,
        account_treatment, account_institutions, events, numbers, days, undone, entry_numbers,
        debits, credits, amounts);
    IF cardinality(keys) > 1 THEN
        IF EXISTS (SELECT FROM account_guard g
                    WHERE g.treatment_place = ANY (treatment_places::bpchar[])
                      AND g.xmin = pg_current_xact_id()::xid) THEN
            RAISE EXCEPTION 'an advance crossed a line' USING ERRCODE = 'HAL01';
        END IF;
    END IF;
END $$
"""
# As in revision 0025, but what is undone is looked for where anything is, and an advance is
# watched where one is guarded.
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
    undone_ids bigint[];
BEGIN
    SELECT array_agg(concat_ws(':', w.kind, insured_places[w.n], treatment_places[w.n],
                               institutions[w.n]))
      INTO names FROM unnest(kinds) WITH ORDINALITY AS w(kind, n);

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

    IF array_remove(undone, NULL) <> '{}' THEN
        SELECT array_agg((SELECT max(was.id) FROM entry was WHERE was.subject = u.subject)
                         ORDER BY u.n)
          INTO undone_ids FROM unnest(undone) WITH ORDINALITY AS u(subject, n);
        IF num_nulls(VARIADIC undone_ids) > num_nulls(VARIADIC undone) THEN
            RAISE EXCEPTION 'an entry to be reversed is not in the books: %', undone;
        END IF;
    END IF;

    SELECT array_agg(nextval('entry_id_seq')) INTO entry_ids FROM unnest(events);

    INSERT INTO entry (id, event, subject, effective_day, at, policy_version, reverses)
    OVERRIDING SYSTEM VALUE
    SELECT entry_ids[e.n], e.event, subjects[e.n], days[e.n], ledger_book.at,
           ledger_book.policy_version, undone_ids[e.n]
      FROM unnest(events) WITH ORDINALITY AS e(event, n);

    WITH leg AS (
        SELECT p.n, p.fen, a.id AS account, side.debits,
               a.balance_fen + sum(side.delta) OVER running AS balance_fen,
               a.version + row_number() OVER running AS version,
               row_number() OVER running = count(*) OVER (PARTITION BY a.id) AS final
          FROM unnest(amounts) WITH ORDINALITY AS p(fen, n)
         CROSS JOIN LATERAL (VALUES (debits[p.n], p.fen, true), (credits[p.n], -p.fen, false))
               AS side(name, delta, debits)
          JOIN account a ON a.name = side.name
        WINDOW running AS (PARTITION BY a.id ORDER BY p.n ROWS UNBOUNDED PRECEDING)
    ), written AS (
        INSERT INTO posting (entry_id, debit_account, credit_account, fen, debit_balance_fen,
                             debit_version, credit_balance_fen, credit_version)
        SELECT entry_ids[entry_numbers[leg.n]],
               max(leg.account) FILTER (WHERE leg.debits),
               max(leg.account) FILTER (WHERE NOT leg.debits), leg.fen,
               max(leg.balance_fen) FILTER (WHERE leg.debits),
               max(leg.version) FILTER (WHERE leg.debits),
               max(leg.balance_fen) FILTER (WHERE NOT leg.debits),
               max(leg.version) FILTER (WHERE NOT leg.debits)
          FROM leg GROUP BY leg.n, leg.fen ORDER BY leg.n
    )
    UPDATE account a SET balance_fen = leg.balance_fen, version = leg.version
      FROM leg WHERE leg.final AND a.id = leg.account;

    IF EXISTS (SELECT FROM account_guard g
                WHERE g.treatment_place = ANY (treatment_places::bpchar[])) THEN
        PERFORM advance_watch(
            ledger_book.at, entry_numbers, debits, credits, amounts, events, subjects);
    END IF;
END $$
"""


def upgrade() -> None:
    """Let a call that carries one cost less."""
    op.execute(KEEP)
    op.execute(BOOK)


def downgrade() -> None:
    """Keep and book as before."""
    op.execute(_module_of("0034").KEEP.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    op.execute(_module_of("0025").BOOK)


def _module_of(before: str) -> ModuleType:
    context = op.get_context().environment_context
    assert context is not None, "migrations are run by their own environment"
    return context.script.get_revision(before).module
