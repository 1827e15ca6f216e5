"""Nothing is skipped and nothing sent twice without need, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.events.service import delivering
from app.events.store import deliveries
from tests.support.events import (
    SUBSCRIPTIONS,
    Post,
    Receiver,
    Wall,
    announced,
    announcing,
    delivered,
    deliverer,
    logged,
    open_events_world,
    read,
    read_on,
    read_until,
    receiving,
    shown,
    subscribed,
)
from tests.support.parties import as_operator, seeded
from tests.support.world import World

INSERT = sa.text(
    "INSERT INTO announcement (at, topic, subject, parties, body)"
    " VALUES (now(), 'review.closed', :subject, ARRAY[:party], '{}')"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(database_url: str) -> AsyncIterator[World]:
    async with open_events_world(database_url, webhook_seconds=30) as it:
        await seeded(it)
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as it:
        yield it


async def test_what_is_committed_late_is_not_skipped(hub: World) -> None:
    """An earlier serial is committed after a later one was there to be read."""
    agency, seen = hub.agency("370000"), []
    await announced(hub, "already-there")
    await read_until(agency, "already-there")
    async with hub.owner.connect() as late:
        transaction = await late.begin()
        await late.execute(INSERT, {"subject": "late", "party": "370000"})
        await announced(hub, "early")
        page = await read(agency)
        seen += page["items"]
        assert "early" not in [it["subject"] for it in seen]
        assert await read_on(hub.operator, page["next"]) == []
        await transaction.commit()
    rest = await read_until(agency, "early", page["next"])
    assert [it["subject"] for it in seen + rest][-3:] == ["already-there", "late", "early"]


async def test_a_transaction_that_is_undone_holds_nobody_up_for_good(hub: World) -> None:
    async with hub.owner.connect() as undone:
        transaction = await undone.begin()
        await undone.execute(INSERT, {"subject": "undone", "party": "370000"})
        await announced(hub, "behind-it")
        await transaction.rollback()
    found = await read_until(hub.agency("370000"), "behind-it")
    assert "undone" not in [it["subject"] for it in found]


async def write(hub: World, party: str, n: int) -> None:
    """Announce twice: in a transaction of varying length, every tenth undone, and by the door."""
    async with hub.owner.connect() as one:
        transaction = await one.begin()
        await one.execute(INSERT, {"subject": f"w{n}", "party": party})
        for _ in range(n % 7):
            await asyncio.sleep(0)
        if n % 10 == 9:
            await transaction.rollback()
        else:
            await transaction.commit()
    await as_operator(hub, announcing(f"d{n}", party=party))


async def test_whoever_reads_while_many_write_gets_everything_once_in_one_order(
    hub: World, receiver: Receiver
) -> None:
    """The feed read on all the while, and a subscription, tell what a reader afterwards finds."""
    party, count = "320000", 60
    agency = hub.agency(party)
    await subscribed(agency, receiver.url)
    followed: list[dict[str, Any]] = []
    done = asyncio.Event()

    async def follow() -> None:
        after = None
        while True:
            over = done.is_set()
            page = await read(agency, after, limit=3)
            followed.extend(page["items"])
            after = page["next"]
            if over and not page["more"] and len(followed) >= count + count * 9 // 10:
                return

    async def deliver() -> None:
        while len(receiver.got) < count + count * 9 // 10:
            await deliverer(hub, Wall()).deliver()

    async def write_all() -> None:
        for start in range(0, count, 6):
            await asyncio.gather(*(write(hub, party, n) for n in range(start, start + 6)))
        done.set()

    await asyncio.gather(write_all(), follow(), deliver())
    whole = await read_on(agency)
    assert len(whole) == count + count * 9 // 10
    assert followed == whole
    assert [it.event for it in receiver.got] == whole


async def test_replicas_share_the_work_and_send_each_event_once(
    hub: World, receiver: Receiver
) -> None:
    wall, parties = Wall(), ("330000", "340000", "350000")
    for party in parties:
        await subscribed(hub.agency(party), receiver.url)
        await announced(hub, *(f"{party}-{n}" for n in range(25)), party=party)
    replicas = [deliverer(hub, wall) for _ in range(4)]
    while len(receiver.got) < 75:
        await asyncio.gather(*(it.deliver() for it in replicas))
    await asyncio.gather(*(it.deliver() for it in replicas))
    assert len({it.id for it in receiver.got}) == len(receiver.got) == 75
    for party in parties:
        own = [it for it in receiver.subjects if it.startswith(party)]
        assert own == [f"{party}-{n}" for n in range(25)]


async def test_a_hub_that_dies_between_sending_and_noting_sends_again_under_the_same_id(
    hub: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency, wall = hub.agency("360000"), Wall()
    made = await subscribed(agency, receiver.url)
    await announced(hub, "first", "second", party="360000")
    noting = deliveries.note

    async def die(*_: object) -> bool:
        raise ConnectionError

    monkeypatch.setattr(deliveries, "note", die)
    await delivered(deliverer(hub, wall), receiver, 1)
    monkeypatch.setattr(deliveries, "note", noting)
    assert receiver.subjects == ["first"]
    assert await logged(agency, made["number"]) == []
    survivor = deliverer(hub, wall)
    await survivor.deliver()
    assert receiver.subjects == ["first"]  # the dead one's lease runs on
    wall.advance(seconds=61)
    await delivered(survivor, receiver, 3)
    assert receiver.subjects == ["first", "first", "second"]
    assert receiver.got[0].id == receiver.got[1].id
    assert [it.event for it in receiver.got[1:]] == await read_on(agency)


async def test_one_whose_lease_ran_out_while_it_waited_notes_nothing(
    hub: World, receiver: Receiver
) -> None:
    agency, wall = hub.agency("410000"), Wall()
    made = await subscribed(agency, receiver.url)
    await announced(hub, "slow", party="410000")
    await read_until(agency, "slow")
    slow = deliverer(hub, wall)
    courier = replace(slow.courier, name="slow")

    async def overtake(_: Post) -> None:
        receiver.arrived = None
        wall.advance(seconds=61)
        await delivered(deliverer(hub, wall), receiver, 2)

    receiver.arrived = overtake
    taken = {it.number: it for it in await delivering.take(courier, 50)}[made["number"]]
    await delivering.serve(courier, taken)
    assert receiver.subjects == ["slow", "slow"]
    assert len(await logged(agency, made["number"])) == 1


async def test_what_is_asked_for_again_while_it_is_sent_is_sent_again(
    hub: World, receiver: Receiver
) -> None:
    agency, wall = hub.agency("420000"), Wall()
    made = await subscribed(agency, receiver.url)
    start = (await shown(agency, made["number"]))["cursor"]
    path = f"{SUBSCRIPTIONS}/{made['number']}/redeliveries"

    async def move_back(_: Post) -> None:
        if len(receiver.got) == 2:
            receiver.arrived = None
            assert (await agency.post(path, {"after": start})).status_code == 200

    receiver.arrived = move_back
    await announced(hub, "p", "q", "r", party="420000")
    await delivered(deliverer(hub, wall), receiver, 5)
    assert receiver.subjects == ["p", "q", "p", "q", "r"]
    assert (await shown(agency, made["number"]))["cursor"] != start


async def test_a_receiver_is_waited_for_without_holding_the_feed_up(
    hub: World, receiver: Receiver
) -> None:
    """No transaction is open meanwhile: whoever reads goes on, and nobody waits for a lock."""
    agency = hub.agency("430000")
    await subscribed(agency, receiver.url)

    async def look(_: Post) -> None:
        receiver.arrived = None
        await announced(hub, "meanwhile", party="430000")
        await read_until(agency, "meanwhile")

    receiver.arrived = look
    await announced(hub, "waits", party="430000")
    await delivered(deliverer(hub, Wall()), receiver, 2)
    assert receiver.subjects == ["waits", "meanwhile"]
