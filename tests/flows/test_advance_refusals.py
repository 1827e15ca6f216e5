"""What the database refuses at the end of a message is an answer like any other, on both faces."""

from __future__ import annotations

import pytest_asyncio

from tests.support.advance import done, funded, items, mode_changed
from tests.support.gateway import bill, hospital, ready
from tests.support.ledger import balances, proven
from tests.support.visit import ready_worker, road
from tests.support.world import World

BEIJING, SHANDONG = "110000", "370000"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _hard(world: World) -> None:
    """A pair that may not be overdrawn, with an advance of 15 yuan; a stay costs 10."""
    await road(world)
    await funded(world, BEIJING, SHANDONG, "15.00")
    await mode_changed(world, BEIJING, SHANDONG, "hard")


async def test_a_stay_the_advance_covers_is_settled_and_the_next_is_refused_on_both_faces(
    world: World,
) -> None:
    his = hospital(world)
    first, second = await ready_worker(world), await ready_worker(world)
    covered, beyond = await ready(his, first), await ready(his, second)
    await his.done("2304", bill(covered, first.number))
    before = await balances(world)

    message = his.envelope("2304", bill(beyond, second.number))
    answer = (await his.post(message)).json()
    assert answer["infcode"] != 0
    assert answer["output"]["errors"][0]["code"] == "ADVANCE_EXHAUSTED"
    assert "预付金" in answer["err_msg"]
    outcome = await done(his.client.get(f"/v1/messages/{message['msgid']}"))
    assert (outcome["outcome"], outcome["answer"]["code"]) == ("refused", "advance-exhausted")

    key = "exhausted-1"
    told = await his.client.post(f"/v1/visits/{beyond}/settle", {"total": "10.00"}, key=key)
    assert (told.status_code, told.json()["code"]) == (422, "advance-exhausted")
    assert told.json()["insured_place"] == BEIJING
    assert (told.json()["used"], told.json()["advance"]) == ("20.00", "15.00")
    outcome = await done(his.client.get(f"/v1/messages/{key}"))
    assert (outcome["outcome"], outcome["answer"]) == ("refused", told.json())

    assert await balances(world) == before
    assert len(await items(his.client, "/v1/settlements")) == 1
    assert (await done(his.client.get(f"/v1/visits/{beyond}")))["state"] == "discharged"
    assert (await proven(world)).holds

    # Once the insured place has paid more in, the very same message goes through.
    await funded(world, BEIJING, SHANDONG, "20.00")
    again = (await his.post(message)).json()
    assert again["infcode"] == 0, again
    assert (await balances(world))[f"uncleared:{BEIJING}:{SHANDONG}"][0] == 2_000
