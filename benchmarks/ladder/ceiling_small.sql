-- L1a: a very small settlement, the yardstick that is shared with other designs, kept so that nobody
-- moves the bar unseen: fewer columns, the keys and one index more, no reading of lines and lists.
-- What the hub really writes is L1 (ceiling.sql); both ratios are printed.
-- {count} is how many visits there are; each is settled once.
DROP SCHEMA IF EXISTS ceiling_small CASCADE;
CREATE SCHEMA ceiling_small;
SET search_path = ceiling_small;

CREATE TABLE institution (code text PRIMARY KEY, state text NOT NULL);
CREATE TABLE determination (id bigint PRIMARY KEY, decided_on date NOT NULL, state text NOT NULL);
CREATE TABLE filing (id bigint PRIMARY KEY, state text NOT NULL, open_visits int NOT NULL) WITH (fillfactor = 85);
CREATE TABLE visit (
    id bigint PRIMARY KEY, state text NOT NULL, filing_id bigint NOT NULL, institution text NOT NULL,
    insured_place char(6) NOT NULL, treatment_place char(6) NOT NULL, total_fen bigint NOT NULL,
    revision int NOT NULL
) WITH (fillfactor = 85);
CREATE TABLE message (
    party text, key text, fingerprint bytea NOT NULL, state text NOT NULL, action text NOT NULL,
    client text NOT NULL, at timestamptz NOT NULL, status smallint, body bytea,
    deed text, subject text, PRIMARY KEY (party, key)
);
CREATE TABLE audit_trail (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, party text NOT NULL,
    client text NOT NULL, request text NOT NULL, action text NOT NULL, subject text NOT NULL,
    facts jsonb NOT NULL, message text
);
CREATE TABLE announcement (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, topic text NOT NULL,
    subject text NOT NULL, parties text[] NOT NULL, body jsonb NOT NULL
);
CREATE TABLE settlement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text NOT NULL UNIQUE,
    visit_id bigint NOT NULL UNIQUE, at timestamptz NOT NULL, month char(7) NOT NULL,
    institution text NOT NULL, insured_place char(6) NOT NULL, treatment_place char(6) NOT NULL,
    line_count int NOT NULL, total_fen bigint NOT NULL, fund_fen bigint NOT NULL,
    own_fen bigint NOT NULL, CHECK (total_fen = fund_fen + own_fen)
);
CREATE INDEX ON settlement (month, treatment_place);
CREATE TABLE settlement_line (
    settlement_id bigint NOT NULL, serial text NOT NULL, item_name text NOT NULL,
    quantity numeric(16, 4) NOT NULL, unit_price numeric(16, 6) NOT NULL, amount_fen bigint NOT NULL,
    fund_fen bigint NOT NULL, own_fen bigint NOT NULL, clause text NOT NULL,
    PRIMARY KEY (settlement_id, serial)
);
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE,
    balance_fen bigint NOT NULL, version bigint NOT NULL
) WITH (fillfactor = 20);
CREATE TABLE entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event text NOT NULL, subject text NOT NULL,
    effective_day date NOT NULL, at timestamptz NOT NULL
);
CREATE TABLE posting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry_id bigint NOT NULL,
    debit_account bigint NOT NULL, credit_account bigint NOT NULL, fen bigint NOT NULL,
    debit_version bigint NOT NULL, credit_version bigint NOT NULL
);
CREATE SEQUENCE serial;

-- Visits over 930 pairs of places and 31 institutions, as many as a run can settle.
INSERT INTO institution SELECT 'H' || (110000 + 10000 * i) || '00001', 'online' FROM generate_series(0, 30) i;
INSERT INTO determination SELECT i, '2025-01-15', 'active' FROM generate_series(1, {count}) i;
INSERT INTO filing SELECT i, 'approved', 1 FROM generate_series(1, {count}) i;
INSERT INTO visit
SELECT i, 'discharged', i, 'H' || (110000 + 10000 * t) || '00001',
       (110000 + 10000 * s)::char(6), (110000 + 10000 * t)::char(6), 60000, 0
  FROM generate_series(1, {count}) i,
       LATERAL (SELECT i % 31 AS s) AS one,
       LATERAL (SELECT (s + 1 + (i / 31) % 30) % 31 AS t) AS other;
INSERT INTO account (name, balance_fen, version)
SELECT DISTINCT 'uncleared:' || insured_place || ':' || treatment_place, 0, 0 FROM visit
UNION SELECT 'payable:' || treatment_place || ':' || institution, 0, 0 FROM visit;
ANALYZE;

CREATE FUNCTION ceiling_small.settle(visit_id bigint, key text, body bytea) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    v ceiling_small.visit; confirmed date; ready text; made bigint; number text; entered bigint;
    pair ceiling_small.account; owed ceiling_small.account; now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO ceiling_small.message (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    VALUES ('P', key, sha256(body), 'applied', 'POST settle', 'C', now, 201, body, 'settle', key);
    SELECT * INTO STRICT v FROM ceiling_small.visit WHERE id = visit_id FOR NO KEY UPDATE;
    SELECT decided_on INTO confirmed FROM ceiling_small.determination WHERE id = visit_id;
    SELECT state INTO ready FROM ceiling_small.institution WHERE code = v.institution;
    IF confirmed IS NULL OR ready <> 'online' OR v.state <> 'discharged' THEN
        RAISE EXCEPTION 'visit % cannot be settled', visit_id;
    END IF;
    number := 'A' || v.treatment_place || to_char(now, 'YYMMDD') || lpad(nextval('ceiling_small.serial')::text, 7, '0');
    INSERT INTO ceiling_small.settlement (number, visit_id, at, month, institution, insured_place, treatment_place,
                            line_count, total_fen, fund_fen, own_fen)
    VALUES (number, visit_id, now, to_char(now, 'YYYY-MM'), v.institution, v.insured_place,
            v.treatment_place, 6, v.total_fen, v.total_fen - 100, 100)
    RETURNING id INTO made;
    INSERT INTO ceiling_small.settlement_line
    SELECT made, n::text, '示例药品', 10, 10, 10000, 10000, 0, 'national/6' FROM generate_series(1, 6) n;
    UPDATE ceiling_small.visit SET state = 'settled', revision = revision + 1 WHERE id = visit_id AND state = 'discharged';
    UPDATE ceiling_small.filing SET open_visits = open_visits - 1 WHERE id = v.filing_id;
    INSERT INTO ceiling_small.audit_trail (at, party, client, request, action, subject, facts, message)
    VALUES (now, 'P', 'C', key, 'settlement.settle', number, jsonb_build_object('visit', visit_id), key);
    INSERT INTO ceiling_small.announcement (at, topic, subject, parties, body)
    VALUES (now, 'settlement.settled', number, ARRAY[v.insured_place, v.treatment_place],
            jsonb_build_object('settlement', number, 'total', v.total_fen));
    INSERT INTO ceiling_small.entry (event, subject, effective_day, at)
    VALUES ('settlement_booked', number, now::date, now) RETURNING id INTO entered;
    UPDATE ceiling_small.account SET balance_fen = balance_fen - v.total_fen, version = version + 1
     WHERE name = 'payable:' || v.treatment_place || ':' || v.institution RETURNING * INTO owed;
    UPDATE ceiling_small.account SET balance_fen = balance_fen + v.total_fen, version = version + 1
     WHERE name = 'uncleared:' || v.insured_place || ':' || v.treatment_place RETURNING * INTO pair;
    INSERT INTO ceiling_small.posting (entry_id, debit_account, credit_account, fen, debit_version, credit_version)
    VALUES (entered, pair.id, owed.id, v.total_fen, pair.version, owed.version);
    RETURN made;
END $$;
