"""A year's due acts: each happens on its day by the tick alone, nobody asking for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from app.deadlines.model import Act, DoneAct, DueAct, Tick
from app.deadlines.ticking import TickMetrics
from tests.support.advance import funded, open_payments, quota_changed, used
from tests.support.clearing import Arranged, all_claims, arranged, cleared
from tests.support.deadlines import done_days, ticked
from tests.support.institutions import JINAN
from tests.support.ledger import booked, proven
from tests.support.parties import seeded
from tests.support.pg import fresh_database
from tests.support.review import closed, deducted, deduction, settlements_on
from tests.support.visit import road
from tests.support.world import Client, World, open_world

AUGUST = date(2025, 8, 5)
AT = datetime(2025, 9, 1, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def fresh(world: World) -> AsyncIterator[None]:
    """Forget the due acts of the test before: each tells a time of its own."""
    async with world.tx() as tx:
        await tx.exec_driver_sql("TRUNCATE due_act")
        await tx.exec_driver_sql("DELETE FROM message WHERE party = 'hub'")
    yield


async def announced(world: World, topic: str) -> list[list[str]]:
    """Read whom a topic was announced to, in order."""
    said = sa.text("SELECT parties FROM announcement WHERE topic = :topic ORDER BY seq")
    async with world.tx() as tx:
        return list((await tx.execute(said, {"topic": topic})).scalars())


async def calendar(client: Client, **asked: object) -> list[dict[str, Any]]:
    """Read a party's deadlines."""
    answer = await client.get("/v1/deadlines", **asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def found(tick: Tick, act: Act) -> list[tuple[date, int]]:
    """List on which days an act met with something, and with how much."""
    return [(it.due.day, it.found) for it in tick.done if it.due.act is act and it.found]


async def clearing_of(world: World, number: str) -> dict[str, Any]:
    answer = await world.operator.get(f"/v1/clearings/{number}")
    return dict(answer.json())


async def test_a_quarter_nobody_speaks_of_is_confirmed_noticed_alerted_and_its_year_closed(
    world: World,
) -> None:
    await seeded(world)
    world.clock.set_day("2025-10-21")
    await arranged(
        world,
        Arranged("110000", "370000", 150_000, AUGUST),
        Arranged("370000", "110000", 30_000, AUGUST),
    )
    number = await cleared(world, "2025Q3")
    await ticked(world)
    on_the_25th = await ticked(world, "2025-10-25")
    assert not [it for it in on_the_25th.done if it.found and it.due.act is Act.CONFIRM_SILENT]
    late = await ticked(world, "2025-10-30")
    assert found(late, Act.CONFIRM_SILENT) == [(date(2025, 10, 26), 4)]
    assert {it["insured"]["manner"] for it in await all_claims(world, number)} == {"silence"}
    assert (await clearing_of(world, number))["state"] == "generated"

    on_month_end = await ticked(world, "2025-10-31")
    assert found(on_month_end, Act.ISSUE_NOTICES) == [(date(2025, 10, 31), 1)]
    assert (await clearing_of(world, number))["state"] == "noticed"
    notices = (await world.operator.get(f"/v1/clearings/{number}/notices")).json()["items"]
    assert {it["pay_by"] for it in (each["due"] for each in notices)} == {"2025-11-21"}
    await proven(world)

    before = len(await announced(world, "clearing.overdue"))
    overdue = await ticked(world, "2025-11-30")
    assert found(overdue, Act.ALERT_OVERDUE) == [(date(2025, 11, 22), 2)]
    assert len(await announced(world, "clearing.overdue")) == before + 2

    in_time = await ticked(world, "2026-03-31")
    assert found(in_time, Act.CLOSE_YEARS) == []
    closed = await ticked(world, "2026-04-03")
    assert found(closed, Act.CLOSE_YEARS) == [(date(2026, 4, 1), 1)]
    assert (await world.operator.get("/v1/clearing-years/2025")).json()["is_closed"]


async def test_notices_missed_by_ten_days_bear_the_day_they_were_due(world: World) -> None:
    await seeded(world)
    world.clock.set_day("2026-04-21")
    await arranged(world, Arranged("120000", "370000", 70_000, date(2026, 2, 3)))
    number = await cleared(world, "2026Q1")
    await ticked(world)
    await ticked(world, "2026-05-10")
    notices = (await world.operator.get(f"/v1/clearings/{number}/notices")).json()["items"]
    # The beginning of the day in China.
    assert {it["issued_at"] for it in notices} == {"2026-04-29T16:00:00Z"}
    assert [it["number"][7:13] for it in notices] == ["260430", "260430"]
    (claim,) = await all_claims(world, number)
    assert claim["insured"]["confirmed_at"] == "2026-04-25T16:00:00Z"


async def test_what_is_confirmed_after_the_month_end_is_noticed_the_day_after(
    world: World,
) -> None:
    """A clearing run on the 29th leaves its sides four days."""
    await seeded(world)
    world.clock.set_day("2026-07-29")
    await arranged(world, Arranged("120000", "370000", 70_000, date(2026, 5, 3)))
    number = await cleared(world, "2026Q2")
    await ticked(world)
    found_then = await ticked(world, "2026-09-05")
    assert found(found_then, Act.CONFIRM_SILENT) == [(date(2026, 8, 3), 2)]
    assert found(found_then, Act.ISSUE_NOTICES) == [(date(2026, 8, 31), 1)]
    assert (await clearing_of(world, number))["state"] == "noticed"


async def test_what_is_unconfirmed_on_the_month_end_is_asked_again_the_next_day(
    world: World,
) -> None:
    """A clearing run on the 27th is confirmed by silence after the 31st."""
    await seeded(world)
    world.clock.set_day("2026-10-27")
    await arranged(world, Arranged("120000", "370000", 70_000, date(2026, 8, 3)))
    number = await cleared(world, "2026Q3")
    await ticked(world)
    on_the_31st = await ticked(world, "2026-10-31")
    assert found(on_the_31st, Act.ISSUE_NOTICES) == []
    assert (await clearing_of(world, number))["state"] == "generated"
    assert found(await ticked(world, "2026-11-01"), Act.ISSUE_NOTICES) == [(date(2026, 11, 1), 1)]
    await proven(world)


async def test_a_year_with_something_open_waits_and_is_asked_again_every_day(
    world: World,
) -> None:
    await seeded(world)
    world.clock.set_day("2027-03-31")
    await arranged(world, Arranged("120000", "370000", 500, date(2026, 11, 3)))
    await ticked(world)
    waiting = await ticked(world, "2027-04-02")
    assert found(waiting, Act.CLOSE_YEARS) == []
    assert not (await world.operator.get("/v1/clearing-years/2026")).json()["is_closed"]
    async with world.tx() as tx:
        kept = sa.text(
            "SELECT facts ->> 'refusal' FROM audit_trail WHERE action = 'deadline.year_waits' "
            "AND subject = '2026'"
        )
        assert list((await tx.execute(kept)).scalars()) == ["clearing-year-not-clear"] * 2


async def test_deductions_become_final_months_are_asked_after_and_alerts_repeated_and_sealed(
    database_server: tuple[str, str],
) -> None:
    """On a database of its own: what review and the journals have due."""
    with fresh_database(*database_server) as url:
        await _a_month(url)


async def _a_month(url: str) -> None:
    async with open_world(url) as world:
        world.clock.set_day("2027-09-01")
        await road(world)
        await ticked(world)
        (settlement,) = await settlements_on(world, "2027-09-01", 1)
        taken = await deducted(world, settlement["number"], "10.00")
        assert taken["appeal_by"] == "2027-09-08"
        (appeal,) = await calendar(world.institution(JINAN), kind="deduction_appeal")
        assert (appeal["subject"], appeal["due"], appeal["party"], appeal["clause"]) == (
            taken["number"],
            "2027-09-08",
            JINAN,
            "hub-default/review-appeal",
        )
        assert appeal["announced"] is False  # the holidays of 2027 are not announced yet
        before = await ticked(world, "2027-09-08")
        assert found(before, Act.FINISH_DEDUCTIONS) == []
        after = await ticked(world, "2027-09-09")
        assert found(after, Act.FINISH_DEDUCTIONS) == [(date(2027, 9, 9), 1)]
        assert (await deduction(world, taken["number"]))["state"] == "final"

        unclosed = await ticked(world, "2027-10-20")
        assert (date(2027, 10, 16), 1) in found(unclosed, Act.ALERT_UNCLOSED)
        assert len(found(unclosed, Act.SEAL_JOURNALS)) > 0
        assert await calendar(world.institution(JINAN), kind="deduction_appeal") == []
        asked = await calendar(world.agency("370000"), kind="review_close")
        (month,) = [it for it in asked if it["subject"] == "2027-09"]
        assert (month["due"], month["state"], month["party"]) == (
            "2027-10-15",
            "overdue",
            "370000",
        )


async def test_a_closed_months_money_is_asked_for_by_the_20th(
    database_server: tuple[str, str],
) -> None:
    with fresh_database(*database_server) as url:
        async with open_world(url) as world:
            await road(world)
            await settlements_on(world, "2025-09-01", 1)
            world.clock.set_day("2025-10-09")
            number = (await closed(world, "2025-09"))["number"]
            shandong = world.agency("370000")
            (request,) = await calendar(shandong, kind="fund_request")
            assert (request["subject"], request["due"], request["state"]) == (
                number,
                "2025-10-20",
                "due",
            )
            assert await calendar(shandong, kind="review_close") == []
            assert await calendar(world.operator, kind="fund_request") == [request]


async def test_an_advance_is_with_finance_and_then_paid_by_whoever_owes_it(world: World) -> None:
    await seeded(world)
    world.clock.set_day("2025-09-01")
    await quota_changed(world, "510000", "370000", "100000.00")
    (notice,) = await open_payments(world, "510000", "370000")
    payer = world.agency("510000")
    (finance,) = await calendar(payer, kind="advance_to_finance")
    (payment,) = await calendar(payer, kind="advance_payment")
    assert (finance["due"], payment["due"]) == ("2025-09-08", "2025-09-22")
    told = {it["subject"] for it in (finance, payment)}
    assert told == {notice["number"]}
    assert (payment["party"], payment["counterpart"], payment["clause"]) == (
        "510000",
        "370000",
        "hub-default/advance-notices",
    )
    assert await calendar(world.agency("370000"), kind="advance_payment") == []
    world.clock.set_day("2025-09-23")
    (payment,) = await calendar(payer, kind="advance_payment", days=0)
    assert (payment["state"], payment["days_left"]) == ("overdue", -1)
    assert await calendar(payer, kind="advance_to_finance") == []


async def test_a_crossing_nobody_acknowledged_is_repeated_once_for_all_days_missed(
    world: World,
) -> None:
    await seeded(world)
    world.clock.set_day("2025-09-01")
    await funded(world, "440000", "370000", "100000.00")
    await booked(world, [used("440000", "370000", 95_000)])
    await ticked(world)
    before = len(await announced(world, "advance.crossed"))
    repeated = await ticked(world, "2025-09-11")
    days = found(repeated, Act.REPEAT_ALERTS)
    assert [day for day, _ in days] == [date(2025, 9, 11)]
    assert len(await announced(world, "advance.crossed")) == before + days[0][1]
    assert await done_days(world, Act.REPEAT_ALERTS) == [date(2025, 9, 1), date(2025, 9, 11)]


async def test_a_clearing_nobody_generates_is_told_to_the_operator_once_on_the_22nd(
    world: World,
) -> None:
    await seeded(world)
    world.clock.set_day("2027-04-20")
    await arranged(world, Arranged("130000", "370000", 40_000, date(2027, 2, 3)))
    before = len(await announced(world, "clearing.ungenerated"))
    await ticked(world)
    assert found(await ticked(world, "2027-04-21"), Act.ALERT_OVERDUE) == []
    late = await ticked(world, "2027-04-24")
    assert (date(2027, 4, 22), 1) in found(late, Act.ALERT_OVERDUE)
    assert (await announced(world, "clearing.ungenerated"))[before:] == [["operator"]]
    due = await calendar(world.operator, kind="clearing_generation", state="overdue")
    assert "2027Q1 cross_province" in {it["subject"] for it in due}


def test_the_age_of_the_last_clean_tick_grows_while_something_fails() -> None:
    now = [100.0]
    registry = CollectorRegistry()
    metrics = TickMetrics(registry, clock=lambda: now[0])
    due = DueAct(AUGUST, Act.CLOSE_YEARS)
    clean = Tick(at=AT, done=(DoneAct(due, 3),))

    def told(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    now[0] = 130.0
    assert told("hub_tick_age_seconds") == 30.0
    metrics.note(clean)
    assert told("hub_tick_age_seconds") == 0.0
    now[0] = 190.0
    metrics.note(Tick(at=AT, failed=(due,)))
    assert told("hub_tick_age_seconds") == 60.0
    assert told("hub_due_acts_total", act="close_years", outcome="done") == 1.0
    assert told("hub_due_acts_total", act="close_years", outcome="failed") == 1.0
    assert told("hub_due_acts_total", act="expire_filings", outcome="failed") == 0.0
