"""The one door: one effect for one message id, whatever happens around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import ClassVar

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.kernel.refusal import Kind, Refusal
from app.runtime.embedded.databases import administer
from app.runtime.http import OpenDoor
from app.runtime.work import Work
from tests.support.parties import seeded
from tests.support.pg import address
from tests.support.queries import recorded
from tests.support.world import World, open_world

PATH = "/v1/test/names"
REPLAYED = "Idempotency-Replayed"
_NAME = sa.text("SELECT name FROM party WHERE code = '460000'")
_ADD = sa.text("UPDATE party SET name = name || :more WHERE code = '460000' RETURNING name")
_STATE = sa.text("SELECT state FROM party WHERE code = '460000'")


class Closed(Refusal):
    """The party of this test is disabled."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "test-closed"
    title: ClassVar = "Closed"
    title_zh: ClassVar = "已停用"


class More(BaseModel):
    """What is added to a name."""

    more: str = "!"


class Name(BaseModel):
    """A name as it became."""

    name: str

    @classmethod
    def of(cls, name: str) -> Name:
        """Show a name."""
        return cls(name=name)


class Obstacles:
    """What a test puts in the way of the use case, once or more."""

    def __init__(self) -> None:
        self.before: Callable[[Work], Awaitable[None]] | None = None
        self.attempts = 0

    async def meet(self, work: Work) -> None:
        """Count the attempt and meet the obstacle."""
        self.attempts += 1
        if self.before is not None:
            await self.before(work)


OBSTACLES = Obstacles()
router = APIRouter()


async def add(work: Work, more: str) -> str:
    """Lengthen a party's name; every effect shows."""
    await OBSTACLES.meet(work)
    name: str = (await work.tx.execute(_ADD, {"more": more})).scalar_one()
    work.record("name.add", "460000")
    return name


@router.post(PATH)
async def lengthen(asked: More, door: OpenDoor) -> Response:
    """Lengthen the name."""
    return await door.write(lambda work: add(work, asked.more), show=Name.of)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    """A hub with little patience and the one route of these tests."""
    async with open_world(database_url, lock_wait_ms=300, running_wait_ms=300) as it:
        it.app.include_router(router)
        await seeded(it)
        yield it


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def name(world: World) -> AsyncIterator[None]:
    """Begin every test with the same name and nothing in the way."""
    OBSTACLES.before, OBSTACLES.attempts = None, 0
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE party SET name = 'N', state = 'active'"))
    yield


async def post(world: World, key: str | None, more: str = "!") -> httpx.Response:
    return await world.agency("460000").post(PATH, {"more": more}, key=key)


async def kept_name(world: World) -> str:
    async with world.tx() as owner:
        return str(await owner.scalar(_NAME))


async def test_fifty_identical_messages_have_one_effect_and_fifty_equal_answers(
    database_url: str, world: World
) -> None:
    async with open_world(database_url, running_wait_ms=10_000) as patient:
        patient.app.include_router(router)
        answers = await asyncio.gather(*(post(patient, "fifty") for _ in range(50)))
    assert {it.status_code for it in answers} == {201}
    assert {it.content for it in answers} == {b'{"name":"N!"}'}
    assert sorted(it.headers.get(REPLAYED, "false") for it in answers).count("false") == 1
    assert await kept_name(world) == "N!"
    assert OBSTACLES.attempts == 1


async def test_the_same_id_with_another_body_is_refused_and_changes_nothing(world: World) -> None:
    await post(world, "other-body")
    answer = await post(world, "other-body", "?")
    assert (answer.status_code, answer.json()["code"]) == (422, "message-id-reused")
    assert await kept_name(world) == "N!"
    again = await post(world, "other-body")
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")


async def test_two_senders_may_use_the_same_id(world: World) -> None:
    await world.agency("110000").post(PATH, {"more": "!"}, key="shared-id")
    answer = await world.agency("370000").post(PATH, {"more": "!"}, key="shared-id")
    assert REPLAYED not in answer.headers
    assert await kept_name(world) == "N!!"


async def test_a_refused_message_succeeds_under_its_id_once_the_cause_is_mended(
    world: World,
) -> None:
    async def refuse_when_disabled(work: Work) -> None:
        if (await work.tx.execute(_STATE)).scalar_one() == "disabled":
            raise Closed

    OBSTACLES.before = refuse_when_disabled
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE party SET state = 'disabled' WHERE code = '460000'"))
    refused = [await post(world, "mended") for _ in range(2)]
    assert {(it.status_code, it.json()["code"]) for it in refused} == {(422, "test-closed")}
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE party SET state = 'active' WHERE code = '460000'"))
    done = await post(world, "mended")
    assert done.status_code == 201
    assert REPLAYED not in done.headers
    assert (await post(world, "mended")).headers[REPLAYED] == "true"
    assert await kept_name(world) == "N!"


async def test_a_refused_id_is_not_free_for_another_body(world: World) -> None:
    async def refuse(_: Work) -> None:
        raise Closed

    OBSTACLES.before = refuse
    await post(world, "refused-once")
    OBSTACLES.before = None
    answer = await post(world, "refused-once", "?")
    assert answer.json()["code"] == "message-id-reused"


async def fail_serializing(work: Work) -> None:
    """Let Postgres itself report a serialization failure."""
    await work.tx.execute(
        sa.text("DO $$ BEGIN RAISE EXCEPTION 'meant' USING ERRCODE = '40001'; END $$")
    )


async def test_a_serialization_failure_is_tried_again_and_has_one_effect(world: World) -> None:
    async def fail_twice(work: Work) -> None:
        if OBSTACLES.attempts < 3:
            await fail_serializing(work)

    OBSTACLES.before = fail_twice
    assert (await post(world, "serialization")).status_code == 201
    assert (OBSTACLES.attempts, await kept_name(world)) == (3, "N!")


async def test_endless_serialization_failures_end_as_busy(world: World) -> None:
    OBSTACLES.before = fail_serializing
    answer = await post(world, "endless")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert OBSTACLES.attempts == 3
    OBSTACLES.before = None
    assert (await post(world, "endless")).status_code == 201


async def test_a_write_without_an_id_is_refused(world: World) -> None:
    client = world.agency("460000")
    headers = client.headers()
    del headers["Idempotency-Key"]
    answer = await world.http.post(PATH, json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (428, "message-id-missing")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 65, "\x7f", "\xe9"])
async def test_an_id_that_is_not_visible_ascii_is_refused(world: World, key: str) -> None:
    headers = {**world.agency("460000").headers(), "Idempotency-Key": key}
    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    answer = await world.http.post(PATH, json={}, headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "message-id-format")


async def test_a_national_id_of_another_institution_is_refused(world: World) -> None:
    sender = world.institution("H37010000001")
    foreign = "H37020000001" + "20250901090000" + "0001"
    answer = await sender.post(PATH, {}, key=foreign)
    assert (answer.status_code, answer.json()["code"]) == (422, "message-id-prefix")
    own = "H37010000001" + "20250901090000" + "0001"
    assert (await sender.post(PATH, {}, key=own)).status_code == 201


async def test_nobody_borrows_the_id_of_an_institution(world: World) -> None:
    borrowed = "H37020000001" + "20250901090000" + "0002"
    answer = await world.agency("370000").post(PATH, {}, key=borrowed)
    assert (answer.status_code, answer.json()["code"]) == (422, "message-id-prefix")


async def test_a_rival_of_a_running_message_is_told_so_and_gets_the_answer_later(
    world: World,
) -> None:
    running, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: Work) -> None:
        running.set()
        await go_on.wait()

    OBSTACLES.before = wait
    first = asyncio.create_task(post(world, "running"))
    await running.wait()
    rival = await post(world, "running")
    assert (rival.status_code, rival.json()["code"]) == (409, "message-running")
    assert rival.headers["Retry-After"] == "1"
    go_on.set()
    assert (await first).status_code == 201
    later = await post(world, "running")
    assert (later.headers[REPLAYED], later.content) == ("true", (await first).content)


async def test_a_row_that_stays_locked_makes_the_hub_busy_not_broken(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(sa.text("SELECT 1 FROM party WHERE code = '460000' FOR UPDATE"))
        answer = await post(world, "locked")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert (await post(world, "locked")).status_code == 201


async def test_what_fails_at_the_commit_was_never_answered_as_done(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(
            sa.text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )

    async def break_the_commit(work: Work) -> None:
        await work.tx.execute(sa.text("INSERT INTO late VALUES (1), (1)"))

    OBSTACLES.before = break_the_commit
    answer = await post(world, "late")
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert await kept_name(world) == "N"
    found = await world.agency("460000").get("/v1/messages/late")
    assert found.json()["outcome"] == "never_seen"
    OBSTACLES.before = None
    assert (await post(world, "late")).status_code == 201
    async with world.tx() as owner:
        await owner.execute(sa.text("DROP TABLE late"))


async def test_a_connection_lost_on_the_way_is_replaced_and_the_effect_is_one(
    world: World,
) -> None:
    async def lose_it_once(work: Work) -> None:
        if OBSTACLES.attempts == 1:
            pid = (await work.tx.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
            async with world.tx() as owner:
                await owner.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    OBSTACLES.before = lose_it_once
    assert (await post(world, "lost")).status_code == 201
    assert (OBSTACLES.attempts, await kept_name(world)) == (2, "N!")


async def test_a_hub_without_its_database_is_busy_and_recovers_by_itself(
    world: World, database_server: tuple[str, str], database_url: str
) -> None:
    server, _ = database_server
    database = database_url.partition("?")[0].rpartition("/")[2]
    maintenance = address(server, "postgres")
    await world.owner.dispose()
    administer(maintenance, f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
    administer(
        maintenance,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",  # noqa: S608 -- a name of our own making
    )
    away = [await post(world, "away"), await world.agency("460000").get("/v1/regions")]
    ready = await world.http.get("/v1/health/ready")
    administer(maintenance, f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    assert {(it.status_code, it.json()["code"]) for it in away} == {(503, "busy")}
    assert (ready.status_code, ready.json()["failed"]) == (503, ["database"])
    assert (await post(world, "away")).status_code == 201
    assert (await world.agency("460000").get("/v1/regions")).status_code == 200


async def test_a_minimal_write_costs_three_statements_and_a_replay_two(world: World) -> None:
    with recorded(world) as written:
        await post(world, "counted")
    assert len(written) == 3, written  # claim, the change, the answer with trail and news
    with recorded(world) as replayed:
        await post(world, "counted")
    assert len(replayed) == 2, replayed  # claim, what was kept
