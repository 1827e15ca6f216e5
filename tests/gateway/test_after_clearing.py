"""What a clearing has taken in is not cancelled any more, whoever confirmed or took it back."""

from __future__ import annotations

import pytest_asyncio

from tests.support.clearing import cleared
from tests.support.gateway import about, bill, bureau, hospital, ready
from tests.support.visit import ready_worker, road
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


async def test_a_settlement_is_not_cancelled_after_its_clearing(world: World) -> None:
    his = hospital(world)
    worker = await ready_worker(world)
    visit = await ready(his, worker)
    settled = await his.done("2304", bill(visit, worker.number))
    number = settled["setlinfo"]["setl_id"]
    world.clock.set_day("2025-10-21")
    await cleared(world, "2025Q3")
    agency = bureau(world, "370000")
    month = {"trt_year": 2025, "trt_month": 9}
    rows = (await agency.done("3260", {"data": month}))["data"]
    (row,) = [it for it in rows if it["setl_sn"] == number]
    assert (row["medins_no"], row["mdtrt_id"], row["certno"]) == (
        his.client.caller.party,
        visit,
        "",
    )
    cancel = about(visit, worker.number, setl_id=number)
    assert await his.refused("2305", cancel) == ["SETTLEMENT_IN_CLEARING"]
    line = {"setl_sn": number, "optins_pay_sumamt": row["optins_pay_sumamt"], "cnfm_flag": 1}
    await agency.done("3261", {"data": month | {"totalrow": len(rows)}, "detail": line})
    assert await his.refused("2305", cancel) == ["SETTLEMENT_IN_CLEARING"]
