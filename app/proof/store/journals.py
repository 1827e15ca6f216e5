"""The lines of a journal as text, byte for byte as the seals digest them, and whose they are.

A line is a JSON object the database writes: to seal, to download and to verify, by one expression.
"""

from __future__ import annotations

from app.proof.model.seals import Journal

# A posting is a step of two accounts; a place and an institution read each step of their own.
_LEDGER_LINES = """
    SELECT p.id, whose.participant, leg.account COLLATE "C" AS rank,
           json_build_object(
               'account', leg.account, 'version', leg.version, 'at',
               to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'event', e.event,
               'subject', e.subject, 'day', e.effective_day, 'policy_version', e.policy_version,
               'side', leg.side, 'counter_account', leg.counter_account, 'amount',
               to_char(p.fen / 100.0, 'FM9999999999999990.00'), 'balance',
               to_char(leg.balance_fen / 100.0, 'FM9999999999999990.00')
           )::text AS line
      FROM posting p
      JOIN entry e ON e.id = p.entry_id
      JOIN account d ON d.id = p.debit_account
      JOIN account c ON c.id = p.credit_account
     CROSS JOIN LATERAL (VALUES
               (d.name, 'debit', c.name, p.debit_version, p.debit_balance_fen,
                d.insured_place, d.treatment_place, d.institution),
               (c.name, 'credit', d.name, p.credit_version, p.credit_balance_fen,
                c.insured_place, c.treatment_place, c.institution)
           ) AS leg(account, side, counter_account, version, balance_fen,
                    insured_place, treatment_place, institution)
     CROSS JOIN LATERAL (VALUES
               (leg.insured_place::text), (leg.treatment_place::text), (leg.institution::text)
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
