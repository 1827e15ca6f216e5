"""One message, one effect: however often it comes, whoever overtakes whom, whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest_asyncio
import sqlalchemy as sa

from tests.support.institutions import JINAN
from tests.support.ledger import balances, proven
from tests.support.queries import recorded
from tests.support.settlement import SETTLEMENTS, ready, settle
from tests.support.visit import VISITS, admission, ready_worker, road
from tests.support.world import World, open_world

ROUNDS = 12
HOLD = sa.text("SELECT 1 FROM visit WHERE number = :visit FOR UPDATE")
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock'"
)
TRY = "SELECT pg_try_advisory_xact_lock("  # how a reversal looks whether its original runs


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    """A hub that waits long for a message under way."""
    async with open_world(database_url, running_wait_ms=10_000) as it:
        await road(it)
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hasty(database_url: str, world: World) -> AsyncIterator[World]:
    """The same hub, as a sender meets it that is told at once."""
    async with open_world(database_url, running_wait_ms=0) as it:
        it.clock = world.clock
        yield it


async def reverse(world: World, message: str, key: str | None = None) -> httpx.Response:
    return await world.institution(JINAN).post("/v1/reversals", {"message": message}, key=key)


async def fence(world: World, message: str) -> httpx.Response:
    return await world.institution(JINAN).post(f"/v1/messages/{message}/fence")


async def outcome(world: World, message: str) -> str:
    answer = await world.institution(JINAN).get(f"/v1/messages/{message}")
    return str(answer.json()["outcome"])


async def rows_of(world: World, visit: str) -> list[tuple[str, str]]:
    """Return kind and total of everything booked for a visit, in order."""
    found = (await world.operator.get(SETTLEMENTS, visit=visit)).json()["items"]
    return [(it["kind"], it["total"]) for it in found]


async def state(world: World, visit: str) -> str:
    return str((await world.operator.get(f"{VISITS}/{visit}")).json()["state"])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Let others go on until something holds."""
    for _ in range(2_000):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@asynccontextmanager
async def held(
    world: World, visit: str, original: Coroutine[Any, Any, httpx.Response]
) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """Start the original and keep it waiting in the middle of its transaction."""
    async with world.tx() as owner:
        await owner.execute(HOLD, {"visit": visit})
        task = asyncio.create_task(original)

        async def waits() -> bool:
            return bool(await owner.scalar(WAITING))

        await until(waits)
        yield task
    await task


async def test_fifty_identical_settles_are_one_settlement_and_fifty_equal_answers(
    world: World,
) -> None:
    visit = await ready(world)
    answers = await asyncio.gather(*(settle(world, visit, key="x-fifty") for _ in range(50)))
    assert {it.status_code for it in answers} == {201}
    assert len({it.content for it in answers}) == 1
    replayed = [it for it in answers if it.headers.get("Idempotency-Replayed") == "true"]
    assert len(replayed) == 49
    assert await rows_of(world, visit) == [("settlement", "10.00")]


async def test_two_cashiers_pressing_at_once_settle_once(world: World) -> None:
    visit = await ready(world)
    answers = await asyncio.gather(*(settle(world, visit, key=f"x-desk-{n}") for n in range(8)))
    assert sorted(it.status_code for it in answers) == [201, *[409] * 7]
    assert await rows_of(world, visit) == [("settlement", "10.00")]
    outcomes = [await outcome(world, f"x-desk-{n}") for n in range(8)]
    assert sorted(outcomes) == ["applied", *["refused"] * 7]


async def test_a_message_under_way_is_told_by_look_up_fence_reversal_and_copy(
    world: World, hasty: World
) -> None:
    visit = await ready(world)
    async with held(world, visit, settle(world, visit, key="x-running")) as original:
        assert await outcome(hasty, "x-running") == "running"
        told = [
            await fence(hasty, "x-running"),
            await reverse(hasty, "x-running"),
            await settle(hasty, visit, key="x-running"),
        ]
        for answer in told:
            assert (answer.status_code, answer.json()["code"]) == (409, "message-running")
            assert (answer.json()["message"], answer.headers["Retry-After"]) == ("x-running", "1")
    assert (await original).status_code == 201
    assert await outcome(world, "x-running") == "applied"


async def test_a_reversal_that_overtakes_the_original_waits_and_undoes_it(world: World) -> None:
    visit = await ready(world)
    async with held(world, visit, settle(world, visit, key="x-overtaken")) as original:
        with recorded(world) as statements:
            overtaking = asyncio.create_task(reverse(world, "x-overtaken"))

            async def tried() -> bool:
                return any(it.startswith(TRY) for it in statements)

            await until(tried)
        assert not overtaking.done()
    assert (await original).status_code == 201
    assert (await overtaking).json()["outcome"] == "reversed"
    assert await rows_of(world, visit) == [("settlement", "10.00"), ("cancellation", "-10.00")]
    assert await state(world, visit) == "discharged"


async def test_late_originals_after_a_reversal_do_nothing(world: World) -> None:
    visit = await ready(world)
    assert (await reverse(world, "x-late")).json()["outcome"] == "nothing_to_reverse"
    late = await asyncio.gather(*(settle(world, visit, key="x-late") for _ in range(10)))
    assert {it.json()["code"] for it in late} == {"message-fenced"}
    assert (await rows_of(world, visit), await state(world, visit)) == ([], "discharged")


async def test_originals_and_reversals_in_any_order_leave_nothing_behind(world: World) -> None:
    before = await balances(world)
    for n in range(ROUNDS):
        visit, key = await ready(world), f"x-any-{n}"
        calls = [settle(world, visit, key=key) for _ in range(3)]
        undone: list[httpx.Response] = []

        async def undo(into: list[httpx.Response] = undone, message: str = key) -> httpx.Response:
            into.append(await reverse(world, message))
            return into[-1]

        order = [calls[0], undo(), calls[1], undo(), calls[2]]
        await asyncio.gather(*(order if n % 2 else reversed(order)))
        outcomes = {it.json()["outcome"] for it in undone}
        ending = await outcome(world, key)
        assert ending in ("reversed", "fenced")
        if ending == "fenced":
            assert outcomes == {"nothing_to_reverse"}
            assert await rows_of(world, visit) == []
        else:
            assert outcomes == {"reversed", "already_reversed"}
            assert len(await rows_of(world, visit)) == 2
        assert await state(world, visit) == "discharged"
    after = await balances(world)
    moved = {name for name, (fen, _) in after.items() if fen != before.get(name, (0, 0))[0]}
    assert not moved
    assert (await proven(world)).holds


async def test_a_fence_and_its_original_never_both_win(world: World) -> None:
    endings = set()
    for n in range(ROUNDS):
        visit, key = await ready(world), f"x-fence-{n}"
        calls = [settle(world, visit, key=key), fence(world, key)]
        answers = await asyncio.gather(*(calls if n % 2 else reversed(calls)))
        settled, fenced = answers if n % 2 else reversed(answers)
        ending = fenced.json()["outcome"]
        endings.add(ending)
        if ending == "applied":
            assert settled.status_code == 201
            assert fenced.json()["answer"] == settled.json()
        else:
            assert ending == "fenced"
            assert settled.json()["code"] == "message-fenced"
        assert len(await rows_of(world, visit)) == (ending == "applied")
    assert endings


async def test_many_reversals_of_one_message_undo_it_once(world: World) -> None:
    visit = await ready(world)
    await settle(world, visit, key="x-many")
    answers = await asyncio.gather(*(reverse(world, "x-many") for _ in range(10)))
    told = sorted(it.json()["outcome"] for it in answers)
    assert told == [*["already_reversed"] * 9, "reversed"]
    assert len(await rows_of(world, visit)) == 2


async def test_a_cancellation_by_hand_and_a_reversal_cancel_once(world: World) -> None:
    for n in range(ROUNDS):
        visit, key = await ready(world), f"x-hand-{n}"
        number = (await settle(world, visit, key=key)).json()["number"]
        sender = world.institution(JINAN)
        by_hand, undone = await asyncio.gather(
            sender.post(f"{SETTLEMENTS}/{number}/cancel", {}), reverse(world, key)
        )
        won = (by_hand.status_code, undone.json()["outcome"])
        assert won in ((201, "already_reversed"), (409, "reversed"))
        assert len(await rows_of(world, visit)) == 2


async def test_duplicated_admissions_admit_once(world: World) -> None:
    body = admission(await ready_worker(world))
    sender = world.institution(JINAN)
    answers = await asyncio.gather(*(sender.post(VISITS, body, key="x-admit") for _ in range(10)))
    assert len({it.content for it in answers}) == 1
    undone = await reverse(world, "x-admit")
    assert undone.json()["outcome"] == "reversed"
    copies = await asyncio.gather(*(sender.post(VISITS, body, key="x-admit") for _ in range(5)))
    assert {it.json()["code"] for it in copies} == {"message-reversed"}
    assert await state(world, answers[0].json()["number"]) == "cancelled"


async def test_a_month_later_fifty_copies_still_get_the_first_answer(world: World) -> None:
    visit = await ready(world)
    first = await settle(world, visit, key="x-month")
    world.clock.advance(days=31)
    copies = await asyncio.gather(*(settle(world, visit, key="x-month") for _ in range(50)))
    assert {it.content for it in copies} == {first.content}
    assert {it.headers["Idempotency-Replayed"] for it in copies} == {"true"}
    undone = await reverse(world, "x-month")
    assert undone.json()["outcome"] == "reversed"
    world.clock.advance(days=-31)
