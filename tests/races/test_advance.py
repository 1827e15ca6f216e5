"""Many book on one advance at once, and one of them dies: never a fen too much, nor a notice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.kernel.money import Money
from app.ledger import store
from app.ledger.entries import advance_paid, settlement_cancelled
from app.ledger.errors import AdvanceExhausted
from app.runtime.db import Tx
from tests.support.advance import DAY, another, done, funded, mode_changed, pool, told, usage, used
from tests.support.ledger import balances, booked, proven
from tests.support.world import World

SICHUAN, HUNAN, HAINAN, GUIZHOU = "510000", "430000", "460000", "520000"
INSURED = ("110000", "120000", "130000", "140000")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _sixty_on_a_hundred(world: World) -> None:
    """Pairs that may not be overdrawn, each with an advance of 100 yuan."""
    # A deadlock would be retried by the door; without attempts to spare it would be an error.
    world.app.state.hub = replace(world.hub, attempts_max=1)
    for insured in INSURED:
        await funded(world, insured, SICHUAN, "100.00")
        await mode_changed(world, insured, SICHUAN, "hard")


async def refused(world: World, insured: str, *, yuan: int = 60) -> bool:
    """Book and say whether it was refused."""
    try:
        await booked(world, [used(insured, SICHUAN, yuan)])
    except AdvanceExhausted:
        return True
    return False


async def test_three_times_sixty_in_one_batch_books_nothing(world: World) -> None:
    with pytest.raises(AdvanceExhausted):
        await booked(world, [used("110000", SICHUAN, 60) for _ in range(3)])
    assert (await usage(world, "110000", SICHUAN))["used"] == "0.00"
    assert not await refused(world, "110000")
    assert (await usage(world, "110000", SICHUAN))["used"] == "60.00"


async def test_of_three_times_sixty_in_parallel_one_is_booked(world: World) -> None:
    found = await asyncio.gather(*(refused(world, "120000") for _ in range(3)))
    assert sorted(found) == [False, True, True]
    assert (await usage(world, "120000", SICHUAN))["used"] == "60.00"
    assert (await proven(world)).holds


async def test_a_crash_between_booking_and_commit_leaves_its_cover_to_the_next(
    world: World,
) -> None:
    """The first of three is killed after it booked; of the two that wait one goes through."""
    engine = world.hub.engine
    async with engine.connect() as connection:
        begun = await connection.begin()
        entries = [used("130000", SICHUAN, 60, "A-crashed")]
        await store.book(Tx(connection), entries, world.clock.now, "test")
        pid = (await connection.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        waiting = [asyncio.create_task(refused(world, "130000")) for _ in range(2)]
        blocked = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY (pg_blocking_pids(pid))"
        )
        async with world.owner.connect() as watcher:
            while (await watcher.execute(blocked, {"pid": pid})).scalar_one() == 0:
                await watcher.rollback()
                await asyncio.sleep(0.01)
            await watcher.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        found = await asyncio.gather(*waiting)
        await connection.invalidate()
        assert begun is not None
    assert sorted(found) == [False, True]
    assert (await usage(world, "130000", SICHUAN))["used"] == "60.00"
    kept = await world.operator.get("/v1/ledger/postings", subject="A-crashed")
    assert kept.json()["items"] == []
    assert (await proven(world)).holds


async def test_a_storm_of_bookings_and_cancellations_never_overdraws(world: World) -> None:
    """Every step of every account is kept, so the highest usage there ever was can be looked up."""

    async def writer(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 -- a scattering, not a secret
        for turn in range(20):
            entry = used("140000", SICHUAN, chance.randint(1, 60), f"A-storm-{seed}-{turn}")
            try:
                await booked(world, [entry])
            except AdvanceExhausted:
                continue
            if chance.random() < 0.7:
                undone = settlement_cancelled(f"A-undo-{seed}-{turn}", DAY, entry)
                await booked(world, [undone])

    await asyncio.gather(*(writer(seed) for seed in range(8)))
    query = sa.text(
        "SELECT max(CASE WHEN d.name = :name THEN p.debit_balance_fen"
        "                ELSE p.credit_balance_fen END)"
        "  FROM posting p JOIN account d ON d.id = p.debit_account"
        "  JOIN account c ON c.id = p.credit_account WHERE :name IN (d.name, c.name)"
    )
    async with world.tx() as tx:
        name = {"name": f"uncleared:140000:{SICHUAN}"}
        highest = (await tx.execute(query, name)).scalar_one()
    assert 0 < highest <= 10_000
    assert (await proven(world)).holds


async def test_many_writers_over_a_line_raise_it_once(world: World) -> None:
    await funded(world, "150000", HUNAN, "100.00")
    await asyncio.gather(*(booked(world, [used("150000", HUNAN, 2)]) for _ in range(40)))
    assert await told(world, "150000", HUNAN) == ["yellow"]
    assert (await usage(world, "150000", HUNAN))["percent"] == "80.00"


async def test_writers_of_many_pairs_raise_the_line_of_their_pool_once(world: World) -> None:
    for insured in INSURED:
        await funded(world, insured, HAINAN, "100.00")
    batches = [
        [used(insured, HAINAN, 1) for insured in random.Random(n).sample(INSURED, 4)]  # noqa: S311 -- a scattering
        for n in range(75)
    ]
    await asyncio.gather(*(booked(world, batch) for batch in batches))
    assert await told(world, None, HAINAN) == ["yellow"]
    assert (await pool(world, HAINAN))["percent"] == "75.00"
    assert [await told(world, insured, HAINAN) for insured in INSURED] == [["yellow"]] * 4


async def test_paying_in_and_using_at_once_leave_both_in_the_books(world: World) -> None:
    await funded(world, "210000", SICHUAN, "100.00")
    await mode_changed(world, "210000", SICHUAN, "hard")
    pay = [
        booked(world, [advance_paid(f"P-race-{n}", DAY, "210000", SICHUAN, Money(1_000))])
        for n in range(10)
    ]
    use = [refused(world, "210000", yuan=10) for _ in range(30)]
    found = await asyncio.gather(*pay, *use)
    kept = await balances(world)
    assert kept[f"advance:210000:{SICHUAN}"][0] == -20_000
    booked_now = found[10:].count(False)
    assert kept[f"uncleared:210000:{SICHUAN}"][0] == booked_now * 1_000
    assert 10 <= booked_now <= 20


async def test_of_two_persons_who_approve_at_once_one_calls_for_the_money(world: World) -> None:
    asked = {
        "insured_place": "110000",
        "treatment_place": GUIZHOU,
        "quota": "100.00",
        "reason": "试",
    }
    change = await done(world.operator.post("/v1/advances/quotas", asked), 201)
    path = f"/v1/advances/changes/{change['number']}/approval"
    answers = await asyncio.gather(*(another(world.operator).post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    async with world.tx() as tx:
        query = sa.text("SELECT count(*) FROM advance_transfer WHERE treatment_place = :place")
        assert (await tx.execute(query, {"place": GUIZHOU})).scalar_one() == 1
