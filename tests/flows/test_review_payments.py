"""Institutions are paid what closed months owe them, in parts, once a reference, never more."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.ledger import balances, proven
from tests.support.review import (
    REVIEWS,
    closed,
    pay,
    settlements_on,
    upheld,
)
from tests.support.visit import road, rows
from tests.support.world import Client, World

PAYABLE, TREASURY = f"payable:370000:{JINAN}", "treasury:370000"
STATEMENT = f"{REVIEWS}/statements/370000/{JINAN}"


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def september(world: World) -> None:
    """Close a September of three stays of 10.00 and a deduction of 4.00: 26.00 are due."""
    if not (await rows(world, "SELECT 1 FROM institution LIMIT 1")):
        await road(world)
    await rows(
        world,
        "TRUNCATE settlement, settlement_line, settlement_month, deduction, review, review_line, "
        "declaration, institution_payment, account, entry, posting, visit, fee_line CASCADE",
    )
    made = await settlements_on(world, "2025-09-30", 3)
    await upheld(world, str(made[0]["number"]), "4.00")
    world.clock.set_day("2025-10-12")
    await closed(world, "2025-09")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def standing(client: Client) -> dict[str, Any]:
    answer = await client.get(STATEMENT)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["standing"])


async def test_payments_in_parts_are_booked_and_shown_on_the_statement(world: World) -> None:
    hospital = world.institution(JINAN)
    before = await standing(hospital)
    assert before == {
        "place": "370000",
        "institution": JINAN,
        "months": 1,
        "settled": "30.00",
        "deducted": "4.00",
        "due": "26.00",
        "paid": "0.00",
        "open": "26.00",
        "payable": "26.00",
    }
    first = (await pay(world, "20.00", "ICBC-1")).json()
    second = (await pay(world, "6.00", "ICBC-2")).json()
    told = (await hospital.get(STATEMENT)).json()
    assert told["payments"] == [second, first]
    assert [(it["month"], it["totals"]["due"]) for it in told["months"]] == [("2025-09", "26.00")]
    assert (told["standing"]["paid"], told["standing"]["open"]) == ("26.00", "0.00")
    found = await balances(world)
    assert (found[PAYABLE][0], found[TREASURY][0]) == (0, -2600)
    postings = await world.operator.get("/v1/ledger/postings", subject=first["number"])
    assert [it["event"] for it in postings.json()["items"]] == ["institution_paid"]
    assert (await proven(world)).holds


async def test_no_more_is_paid_than_closed_months_owe(world: World) -> None:
    await settlements_on(world, "2025-10-13", 1)
    assert (await standing(world.institution(JINAN)))["payable"] == "36.00"
    refused = await pay(world, "26.01", "ICBC-3")
    assert refusal(refused) == (422, "payment-exceeds")
    assert refused.json()["payable"] == "26.00"
    assert (await pay(world, "26.00", "ICBC-3")).status_code == 201
    assert refusal(await pay(world, "0.01", "ICBC-4")) == (422, "payment-exceeds")
    stranger = await pay(world, "0.01", "ICBC-4", JINAN_DEVICES)
    assert stranger.json()["payable"] == "0.00"


async def test_no_more_is_paid_than_later_deductions_left_in_the_books(world: World) -> None:
    number = (await rows(world, "SELECT number FROM settlement ORDER BY id DESC LIMIT 1"))[0].number
    assert (await upheld(world, number, "10.00"))["month"] == "2025-10"
    shown = await standing(world.institution(JINAN))
    assert (shown["due"], shown["payable"], shown["open"]) == ("26.00", "16.00", "16.00")
    assert refusal(await pay(world, "16.01", "ICBC-5")) == (422, "payment-exceeds")
    assert (await pay(world, "16.00", "ICBC-5")).status_code == 201


async def test_what_is_taken_off_after_the_payment_is_owed_back_and_set_off_later(
    world: World,
) -> None:
    number = (await rows(world, "SELECT number FROM settlement ORDER BY id DESC LIMIT 1"))[0].number
    await pay(world, "26.00", "ICBC-6")
    await upheld(world, number, "10.00")
    shown = await standing(world.institution(JINAN))
    assert (shown["payable"], shown["open"]) == ("-10.00", "0.00")
    await settlements_on(world, "2025-10-31", 3)
    world.clock.set_day("2025-11-03")
    await closed(world, "2025-10")
    shown = await standing(world.institution(JINAN))
    assert (shown["months"], shown["due"], shown["open"]) == (2, "46.00", "20.00")


async def test_a_bank_reference_is_recorded_once(world: World) -> None:
    first = await pay(world, "10.00", "ICBC-7")
    again = await pay(world, "10.00", "ICBC-7")
    assert (again.status_code, again.json()) == (201, first.json())
    for used in (
        await pay(world, "9.00", "ICBC-7"),
        await pay(world, "10.00", "ICBC-7", JINAN_DEVICES),
        await pay(world, "10.00", "ICBC-7", paid_on="2025-10-11"),
    ):
        assert refusal(used) == (409, "bank-reference-used")
        assert used.json()["payment"] == first.json()["number"]
    assert (await standing(world.institution(JINAN)))["paid"] == "10.00"
    assert len(await rows(world, "SELECT 1 FROM entry WHERE event = 'institution_paid'")) == 1


async def test_nothing_is_not_a_payment(world: World) -> None:
    for amount in ("0.00", "0", "-1.00", "1.001"):
        assert refusal(await pay(world, amount, "ICBC-8")) == (400, "malformed")


async def test_who_sees_payments_and_statements(world: World) -> None:
    made = (await pay(world, "1.00", "ICBC-9")).json()
    path = f"{REVIEWS}/payments"
    for client in (world.institution(JINAN), world.agency("370000"), world.operator):
        assert (await client.get(path, institution=JINAN)).json()["items"] == [made]
        assert len((await client.get(f"{REVIEWS}/statements")).json()["items"]) == 1
    for client in (world.institution(JINAN_DEVICES), world.agency("110000")):
        assert (await client.get(path)).json()["items"] == []
        assert (await client.get(f"{REVIEWS}/statements")).json()["items"] == []
        assert refusal(await client.get(STATEMENT)) == (404, "institution-standing-unknown")
    body = {
        "place": "370000",
        "institution": JINAN,
        "amount": "1.00",
        "bank_reference": "ICBC-10",
        "paid_on": "2025-10-12",
    }
    assert refusal(await world.agency("110000").post(path, body)) == (403, "review-foreign")
    assert refusal(await world.agency("370100").post(path, body)) == (403, "review-foreign")
