"""What can be spoilt in the books and beside them, and which law of the proof has to say so."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.institutions import JINAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is spoilt, and how a law says so."""

    law: str
    spoil: str
    subject: str | None = None  # a field of the road, or the text itself
    pair: bool = False
    institution: bool = False
    period: str | None = None
    found: int | None = None
    expected: int | None = None


FAULTS = (
    Fault(
        law="balances_sum_to_zero",
        spoil="UPDATE account SET balance_fen = balance_fen + 1 WHERE kind = 'uncleared'",
        found=1,
        expected=0,
    ),
    Fault(
        law="balance_of_postings",
        spoil="UPDATE account SET balance_fen = balance_fen + 7 WHERE kind = 'uncleared'",
        subject="uncleared:110000:370000",
        pair=True,
    ),
    Fault(
        law="versions_counted",
        spoil="UPDATE account SET version = version + 1 WHERE kind = 'notified'",
        subject="notified:110000:370000",
        pair=True,
        found=3,
        expected=2,
    ),
    Fault(
        law="versions_without_gaps",
        spoil="UPDATE posting SET debit_version = 9 WHERE debit_version = 1 AND debit_account = "
        "(SELECT id FROM account WHERE kind = 'notified')",
        subject="notified:110000:370000",
        pair=True,
        found=2,
        expected=1,
    ),
    Fault(
        law="running_balances",
        spoil="UPDATE posting SET debit_balance_fen = 5 WHERE debit_account = "
        "(SELECT id FROM account WHERE kind = 'notified')",
        subject="notified:110000:370000",
        pair=True,
        found=5,
    ),
    Fault(
        law="rows_hang_together",
        spoil="INSERT INTO posting (id, entry_id, debit_account, credit_account, fen,"
        " debit_balance_fen, debit_version, credit_balance_fen, credit_version)"
        " OVERRIDING SYSTEM VALUE"
        " SELECT 99999999, 0, d.id, c.id, 1, 1, 99, 1, 99 FROM account d, account c"
        " WHERE d.kind = 'uncleared' AND c.kind = 'payable' LIMIT 1",
        subject="posting 99999999",
        found=2,
        expected=3,
    ),
    Fault(
        law="rows_hang_together",
        spoil="INSERT INTO settlement_line SELECT (jsonb_populate_record(l,"
        ' \'{{"settlement_id": 0, "catalogue_version": 0}}\')).* FROM settlement_line l LIMIT 1',
        subject="settlement line 0 1",
        found=0,
        expected=2,
    ),
    Fault(
        law="visits_are_lines",
        spoil="UPDATE visit SET total_fen = total_fen + 1 WHERE id = "
        "(SELECT visit_id FROM settlement WHERE number = '{settlement}')",
        institution=True,
        found=100_001,
        expected=100_000,
    ),
    Fault(
        law="visits_count_lines",
        spoil="UPDATE visit SET line_count = line_count + 1 WHERE id = "
        "(SELECT visit_id FROM settlement WHERE number = '{settlement}')",
        institution=True,
        found=2,
        expected=1,
    ),
    Fault(
        law="entries_have_subjects",
        spoil="INSERT INTO entry (event, subject, effective_day, at, policy_version) "
        "VALUES ('notice_issued', 'N0', '2025-09-01', now(), 'test')",
        subject="N0",
        found=0,
        expected=1,
    ),
    Fault(
        law="settlements_are_booked",
        spoil="UPDATE entry SET subject = 'A0' WHERE subject = '{settlement}'",
        subject="settlement",
        pair=True,
        institution=True,
        period="2025-09",
        found=0,
        expected=1,
    ),
    Fault(
        law="settlements_are_postings",
        spoil="UPDATE posting SET fen = fen + 1 WHERE entry_id = "
        "(SELECT id FROM entry WHERE subject = '{settlement}')",
        subject="settlement",
        pair=True,
        institution=True,
        period="2025-09",
        found=100_001,
        expected=100_000,
    ),
    Fault(
        law="lines_are_bills",
        spoil="UPDATE settlement_line SET fund_fen = 1, own_fen = amount_fen - 1 WHERE "
        "settlement_id = (SELECT id FROM settlement WHERE number = '{settlement}')",
        subject="settlement",
        pair=True,
        institution=True,
        period="2025-09",
        found=100_000,
        expected=1,
    ),
    Fault(
        law="cancellations_are_opposites",
        spoil="UPDATE settlement SET fund_fen = fund_fen + 1, total_fen = total_fen + 1 "
        "WHERE number = '{cancellation}'",
        subject="cancellation",
        pair=True,
        institution=True,
        period="2025-09",
        found=-4_999,
        expected=-5_000,
    ),
    Fault(
        law="months_follow_days",
        spoil="UPDATE settlement SET month = '2025-08' WHERE number = '{settlement}'",
        subject="settlement",
        pair=True,
        institution=True,
        period="2025-08",
        found=2025 * 12 + 8,
        expected=2025 * 12 + 9,
    ),
    Fault(
        law="months_follow_days",
        spoil="UPDATE settlement SET month = '2026-03' WHERE number = '{settlement}'",
        subject="settlement",
        pair=True,
        institution=True,
        period="2026-03",
    ),
    Fault(law="policies_are_adopted", spoil="UPDATE settlement SET policy_version = ''", pair=True),
    Fault(
        law="deductions_are_postings",
        spoil="UPDATE deduction SET amount_fen = 2999, proposed_fen = 2999",
        subject="deduction",
        pair=True,
        institution=True,
        period="2025-09",
        found=3_000,
        expected=2_999,
    ),
    Fault(
        law="deductions_are_postings",
        spoil="UPDATE contest SET agreed_fen = agreed_fen + 1",
        subject="contest",
        pair=True,
        institution=True,
        period="2025-09",
        found=30_000,
        expected=29_999,
    ),
    Fault(
        law="deductions_are_noted",
        spoil="UPDATE settlement SET conceded_fen = 0 WHERE number = '{contested}'",
        subject="contested",
        pair=True,
        institution=True,
        period="2025-09",
        found=0,
        expected=30_000,
    ),
    Fault(
        law="reviews_are_items",
        spoil="UPDATE review_line SET deducted_fen = deducted_fen + 1, due_fen = due_fen - 1",
        subject="review",
        institution=True,
        period="2025-09",
        found=156_999,
        expected=157_000,
    ),
    Fault(
        law="reviews_are_items",
        spoil="UPDATE review SET total_fen = total_fen + 1, own_fen = own_fen + 1",
        subject="review",
        period="2025-09",
        found=160_001,
        expected=160_000,
    ),
    Fault(
        law="reviews_are_items",
        spoil="DELETE FROM review_line",
        subject="review",
        institution=True,
        period="2025-09",
        found=0,
        expected=157_000,
    ),
    Fault(
        law="reviews_are_items",
        spoil="UPDATE deduction SET month = '2025-08'",
        subject="review",
        period="2025-09",
        found=157_000,
        expected=160_000,
    ),
    Fault(
        law="claims_are_items",
        spoil="UPDATE settlement SET fund_fen = fund_fen + 1, total_fen = total_fen + 1 "
        "WHERE number = '{settlement}'",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=157_000,
        expected=157_001,
    ),
    Fault(
        law="claims_are_items",
        spoil="UPDATE claim SET fund_fen = fund_fen - 1",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=156_999,
        expected=157_000,
    ),
    Fault(
        law="claims_are_items",
        spoil="UPDATE claim SET total_fen = total_fen - 1",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=159_999,
        expected=160_000,
    ),
    Fault(
        law="claims_count_items",
        spoil="UPDATE settlement SET month = '2025-10' WHERE number = '{settlement}'",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=5,
        expected=4,
    ),
    Fault(
        law="claims_digest_items",
        spoil="UPDATE claim SET root = sha256('x')",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=0,
        expected=1,
    ),
    Fault(
        law="clearings_are_claims",
        spoil="UPDATE clearing SET fund_fen = fund_fen + 1",
        subject="clearing",
        period="2025Q3",
        found=157_001,
        expected=157_000,
    ),
    Fault(
        law="notices_are_claims",
        spoil="UPDATE notice SET deducted_fen = deducted_fen + 1 WHERE kind = 'payable'",
        subject="payable",
        pair=True,
        period="2025Q3",
        found=127_000,
        expected=126_999,
    ),
    Fault(
        law="notices_in_pairs",
        spoil="DELETE FROM notice WHERE kind = 'receivable'",
        subject="clearing",
        pair=True,
        period="2025Q3",
        found=0,
        expected=127_000,
    ),
    Fault(
        law="notices_are_postings",
        spoil="UPDATE notice SET fund_fen = fund_fen + 1",
        subject="payable",
        pair=True,
        period="2025Q3",
        found=127_000,
        expected=127_001,
    ),
    Fault(
        law="payments_are_notices",
        spoil="UPDATE bank_confirmation SET amount_fen = 39999",
        subject=None,
        pair=True,
        period="2025Q3",
        found=40_000,
        expected=39_999,
    ),
    Fault(
        law="payments_are_postings",
        spoil="UPDATE notice SET paid_fen = 39999",
        subject="payable",
        pair=True,
        period="2025Q3",
        found=40_000,
        expected=39_999,
    ),
    Fault(
        law="institution_payments_are_postings",
        spoil="UPDATE institution_payment SET amount_fen = 19999",
        subject="payment",
        institution=True,
        period="2025-09",
        found=20_000,
        expected=19_999,
    ),
    Fault(
        law="advances_are_postings",
        spoil="UPDATE advance_transfer SET amount_fen = 1",
        subject="transfer",
        pair=True,
        found=500_000,
        expected=1,
    ),
    Fault(
        law="pairs_uncleared",
        spoil="UPDATE settlement SET fund_fen = fund_fen + 1, total_fen = total_fen + 1 "
        "WHERE number = '{settlement}'",
        subject="uncleared:110000:370000",
        pair=True,
        found=0,
        expected=1,
    ),
    Fault(
        law="pairs_notified",
        spoil="UPDATE notice SET paid_fen = 0",
        subject="notified:110000:370000",
        pair=True,
        found=87_000,
        expected=127_000,
    ),
    Fault(
        law="pairs_advance",
        spoil="DELETE FROM advance_transfer",
        subject="advance:110000:370000",
        pair=True,
        found=-500_000,
        expected=0,
    ),
    Fault(
        law="institutions_payable",
        spoil="DELETE FROM institution_payment",
        subject=f"payable:370000:{JINAN}",
        institution=True,
        found=-107_000,
        expected=-127_000,
    ),
    Fault(
        law="treasuries",
        spoil="DELETE FROM institution_payment",
        subject="treasury:370000",
        found=520_000,
        expected=540_000,
    ),
    Fault(
        law="seals_linked",
        spoil="DELETE FROM seal WHERE journal = 'ledger' AND participant = '110000' AND number = 1",
        subject="ledger 110000 2",
    ),
    Fault(
        law="seals_linked",
        spoil="UPDATE seal SET day = day + 1 WHERE journal = 'ledger' AND participant = '110000' "
        "AND number = 2",
        subject="ledger 110000 2",
    ),
    Fault(
        law="seals_hold_books",
        spoil="UPDATE posting SET fen = fen + 1 WHERE entry_id = "
        "(SELECT id FROM entry WHERE subject = '{settlement}')",
        subject="ledger 110000 1",
        found=0,
    ),
    Fault(
        law="seals_hold_books",
        spoil="DELETE FROM posting WHERE entry_id = "
        "(SELECT id FROM entry WHERE subject = '{settlement}')",
        subject="ledger 110000 1",
        found=5,
        expected=6,
    ),
    Fault(
        law="seals_hold_trail",
        spoil="UPDATE audit_trail SET client = 'somebody-else' WHERE party = '110000'",
        subject="trail 110000 1",
        found=0,
    ),
    Fault(
        law="seals_hold_trail",
        spoil="INSERT INTO audit_trail (seq, at, party, client, request, action, subject, facts) "
        "OVERRIDING SYSTEM VALUE SELECT 0, now(), 'nobody', 'x', 'x', 'x', 'x', '{{}}'",
        subject="trail nobody",
        found=1,
        expected=0,
    ),
    Fault(
        law="sealing_in_time",
        spoil="DELETE FROM sealing WHERE journal = 'ledger'",
        subject="ledger",
        period="2025-09-01",
        found=63,
        expected=1,
    ),
)
