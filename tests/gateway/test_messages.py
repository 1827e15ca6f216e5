"""The message log is one: the gateway's msgid and REST's Idempotency-Key are the same thing."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from tests.support.gateway import Gateway, bill, clock_text, hospital, ready
from tests.support.queries import recorded
from tests.support.settlement import at_the_door, settled
from tests.support.visit import ready_worker, road
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


async def settlements_of(world: World, visit: str) -> int:
    async with world.tx() as tx:
        query = sa.text(
            "SELECT count(*) FROM settlement JOIN visit ON visit.id = visit_id "
            "WHERE visit.number = :visit"
        )
        return int((await tx.execute(query, {"visit": visit})).scalar_one())


async def settling(world: World) -> tuple[Gateway, str, dict[str, object]]:
    his, worker = hospital(world), await ready_worker(world)
    visit = await ready(his, worker)
    return his, visit, his.envelope("2304", bill(visit, worker.number))


async def test_the_same_message_again_gets_the_same_bytes_and_has_one_effect(world: World) -> None:
    his, visit, message = await settling(world)
    first = await his.post(message)
    assert first.json()["infcode"] == 0, first.text
    again = await his.post(message)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await settlements_of(world, visit) == 1


async def test_two_cashiers_pressing_at_once_make_one_settlement(world: World) -> None:
    his, visit, message = await settling(world)
    answers = await asyncio.gather(*(his.post(message) for _ in range(8)))
    assert {answer.json()["infcode"] for answer in answers} == {0}
    assert len({answer.content for answer in answers}) == 1
    assert await settlements_of(world, visit) == 1


async def test_a_retry_after_a_new_sign_in_and_a_month_is_the_same_message(world: World) -> None:
    his, visit, message = await settling(world)
    first = await his.post(message)
    began = world.clock.now
    world.clock.advance(days=31)
    late = await his.post(message)  # with the inf_time it was first sent with
    fresh = await his.post(
        message | {"inf_time": clock_text(world.clock.now), "sign_no": "n", "opter": "0018"}
    )
    world.clock.now = began
    assert late.content == first.content
    assert fresh.content == first.content
    assert await settlements_of(world, visit) == 1


async def test_a_stale_message_that_was_never_carried_out_is_refused(world: World) -> None:
    his, visit, message = await settling(world)
    message["inf_time"] = clock_text(world.clock.now - timedelta(days=31))
    answer = await his.post(message)
    assert answer.json()["err_msg"].startswith("[CLOCK_SKEW] ")
    assert await settlements_of(world, visit) == 0


async def test_the_same_id_with_another_body_is_refused(world: World) -> None:
    his, _, message = await settling(world)
    assert (await his.post(message)).json()["infcode"] == 0
    other = message | {"input": {"data": {**message["input"]["data"], "invono": "FP2"}}}  # type: ignore[index]  # our own envelope
    answer = (await his.post(other)).json()
    assert answer["err_msg"] == "[MSGID_REUSED] 该报文编号已用于其他请求 (msgid)"


async def test_one_is_the_same_as_one_point_zero_in_a_retry(world: World) -> None:
    his, visit, message = await settling(world)
    first = await his.post(message)
    text = await his.post(message | {"mdtrtarea_admvs": "370100"})
    assert text.content == first.content
    assert await settlements_of(world, visit) == 1


async def test_both_faces_share_one_message_log(world: World) -> None:
    his, visit, message = await settling(world)
    first = await his.post(message)
    key = str(message["msgid"])
    outcome = await his.client.get(f"/v1/messages/{key}")
    assert outcome.json()["outcome"] == "applied"
    assert outcome.json()["answer"]["output"] == first.json()["output"]
    path = f"/v1/visits/{visit}/settle"
    rest = await his.client.post(path, {"total": "10.00"}, key=key)
    assert rest.json()["code"] == "message-id-reused"


async def test_a_refusal_is_remembered_and_may_be_mended_under_the_same_id(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await ready(his, worker)
    message = his.envelope("2304", bill(visit, worker.number))
    undone = await his.done("2405", {"data": {"mdtrt_id": visit, "psn_no": worker.number}})
    assert undone["result"]["visit_stas"] == "admitted"
    refused = (await his.post(message)).json()
    assert refused["err_msg"].startswith("[VISIT_STATE] ")
    outcome = await his.client.get(f"/v1/messages/{message['msgid']}")
    assert outcome.json()["outcome"] == "refused"
    data = {"mdtrt_id": visit, "psn_no": worker.number, "dscg_way": "1"}
    data["endtime"] = clock_text(world.clock.now)
    await his.done("2402", {"dscginfo": data})
    assert (await his.post(message)).json()["infcode"] == 0


async def test_a_settlement_costs_one_statement_more_than_at_the_door_in_rest(
    world: World, database_url: str
) -> None:
    his, visit, _ = await settling(world)
    institution = his.client.caller.party
    async with at_the_door(world, database_url) as door:
        with recorded(door) as rest:
            await settled(door, visit, institution=institution)
        _, _, message = await settling(world)
        with recorded(door) as numbered:
            assert (await Gateway(door, his.client).post(message)).json()["infcode"] == 0
    assert len(numbered) == len(rest) + 1, "\n".join(numbered)


async def test_amounts_are_text_for_those_who_ask_for_it(world: World) -> None:
    his, visit, message = await settling(world)
    before = world.app.state.settings
    asked = {"gateway_text_amounts": frozenset({his.client.caller.party})}
    world.app.state.settings = before.model_copy(update=asked)
    answer = await his.post(message)
    world.app.state.settings = before
    info = answer.json()["output"]["setlinfo"]
    assert (info["mdtrt_id"], info["medfee_sumamt"]) == (visit, "10.00")


async def test_both_figures_are_told_when_totals_differ(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await ready(his, worker)
    answer = await his.send("2304", bill(visit, worker.number, "9.99"))
    assert answer["err_msg"] == "[TOTAL_MISMATCH] 机构总额与系统总额不一致 (medfee_sumamt)"
    (error,) = answer["output"]["errors"]
    assert (error["facts"]["yours"], error["facts"]["hub"]) == ("9.99", "10.00")
    assert re.search(r"9\.99.+10\.00", error["detail"])
