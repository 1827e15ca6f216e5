"""The laws of the ledger alone: balances, versions and steps are what the postings make them."""

from __future__ import annotations

from collections.abc import Mapping

# Both ends of every posting, as the account sees them.
LEG = """
    SELECT debit_account AS account, debit_version AS version, fen AS delta,
           debit_balance_fen AS balance FROM posting
    UNION ALL
    SELECT credit_account, credit_version, -fen, credit_balance_fen FROM posting
"""
_NAMED = "a.name AS subject, a.insured_place, a.treatment_place, a.institution, NULL AS period"
_TOTAL = f"SELECT account, sum(delta) AS summed, count(*) AS counted FROM ({LEG}) AS leg GROUP BY 1"  # noqa: S608 -- our own words
_STEP = f"""
    SELECT account, version, balance, sum(delta) OVER running AS summed,
           row_number() OVER running AS counted
      FROM ({LEG}) AS leg
    WINDOW running AS (PARTITION BY account ORDER BY version ROWS UNBOUNDED PRECEDING)
"""  # noqa: S608 -- our own words
_BALANCES_SUM_TO_ZERO = """
    SELECT NULL AS subject, NULL AS insured_place, NULL AS treatment_place, NULL AS institution,
           NULL AS period, sum(balance_fen) AS found, 0 AS expected
      FROM account HAVING sum(balance_fen) <> 0
"""
_BALANCE_OF_POSTINGS = f"""
    SELECT {_NAMED}, a.balance_fen AS found, coalesce(t.summed, 0) AS expected
      FROM account a LEFT JOIN ({_TOTAL}) AS t ON t.account = a.id
     WHERE a.balance_fen <> coalesce(t.summed, 0)
"""  # noqa: S608 -- our own words
_VERSIONS_COUNTED = f"""
    SELECT {_NAMED}, a.version AS found, coalesce(t.counted, 0) AS expected
      FROM account a LEFT JOIN ({_TOTAL}) AS t ON t.account = a.id
     WHERE a.version <> coalesce(t.counted, 0)
"""  # noqa: S608 -- our own words
_VERSIONS_WITHOUT_GAPS = f"""
    SELECT {_NAMED}, s.version AS found, s.counted AS expected
      FROM ({_STEP}) AS s JOIN account a ON a.id = s.account WHERE s.version <> s.counted
"""  # noqa: S608 -- our own words
_RUNNING_BALANCES = f"""
    SELECT {_NAMED}, s.balance AS found, s.summed AS expected
      FROM ({_STEP}) AS s JOIN account a ON a.id = s.account WHERE s.balance <> s.summed
"""  # noqa: S608 -- our own words
# What is written together is not tied by foreign keys: here is looked for what they would refuse.
_ROWS_HANG_TOGETHER = """
    SELECT 'posting ' || p.id AS subject, NULL AS insured_place, NULL AS treatment_place,
           NULL AS institution, NULL AS period,
           (e.id IS NOT NULL)::int + (d.id IS NOT NULL)::int + (c.id IS NOT NULL)::int AS found,
           3 AS expected
      FROM posting p
      LEFT JOIN entry e ON e.id = p.entry_id
      LEFT JOIN account d ON d.id = p.debit_account
      LEFT JOIN account c ON c.id = p.credit_account
     WHERE e.id IS NULL OR d.id IS NULL OR c.id IS NULL
    UNION ALL
    SELECT 'settlement line ' || coalesce(s.number, l.settlement_id::text) || ' ' || l.serial,
           NULL, NULL, NULL, NULL,
           (s.id IS NOT NULL)::int + (l.catalogue_version IS NULL OR v.id IS NOT NULL)::int, 2
      FROM settlement_line l
      LEFT JOIN settlement s ON s.id = l.settlement_id
      LEFT JOIN catalogue_version v ON v.id = l.catalogue_version
     WHERE s.id IS NULL OR (l.catalogue_version IS NOT NULL AND v.id IS NULL)
    UNION ALL
    SELECT 'fee line ' || coalesce(v.number, l.visit_id::text) || ' ' || l.serial,
           NULL, NULL, NULL, NULL,
           (v.id IS NOT NULL)::int + (l.refund_of IS NULL OR charged.serial IS NOT NULL)::int, 2
      FROM fee_line l
      LEFT JOIN visit v ON v.id = l.visit_id
      LEFT JOIN fee_line charged
             ON charged.visit_id = l.visit_id AND charged.serial = l.refund_of
     WHERE v.id IS NULL OR (l.refund_of IS NOT NULL AND charged.serial IS NULL)
"""
STATEMENTS: Mapping[str, str] = {
    "balances_sum_to_zero": _BALANCES_SUM_TO_ZERO,
    "balance_of_postings": _BALANCE_OF_POSTINGS,
    "versions_counted": _VERSIONS_COUNTED,
    "versions_without_gaps": _VERSIONS_WITHOUT_GAPS,
    "running_balances": _RUNNING_BALANCES,
    "rows_hang_together": _ROWS_HANG_TOGETHER,
}
