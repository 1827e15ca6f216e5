"""2601: afterwards nothing of the message stands, or the answer says that it does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from tests.support.gateway import Gateway, about, bill, clock_text, hospital, line, ready
from tests.support.visit import ready_worker, road
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


def reversal(message: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"psn_no": "", "omsgid": message["msgid"], "oinfno": message["infno"]}}


async def settling(world: World) -> tuple[Gateway, str, dict[str, Any]]:
    his, worker = hospital(world), await ready_worker(world)
    visit = await ready(his, worker)
    return his, visit, his.envelope("2304", bill(visit, worker.number))


async def balance(world: World) -> int:
    async with world.tx() as tx:
        query = sa.text("SELECT coalesce(sum(balance_fen), 0) FROM account WHERE kind = 'payable'")
        return int((await tx.execute(query)).scalar_one())


async def test_what_took_effect_is_undone_once(world: World) -> None:
    his, _, message = await settling(world)
    before = await balance(world)
    await his.post(message)
    output = await his.done("2601", reversal(message))
    assert output["result"]["outcome"] == "reversed"
    assert output["result"]["subject"].startswith("A")
    assert output["result"]["undone_by"].startswith("A")
    output = await his.done("2601", reversal(message))
    assert output["result"]["outcome"] == "already_reversed"
    assert await balance(world) == before


async def test_what_never_came_is_shut_out(world: World) -> None:
    his, visit, message = await settling(world)
    output = await his.done("2601", reversal(message))
    assert output["result"]["outcome"] == "nothing_to_reverse"
    late = (await his.post(message)).json()
    assert late["err_msg"] == "[MSGID_FENCED] 该报文编号已封存，迟到的报文不予受理"
    found = await his.client.get(f"/v1/visits/{visit}")
    assert found.json()["state"] == "discharged"


async def test_the_fate_of_a_message_is_told_however_old_it_is(world: World) -> None:
    his, _, message = await settling(world)
    await his.post(message)
    await his.done("2601", reversal(message))
    stale = message | {"inf_time": clock_text(world.clock.now - timedelta(days=40))}
    assert (await his.post(stale)).json()["err_msg"].startswith("[MSGID_REVERSED] 该报文已冲正")


async def test_what_stands_and_cannot_be_undone_is_told_with_the_reason(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await ready(his, worker)
    await his.done("2405", about(visit, worker.number))
    message = his.envelope("2301", {"feedetail": [line(visit, worker.number, "9")]})
    assert (await his.post(message)).json()["infcode"] == 0
    answer = await his.send("2601", reversal(message))
    assert answer["infcode"] == -1
    assert answer["err_msg"] == "[REVERSAL_NOT_ALLOWED] 该报文不可冲正，原业务仍然有效 (omsgid)"
    assert answer["output"]["result"]["outcome"] == "not_reversible"
    assert [it["code"] for it in answer["output"]["errors"]] == ["REVERSAL_NOT_ALLOWED"] * 2


async def test_a_reversal_that_meets_its_original_leaves_nothing(world: World) -> None:
    for _ in range(5):
        his, _, message = await settling(world)
        before = await balance(world)
        original, undone = await asyncio.gather(
            his.post(message), his.post(his.envelope("2601", reversal(message)))
        )
        told = undone.json()
        if told["infcode"]:
            assert told["err_msg"].startswith("[BUSY_RETRY] ")
            assert (await his.done("2601", reversal(message)))["result"]["outcome"] == "reversed"
        elif told["output"]["result"]["outcome"] == "nothing_to_reverse":
            assert original.json()["err_msg"].startswith("[MSGID_FENCED] ")
        assert await balance(world) == before
