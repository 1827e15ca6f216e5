"""What a contest took off a settlement, its cancellation does not take back a second time."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.clearing import (
    a_hospital_with_one_drug,
    all_claims,
    all_items,
    claim_path,
    cleared,
    digest_of,
    noticed,
    ready_to_settle,
    root_of,
    settled,
)
from tests.support.institutions import JINAN
from tests.support.ledger import balances, proven
from tests.support.world import World

UNCLEARED, PAYABLE = "uncleared:110000:370000", f"payable:370000:{JINAN}"
NOTIFIED = "notified:110000:370000"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def hospital(world: World) -> None:
    await a_hospital_with_one_drug(world)


async def settled_on(world: World, day: str, yuan: int) -> str:
    world.clock.set_day(day)
    return await settled(world, await ready_to_settle(world, yuan), yuan)


async def contested(world: World, clearing: str, settlement: str, **more: object) -> str:
    """Contest a settlement by its insured place's agency; return the contest's number."""
    (it,) = await all_claims(world, clearing)
    objection = {"settlement": settlement, "reason": "wrong_amount", "note": "票据不符", **more}
    path = f"{claim_path(clearing, it['claim'])}/confirmations"
    body = digest_of(it["claim"]) | {"contests": [objection]}
    answer = await world.agency("110000").post(path, body)
    assert answer.status_code == 201, answer.text
    listed = await world.agency("370000").get("/v1/contests", clearing=clearing)
    return str(listed.json()["items"][0]["number"])


async def replied(world: World, contest: str, reply: str, **more: object) -> Any:
    body = {"reply": reply, "note": "已核对", **more}
    return await world.agency("370000").post(f"/v1/contests/{contest}/reply", body)


async def adjusted(world: World, settlement: str, key: str) -> dict[str, Any]:
    """Cancel a settlement after its clearing, as an adjustment."""
    body = {"adjustment": True, "reason": "金额录入有误"}
    path = f"/v1/settlements/{settlement}/cancel"
    answer = await world.institution(JINAN).post(path, body, key=key)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def read(world: World, settlement: str) -> dict[str, Any]:
    return dict((await world.operator.get(f"/v1/settlements/{settlement}")).json())


async def fen(world: World) -> dict[str, int]:
    return {name: balance for name, (balance, _) in (await balances(world)).items()}


async def test_a_cancelled_settlement_takes_back_what_its_contest_left(world: World) -> None:
    """Of 90 yuan 30 were agreed and paid for: the cancellation gives 30 back, not 90."""
    number = await settled_on(world, "2025-08-05", 90)
    world.clock.set_day("2025-10-21")
    first = await cleared(world, "2025Q3")
    contest = await contested(world, first, number, proposed="30.00")
    assert (await replied(world, contest, "accepted")).status_code == 201
    assert (await noticed(world, first))["payable_fund"] == "30.00"
    before = await fen(world)
    assert (before[UNCLEARED], before[NOTIFIED], before[PAYABLE]) == (0, 3000, -3000)

    twin = await adjusted(world, number, "twin-1")
    assert (twin["fund"], twin["conceded"], twin["adjustment"]) == ("-90.00", "-60.00", True)
    assert (await read(world, number))["conceded"] == "60.00"
    after = await fen(world)
    assert (after[UNCLEARED], after[PAYABLE]) == (-3000, 0)
    assert (await proven(world)).holds

    world.clock.set_day("2026-01-21")
    second = await cleared(world, "2025Q4")
    (item,) = await all_items(world.operator, second)
    assert (item["number"], item["kind"]) == (twin["number"], "cancellation")
    assert (item["total"], item["fund"]) == ("-90.00", "-30.00")
    (it,) = await all_claims(world, second)
    assert it["claim"]["root"] == root_of([item])
    issued = await noticed(world, second)
    assert issued["payable_fund"] == "-30.00"
    last = await fen(world)
    assert (last[UNCLEARED], last[NOTIFIED], last[PAYABLE]) == (0, 0, 0)
    assert (await proven(world)).holds


async def test_an_undone_cancellation_owes_again_what_was_left(world: World) -> None:
    number = await settled_on(world, "2026-02-05", 80)
    world.clock.set_day("2026-04-21")
    clearing = await cleared(world, "2026Q1")
    contest = await contested(world, clearing, number)
    in_part = await replied(world, contest, "accepted_in_part", amount="50.00")
    assert in_part.status_code == 201
    await noticed(world, clearing)
    before = await fen(world)
    await adjusted(world, number, "twin-2")
    answer = await world.institution(JINAN).post("/v1/reversals", {"message": "twin-2"})
    assert answer.status_code == 200, answer.text
    assert await fen(world) == before

    world.clock.set_day("2026-07-21")
    later = await cleared(world, "2026Q2")
    twin, again = await all_items(world.operator, later)
    assert (twin["fund"], again["fund"]) == ("-50.00", "50.00")
    restored = await read(world, again["number"])
    assert (restored["fund"], restored["conceded"]) == ("80.00", "30.00")
    (it,) = await all_claims(world, later)
    assert it["claim"]["totals"]["fund"] == "0.00"
    assert it["claim"]["root"] == root_of([twin, again])
    assert (await proven(world)).holds


async def test_a_contest_of_what_was_cancelled_meanwhile_is_not_accepted(world: World) -> None:
    number = await settled_on(world, "2026-08-05", 70)
    world.clock.set_day("2026-10-21")
    clearing = await cleared(world, "2026Q3")
    contest = await contested(world, clearing, number)
    before = await fen(world)
    await adjusted(world, number, "twin-3")
    refused = await replied(world, contest, "accepted")
    assert (refused.status_code, refused.json()["code"]) == (422, "contest-moot")
    assert (await replied(world, contest, "rejected")).status_code == 201
    assert (await noticed(world, clearing))["payable_fund"] == "70.00"
    after = await fen(world)
    assert after[UNCLEARED] == before[UNCLEARED] - 7000 - 7000
    assert after[PAYABLE] == before[PAYABLE] + 7000
    assert (await proven(world)).holds
