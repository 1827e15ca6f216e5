"""Clearings run against one another and against settlements: each settlement is in exactly one."""

from __future__ import annotations

import asyncio
import random
from datetime import date, datetime

from app.kernel.money import Money
from tests.support.clearing import (
    Arranged,
    a_hospital_with_one_drug,
    all_claims,
    all_items,
    arranged,
    claim_path,
    cleared,
    confirmed,
    digest_of,
    noticed,
    periods_of,
    ready_to_settle,
    root_of,
    run,
    settled,
)
from tests.support.ledger import balances, proven
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
    await confirmed(world, number)
    path = f"/v1/clearings/{number}/notices"
    answers = await asyncio.gather(*(world.operator.post(path) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    items = await all_items(world.operator, number)
    statement = (await world.operator.get(f"/v1/clearings/{number}/statements/370000")).json()
    assert statement["receivable"][0]["root"] == root_of(items)
    notices = (await world.operator.get(path)).json()["items"]
    assert len(notices) == 2


async def test_a_settlement_at_midnight_of_the_quarter_is_in_exactly_one_clearing(
    world: World,
) -> None:
    """Eight hospitals' desks settle while the operator clears, on both sides of midnight."""
    writers, each = 8, 4
    world.clock.set_day("2026-09-30")
    await a_hospital_with_one_drug(world)
    amounts = range(1, writers * each + 2)
    visits = [(await ready_to_settle(world, yuan), yuan) for yuan in amounts]
    late = visits.pop()
    before = datetime.fromisoformat("2026-09-30T23:59:59+08:00")
    after = datetime.fromisoformat("2026-10-01T00:00:01+08:00")
    chance = random.Random(7)  # noqa: S311 -- a scattering, not a secret
    done: list[str] = []
    first_few = asyncio.Event()

    def midnight() -> datetime:
        return chance.choice((before, after)) if first_few.is_set() else before

    async def desk(queue: list[tuple[str, int]]) -> None:
        for visit, yuan in queue:
            done.append(await settled(world, visit, yuan))
            if len(done) >= writers:
                first_few.set()

    async def operator() -> str:
        await first_few.wait()
        while (answer := await run(world, "2026Q3")).status_code != 201:
            assert answer.json()["code"] == "clearing-period-not-over"
        return str(answer.json()["number"])

    world.clock.now = after
    world.clock.told_by = midnight
    try:
        running = asyncio.create_task(operator())
        await asyncio.gather(*(desk(visits[n::writers]) for n in range(writers)))
        number = await running
    finally:
        world.clock.told_by = None
    # Of the quarter's last day, but its clearing has run: it counts in the month that is open.
    world.clock.now = before
    done.append(await settled(world, *late))
    world.clock.set_day("2027-01-21")
    rest = await cleared(world, "2026Q4")

    quarter = await all_items(world.operator, number)
    later = await all_items(world.operator, rest)
    assert {it["month"] for it in quarter} == {"2026-09"}
    assert {it["month"] for it in later} == {"2026-10"}
    assert done[-1] in {it["number"] for it in later if it["business_day"] == "2026-09-30"}
    assert sorted(it["number"] for it in quarter + later) == sorted(done)
    settled_yuan = Money(100 * sum(amounts))
    assert Money.total(Money.yuan(it["fund"]) for it in quarter + later) == settled_yuan
    for clearing, items in ((number, quarter), (rest, later)):
        answer = await world.operator.get(f"/v1/clearings/{clearing}/statements/370000")
        (claim,) = answer.json()["receivable"]
        assert claim["root"] == root_of(items)
        assert claim["totals"]["settlements"] == len(items)
        await noticed(world, clearing)
    assert (await balances(world))["notified:110000:370000"][0] == settled_yuan.fen + 77
    assert (await proven(world)).holds


async def test_both_sides_and_the_operator_at_once_leave_one_word_each_and_one_notice(
    world: World,
) -> None:
    """Confirmations, withdrawals and notices meet on one claim: notices only on a confirmed one."""
    world.clock.set_day("2027-04-21")
    await arranged(world, Arranged("120000", "500000", 99, date(2027, 2, 1)))
    number = await cleared(world, "2027Q1")
    (it,) = await all_claims(world, number)
    path, digest = claim_path(number, it["claim"]), digest_of(it["claim"])
    notices = f"/v1/clearings/{number}/notices"
    sides = [world.agency(place) for place in ("120000", "500000")]
    answers = await asyncio.gather(
        *(side.post(f"{path}/confirmations", digest) for side in sides * 4),
        *(world.operator.post(notices) for _ in range(4)),
    )
    assert sum(answer.status_code == 201 for answer in answers[:8]) == 2
    assert {answer.status_code for answer in answers} <= {201, 409}
    issued = sum(answer.status_code == 201 for answer in answers[8:])
    if not issued:
        assert (await world.operator.post(notices)).status_code == 201
    assert issued <= 1
    assert len((await world.operator.get(notices)).json()["items"]) == 2
    assert (await proven(world)).holds


async def test_the_same_bank_sheet_sent_many_times_at_once_pays_once(world: World) -> None:
    world.clock.set_day("2027-07-21")
    await arranged(world, Arranged("120000", "510000", 5000, date(2027, 5, 1)))
    number = await cleared(world, "2027Q2")
    await noticed(world, number)
    listed = (await world.agency("120000").get(f"/v1/clearings/{number}/notices")).json()
    reference = listed["items"][0]["number"]
    sheet = (
        "bank_reference,reference,payer,payee,amount,date\n"
        f"B1,{reference},120000,510000,20.00,2027-08-02\n"
        f"B2,{reference},120000,510000,30.00,2027-08-02\n"
    ).encode()
    headers = {"Content-Type": "text/csv"}
    path = "/v1/clearing-payments/import"
    answers = await asyncio.gather(
        *(world.agency("510000").post(path, content=sheet, headers=headers) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["known"] for answer in answers) == [0, 2, 2, 2, 2, 2]
    kept = await balances(world)
    assert kept["notified:120000:510000"][0] == 0
    assert kept["treasury:510000"][0] == 5000


async def test_two_periods_run_at_once_share_the_months_between_them(world: World) -> None:
    """Whichever comes first, every settlement is in one clearing and none is in two."""
    world.clock.set_day("2028-01-21")
    days = (date(2027, 8, 5), date(2027, 11, 5))
    numbers = await arranged(
        world, *(Arranged("120000", "520000", fen, day) for fen in range(1, 20) for day in days)
    )
    answers = await asyncio.gather(*(run(world, f"2027Q{n}") for n in (3, 4, 3, 4)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(made) == 2
    assert sum(it["totals"]["settlements"] for it in made) == len(numbers)
    found = await periods_of(world, numbers)
    assert set(found) <= {it["number"] for it in made}
    for it in made:
        items = await all_items(world.operator, it["number"])
        assert sorted(each["number"] for each in items) == sorted(
            number
            for number, clearing in zip(numbers, found, strict=True)
            if clearing == it["number"]
        )
