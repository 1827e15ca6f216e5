"""Clearings run against one another and against settlements: each settlement is in exactly one."""

from __future__ import annotations

import asyncio
from datetime import date

from tests.support.clearing import Arranged, all_items, arranged, periods_of, root_of, run
from tests.support.world import World

AUGUST = date(2025, 8, 5)


async def test_of_many_runs_of_one_period_one_clears_and_the_others_name_it(
    world: World,
) -> None:
    world.clock.set_day("2025-10-21")
    numbers = await arranged(
        world, *(Arranged("110000", "370000", n, AUGUST) for n in range(1, 30))
    )
    answers = await asyncio.gather(*(run(world, "2025Q3") for _ in range(8)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(made) == 1
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert [it["clearing"] for it in refused] == [made[0]["number"]] * 7
    assert set(await periods_of(world, numbers)) == {made[0]["number"]}
    assert made[0]["totals"]["settlements"] == 29


async def test_both_schemes_clear_side_by_side(world: World) -> None:
    world.clock.set_day("2026-01-21")
    day = date(2025, 12, 1)
    across = await arranged(world, *(Arranged("110000", "370000", n, day) for n in range(1, 20)))
    within = await arranged(
        world,
        *(Arranged("370100", "370200", n, day, scheme="in_province") for n in range(1, 20)),
    )
    answers = await asyncio.gather(run(world, "2025Q4"), run(world, "2025Q4", "in_province"))
    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = (answer.json()["number"] for answer in answers)
    assert set(await periods_of(world, across)) == {first}
    assert set(await periods_of(world, within)) == {second}


async def test_two_issues_of_notices_at_once_book_once(world: World) -> None:
    world.clock.set_day("2026-04-21")
    await arranged(world, Arranged("110000", "370000", 77, date(2026, 2, 1)))
    number = (await run(world, "2026Q1")).json()["number"]
    path = f"/v1/clearings/{number}/notices"
    answers = await asyncio.gather(*(world.operator.post(path) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    items = await all_items(world.operator, number)
    statement = (await world.operator.get(f"/v1/clearings/{number}/statements/370000")).json()
    assert statement["receivable"][0]["root"] == root_of(items)
    notices = (await world.operator.get(path)).json()["items"]
    assert len(notices) == 2
