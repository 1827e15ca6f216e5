-- Visits ready to be settled, straight into the hub's tables: workers, determinations, filings,
-- visits and six fee lines each, over every ordered pair of provinces, one hospital in each.
-- {first} and {last} are the numbers of the visits; ids lie far above what a hub hands out. Visits
-- after number {ready} are still open and have no fee lines yet.
INSERT INTO institution (code, name, aliases, types, region, address, address_aliases, specialities,
                         state, state_since, source, revision, updated_at)
SELECT 'H' || code || '90001', '基准测试医院' || code, '{{}}', '{{medical}}', code, '示例路1号', '{{}}',
       '{{}}', 'online', '2024-01-01', 'synthetic', nextval('institution_revision'), now()
  FROM region WHERE level = 'province' AND code < '660000'
    ON CONFLICT (code) DO NOTHING;
INSERT INTO institution_scope (institution_id, cost_kind, scheme, first_day)
SELECT id, 'medical', 'cross_province', '2024-01-01' FROM institution i
 WHERE code LIKE 'H______90001'
   AND NOT EXISTS (SELECT FROM institution_scope s WHERE s.institution_id = i.id);
INSERT INTO institution_standing (institution_id, first_day, state, reason)
SELECT id, '2024-01-01', 'online', '' FROM institution
 WHERE code LIKE 'H______90001' ON CONFLICT DO NOTHING;
INSERT INTO party (code, kind, name, region, state, source)
SELECT code, 'institution', name, region, 'active', 'synthetic' FROM institution
 WHERE code LIKE 'H______90001' ON CONFLICT DO NOTHING;
-- Whom the tokens name that the senders sign: in production no other client is let in.
INSERT INTO client (id, party, state, created_at)
SELECT code || '-1', code, 'active', now() FROM party ON CONFLICT DO NOTHING;

CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
WITH place AS (
    SELECT code, row_number() OVER (ORDER BY code) - 1 AS turn, count(*) OVER () AS places
      FROM region WHERE level = 'province' AND code < '660000'
)
SELECT 1000000000 + i AS id, i, insured.code AS insured, treated.code AS treated
  FROM generate_series({first}, {last}) AS i
  JOIN place insured ON insured.turn = i % insured.places
  JOIN place treated
    ON treated.turn = (i % insured.places + 1 + (i / insured.places) % (insured.places - 1)) % insured.places;
INSERT INTO worker (id, number, insured_region, employer, registered_by, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT id, 'W' || insured || '990101' || lpad(i::text, 7, '0'), insured, '示例用人单位', insured, now(), now() FROM asked;
INSERT INTO determination (id, number, worker_id, kind, document_number, decided_on, injured_parts,
                           diagnoses, third_party, state, registered_by, created_at)
OVERRIDING SYSTEM VALUE
SELECT id, 'D' || insured || '990101' || lpad(i::text, 7, '0'), id, 'injury', '示例认字〔2025〕' || i || '号', '2025-01-15',
       '{{左小腿}}', '{{示例}}', false, 'active', insured, now() FROM asked;
INSERT INTO filing (id, number, worker_id, kind, insured_region, treatment_region, scheme, cost_kinds,
                    first_day, last_day, state, submitted_by, submitted_at, decided_at, decided_by,
                    open_visits, admitted_once, policy_version, revision)
OVERRIDING SYSTEM VALUE
SELECT id, 'Y' || insured || '990101' || lpad(i::text, 7, '0'), id, 'residence', insured, treated, 'cross_province',
       '{{medical}}', current_date - 60, current_date + 300, 'approved', insured, now(), now(), insured,
       1, true, '2025.1', 1 FROM asked;
INSERT INTO visit (id, number, kind, cost_kind, scheme, state, worker_id, determination_id, filing_id,
                   institution, insured_region, treatment_region, admitted_at, discharged_at, card_kind,
                   admission_no, department, physician, diagnoses, discharge_way, journey, holds_filing,
                   line_count, total_fen, revision, policy_version, created_at)
OVERRIDING SYSTEM VALUE
SELECT id, 'S' || treated || '990101' || lpad(i::text, 7, '0'), 'inpatient', 'medical', 'cross_province',
       CASE WHEN i <= {ready} THEN 'discharged' ELSE 'admitted' END, id, id, id,
       'H' || treated || '90001', insured, treated, now() - interval '5 days',
       CASE WHEN i <= {ready} THEN now() - interval '1 day' END,
       'physical', 'ZY' || i, '骨科', '示例医师', '[{{"code": "S82.2", "name": "胫骨骨折", "main": true}}]',
       CASE WHEN i <= {ready} THEN 'advised' END, gen_random_uuid(), true,
       CASE WHEN i <= {ready} THEN 6 ELSE 0 END, CASE WHEN i <= {ready} THEN 6000 ELSE 0 END, 1, '2025.1', now()
  FROM asked;
INSERT INTO fee_line (visit_id, serial, position, category, item_code, item_name, unit, quantity,
                      unit_price, amount_fen, occurred_at, injury_related, restricted_approved,
                      uploaded_at)
SELECT a.id, n::text, n, 'drug', item.code, item.name, item.unit, 10, 1, 1000, now() - interval '2 days',
       true, false, now()
  FROM asked a
  JOIN (SELECT v.place, i.code, i.name, i.unit, row_number() OVER (PARTITION BY v.place ORDER BY i.code) AS n
          FROM catalogue_version v JOIN catalogue_item i ON i.version_id = v.id
         WHERE v.kind = 'drug' AND NOT i.restricted) AS item
    ON item.place = a.treated AND item.n <= 6
 WHERE a.i <= {ready}
