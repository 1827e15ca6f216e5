-- A quarter of settlements over every ordered pair of provinces, as if desks had settled them.
-- Visits, workers, filings and fee lines are left out: nothing in a clearing looks at them.
WITH province AS (
    SELECT code, row_number() OVER (ORDER BY code) - 1 AS place, count(*) OVER () AS places
      FROM region WHERE level = 'province'
), pair AS (
    SELECT insured.code AS insured, treatment.code AS treatment,
           row_number() OVER (ORDER BY insured.code, treatment.code) - 1 AS pair
      FROM province insured JOIN province treatment ON insured.code <> treatment.code
), made AS (
    SELECT n, DATE '2025-07-01' + (n % 92)::integer AS day,
           -- every fiftieth undoes one of another quarter
           CASE WHEN n % 50 = 0 THEN -1 ELSE 1 END AS sign,
           100000 + n * 7919 % 2900000 AS fen, n * 104729 % 992 AS pair
      FROM generate_series(1::bigint, $1::bigint) AS n
)
INSERT INTO settlement
       (number, visit_id, kind, cancels, settled_at, business_day, month, institution, worker_id,
        filing_id, insured_region, treatment_region, insured_place, treatment_place, scheme,
        cost_kind, confirmed_on, line_count, total_fen, fund_fen, own_fen, policy_version,
        message_key, adjustment)
SELECT 'A' || treatment || to_char(day, 'YYMMDD') || lpad(n::text, 7, '0'), n,
       CASE sign WHEN 1 THEN 'settlement' ELSE 'cancellation' END,
       CASE sign WHEN -1 THEN -n END, day + TIME '10:00', day, to_char(day, 'YYYY-MM'),
       'H' || treatment || lpad((n % 40)::text, 5, '0'), n, n, insured, treatment, insured,
       treatment, 'cross_province', 'medical', day, 1, sign * fen, sign * (fen - fen % 977),
       sign * (fen % 977), 'benchmark', 'benchmark-' || n, sign < 0
  FROM made JOIN pair USING (pair)
