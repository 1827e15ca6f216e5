"""Silence confirms nothing over the head of a side that is speaking at that moment."""

from __future__ import annotations

import asyncio
from datetime import date

import sqlalchemy as sa

from app.clearing.model import Manner, Side
from app.clearing.model.confirming import Pair
from app.clearing.service import confirming
from app.clearing.store import confirming as kept
from app.runtime.work import Work
from tests.support.clearing import Arranged, all_claims, arranged, cleared
from tests.support.parties import as_operator, seeded
from tests.support.world import World

_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()"
)


async def test_silence_waits_for_who_is_speaking_and_adds_nothing_to_what_was_said(
    world: World,
) -> None:
    await seeded(world)
    await arranged(world, Arranged("110000", "370000", 900, date(2025, 8, 5)))
    world.clock.set_day("2025-10-21")
    number = await cleared(world, "2025Q3")
    world.clock.set_day("2025-10-27")
    reached, go = asyncio.Event(), asyncio.Event()

    async def speaking(work: Work) -> None:
        scope = work.caller.scope
        it = await kept.locked_standing(work.tx, scope, number, Pair("110000", "370000"))
        assert it is not None
        reached.set()
        await go.wait()
        for side in ("insured", "treatment"):
            begun = await kept.begin(
                work.tx, it, Side(side), Manner.DIGEST, at=work.now, client="somebody"
            )
            await kept.complete(work.tx, begun, Manner.DIGEST, 1, work.now)
        work.record("test", "test")

    holding = asyncio.create_task(as_operator(world, speaking))
    await reached.wait()
    silence = asyncio.create_task(as_operator(world, confirming.confirm_silent))
    async with world.hub.reading_engine.connect() as watch:
        while not (await watch.execute(_AWAITED)).scalar_one():
            assert not silence.done(), "somebody is speaking"
    go.set()
    await holding
    assert await silence == 0
    (it,) = await all_claims(world, number)
    assert {it[side]["manner"] for side in ("insured", "treatment")} == {"digest"}
