-- L1: the least that a settlement of the hub writes, in a schema of its own.
--
-- Mirrored: every table a settlement writes is made LIKE the hub's own as it is today, with all its
-- columns, defaults, primary and unique keys and indexes, so that the bar follows the hub and is
-- never lower than what it keeps. One settlement writes the same rows: the message with its answer,
-- the settlement, its six lines, the visit and the filing it ends, one line of the trail, one
-- announcement, one entry, one posting, and both exact balances with their versions. It reads what
-- the hub reads, from the hub's own tables: determination, worker, loss of entitlement, institution,
-- last closed month, the six fee lines, and the list in force with the item of each line.
--
-- Left out, so that this stays the database's own pace: triggers, row security, foreign keys, checks,
-- roles, advisory locks of messages and months, the second writing of the message, validation, the
-- rules (a line is the lesser of its amount and its cap), tokens, HTTP, Python.
--
-- {first} and {last} are the numbers of the visits; each is settled once, and none is made anew
-- between playings, so that these tables grow as the hub's do.
DROP SCHEMA IF EXISTS ceiling CASCADE;
CREATE SCHEMA ceiling;
DO $$
DECLARE
    mirrored text;
    options text;
BEGIN
    FOREACH mirrored IN ARRAY ARRAY['message', 'visit', 'filing', 'settlement', 'settlement_line',
                                    'audit_trail', 'announcement', 'entry', 'posting', 'account',
                                    'fee_line'] LOOP
        EXECUTE format('CREATE TABLE ceiling.%1$I (LIKE public.%1$I INCLUDING DEFAULTS '
                       'INCLUDING GENERATED INCLUDING IDENTITY INCLUDING INDEXES '
                       'INCLUDING STORAGE INCLUDING COMPRESSION)', mirrored);
        SELECT string_agg(option, ', ') INTO options
          FROM pg_class, unnest(reloptions) AS option WHERE oid = format('public.%I', mirrored)::regclass;
        IF options IS NOT NULL THEN
            EXECUTE format('ALTER TABLE ceiling.%I SET (%s)', mirrored, options);
        END IF;
    END LOOP;
END $$;
CREATE SEQUENCE ceiling.serial;

INSERT INTO ceiling.filing OVERRIDING SYSTEM VALUE
SELECT * FROM public.filing WHERE id BETWEEN 1000000000 + {first} AND 1000000000 + {last};
INSERT INTO ceiling.visit OVERRIDING SYSTEM VALUE
SELECT * FROM public.visit WHERE id BETWEEN 1000000000 + {first} AND 1000000000 + {last};
INSERT INTO ceiling.account (name, kind, insured_place, treatment_place, institution, balance_fen, version)
SELECT DISTINCT concat_ws(':', 'uncleared', insured_region, treatment_region), 'uncleared',
       insured_region, treatment_region, NULL, 0, 0 FROM ceiling.visit
UNION ALL
SELECT DISTINCT concat_ws(':', 'payable', treatment_region, institution), 'payable', NULL,
       treatment_region, institution, 0, 0 FROM ceiling.visit;
ANALYZE;

CREATE FUNCTION ceiling.settle(of_visit bigint, key_of_message text, answer bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v ceiling.visit;
    confirmed date; lost date; ready text; closed text; worker_number text; made bigint; fund bigint;
    number_of_it text; entered bigint; pair ceiling.account; owed ceiling.account;
    at_it timestamptz := clock_timestamp();
    day date := at_it::date;
BEGIN
    SELECT * INTO STRICT v FROM ceiling.visit
     WHERE id = of_visit AND state = 'discharged' FOR NO KEY UPDATE;
    SELECT d.decided_on, w.number, l.lost_on INTO STRICT confirmed, worker_number, lost
      FROM public.determination d JOIN public.worker w ON w.id = d.worker_id
      LEFT JOIN public.entitlement_loss l ON l.worker_id = d.worker_id
     WHERE d.id = v.determination_id;
    SELECT i.state INTO STRICT ready FROM public.institution i WHERE i.code = v.institution;
    SELECT max(m.month) INTO closed FROM public.settlement_month m WHERE m.place = v.treatment_region;
    number_of_it := 'A' || v.treatment_region || to_char(day, 'YYMMDD')
                    || lpad(nextval('ceiling.serial')::text, 7, '0');
    INSERT INTO ceiling.message (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    VALUES (v.institution, key_of_message, sha256(answer), 'applied', 'POST /v1/visits/{{number}}/settle',
            v.institution || '-1', at_it, 201, answer, 'settlement.settle', number_of_it);
    WITH list AS (
        SELECT c.id FROM public.catalogue_version c
         WHERE c.kind = 'drug' AND c.place = v.treatment_region AND c.first_day <= day
         ORDER BY c.first_day DESC LIMIT 1
    ), decided AS MATERIALIZED (
        SELECT f.*, list.id AS list, i.cap_fen, i.restricted AS item_restricted,
               least(f.amount_fen, (i.cap_fen * f.quantity)::bigint) AS fund_fen
          FROM list JOIN public.fee_line f ON f.visit_id = of_visit
          JOIN public.catalogue_item i ON i.version_id = list.id AND i.code = f.item_code
    ), kept AS (
        INSERT INTO ceiling.settlement
               (number, visit_id, kind, settled_at, business_day, month, institution, worker_id, filing_id,
                insured_region, treatment_region, insured_place, treatment_place, scheme, cost_kind,
                confirmed_on, line_count, total_fen, fund_fen, own_fen, policy_version, message_key,
                adjustment, conceded_fen, conceded_before_fen)
        SELECT number_of_it, of_visit, 'settlement', at_it, day, to_char(day, 'YYYY-MM'), v.institution,
               v.worker_id, v.filing_id, v.insured_region, v.treatment_region, v.insured_region,
               v.treatment_region, v.scheme, v.cost_kind, confirmed, count(*), sum(d.amount_fen),
               sum(d.fund_fen), sum(d.amount_fen - d.fund_fen), '2025.1-00000000', key_of_message, false, 0, 0
          FROM decided d
        RETURNING id, fund_fen
    ), lines AS (
        INSERT INTO ceiling.settlement_line
               (settlement_id, serial, position, category, item_code, item_name, quantity, unit_price,
                amount_fen, service_day, injury_related, restricted_approved, catalogue_version, listed,
                cap_fen, item_restricted, fund_fen, own_fen, clause)
        SELECT kept.id, d.serial, d.position, d.category, d.item_code, d.item_name, d.quantity,
               d.unit_price, d.amount_fen, d.occurred_at::date, d.injury_related, d.restricted_approved,
               d.list, true, d.cap_fen, d.item_restricted, d.fund_fen, d.amount_fen - d.fund_fen,
               'injury-regulations/30-catalogue'
          FROM decided d, kept
    )
    SELECT kept.id, kept.fund_fen INTO STRICT made, fund FROM kept;
    UPDATE ceiling.visit SET state = 'settled', holds_filing = false, revision = revision + 1
     WHERE id = of_visit;
    UPDATE ceiling.filing SET open_visits = open_visits - 1 WHERE id = v.filing_id;
    INSERT INTO ceiling.audit_trail (at, party, client, request, action, subject, facts, message)
    VALUES (at_it, v.institution, v.institution || '-1', key_of_message, 'settlement.settle', number_of_it,
            jsonb_build_object('visit', v.number, 'fund', fund), key_of_message);
    INSERT INTO ceiling.announcement (at, topic, subject, parties, body, turn)
    VALUES (at_it, 'settlement.settled', number_of_it,
            ARRAY[v.insured_region, v.treatment_region, v.institution],
            jsonb_build_object('settlement', number_of_it, 'cancels', NULL, 'visit', v.number,
                               'month', to_char(day, 'YYYY-MM'), 'total', v.total_fen, 'fund', fund),
            pg_current_xact_id()::text::bigint);
    INSERT INTO ceiling.entry (event, subject, effective_day, at, policy_version)
    VALUES ('settlement_booked', number_of_it, day, at_it, '2025.1-00000000') RETURNING id INTO entered;
    UPDATE ceiling.account SET balance_fen = balance_fen - fund, version = version + 1
     WHERE name = concat_ws(':', 'payable', v.treatment_region, v.institution) RETURNING * INTO owed;
    UPDATE ceiling.account SET balance_fen = balance_fen + fund, version = version + 1
     WHERE name = concat_ws(':', 'uncleared', v.insured_region, v.treatment_region) RETURNING * INTO pair;
    INSERT INTO ceiling.posting (entry_id, debit_account, credit_account, fen, debit_balance_fen,
                                 debit_version, credit_balance_fen, credit_version)
    VALUES (entered, pair.id, owed.id, fund, pair.balance_fen, pair.version, owed.balance_fen, owed.version);
    RETURN made;
END $$;
