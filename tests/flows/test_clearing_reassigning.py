"""A misdirected payment is put to its notice by two persons of the operator, and booked once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from tests.support.clearing import Arranged, arranged, cleared, noticed
from tests.support.ledger import balances, proven
from tests.support.world import Client, World

BEIJING, SHANDONG, LIAONING = "110000", "370000", "210000"
PATH = "/v1/clearing-reassignments"
NOTE = {"note": "附言填写有误，已核对"}
_BANK = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clearing(world: World) -> AsyncIterator[str]:
    """Notice a quarter in which Beijing and Liaoning owe Shandong."""
    day = date(2025, 8, 5)
    await arranged(
        world, Arranged(BEIJING, SHANDONG, 90_000, day), Arranged(LIAONING, SHANDONG, 5_000, day)
    )
    world.clock.set_day("2025-10-21")
    number = await cleared(world, "2025Q3")
    await noticed(world, number)
    world.clock.set_day("2025-11-20")
    yield number


def second(client: Client) -> Client:
    """Another person of the same party."""
    return replace(client, caller=replace(client.caller, client="operator-second"))


async def notice_of(world: World, clearing: str, insured: str = BEIJING) -> dict[str, Any]:
    found = (await world.operator.get(f"/v1/clearings/{clearing}/notices")).json()["items"]
    return next(it for it in found if (it["kind"], it["party_place"]) == ("payable", insured))


async def astray(world: World, amount: str, *, payer: str = BEIJING, payee: str = SHANDONG) -> str:
    """Import a payment whose reference names no notice; return the bank's number."""
    bank = f"ASTRAY-{next(_BANK)}"
    sheet = (
        "bank_reference,reference,payer,payee,amount,date\n"
        f"{bank},XJ-0001,{payer},{payee},{amount},2025-11-18\n"
    )
    answer = await world.operator.post(
        "/v1/clearing-payments/import",
        content=sheet.encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert [it["outcome"] for it in answer.json()["items"]] == ["misdirected"]
    return bank


async def proposed(world: World, bank: str, notice: str) -> Any:
    return await world.operator.post(PATH, {"bank_reference": bank, "notice": notice, **NOTE})


async def decided(client: Client, number: str, decision: str) -> Any:
    return await client.post(f"{PATH}/{number}/decision", {"decision": decision, **NOTE})


async def test_what_a_second_person_approves_pays_the_notice_once(
    world: World, clearing: str
) -> None:
    notice = await notice_of(world, clearing)
    bank = await astray(world, "300.00", payer="110100")
    before = (await balances(world))["notified:110000:370000"][0]
    made = await proposed(world, bank, notice["counterpart"])
    assert made.status_code == 201, made.text
    number = made.json()["number"]
    assert (made.json()["state"], made.json()["outcome"]) == ("proposed", None)
    again = await proposed(world, bank, notice["number"])
    assert (again.status_code, again.json()["code"]) == (409, "payment-placed")
    alone = await decided(world.operator, number, "approve")
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    assert (await balances(world))["notified:110000:370000"][0] == before

    answers = await asyncio.gather(
        *(decided(second(world.operator), number, "approve") for _ in range(4))
    )
    assert sorted(it.status_code for it in answers) == [201, 409, 409, 409]
    shown = (await world.agency(SHANDONG).get(f"{PATH}/{number}")).json()
    assert (shown["state"], shown["outcome"]) == ("approved", "partial")
    assert shown["decided_by"] == "operator-second"
    assert (await balances(world))["notified:110000:370000"][0] == before - 30_000
    assert (await notice_of(world, clearing))["outstanding"] == "600.00"
    listed = await world.agency(BEIJING).get("/v1/clearing-payments", outcome="misdirected")
    assert bank not in {it["bank_reference"] for it in listed.json()["items"]}
    assert (await proven(world)).holds


async def test_a_rejected_payment_stays_astray_and_may_be_proposed_again(
    world: World, clearing: str
) -> None:
    notice = await notice_of(world, clearing, LIAONING)
    bank = await astray(world, "50.00", payer=LIAONING)
    number = (await proposed(world, bank, notice["number"])).json()["number"]
    rejected = await decided(world.operator, number, "reject")
    assert (rejected.status_code, rejected.json()["state"]) == (201, "rejected")
    late = await decided(second(world.operator), number, "approve")
    assert (late.status_code, late.json()["code"]) == (409, "no-such-move")
    assert (await proposed(world, bank, notice["number"])).status_code == 201
    open_ones = await world.agency(LIAONING).get(PATH, state="proposed")
    assert [it["bank_reference"] for it in open_ones.json()["items"]] == [bank]
    stranger = await world.agency("440000").get(f"{PATH}/{number}")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "reassignment-unknown")


@pytest.mark.parametrize(
    ("payment", "why"),
    [
        ({"amount": "10.00", "payee": "440000"}, "parties"),
        ({"amount": "10.00", "payer": LIAONING}, "parties"),
        ({"amount": "900.01"}, "amount"),
        ({"amount": "-600.00"}, "amount"),
    ],
)
async def test_money_of_others_or_too_much_of_it_is_not_put_to_a_notice(
    world: World, clearing: str, payment: dict[str, str], why: str
) -> None:
    notice = await notice_of(world, clearing)
    bank = await astray(world, **payment)
    refused = await proposed(world, bank, notice["number"])
    assert (refused.status_code, refused.json()["code"]) == (422, "payment-misfit")
    assert why in refused.json()["detail"]


async def test_what_was_paid_meanwhile_is_not_paid_twice(world: World, clearing: str) -> None:
    """Two strays for one notice: the second no longer fits when it is approved."""
    notice = await notice_of(world, clearing)
    left = notice["outstanding"]
    first, other = [
        (await proposed(world, await astray(world, left), notice["number"])).json()["number"]
        for _ in range(2)
    ]
    assert (await decided(second(world.operator), first, "approve")).status_code == 201
    refused = await decided(second(world.operator), other, "approve")
    assert (refused.status_code, refused.json()["code"]) == (422, "payment-misfit")
    assert (await notice_of(world, clearing))["outstanding"] == "0.00"
    assert (await balances(world))["notified:110000:370000"][0] == 0
    assert (await proven(world)).holds


async def test_a_reassignment_names_what_exists_and_is_the_operators(
    world: World, clearing: str
) -> None:
    notice = await notice_of(world, clearing)
    body = {"bank_reference": "NONE", "notice": notice["number"], **NOTE}
    assert (await world.operator.post(PATH, body)).json()["code"] == "payment-unknown"
    bank = await astray(world, "1.00")
    missing = await proposed(world, bank, "N1100002510319999999")
    assert missing.json()["code"] == "notice-unknown"
    unknown = await decided(world.operator, "G0000002511219999999", "approve")
    assert unknown.json()["code"] == "reassignment-unknown"
    agency = world.agency(BEIJING)
    assert (await agency.post(PATH, body)).status_code == 403
    assert (await decided(agency, "G0000002511219999999", "approve")).status_code == 403
