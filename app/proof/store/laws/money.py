"""The laws per pair, institution and treasury: an account stands where its documents put it."""

from __future__ import annotations

from collections.abc import Mapping

from app.proof.store.laws.documents import POSTED, TAKEN_OFF

_NOTICED = """
    SELECT c.insured_place, c.treatment_place, n.fund_fen, n.paid_fen
      FROM notice n JOIN claim c ON c.id = n.claim_id WHERE n.kind = 'payable'
"""
_TRANSFERRED = """
    SELECT t.insured_place, t.treatment_place, t.payment_number AS subject,
           CASE t.payer_place WHEN t.insured_place THEN t.amount_fen ELSE -t.amount_fen END AS fen
      FROM advance_transfer t WHERE t.state = 'received'
"""
_INSTITUTION_PAYMENTS_ARE_POSTINGS = f"""
    SELECT i.number AS subject, NULL AS insured_place, i.place AS treatment_place, i.institution,
           to_char(i.paid_on, 'YYYY-MM') AS period, coalesce(posted.fen, 0) AS found,
           i.amount_fen AS expected
      FROM institution_payment i
      LEFT JOIN ({POSTED}) AS posted
        ON posted.subject = i.number AND posted.event = 'institution_paid'
       AND posted.kind = 'payable' AND posted.counter_kind = 'treasury'
       AND posted.treatment_place = i.place AND posted.institution = i.institution
     WHERE coalesce(posted.fen, 0) <> i.amount_fen
"""  # noqa: S608 -- our own words
_ADVANCES_ARE_POSTINGS = f"""
    SELECT t.subject, t.insured_place, t.treatment_place, NULL AS institution, NULL AS period,
           coalesce(-posted.fen, 0) AS found, t.fen AS expected
      FROM ({_TRANSFERRED}) AS t
      LEFT JOIN ({POSTED}) AS posted
        ON posted.subject = t.subject AND posted.kind = 'advance'
       AND posted.counter_kind = 'treasury' AND posted.insured_place = t.insured_place
       AND posted.treatment_place = t.treatment_place
     WHERE coalesce(-posted.fen, 0) <> t.fen
"""  # noqa: S608 -- our own words


def _standing(kind: str, moved: str) -> str:
    """Hold the accounts of a kind against what moved them, by all that an account is about."""
    return f"""
    SELECT coalesce(a.name, '{kind}') AS subject, whose.insured_place, whose.treatment_place,
           whose.institution, NULL AS period, coalesce(a.balance_fen, 0) AS found,
           coalesce(whose.fen, 0) AS expected
      FROM (SELECT insured_place, treatment_place, institution, sum(fen) AS fen
              FROM (SELECT insured_place::text, treatment_place::text, institution::text,
                           0::bigint AS fen
                      FROM account WHERE kind = '{kind}'
                    UNION ALL {moved}) AS moved
             GROUP BY 1, 2, 3) AS whose
      LEFT JOIN account a
        ON a.name = concat_ws(':', '{kind}', whose.insured_place, whose.treatment_place,
                              whose.institution)
     WHERE coalesce(a.balance_fen, 0) <> coalesce(whose.fen, 0)
    """  # noqa: S608 -- our own words


_PAIRS_UNCLEARED = _standing(
    "uncleared",
    f"""
    SELECT insured_place, treatment_place, NULL, fund_fen FROM settlement
    UNION ALL SELECT insured_place, treatment_place, NULL, -fen FROM ({TAKEN_OFF}) AS taken
    UNION ALL SELECT insured_place, treatment_place, NULL, -fund_fen FROM ({_NOTICED}) AS noticed
    """,  # noqa: S608 -- our own words
)
_PAIRS_NOTIFIED = _standing(
    "notified",
    f"""
    SELECT insured_place, treatment_place, NULL, fund_fen - paid_fen FROM ({_NOTICED}) AS noticed
    """,  # noqa: S608 -- our own words
)
_PAIRS_ADVANCE = _standing(
    "advance",
    f"SELECT insured_place, treatment_place, NULL, -fen FROM ({_TRANSFERRED}) AS transferred",  # noqa: S608 -- our own words
)
_INSTITUTIONS_PAYABLE = _standing(
    "payable",
    f"""
    SELECT NULL, treatment_place, institution, -fund_fen FROM settlement
    UNION ALL SELECT NULL, treatment_place, institution, fen FROM ({TAKEN_OFF}) AS taken
    UNION ALL SELECT NULL, place, institution, amount_fen FROM institution_payment
    """,  # noqa: S608 -- our own words
)
_TREASURIES = _standing(
    "treasury",
    f"""
    SELECT NULL, treatment_place, NULL, paid_fen FROM ({_NOTICED}) AS noticed
    UNION ALL SELECT NULL, treatment_place, NULL, fen FROM ({_TRANSFERRED}) AS transferred
    UNION ALL SELECT NULL, place, NULL, -amount_fen FROM institution_payment
    """,  # noqa: S608 -- our own words
)
STATEMENTS: Mapping[str, str] = {
    "institution_payments_are_postings": _INSTITUTION_PAYMENTS_ARE_POSTINGS,
    "advances_are_postings": _ADVANCES_ARE_POSTINGS,
    "pairs_uncleared": _PAIRS_UNCLEARED,
    "pairs_notified": _PAIRS_NOTIFIED,
    "pairs_advance": _PAIRS_ADVANCE,
    "institutions_payable": _INSTITUTIONS_PAYABLE,
    "treasuries": _TREASURIES,
}
