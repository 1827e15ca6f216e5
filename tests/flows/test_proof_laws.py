"""A sound hub obeys every law; each law finds its own kind of fault and names it, both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from app.proof.model.lawbook import LAWS
from app.proof.model.laws import Difference, Report
from app.proof.service.verifying import verify
from app.runtime.db import Tx
from tests.support.institutions import JINAN
from tests.support.proof_road import Road, travelled
from tests.support.world import World

TODAY = date(2025, 11, 3)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def road(world: World) -> Road:
    """Everything that can be proven, once."""
    return await travelled(world)


@asynccontextmanager
async def spoiling(world: World) -> AsyncIterator[AsyncConnection]:
    """Give the owner's hand, past every trigger; whatever is spoilt is whole again afterwards."""
    async with world.owner.connect() as connection, connection.begin() as transaction:
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
        await transaction.rollback()


@pytest.mark.usefixtures("road")
async def test_a_sound_hub_obeys_every_law(world: World) -> None:
    async with world.rx() as connection:
        report = await verify(connection, TODAY)
    assert [(it.law.code, it.difference) for it in report.broken] == []
    assert report.holds
    assert not report.alarms
    assert {it.law.code for it in report.findings} == {it.code for it in LAWS}
    extent = report.extent
    assert (extent.settlements, extent.claims, extent.notices, extent.payments) == (4, 1, 2, 1)
    assert extent.seals > 4


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


def test_every_law_has_a_fault_that_breaks_it() -> None:
    assert {it.law for it in FAULTS} == {it.code for it in LAWS}


async def proven_in(connection: AsyncConnection) -> Report:
    return await verify(Tx(connection), TODAY)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: f"{it.law}: {it.spoil[:40]}")
async def test_a_fault_is_found_and_named_with_both_sides(
    world: World, road: Road, fault: Fault
) -> None:
    async with spoiling(world) as connection:
        statement = fault.spoil.format(**{name: getattr(road, name) for name in Road.__slots__})
        changed = await connection.exec_driver_sql(statement)
        assert changed.rowcount, "the fault was not made"
        report = await proven_in(connection)
    said = (*report.broken, *report.alarms)
    differences = {it.law.code: it.difference for it in said}
    found = differences.get(fault.law)
    assert isinstance(found, Difference), f"{fault.law} holds; broken: {sorted(differences)}"
    if fault.subject is not None:
        assert found.subject == getattr(road, fault.subject, fault.subject)
    if fault.pair:
        assert (found.insured_place, found.treatment_place) == ("110000", "370000")
    if fault.institution:
        assert found.institution == JINAN
    if fault.period is not None:
        assert found.period == fault.period
    assert found.found != found.expected
    if fault.found is not None:
        assert found.found == fault.found
    if fault.expected is not None:
        assert found.expected == fault.expected
