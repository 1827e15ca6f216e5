"""Settlements under rivals: one effect, whatever arrives together."""

from __future__ import annotations

import asyncio

import httpx
import pytest_asyncio

from app.kernel.calendar import Month
from app.runtime.work import Work
from app.settlement import service
from tests.support.ledger import balances, proven
from tests.support.parties import as_operator
from tests.support.settlement import SETTLEMENTS, cancel, cancelled, ready, settle, settled
from tests.support.visit import VISITS, line, road, upload
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def kept(world: World, visit: str) -> list[tuple[str, str]]:
    items = (await world.operator.get(SETTLEMENTS, visit=visit)).json()["items"]
    return [(it["kind"], it["total"]) for it in items]


async def persistent(world: World, visit: str, key: str) -> httpx.Response:
    """Settle as a hospital does: while the hub says it is still at it, the same message again."""
    for _ in range(20):
        answer = await settle(world, visit, key=key)
        if answer.json().get("code") != "message-running":
            return answer
    return answer


async def test_fifty_identical_settles_make_one_settlement_and_equal_answers(world: World) -> None:
    visit = await ready(world)
    answers = await asyncio.gather(*(persistent(world, visit, "fifty") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [a for a in answers if a.headers.get("Idempotency-Replayed") == "true"]
    assert len(replayed) == 49
    assert await kept(world, visit) == [("settlement", "10.00")]
    assert (await proven(world)).holds


async def test_of_different_messages_one_settles_and_the_others_find_it_settled(
    world: World,
) -> None:
    visit = await ready(world)
    answers = await asyncio.gather(*(settle(world, visit) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"no-such-move"}
    assert await kept(world, visit) == [("settlement", "10.00")]


async def test_rival_cancellations_book_one_twin(world: World) -> None:
    done = await settled(world, await ready(world))
    before = await balances(world)
    answers = await asyncio.gather(*(cancel(world, done["number"]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await kept(world, done["visit"]) == [("settlement", "10.00"), ("cancellation", "-10.00")]
    after = await balances(world)
    moved = [after[name][0] - before[name][0] for name in after if after[name] != before[name]]
    assert sorted(moved) == [-1000, 1000]


async def test_settle_against_cancel_leaves_a_whole_story(world: World) -> None:
    for _ in range(5):
        done = await settled(world, await ready(world))
        await cancelled(world, done["number"])
        second = await settled(world, done["visit"])
        again, undone = await asyncio.gather(
            settle(world, done["visit"]), cancel(world, second["number"])
        )
        assert undone.status_code == 201
        story = await kept(world, done["visit"])
        assert len(story) == (5 if again.status_code == 201 else 4)
        state = (await world.operator.get(f"{VISITS}/{done['visit']}")).json()["state"]
        assert state == ("settled" if again.status_code == 201 else "discharged")


async def test_settle_against_upload_never_settles_a_line_it_did_not_count(world: World) -> None:
    for n in range(8):
        visit = await ready(world)
        paid, taken = await asyncio.gather(
            settle(world, visit), upload(world, visit, line(f"late-{n}"))
        )
        assert (paid.status_code, taken.status_code) in {(201, 409), (422, 201)}


COUNT = "SELECT count(*) FROM settlement WHERE treatment_place = '370000' AND month = '2025-09'"


async def close_and_count(work: Work) -> int:
    """Close September, and count what is in it while nothing more can come."""
    await service.close_months(work, ["370000"], Month(2025, 9))
    return int((await work.tx.exec_driver_sql(COUNT)).scalar_one())


async def test_once_a_month_is_closed_nothing_more_falls_into_it(world: World) -> None:
    visits = [await ready(world) for _ in range(10)]
    done, closed_with = await asyncio.gather(
        asyncio.gather(*(settle(world, visit) for visit in visits)),
        as_operator(world, close_and_count),
    )
    async with world.tx() as tx:
        assert (await tx.exec_driver_sql(COUNT)).scalar_one() == closed_with
    assert {answer.json()["month"] for answer in done} <= {"2025-09", "2025-10"}
    after = await settled(world, await ready(world))
    assert after["month"] == "2025-10"
    assert (await proven(world)).holds
