"""The lines of a journal as text, byte for byte as the seals digest them, and whose they are.

A line is a JSON object the database writes: to seal, to download and to verify, by one expression.
"""

from __future__ import annotations

from app.proof.model.seals import Journal

# A posting is a step of two accounts; a place and an institution read each step of their own. Who
# may not see the account at the other end still reads its name.
_LEDGER_LINES = """
    SELECT p.id, whose.participant, a.name COLLATE "C" AS rank,
           json_build_object(
               'account', a.name, 'version', leg.version, 'at',
               to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'event', e.event,
               'subject', e.subject, 'day', e.effective_day, 'policy_version', e.policy_version,
               'side', leg.side, 'counter_account', coalesce(o.name, account_name(leg.other)),
               'amount', to_char(p.fen / 100.0, 'FM9999999999999990.00'), 'balance',
               to_char(leg.balance_fen / 100.0, 'FM9999999999999990.00')
           )::text AS line
      FROM posting p
      JOIN entry e ON e.id = p.entry_id
     CROSS JOIN LATERAL (VALUES
               (p.debit_account, 'debit', p.credit_account, p.debit_version, p.debit_balance_fen),
               (p.credit_account, 'credit', p.debit_account, p.credit_version,
                p.credit_balance_fen)
           ) AS leg(account, side, other, version, balance_fen)
      JOIN account a ON a.id = leg.account
      LEFT JOIN account o ON o.id = leg.other
     CROSS JOIN LATERAL (VALUES
               (a.insured_place::text), (a.treatment_place::text), (a.institution::text)
           ) AS whose(participant)
     WHERE whose.participant IS NOT NULL
"""
_TRAIL_LINES = """
    SELECT t.seq AS id, t.party AS participant, ''::text COLLATE "C" AS rank,
           json_build_object(
               'seq', t.seq,
               'at', to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'party', t.party, 'client', t.client, 'request', t.request, 'action', t.action,
               'subject', t.subject, 'facts', t.facts, 'message', t.message
           )::text AS line
      FROM audit_trail t
     WHERE true
"""
LINES = {Journal.LEDGER: _LEDGER_LINES, Journal.TRAIL: _TRAIL_LINES}
ID = {Journal.LEDGER: "p.id", Journal.TRAIL: "t.seq"}
TABLE = {Journal.LEDGER: "posting", Journal.TRAIL: "audit_trail"}
# Each row of the journal with its day in China.
DAYS = {
    Journal.LEDGER: """
    SELECT p.id, (e.at AT TIME ZONE 'Asia/Shanghai')::date AS day
      FROM posting p JOIN entry e ON e.id = p.entry_id
    """,
    Journal.TRAIL: """
    SELECT t.seq AS id, (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM audit_trail t
    """,
}
# What one participant takes part in: found by the participant's accounts, not by reading all.
OF_PARTICIPANT = {
    Journal.LEDGER: """
       AND (p.debit_account = ANY (ARRAY(
                SELECT id FROM account WHERE :participant IN
                       (insured_place, treatment_place, institution)))
            OR p.credit_account = ANY (ARRAY(
                SELECT id FROM account WHERE :participant IN
                       (insured_place, treatment_place, institution))))
       AND whose.participant = :participant
    """,
    Journal.TRAIL: " AND t.party = :participant",
}
ROOT = "sha256(convert_to(string_agg(line, E'\\n' ORDER BY id, rank), 'UTF8'))"
