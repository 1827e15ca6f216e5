"""The few doors in the wall: one worker's file, for a purpose, and what functions tell."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.kernel.money import Money
from app.runtime.auth import Caller
from app.runtime.door import lend, reading
from app.runtime.lane import wired
from app.runtime.walls import Purpose
from app.runtime.work import Record
from app.settlement.model import SettleAsked
from app.settlement.service.lane import Settling
from app.settlement.store import lane
from app.visit.schemas import ChargesIn
from app.visit.store import lane as lines_lane
from tests.support.entitlement import registered
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.settlement import ready
from tests.support.visit import admitted, line, ready_worker, road
from tests.support.world import World

TABLES = ("worker", "worker_identity", "determination", "filing", "visit")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def seen(world: World, caller: Caller, purpose: Purpose | None, number: str) -> list[int]:
    """Count what a caller sees, with one worker's file open for a purpose."""
    async with reading(world.hub, caller, "test") as it:
        if purpose is not None:
            await it.beyond(purpose, number=number)
        counts = [
            await it.rx.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608 -- ours
            for table in TABLES
        ]
        return [int(count.scalar_one()) for count in counts]


async def test_one_file_is_opened_and_no_other(world: World) -> None:
    first = await ready_worker(world)
    await admitted(world, first)
    await admitted(world, await ready_worker(world))
    other = world.institution(JINAN_DEVICES).caller
    assert await seen(world, other, None, first.number) == [0, 0, 0, 0, 0]
    assert await seen(world, other, Purpose.IDENTIFY, first.number) == [1, 1, 3, 1, 0]
    assert await seen(world, other, Purpose.ADMIT, first.number) == [1, 1, 3, 1, 1]
    assert await seen(world, other, Purpose.ADMIT, "W0") == [0, 0, 0, 0, 0]
    assert await seen(world, other, None, first.number) == [0, 0, 0, 0, 0]


async def test_a_file_is_found_by_certificate_too(world: World) -> None:
    known = await registered(world)
    caller = world.agency("440000").caller
    async with reading(world.hub, caller, "test") as it:
        await it.beyond(Purpose.REGISTER, certificate=known.person.number)
        found = await it.rx.exec_driver_sql("SELECT number FROM worker")
        assert list(found.scalars()) == [known.number]


async def test_an_unknown_purpose_opens_nothing(world: World) -> None:
    with pytest.raises(DBAPIError, match="no such purpose"):
        async with reading(world.hub, world.institution(JINAN).caller, "test") as it:
            await it.rx.exec_driver_sql("SELECT hub_step('curiosity', NULL, 'W0', false)")


async def test_nobody_opens_a_file(world: World) -> None:
    with pytest.raises(DBAPIError, match="nobody asks"):
        async with lend(world.hub) as rx:
            await rx.exec_driver_sql("SELECT hub_step('identify', NULL, 'W0', false)")


async def test_only_these_functions_of_the_owners_may_be_called_by_the_service(
    world: World,
) -> None:
    owners = """
        SELECT p.proname FROM pg_proc p
         WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
           AND p.prorettype <> 'trigger'::regtype
           AND has_function_privilege('hub_app', p.oid, 'EXECUTE')
    """
    async with world.tx() as tx:
        found = set((await tx.exec_driver_sql(owners)).scalars())
    assert found == {
        "ledger_book",
        "settle_look",
        "settle_keep",
        "preview_keep",
        "lines_look",
        "lines_keep",
        "sandbox_reset",
        "hub_step",
        "identify_look",
        "desk_look",
        "desk_keep",
        "worker_seen",
        "filing_used",
        "visit_number",
        "visit_continued_at",
        "fitted_before",
        "account_name",
        "bank_lines",
        "announcement_turn",
        "turns_settled",
        "announcement_stretch",
        "prune_deliveries",
        "prune_redeliveries",
        "prune_lock_outs",
    }


async def test_the_lane_shows_an_institution_its_own_visits_alone(world: World) -> None:
    visit = await ready(world)
    asked = {"key": "never-used", "visit": visit, "now": world.clock.now}
    look = sa.text(
        "SELECT count(*) FROM settle_look(ARRAY[:party], ARRAY['nobody'],"
        " ARRAY[NULL::timestamptz], ARRAY[:key], ARRAY[:visit], :now, current_date)"
    ).bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))
    async with lend(world.hub) as rx:
        found = [
            await rx.scalar(look, asked | {"party": party})
            for party in (JINAN, JINAN_DEVICES, "370100", "operator", "")
        ]
    assert found == [1, 0, 0, 0, 0]


async def test_the_lane_keeps_nothing_for_another_institution(world: World) -> None:
    visit = await ready(world)
    own, stolen = world.institution(JINAN), world.institution(JINAN_DEVICES)
    async with wired(world.hub) as (_, wire):
        now = world.clock.now
        asked = _asked(own.caller, visit)
        seen = (await lane.look(wire, [asked], now, now.date()))[0]
        settling = Settling(world.hub)
        async with lend(world.hub) as rx:
            decided = await settling._decide(rx, asked, seen, now)  # noqa: SLF001 -- what the lane would keep
        assert decided is not None
        taken = replace(decided, asked=_asked(stolen.caller, visit))
        assert (await lane.keep(wire, [taken])).odd == {0}
        kept = await lane.keep(wire, [decided])
        assert not kept.odd
    assert (await own.get(f"/v1/settlements/{kept.numbers[0]}")).status_code == 200


async def test_the_lane_of_lines_shows_an_institution_its_own_visits_alone(world: World) -> None:
    visit, now = await admitted(world), world.clock.now
    async with wired(world.hub) as (_, wire):
        for party, found in ((JINAN, 1), (JINAN_DEVICES, 0), ("370100", 0), ("operator", 0)):
            caller = replace(world.institution(JINAN).caller, party=party)
            assert len(await lines_lane.look(wire, [_uploaded(caller, visit)], now)) == found


async def test_the_lane_of_lines_keeps_nothing_for_another_institution(world: World) -> None:
    visit, now = await admitted(world), world.clock.now
    own, stolen = world.institution(JINAN), world.institution(JINAN_DEVICES)
    async with wired(world.hub) as (_, wire):
        asked = _uploaded(own.caller, visit)
        stay = (await lines_lane.look(wire, [asked], now))[0]
        decided = lines_lane.Decided(
            asked=asked,
            stay=stay,
            total=Money(1_000),
            answer=b"{}",
            record=Record(action="visit.lines", subject=visit, facts={}),
        )
        taken = replace(decided, asked=_uploaded(stolen.caller, visit))
        assert await lines_lane.keep(wire, now, "POST", 201, [taken]) == {0}
        assert not await lines_lane.keep(wire, now, "POST", 201, [decided])
    assert (await own.get(f"/v1/visits/{visit}")).json()["total"] == "10.00"


def _uploaded(caller: Caller, visit: str) -> lines_lane.Asked:
    return lines_lane.Asked(
        caller=caller,
        key="lines-1",
        fingerprint=b"f",
        request="r",
        visit=visit,
        charges=ChargesIn.read(json.dumps({"lines": [line("1")]}).encode()),
    )


def _asked(caller: Caller, visit: str) -> lane.Asked:
    settle = SettleAsked(total=Money(1_000), line_count=None, invoice_no=None)
    return lane.Asked(
        action="POST",
        status=201,
        caller=caller,
        key="lane-1",
        fingerprint=b"f",
        request="r",
        visit=visit,
        worker=None,
        settle=settle,
        show=lambda *_: b"{}",
    )
