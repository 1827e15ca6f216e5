-- Settlements {first} to {last} of {count}, as if desks had settled them since direct settlement
-- began, evenly over the days up to {until}, over 930 ordered pairs of provinces: each with its
-- message and answer, one line, one line of the trail, one announcement, one entry and one posting.
-- Every amount is 60.00, so that balances and versions are known without adding up. Visits, filings
-- and workers are left out: nothing looks at those of visits settled long ago.
CREATE TEMPORARY TABLE old ON COMMIT DROP AS
WITH place AS (
    SELECT code, row_number() OVER (ORDER BY code) - 1 AS turn, count(*) OVER () AS places
      FROM region WHERE level = 'province' AND code < '660000'
), pair AS (
    SELECT i.code AS insured, t.code AS treated, i.turn * (i.places - 1) + (t.turn - i.turn + i.places) % i.places - 1 AS pair,
           row_number() OVER (PARTITION BY t.code ORDER BY i.turn) - 1 AS rank, i.places - 1 AS ranks,
           i.places * (i.places - 1) AS pairs
      FROM place i JOIN place t ON i.code <> t.code
), owing AS (
    -- the account of an institution takes one step for each pair that comes before in a cycle
    SELECT p.*, row_number() OVER (PARTITION BY treated ORDER BY pair) - 1 AS step FROM pair p
)
SELECT n, n AS id, 'A' || treated || to_char(day, 'YYMMDD') || lpad((n % 10000000)::text, 7, '0') AS number,
       'S' || treated || to_char(day, 'YYMMDD') || lpad((n % 10000000)::text, 7, '0') AS visit,
       insured, treated, 'H' || treated || '90001' AS institution, day, day + time '10:00' AS at, pairs, ranks,
       step, (n - 1) / pairs AS cycle, 'history-' || n AS key
  FROM generate_series({first}::bigint, {last}::bigint) AS n
  JOIN owing ON pair = (n - 1) % pairs,
       LATERAL (SELECT date '2024-04-01' + ((n - 1) * (date '{until}' - date '2024-04-01' + 1) / {count})::int AS day) AS on_day;
INSERT INTO account (name, kind, insured_place, treatment_place, institution, balance_fen, version)
SELECT DISTINCT 'uncleared:' || insured || ':' || treated, 'uncleared', insured, treated, NULL, 0, 0 FROM old
UNION ALL
SELECT DISTINCT 'payable:' || treated || ':' || institution, 'payable', NULL, treated, institution, 0, 0 FROM old
    ON CONFLICT DO NOTHING;
INSERT INTO settlement
       (id, number, visit_id, kind, settled_at, business_day, month, institution, worker_id, filing_id,
        insured_region, treatment_region, insured_place, treatment_place, scheme, cost_kind, confirmed_on,
        line_count, total_fen, fund_fen, own_fen, policy_version, message_key, adjustment)
OVERRIDING SYSTEM VALUE
SELECT id, number, 3000000000 + n, 'settlement', at, day, to_char(day, 'YYYY-MM'), institution, 3000000000 + n,
       3000000000 + n, insured, treated, insured, treated, 'cross_province', 'medical', day - 60, 1, 6000, 6000, 0,
       '2025.1-00000000', key, false FROM old;
INSERT INTO settlement_line
       (settlement_id, serial, position, category, item_code, item_name, quantity, unit_price, amount_fen,
        service_day, injury_related, restricted_approved, listed, item_restricted, fund_fen, own_fen, clause)
SELECT id, '1', 1, 'drug', 'D010001', '示例药品', 10, 6, 6000, day - 2, true, false, true, false, 6000, 0,
       'injury-regulations/30-catalogue' FROM old;
INSERT INTO message (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
SELECT institution, key, sha256(convert_to(key, 'UTF8')), 'applied', 'POST /v1/visits/{{number}}/settle',
       institution || '-1', at, 201, convert_to(rpad('{{"number":"' || number || '"}}', 640), 'UTF8'),
       'settlement.settle', number FROM old;
INSERT INTO audit_trail (at, party, client, request, action, subject, facts, message)
SELECT at, institution, institution || '-1', key, 'settlement.settle', number,
       jsonb_build_object('visit', visit, 'fund', '60.00'), key FROM old ORDER BY n;
INSERT INTO announcement (at, topic, subject, parties, body, turn)
SELECT at, 'settlement.settled', number, ARRAY[insured, treated, institution],
       jsonb_build_object('settlement', number, 'cancels', NULL, 'visit', visit, 'month', to_char(day, 'YYYY-MM'),
                          'total', '60.00', 'fund', '60.00'), 1 FROM old ORDER BY n;
INSERT INTO entry (id, event, subject, effective_day, at, policy_version)
OVERRIDING SYSTEM VALUE
SELECT id, 'settlement_booked', number, day, at, '2025.1-00000000' FROM old;
INSERT INTO posting (entry_id, debit_account, credit_account, fen, debit_balance_fen, debit_version,
                     credit_balance_fen, credit_version)
SELECT o.id, debit.id, credit.id, 6000, 6000 * (cycle + 1), cycle + 1,
       -6000 * (cycle * ranks + step + 1), cycle * ranks + step + 1
  FROM old o
  JOIN account debit ON debit.name = 'uncleared:' || o.insured || ':' || o.treated
  JOIN account credit ON credit.name = 'payable:' || o.treated || ':' || o.institution
 ORDER BY n
