"""The laws of clearing: items, claims, notices and the bank's lines are one and the same amount."""

from __future__ import annotations

from collections.abc import Mapping

from app.proof.store.laws.documents import POSTED

# What a claim counts: the settlements and deductions of its clearing's months, and what rolled in.
_ITEM = """
    SELECT m.clearing, s.insured_place, s.treatment_place, s.number, s.total_fen,
           s.fund_fen - s.conceded_before_fen AS fund_fen
      FROM settlement s JOIN cleared_month m ON m.scheme = s.scheme AND m.month = s.month
    UNION ALL
    SELECT m.clearing, d.insured_place, d.treatment_place, d.number, 0, -d.amount_fen
      FROM deduction d JOIN cleared_month m ON m.scheme = d.scheme AND m.month = d.month
    UNION ALL
    SELECT g.number, c.insured_place, c.treatment_place, s.number, s.total_fen, r.fund_fen
      FROM carried r JOIN contest o ON o.id = r.contest_id
      JOIN claim c ON c.id = r.claim_id
      JOIN clearing g ON g.id = c.clearing_id
      JOIN settlement s ON s.number = o.settlement
"""
_COUNTED = f"""
    SELECT clearing, insured_place, treatment_place, count(*) AS items,
           sum(total_fen) AS total_fen, sum(fund_fen) AS fund_fen
      FROM ({_ITEM}) AS item GROUP BY 1, 2, 3
"""  # noqa: S608 -- our own words
_CLAIM = """
    SELECT g.number AS clearing, g.period, g.scheme, c.*
      FROM claim c JOIN clearing g ON g.id = c.clearing_id
"""
_SIDES = """
    coalesce(claim.clearing, counted.clearing) AS subject,
    coalesce(claim.insured_place, counted.insured_place) AS insured_place,
    coalesce(claim.treatment_place, counted.treatment_place) AS treatment_place,
    NULL AS institution, claim.period
"""
_BESIDE = f"""
    ({_CLAIM}) AS claim FULL JOIN ({_COUNTED}) AS counted
    ON claim.clearing = counted.clearing AND claim.insured_place = counted.insured_place
   AND claim.treatment_place = counted.treatment_place
"""
_CLAIMS_ARE_ITEMS = f"""
    SELECT {_SIDES},
           CASE WHEN coalesce(claim.fund_fen, 0) <> coalesce(counted.fund_fen, 0)
                THEN coalesce(claim.fund_fen, 0) ELSE coalesce(claim.total_fen, 0) END AS found,
           CASE WHEN coalesce(claim.fund_fen, 0) <> coalesce(counted.fund_fen, 0)
                THEN coalesce(counted.fund_fen, 0) ELSE coalesce(counted.total_fen, 0)
           END AS expected
      FROM {_BESIDE}
     WHERE coalesce(claim.fund_fen, 0) <> coalesce(counted.fund_fen, 0)
        OR coalesce(claim.total_fen, 0) <> coalesce(counted.total_fen, 0)
"""  # noqa: S608 -- our own words
_CLAIMS_COUNT_ITEMS = f"""
    SELECT {_SIDES}, coalesce(claim.settlement_count, 0) AS found,
           coalesce(counted.items, 0) AS expected
      FROM {_BESIDE}
     WHERE coalesce(claim.settlement_count, 0) <> coalesce(counted.items, 0)
"""  # noqa: S608 -- our own words
_CLAIMS_DIGEST_ITEMS = f"""
    SELECT claim.clearing AS subject, claim.insured_place, claim.treatment_place,
           NULL AS institution, claim.period, 0 AS found, 1 AS expected
      FROM ({_CLAIM}) AS claim
      LEFT JOIN (SELECT clearing, insured_place, treatment_place,
                        sha256(convert_to(string_agg(
                            number || ' ' || total_fen || ' ' || fund_fen, E'\\n'
                            ORDER BY number COLLATE "C"), 'UTF8')) AS root
                   FROM ({_ITEM}) AS item GROUP BY 1, 2, 3) AS digested
     USING (clearing, insured_place, treatment_place)
     WHERE claim.root IS DISTINCT FROM digested.root
"""  # noqa: S608 -- our own words
_CLEARINGS_ARE_CLAIMS = """
    SELECT g.number AS subject, NULL AS insured_place, NULL AS treatment_place,
           NULL AS institution, g.period, g.fund_fen AS found,
           coalesce(sum(c.fund_fen), 0) AS expected
      FROM clearing g LEFT JOIN claim c ON c.clearing_id = g.id
     GROUP BY g.id
    HAVING (g.settlement_count, g.total_fen, g.fund_fen) IS DISTINCT FROM
           (coalesce(sum(c.settlement_count), 0)::bigint, coalesce(sum(c.total_fen), 0)::bigint,
            coalesce(sum(c.fund_fen), 0)::bigint)
"""
_NOTICE = """
    n.number AS subject, claim.insured_place, claim.treatment_place, NULL AS institution,
    claim.period
"""
_NOTICES_ARE_CLAIMS = f"""
    SELECT {_NOTICE}, n.fund_fen AS found,
           claim.fund_fen - n.deducted_fen - n.rolled_fen AS expected
      FROM notice n JOIN ({_CLAIM}) AS claim ON claim.id = n.claim_id
     WHERE n.fund_fen <> claim.fund_fen - n.deducted_fen - n.rolled_fen
"""  # noqa: S608 -- our own words
_NOTICES_IN_PAIRS = f"""
    SELECT claim.clearing AS subject, claim.insured_place, claim.treatment_place,
           NULL AS institution, claim.period,
           coalesce(sum(n.fund_fen) FILTER (WHERE n.kind = 'receivable'), 0) AS found,
           coalesce(sum(n.fund_fen) FILTER (WHERE n.kind = 'payable'), 0) AS expected
      FROM ({_CLAIM}) AS claim JOIN notice n ON n.claim_id = claim.id
     GROUP BY claim.id, claim.clearing, claim.insured_place, claim.treatment_place, claim.period
    HAVING count(*) FILTER (WHERE n.kind = 'receivable') <> 1
        OR count(*) FILTER (WHERE n.kind = 'payable') <> 1
        OR min(n.fund_fen) <> max(n.fund_fen)
"""  # noqa: S608 -- our own words
_PAYABLE = f"SELECT n.*, claim.insured_place, claim.treatment_place, claim.period FROM notice n JOIN ({_CLAIM}) AS claim ON claim.id = n.claim_id WHERE n.kind = 'payable'"  # noqa: S608, E501 -- our own words
_OF_PAYABLE = "n.number AS subject, n.insured_place, n.treatment_place, NULL AS institution"
_NOTICES_ARE_POSTINGS = f"""
    SELECT {_OF_PAYABLE}, n.period, coalesce(posted.fen, 0) AS found, n.fund_fen AS expected
      FROM ({_PAYABLE}) AS n
      LEFT JOIN ({POSTED}) AS posted
        ON posted.subject = n.number AND posted.event = 'notice_issued'
       AND posted.kind = 'notified' AND posted.counter_kind = 'uncleared'
       AND posted.insured_place = n.insured_place AND posted.treatment_place = n.treatment_place
     WHERE coalesce(posted.fen, 0) <> n.fund_fen
"""  # noqa: S608 -- our own words
# A credit is paid the other way round, and the bank's line has no sign of its own.
_PAYMENTS_ARE_NOTICES = f"""
    SELECT {_NOTICE}, n.paid_fen AS found, coalesce(paid.fen, 0) AS expected
      FROM notice n JOIN ({_CLAIM}) AS claim ON claim.id = n.claim_id
      LEFT JOIN (SELECT b.claim_id, sum(CASE WHEN b.payer = c.insured_place THEN b.amount_fen
                                             ELSE -b.amount_fen END) AS fen
                   FROM bank_confirmation b JOIN claim c ON c.id = b.claim_id
                  GROUP BY b.claim_id) AS paid
        ON paid.claim_id = n.claim_id
     WHERE n.paid_fen <> coalesce(paid.fen, 0)
"""  # noqa: S608 -- our own words
_PAYMENTS_ARE_POSTINGS = f"""
    SELECT {_OF_PAYABLE}, n.period, coalesce(posted.fen, 0) AS found, n.paid_fen AS expected
      FROM ({_PAYABLE}) AS n
      LEFT JOIN (SELECT subject, insured_place, treatment_place, -fen AS fen FROM ({POSTED}) AS it
                  WHERE event = 'payment_matched' AND kind = 'notified'
                    AND counter_kind = 'treasury') AS posted
        ON posted.subject = n.number AND posted.insured_place = n.insured_place
       AND posted.treatment_place = n.treatment_place
     WHERE coalesce(posted.fen, 0) <> n.paid_fen
"""  # noqa: S608 -- our own words
STATEMENTS: Mapping[str, str] = {
    "claims_are_items": _CLAIMS_ARE_ITEMS,
    "claims_count_items": _CLAIMS_COUNT_ITEMS,
    "claims_digest_items": _CLAIMS_DIGEST_ITEMS,
    "clearings_are_claims": _CLEARINGS_ARE_CLAIMS,
    "notices_are_claims": _NOTICES_ARE_CLAIMS,
    "notices_in_pairs": _NOTICES_IN_PAIRS,
    "notices_are_postings": _NOTICES_ARE_POSTINGS,
    "payments_are_notices": _PAYMENTS_ARE_NOTICES,
    "payments_are_postings": _PAYMENTS_ARE_POSTINGS,
}
