"""Every participant's journal is sealed by days, once, and nobody can alter a seal."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError

from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.ledger.model import Entry
from app.proof.service import sealing
from tests.support.ledger import booked
from tests.support.proof import sealed, seals_of
from tests.support.world import World

HOSPITAL = "H37010000001"


def entry(number: int, day: date, insured: str = "110000") -> Entry:
    return settlement_booked(f"A{number}", day, insured, "370000", HOSPITAL, Money(100 + number))


async def test_a_day_is_sealed_for_everyone_it_concerns_once_it_is_over(world: World) -> None:
    world.clock.set_day("2025-09-01")
    await booked(world, [entry(1, date(2025, 9, 1)), entry(2, date(2025, 9, 1), "210000")])
    assert (await sealed(world)).blocks == 0
    world.clock.set_day("2025-09-02")
    done = await sealed(world)
    assert done.waiting == ()
    counts = {}
    for participant in ("110000", "210000", "370000", HOSPITAL):
        (it,) = await seals_of(world, "ledger", participant)
        assert (it.number, it.day, it.previous) == (1, date(2025, 9, 1), bytes(32))
        counts[participant] = it.line_count
    # the treatment place sees both ends of each posting, the others their own
    assert counts == {"110000": 1, "210000": 1, "370000": 4, HOSPITAL: 2}


async def test_sealing_again_changes_nothing(world: World) -> None:
    before = await seals_of(world, "ledger", "370000")
    again = await sealed(world)
    assert (again.blocks, again.lines) == (0, 0)
    assert await seals_of(world, "ledger", "370000") == before


async def test_missed_days_are_made_up_one_block_a_day_in_order(world: World) -> None:
    for number, day in ((3, "2025-09-02"), (4, "2025-09-03"), (5, "2025-09-05")):
        world.clock.set_day(day)
        await booked(world, [entry(number, date.fromisoformat(day))])
    world.clock.set_day("2025-09-09")
    await sealed(world)
    found = await seals_of(world, "ledger", "110000")
    assert [(it.number, it.day.day, it.line_count) for it in found] == [
        (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 5, 1),
    ]  # fmt: skip
    for before, after in itertools.pairwise(found):
        assert after.previous == before.chain
        assert after.after_id == before.through_id


async def test_the_trail_is_sealed_by_party(world: World) -> None:
    found = await seals_of(world, "trail", "operator")
    assert found
    assert not await seals_of(world, "trail", "370000")


async def test_a_clock_set_back_leaves_one_piece_of_lines_a_block(world: World) -> None:
    world.clock.set_day("2025-09-12")
    await booked(world, [entry(6, date(2025, 9, 12))])
    world.clock.set_day("2025-09-11")
    await booked(world, [entry(7, date(2025, 9, 11))])
    world.clock.set_day("2025-09-13")
    await sealed(world)
    last = (await seals_of(world, "ledger", "110000"))[-1]
    assert (last.day, last.line_count) == (date(2025, 9, 11), 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seal SET line_count = 9",
        "DELETE FROM seal",
        "TRUNCATE seal",
        "UPDATE sealing SET through_id = 0",
        "DELETE FROM sealing",
        "TRUNCATE sealing",
    ],
)
async def test_a_seal_is_altered_by_nobody(world: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="a seal is never altered"):
        async with world.tx() as tx:
            await tx.exec_driver_sql(statement)
    async with world.hub.engine.connect() as service:
        with pytest.raises(DBAPIError, match="permission denied"):
            await service.exec_driver_sql(statement)


async def test_a_backlog_alarms_two_days_after(world: World) -> None:
    async def lags(today: date) -> dict[str, tuple[int, bool]]:
        async with world.rx() as rx:
            found = await sealing.backlogs(rx, today)
            return {it.journal: (it.days, it.alarming) for it in found}

    # the last round itself left a line in the trail, of the 13th
    assert await lags(date(2025, 9, 13)) == {"ledger": (0, False), "trail": (0, False)}
    world.clock.set_day("2025-09-13")
    await booked(world, [entry(8, date(2025, 9, 13))])
    assert await lags(date(2025, 9, 14)) == {"ledger": (1, False), "trail": (1, False)}
    assert await lags(date(2025, 9, 15)) == {"ledger": (2, True), "trail": (2, True)}


async def test_health_and_metrics_tell_of_the_backlog_and_stop_no_hub(world: World) -> None:
    async def told() -> tuple[str, bool, bool]:
        answer = await world.http.get("/v1/health/ready")
        assert answer.status_code == 200
        check = next(it for it in answer.json()["checks"] if it["name"] == "seals")
        shown = (await world.http.get("/v1/metrics")).text
        return (
            check["found"],
            check["passed"],
            'hub_seal_backlog_days{journal="ledger"} 2.0' in shown,
        )

    world.clock.set_day("2025-09-15")
    assert await told() == ("behind: ledger 2 days, trail 2 days", False, True)
    await sealed(world)
    assert await told() == ("up to date", True, False)


async def test_nobody_seals_what_they_cannot_see(world: World) -> None:
    with pytest.raises(AssertionError, match="sees everything"):
        await sealed(world, caller=world.agency("370000"))
