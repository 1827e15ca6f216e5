"""Clearing (清算): what insured places owe treatment places for a period, claimed in full.

generated → noticed. The operator runs a period that is over: its months are closed, every
settlement of the scheme not cleared before is taken in, and each ordered pair gets one gross claim
with a digest that both sides can recompute. Both sides confirm it, by digest, line by line or by
silence; the insured side contests items, the treatment side answers, and what is unanswered rolls
into the next clearing. Then each claim gets its payable and its receivable notice, the books move
from uncleared to notified, and a notice is open until the bank's confirmations have paid it.
"""
