"""A road on which everything a proof looks at has happened once, to be spoilt piece by piece."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.advance.model import Direction
from app.kernel.money import Money
from app.ledger.entries import advance_paid, deduction_made, institution_paid
from tests.support.clearing import (
    a_hospital_with_one_drug,
    all_claims,
    claim_path,
    cleared,
    confirmed,
    digest_of,
    ready_to_settle,
    settled,
)
from tests.support.editions import adopted
from tests.support.institutions import JINAN
from tests.support.ledger import booked
from tests.support.proof import sealed
from tests.support.review import closed
from tests.support.world import World

BEIJING, SHANDONG = "110000", "370000"
PAIR = (BEIJING, SHANDONG)
BANK_HEADER = "bank_reference,reference,payer,payee,amount,date"
_BANK = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The numbers of what happened."""

    settlement: str  # cleared, deducted from, noticed and paid
    contested: str  # and conceded to one half
    cancelled: str
    cancellation: str
    deduction: str
    review: str
    contest: str
    clearing: str
    payable: str
    payment: str
    transfer: str


async def travelled(world: World) -> Road:
    """Settle, cancel, deduct, close the month, clear, contest, notice, pay, advance, and seal."""
    assert await adopted(world)
    await a_hospital_with_one_drug(world)
    first = await settled(world, await ready_to_settle(world, 1000), 1000)
    contested = await settled(world, await ready_to_settle(world, 600), 600)
    undone = await settled(world, await ready_to_settle(world, 50), 50)
    answer = await world.institution(JINAN).post(f"/v1/settlements/{undone}/cancel", {})
    assert answer.status_code == 201, answer.text
    deduction = await _deducted(world, first, 3_000)
    payment = await _institution_paid(world, 20_000)
    transfer = await _advanced(world, 500_000)
    world.clock.set_day("2025-10-15")
    review = (await closed(world, "2025-09"))["number"]
    world.clock.set_day("2025-10-21")
    clearing = await cleared(world, "2025Q3")
    contest = await _conceded(world, clearing, contested, "300.00")
    await confirmed(world, clearing)
    world.clock.set_day("2025-10-31")
    issued = await world.operator.post(f"/v1/clearings/{clearing}/notices")
    assert issued.status_code == 201, issued.text
    payable = await _payable(world, clearing)
    await _paid(world, payable, "400.00")
    world.clock.set_day("2025-11-03")
    await sealed(world)
    return Road(
        settlement=first,
        contested=contested,
        cancelled=undone,
        cancellation=str(answer.json()["number"]),
        deduction=deduction,
        review=review,
        contest=contest,
        clearing=clearing,
        payable=payable,
        payment=payment,
        transfer=transfer,
    )


async def _deducted(world: World, settlement: str, fen: int) -> str:
    """Take something off in review, as a row with its entry."""
    number = "K3700002509010000001"
    async with world.tx() as tx:
        await tx.exec_driver_sql(
            """
            INSERT INTO deduction (number, settlement_id, settlement, institution, insured_region,
                treatment_region, insured_place, treatment_place, scheme, reason, note,
                proposed_fen, amount_fen, state, proposed_at, proposed_by, appeal_by, final_at,
                decided_at, decided_by, decision, month, policy_version)
            SELECT $1, s.id, s.number, s.institution, s.insured_region, s.treatment_region,
                   s.insured_place, s.treatment_place, s.scheme, 'overcharged', '复核', $3, $3,
                   'final', s.settled_at, 'test', s.business_day, s.settled_at, s.settled_at,
                   'test', 'unappealed', s.month, 'test'
              FROM settlement s WHERE s.number = $2
            """,
            (number, settlement, fen),
        )
    entry = deduction_made(number, date(2025, 9, 1), *PAIR, JINAN, Money(fen))
    await booked(world, [entry])
    return number


async def _institution_paid(world: World, fen: int) -> str:
    number = "J3700002509010000001"
    async with world.tx() as tx:
        await tx.exec_driver_sql(
            """
            INSERT INTO institution_payment (number, place, institution, region, amount_fen,
                bank_reference, paid_on, recorded_at, recorded_by)
            VALUES ($1, '370000', $2, '370100', $3, 'BANK-1', '2025-09-01', now(), 'test')
            """,
            (number, JINAN, fen),
        )
    await booked(world, [institution_paid(number, date(2025, 9, 1), SHANDONG, JINAN, Money(fen))])
    return number


async def _advanced(world: World, fen: int) -> str:
    number = "P1100002509010000001"
    async with world.tx() as tx:
        await tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await tx.exec_driver_sql(
            """
            INSERT INTO advance_transfer (run_id, insured_place, treatment_place, payer_place,
                direction, purpose, amount_fen, payment_number, receipt_number, state, issued_at,
                agency_by, finance_by, announced, bank_reference, paid_on, paid_at, paid_by,
                received_at, received_by)
            VALUES (1, '110000', '370000', '110000', $3, 'yearly', $2, $1,
                'P3700002509010000002', 'received', now(), '2025-09-05', '2025-09-12', true,
                'BANK-2', '2025-09-01', now(), 'test', now(), 'test')
            """,
            (number, fen, Direction.PAID.value),
        )
    await booked(world, [advance_paid(number, date(2025, 9, 1), *PAIR, Money(fen))])
    return number


async def _conceded(world: World, clearing: str, settlement: str, proposed: str) -> str:
    """Contest one settlement as Beijing, and accept it as Shandong."""
    claim = (await all_claims(world, clearing))[0]["claim"]
    objection = {
        "settlement": settlement,
        "reason": "wrong_amount",
        "proposed": proposed,
        "note": "与收费票据不符",
    }
    path = f"{claim_path(clearing, claim)}/confirmations"
    said = await world.agency(BEIJING).post(path, digest_of(claim) | {"contests": [objection]})
    assert said.status_code == 201, said.text
    found = (await world.agency(SHANDONG).get("/v1/contests", clearing=clearing)).json()
    number = str(found["items"][0]["number"])
    body = {"reply": "accepted", "note": "经核对，认可"}
    answer = await world.agency(SHANDONG).post(f"/v1/contests/{number}/reply", body)
    assert answer.is_success, answer.text
    return number


async def _payable(world: World, clearing: str) -> str:
    found: dict[str, Any] = (await world.operator.get(f"/v1/clearings/{clearing}/notices")).json()
    return next(str(it["number"]) for it in found["items"] if it["kind"] == "payable")


async def _paid(world: World, reference: str, yuan: str) -> None:
    row = f"B{next(_BANK):08d},{reference},{BEIJING},{SHANDONG},{yuan},2025-10-31"
    sheet = f"{BANK_HEADER}\n{row}"
    answer = await world.agency(SHANDONG).post(
        "/v1/clearing-payments/import",
        content=sheet.encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["items"][0]["outcome"] == "partial"
