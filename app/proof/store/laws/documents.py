"""The laws between documents and entries: whatever was decided is booked, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping

# What took something off a settlement, with the number it is booked under.
TAKEN_OFF = """
    SELECT d.number AS subject, d.settlement, d.insured_place, d.treatment_place, d.institution,
           d.month AS period, d.amount_fen AS fen
      FROM deduction d WHERE d.state = 'final'
    UNION ALL
    SELECT c.number, c.settlement, c.insured_place, c.treatment_place, s.institution, s.month,
           c.fund_fen - c.agreed_fen
      FROM contest c JOIN settlement s ON s.number = c.settlement
     WHERE c.agreed_fen <> c.fund_fen
    UNION ALL
    SELECT s.number, s.number, s.insured_place, s.treatment_place, s.institution, s.month,
           s.conceded_before_fen
      FROM settlement s WHERE s.conceded_before_fen <> 0
"""
# What an event posted from one account to another, by the number of its business. A posting
# between any other two accounts is not counted, and so is missed by who expects it.
POSTED = """
    SELECT e.event, e.subject, a.insured_place, a.treatment_place,
           coalesce(a.institution, b.institution) AS institution, a.kind AS kind,
           b.kind AS counter_kind, sum(leg.fen) AS fen
      FROM entry e
      JOIN posting p ON p.entry_id = e.id
     CROSS JOIN LATERAL (VALUES (p.debit_account, p.credit_account, p.fen),
                                (p.credit_account, p.debit_account, -p.fen))
           AS leg(account, counter_account, fen)
      JOIN account a ON a.id = leg.account
      JOIN account b ON b.id = leg.counter_account
     GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_SETTLEMENT = "s.number AS subject, s.insured_place, s.treatment_place, s.institution"
_ENTRIES_HAVE_SUBJECTS = """
    SELECT e.subject, NULL AS insured_place, NULL AS treatment_place, NULL AS institution,
           NULL AS period, count(known.number) AS found, 1 AS expected
      FROM entry e
      LEFT JOIN (
            SELECT CASE kind WHEN 'settlement' THEN 'settlement_booked'
                             ELSE 'settlement_cancelled' END AS event, number FROM settlement
            UNION ALL SELECT 'deduction_made', number FROM settlement WHERE conceded_before_fen <> 0
            UNION ALL SELECT 'deduction_made', number FROM contest
            UNION ALL SELECT 'deduction_made', number FROM deduction
            UNION ALL SELECT 'notice_issued', number FROM notice
            UNION ALL SELECT 'payment_matched', number FROM notice
            UNION ALL SELECT CASE payer_place WHEN insured_place THEN 'advance_paid'
                                  ELSE 'advance_returned' END, payment_number
                        FROM advance_transfer
            UNION ALL SELECT 'institution_paid', number FROM institution_payment
           ) AS known ON known.event = e.event AND known.number = e.subject
     GROUP BY e.id, e.subject
    HAVING count(known.number) <> 1
"""
_SETTLEMENTS_ARE_BOOKED = f"""
    SELECT {_SETTLEMENT}, s.month AS period, count(e.id) AS found, 1 AS expected
      FROM settlement s
      LEFT JOIN entry e ON e.subject = s.number
                       AND e.event IN ('settlement_booked', 'settlement_cancelled')
     GROUP BY s.id
    HAVING count(e.id) <> 1
"""  # noqa: S608 -- our own words
# The one law over every settlement and every posting at once: joined by ids wherever it can be.
_SETTLEMENTS_ARE_POSTINGS = f"""
    SELECT {_SETTLEMENT}, s.month AS period, coalesce(posted.fen, 0) AS found,
           s.fund_fen AS expected
      FROM settlement s
      LEFT JOIN (
            SELECT of.id, sum(CASE WHEN d.id = pair.id AND c.id = owed.id THEN p.fen
                                   WHEN c.id = pair.id AND d.id = owed.id THEN -p.fen END) AS fen
              FROM settlement of
              JOIN entry e ON e.subject = of.number
                          AND e.event IN ('settlement_booked', 'settlement_cancelled')
              JOIN posting p ON p.entry_id = e.id
              JOIN account d ON d.id = p.debit_account
              JOIN account c ON c.id = p.credit_account
              LEFT JOIN account pair
                ON pair.kind = 'uncleared' AND pair.insured_place = of.insured_place
               AND pair.treatment_place = of.treatment_place
              LEFT JOIN account owed
                ON owed.kind = 'payable' AND owed.treatment_place = of.treatment_place
               AND owed.institution = of.institution
             GROUP BY of.id) AS posted
        ON posted.id = s.id
     WHERE coalesce(posted.fen, 0) <> s.fund_fen
"""  # noqa: S608 -- our own words
_KEPT_LINES = """
      FROM visit v
      LEFT JOIN (SELECT visit_id, sum(amount_fen)::bigint AS fen, count(*) AS lines
                   FROM fee_line GROUP BY visit_id) AS kept ON kept.visit_id = v.id
"""
_VISIT = """
    SELECT v.number AS subject, NULL AS insured_place, NULL AS treatment_place, v.institution,
           NULL AS period
"""
_VISITS_ARE_LINES = f"""
    {_VISIT}, v.total_fen AS found, coalesce(kept.fen, 0) AS expected {_KEPT_LINES}
     WHERE v.total_fen <> coalesce(kept.fen, 0)
"""
_VISITS_COUNT_LINES = f"""
    {_VISIT}, v.line_count AS found, coalesce(kept.lines, 0) AS expected {_KEPT_LINES}
     WHERE v.line_count <> coalesce(kept.lines, 0)
"""
_LINES_ARE_BILLS = f"""
    SELECT {_SETTLEMENT}, s.month AS period,
           CASE WHEN s.fund_fen <> coalesce(bill.fund, 0) THEN s.fund_fen ELSE s.total_fen
           END AS found,
           CASE WHEN s.fund_fen <> coalesce(bill.fund, 0) THEN coalesce(bill.fund, 0)
                ELSE coalesce(bill.total, 0) END AS expected
      FROM settlement s
      LEFT JOIN (SELECT settlement_id, sum(amount_fen) AS total, sum(fund_fen) AS fund
                   FROM settlement_line GROUP BY settlement_id) AS bill
        ON bill.settlement_id = s.id
     WHERE (s.total_fen, s.fund_fen) <> (coalesce(bill.total, 0), coalesce(bill.fund, 0))
"""  # noqa: S608 -- our own words
_CANCELLATIONS_ARE_OPPOSITES = f"""
    SELECT {_SETTLEMENT}, s.month AS period, s.fund_fen AS found, -was.fund_fen AS expected
      FROM settlement s JOIN settlement was ON was.id = s.cancels
     WHERE (s.fund_fen, s.total_fen) <> (-was.fund_fen, -was.total_fen)
        OR was.cancelled_by IS DISTINCT FROM s.id
"""  # noqa: S608 -- our own words
# A month whose closing failed may have been passed over, so the next one is always allowed.
_MONTHS_FOLLOW_DAYS = f"""
    SELECT {_SETTLEMENT}, s.month AS period, s.counted AS found, s.of_day AS expected
      FROM (SELECT *, left(month, 4)::int * 12 + right(month, 2)::int AS counted,
                   (extract(year FROM business_day) * 12 + extract(month FROM business_day))::int
                       AS of_day
              FROM settlement) AS s
     WHERE s.counted < s.of_day
        OR (s.counted > s.of_day + 1 AND NOT EXISTS (
                SELECT FROM settlement_month m
                 WHERE m.place = s.treatment_place
                   AND left(m.month, 4)::int * 12 + right(m.month, 2)::int >= s.counted - 1))
"""  # noqa: S608 -- our own words
# Before the first edition was adopted nobody could say which were.
_POLICIES_ARE_ADOPTED = f"""
    SELECT {_SETTLEMENT}, s.month AS period, 0 AS found, 1 AS expected
      FROM settlement s
     WHERE s.settled_at >= (SELECT min(adopted_at) FROM policy_edition)
       AND s.policy_version NOT IN (SELECT version FROM policy_edition)
"""  # noqa: S608 -- our own words
_DEDUCTIONS_ARE_POSTINGS = f"""
    SELECT coalesce(taken.subject, posted.subject) AS subject,
           coalesce(taken.insured_place, posted.insured_place) AS insured_place,
           coalesce(taken.treatment_place, posted.treatment_place) AS treatment_place,
           coalesce(taken.institution, posted.institution) AS institution, taken.period,
           coalesce(posted.fen, 0) AS found, coalesce(taken.fen, 0) AS expected
      FROM ({TAKEN_OFF}) AS taken
      FULL JOIN (SELECT subject, insured_place, treatment_place, institution, -fen AS fen
                   FROM ({POSTED}) AS it
                  WHERE event = 'deduction_made' AND kind = 'uncleared') AS posted
     USING (subject, insured_place, treatment_place, institution)
     WHERE coalesce(posted.fen, 0) <> coalesce(taken.fen, 0)
"""  # noqa: S608 -- our own words
_DEDUCTIONS_ARE_NOTED = f"""
    SELECT {_SETTLEMENT}, s.month AS period, s.deducted_fen + s.conceded_fen AS found,
           coalesce(taken.fen, 0) AS expected
      FROM settlement s
      LEFT JOIN (SELECT settlement, sum(fen) AS fen
                   FROM (SELECT settlement, fen FROM ({TAKEN_OFF}) AS final
                         UNION ALL
                         SELECT settlement, amount_fen FROM deduction
                          WHERE state IN ('proposed', 'appealed')) AS each
                  GROUP BY settlement) AS taken
        ON taken.settlement = s.number
     WHERE s.deducted_fen + s.conceded_fen <> coalesce(taken.fen, 0)
"""  # noqa: S608 -- our own words
STATEMENTS: Mapping[str, str] = {
    "visits_are_lines": _VISITS_ARE_LINES,
    "visits_count_lines": _VISITS_COUNT_LINES,
    "entries_have_subjects": _ENTRIES_HAVE_SUBJECTS,
    "settlements_are_booked": _SETTLEMENTS_ARE_BOOKED,
    "settlements_are_postings": _SETTLEMENTS_ARE_POSTINGS,
    "lines_are_bills": _LINES_ARE_BILLS,
    "cancellations_are_opposites": _CANCELLATIONS_ARE_OPPOSITES,
    "months_follow_days": _MONTHS_FOLLOW_DAYS,
    "policies_are_adopted": _POLICIES_ARE_ADOPTED,
    "deductions_are_postings": _DEDUCTIONS_ARE_POSTINGS,
    "deductions_are_noted": _DEDUCTIONS_ARE_NOTED,
}
