"""Sealing beside writers: a line that commits late is never missed, and none is sealed twice."""

from __future__ import annotations

import asyncio
from datetime import date

from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.proof.model.seals import Journal
from app.proof.service.verifying import verify
from tests.support.ledger import booked
from tests.support.proof import sealed, seals_of
from tests.support.world import World

DAY, NEXT = date(2025, 9, 1), date(2025, 9, 2)
HOSPITAL = "H37010000001"
WRITERS, TURNS = 6, 12


async def broken_seals(world: World) -> list[str]:
    async with world.rx() as connection:
        report = await verify(connection, NEXT)
    return [it.law.code for it in report.broken if it.law.code.startswith("seal")]


async def book(world: World, subject: str, insured: str = "110000") -> None:
    await booked(world, [settlement_booked(subject, DAY, insured, "370000", HOSPITAL, Money(100))])


async def test_a_line_that_commits_late_is_waited_for_and_then_sealed(world: World) -> None:
    world.clock.set_day("2025-09-01")
    await book(world, "A-before")
    late = await world.owner.connect()
    transaction = await late.begin()
    await late.exec_driver_sql(
        "INSERT INTO audit_trail (at, party, client, request, action, subject, facts) "
        "VALUES ('2025-09-01T04:00:00Z', '110000', 'slow', 'r', 'late', 'late', '{}')"
    )
    await book(world, "A-after")  # draws a higher number, and commits first
    world.clock.set_day("2025-09-02")
    waiting = await sealed(world, wait_seconds=0.2)
    assert waiting.waiting == (Journal.TRAIL,)
    assert await seals_of(world, "ledger", "370000")
    assert not await seals_of(world, "trail", "operator")
    under_way = asyncio.create_task(sealed(world))
    await asyncio.sleep(0.2)
    assert not under_way.done()  # it waits for the writer, and the writer does not wait for it
    await transaction.commit()
    await late.close()
    done = await under_way
    assert done.waiting == ()
    (seal,) = await seals_of(world, "trail", "110000")
    assert seal.line_count == 1
    assert await broken_seals(world) == []


async def test_writers_are_not_held_up_by_a_round_that_waits(world: World) -> None:
    late = await world.owner.connect()
    transaction = await late.begin()
    await late.exec_driver_sql(
        "INSERT INTO audit_trail (at, party, client, request, action, subject, facts) "
        "VALUES ('2025-09-02T04:00:00Z', '110000', 'slow', 'r', 'late', 'late', '{}')"
    )
    world.clock.set_day("2025-09-03")
    under_way = asyncio.create_task(sealed(world))
    await asyncio.sleep(0.1)
    await book(world, "A-beside")
    assert not under_way.done()
    await transaction.rollback()
    await late.close()
    assert (await under_way).waiting == ()


async def test_rounds_and_writers_at_once_seal_every_line_exactly_once(world: World) -> None:
    world.clock.set_day("2025-09-04")
    before = sum(it.line_count for it in await seals_of(world, "ledger", HOSPITAL))

    async def writer(who: int) -> None:
        for turn in range(TURNS):
            await book(world, f"A-{who}-{turn}", f"{11 + who}0000")

    async def sealer() -> None:
        for _ in range(TURNS):
            # as if the day were over: the lines of this very moment are sealed, too
            await sealed(world, through=date(2025, 9, 4))
            await asyncio.sleep(0.01)

    await asyncio.gather(*(writer(who) for who in range(WRITERS)), sealer(), sealer())
    await sealed(world, through=date(2025, 9, 4))
    after = sum(it.line_count for it in await seals_of(world, "ledger", HOSPITAL))
    async with world.tx() as tx:
        found = await tx.exec_driver_sql("SELECT count(*) FROM posting")
        postings = found.scalar_one()
    assert after == postings
    assert after - before > WRITERS * TURNS - 1
    assert await broken_seals(world) == []
