"""Every yuan of a settlement is found again in the payment; everybody sees its own side of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.support.institutions import JINAN
from tests.support.proof_road import Road, travelled
from tests.support.world import Client, World

Step = Mapping[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def road(world: World) -> Road:
    """Everything that can be proven, once."""
    return await travelled(world)


async def traced(client: Client, number: str) -> dict[str, list[Step]]:
    answer = await client.get(f"/v1/settlements/{number}/trace")
    assert answer.status_code == 200, answer.text
    steps: dict[str, list[Step]] = {}
    for step in answer.json()["steps"]:
        steps.setdefault(step["stage"], []).append(step)
    return steps


async def test_a_settlement_is_followed_from_its_lines_to_the_payment(
    world: World, road: Road
) -> None:
    steps = await traced(world.operator, road.settlement)
    assert list(steps) == [
        "line", "bill", "entry", "month", "deduction", "period", "claim", "notice", "payment",
        "institution_payment", "advance",
    ]  # fmt: skip
    assert [(it["number"], it["fund"], it["total"]) for it in steps["line"]] == [
        ("1", "1000.00", "1000.00")
    ]
    (bill,) = steps["bill"]
    assert (bill["number"], bill["day"], bill["fund"]) == (
        road.settlement, "2025-09-01", "1000.00",
    )  # fmt: skip
    assert bill["facts"]["visit"].startswith("S370100")
    (entry,) = steps["entry"]
    assert entry["facts"]["debit"] == "uncleared:110000:370000"
    (month,) = steps["month"]
    assert (month["facts"]["month"], month["facts"]["closed"]) == ("2025-09", "true")
    (deduction,) = steps["deduction"]
    assert (deduction["number"], deduction["fund"]) == (road.deduction, "-30.00")
    (period,) = steps["period"]
    assert (period["number"], period["facts"]["period"]) == (road.clearing, "2025Q3")
    (claim,) = steps["claim"]
    assert (claim["fund"], claim["facts"]["items"]) == ("1570.00", "5")
    payable, receivable = steps["notice"]
    assert (payable["number"], payable["fund"]) == (road.payable, "1270.00")
    assert (payable["facts"]["deducted"], payable["facts"]["paid"]) == ("300.00", "400.00")
    assert receivable["facts"]["party_place"] == "370000"
    (payment,) = steps["payment"]
    assert (payment["fund"], payment["facts"]["outcome"]) == ("400.00", "partial")
    (paid,) = steps["institution_payment"]
    assert (paid["number"], paid["fund"]) == (road.payment, "200.00")
    (advance,) = steps["advance"]
    assert (advance["fund"], advance["facts"]["used"]) == ("5000.00", "870.00")
    assert advance["facts"]["percent"] == "17.40"
    assert all(it["clause"] for each in steps.values() for it in each)


async def test_a_contest_and_a_cancellation_are_on_the_way(world: World, road: Road) -> None:
    contested = await traced(world.operator, road.contested)
    (contest,) = contested["contest"]
    assert (contest["number"], contest["fund"]) == (road.contest, "-300.00")
    cancelled = await traced(world.operator, road.cancelled)
    assert cancelled["bill"][0]["facts"]["cancelled_by"] == road.cancellation
    twin = await traced(world.operator, road.cancellation)
    assert (twin["bill"][0]["fund"], twin["bill"][0]["facts"]["cancels"]) == (
        "-50.00", road.cancelled,
    )  # fmt: skip


async def test_each_place_sees_its_own_notice(world: World, road: Road) -> None:
    insured = await traced(world.agency("110000"), road.settlement)
    assert [it["number"] for it in insured["notice"]] == [road.payable]
    treatment = await traced(world.agency("370000"), road.settlement)
    assert [it["facts"]["kind"] for it in treatment["notice"]] == ["receivable"]
    assert treatment["payment"] == insured["payment"]


@pytest.mark.parametrize("who", [JINAN, "370100"])
async def test_an_institution_and_a_city_see_nothing_between_the_provinces(
    world: World, road: Road, who: str
) -> None:
    client = world.institution(who) if who == JINAN else world.agency(who)
    steps = await traced(client, road.settlement)
    shown = {"line", "bill", "month", "deduction", "institution_payment"}
    # the accounts are the province's and the institution's
    assert set(steps) == (shown | {"entry"} if who == JINAN else shown)


async def test_nobody_else_may_know_that_it_exists(world: World, road: Road) -> None:
    for client in (world.agency("210000"), world.institution("A37010000001")):
        answer = await client.get(f"/v1/settlements/{road.settlement}/trace")
        assert (answer.status_code, answer.json()["code"]) == (404, "settlement-untraceable")
    answer = await world.channel().get(f"/v1/settlements/{road.settlement}/trace")
    assert answer.json()["code"] == "forbidden"


async def test_no_personal_data_is_in_a_trace(world: World, road: Road) -> None:
    answer = await world.operator.get(f"/v1/settlements/{road.settlement}/trace")
    async with world.tx() as tx:
        found = await tx.exec_driver_sql("SELECT number FROM worker")
        workers = list(found.scalars())
    assert workers
    assert not [it for it in workers if it in answer.text]
