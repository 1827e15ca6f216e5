-- Run with -D n=0: every client walks through visits of its own, so that each is settled once.
\set n :n + 1
\set visit 1 + (:client_id * 37500 + :n) % 300000
BEGIN;
INSERT INTO ceiling.message (party, key, fingerprint, state, action, client, at, status, body, deed, subject) VALUES ('P', gen_random_uuid()::text, sha256('x'), 'applied', 'POST settle', 'C', now(), 201, convert_to(repeat('x', 1500), 'UTF8'), 'settle', 'x');
SELECT filing_id, institution, insured_place AS insured, treatment_place AS treated, total_fen FROM ceiling.visit WHERE id = :visit FOR NO KEY UPDATE \gset
SELECT decided_on FROM ceiling.determination WHERE id = :visit;
SELECT state FROM ceiling.institution WHERE code = (:institution)::text;
INSERT INTO ceiling.settlement (number, visit_id, at, month, institution, insured_place, treatment_place, line_count, total_fen, fund_fen, own_fen) VALUES ('A' || nextval('ceiling.serial'), :visit, now(), '2025-09', (:institution)::text, (:insured)::text, (:treated)::text, 6, (:total_fen)::bigint, (:total_fen)::bigint - 100, 100) RETURNING id AS made \gset
INSERT INTO ceiling.settlement_line SELECT :made, n::text, '示例药品', 10, 10, 10000, 10000, 0, 'national/6' FROM generate_series(1, 6) n;
UPDATE ceiling.visit SET state = 'settled', revision = revision + 1 WHERE id = :visit;
UPDATE ceiling.filing SET open_visits = open_visits - 1 WHERE id = :filing_id;
INSERT INTO ceiling.audit_trail (at, party, client, request, action, subject, facts, message) VALUES (now(), 'P', 'C', 'x', 'settlement.settle', 'x', '{"visit": 1}', 'x');
INSERT INTO ceiling.announcement (at, topic, subject, parties, body) VALUES (now(), 'settlement.settled', 'x', ARRAY['110000', '370000'], '{"total": 1}');
INSERT INTO ceiling.entry (event, subject, effective_day, at) VALUES ('settlement_booked', 'x', '2025-09-01', now()) RETURNING id AS entered \gset
UPDATE ceiling.account SET balance_fen = balance_fen - (:total_fen)::bigint, version = version + 1 WHERE name = 'payable:' || (:treated)::text || ':' || (:institution)::text RETURNING id AS owed, version AS owed_version \gset
UPDATE ceiling.account SET balance_fen = balance_fen + (:total_fen)::bigint, version = version + 1 WHERE name = 'uncleared:' || (:insured)::text || ':' || (:treated)::text RETURNING id AS pair, version AS pair_version \gset
INSERT INTO ceiling.posting (entry_id, debit_account, credit_account, fen, debit_version, credit_version) VALUES (:entered, :pair, :owed, :total_fen, :pair_version, :owed_version);
COMMIT;
