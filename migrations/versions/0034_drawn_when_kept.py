"""A settlement's number is drawn as it is kept; both faces settle, and previews look, together.

Why: every look at an open visit drew a number, so that a sender who was refused over and over ate
them; a number is of seven digits a day. And what old hospital software sends settles in the lane,
too: its messages have an action and a status of their own. A preview looks as a settlement does;
it keeps no more than the trace that somebody looked.
Safe because: functions are made anew, no row is touched. A release before misses the number in
what it sees, and leaves everything to the door, which draws from the same sequence. The answer and
the announcement are written before the number is known, with a number nobody can guess standing in
for it.

Revision ID: 0034
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# As in revision 0025, but draws no number.
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
# As in revision 0025, but numbers are drawn where all are plain: those of whom it keeps, in their
# order; `odd` are the places of those that are not, and then nobody is kept.
KEEP = """
CREATE FUNCTION settle_keep(
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
BEGIN
    -- Who is not plain is told, and nothing is written for anybody. Nor is plain what an
    -- advance has no room for: the books would refuse it, and with it all of the call.
    SELECT array_agg(a.n) INTO odd
      FROM unnest(parties, keys) WITH ORDINALITY AS a(party, key, n)
     WHERE NOT pg_try_advisory_xact_lock(
               hashtextextended('message ' || a.party || ' ' || a.key, 0));
    IF odd IS NOT NULL THEN RETURN; END IF;
    SELECT array_agg(a.n) INTO odd
      FROM unnest(treatment_places) WITH ORDINALITY AS a(place, n)
     WHERE a.place = ANY (ARRAY(
               SELECT p.place FROM (SELECT DISTINCT place FROM unnest(treatment_places) AS place) p
                WHERE NOT pg_try_advisory_xact_lock_shared(hashtextextended(
                          'settlement_month ' || p.place || ' ' || settle_keep.month, 0))));
    IF odd IS NOT NULL THEN RETURN; END IF;
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
    IF odd IS NOT NULL THEN RETURN; END IF;

    SELECT array_agg(nextval('settlement_id_seq') ORDER BY a.n),
           array_agg('A' || v.treatment_region || to_char(business_day, 'YYMMDD')
                         || lpad(nextval('settlement_serial')::text, 7, '0') ORDER BY a.n)
      INTO ids, numbers
      FROM unnest(visit_ids) WITH ORDINALITY AS a(visit_id, n) JOIN visit v ON v.id = a.visit_id;
    INSERT INTO message
           (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    SELECT a.party, a.key, a.fingerprint, 'applied', a.action, a.client, settle_keep.at, a.status,
           convert_to(replace(convert_from(a.body, 'UTF8'), stand_in, a.number), 'UTF8'),
           settle_keep.deed, a.number
      FROM unnest(parties, keys, fingerprints, actions, clients, statuses, bodies, numbers)
           AS a(party, key, fingerprint, action, client, status, body, number);
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
    SELECT settle_keep.at, settle_keep.topic, a.number, string_to_array(a.told, ' '),
           replace(a.body, stand_in, a.number)::jsonb
      FROM unnest(numbers, told_parties, told_bodies) AS a(number, told, body);
    PERFORM ledger_book(
        settle_keep.at, settle_keep.policy_version, account_kinds, account_insured,
        account_treatment, account_institutions, events, numbers, days, undone, entry_numbers,
        debits, credits, amounts);
    IF cardinality(keys) > 1 AND EXISTS (
        SELECT FROM account_guard g
         WHERE g.treatment_place = ANY (treatment_places::bpchar[])
           AND g.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'an advance crossed a line' USING ERRCODE = 'HAL01';
    END IF;
END $$
"""
# Previews leave the trace of a look, each with whom it was about.
PREVIEWED = """
CREATE FUNCTION preview_keep(
    at timestamptz, action text,
    parties text[], clients text[], requests text[], subjects text[], facts text[]
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    IF '' = ANY (parties) OR array_position(parties, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts)
    SELECT preview_keep.at, a.party, a.client, a.request, preview_keep.action, a.subject,
           a.facts::jsonb
      FROM unnest(parties, clients, requests, subjects, facts) WITH ORDINALITY
           AS a(party, client, request, subject, facts, n)
     ORDER BY a.n;
END $$
"""
ROLE = "hub_app"


def upgrade() -> None:
    """Draw numbers where they are kept, and let previews leave their traces together."""
    op.execute("DROP FUNCTION settle_look")
    op.execute("DROP FUNCTION settle_keep")
    _make(settle_look=LOOK, settle_keep=KEEP, preview_keep=PREVIEWED)


def downgrade() -> None:
    """Draw them at every look again."""
    context = op.get_context().environment_context
    assert context is not None, "migrations are run by their own environment"
    before = context.script.get_revision("0025").module
    for name in ("settle_look", "settle_keep", "preview_keep"):
        op.execute(f"DROP FUNCTION {name}")
    _make(settle_look=before.LOOK, settle_keep=before.KEEP)


def _make(**functions: str) -> None:
    for name, function in functions.items():
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {ROLE}")
