"""The lane among rivals: whoever comes, and whatever its neighbours bring, settles once or not."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from app.catalogues import service as catalogues
from app.catalogues.model import CatalogueKind
from app.runtime import lane as lanes
from app.runtime.lane import Lane, LaneMetrics
from app.runtime.work import Work
from app.settlement import rules
from app.settlement.store import lane as store
from app.visit.model import Course
from tests.support.advance import funded, mode_changed
from tests.support.catalogues import edition, item, loaded
from tests.support.ledger import proven
from tests.support.parties import as_operator
from tests.support.settlement import SETTLEMENTS, cancel, ready, settle, settled
from tests.support.visit import (
    VISITS,
    admitted,
    charged,
    discharged,
    line,
    ready_worker,
    road,
    upload,
)
from tests.support.world import World, open_world

PLENTY = 5.0  # seconds; what hangs would hang for ever


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def carried(world: World) -> float:
    """How many the lane carried."""
    registry = world.app.state.metrics.registry
    return registry.get_sample_value("hub_lane_total", {"outcome": "carried"}) or 0.0


async def story(world: World, visit: str) -> list[str]:
    """What was settled and cancelled of a visit, in order."""
    items = (await world.operator.get(SETTLEMENTS, visit=visit)).json()["items"]
    return [str(it["kind"]) for it in items]


async def test_who_comes_in_the_moment_a_call_ends_is_carried_too() -> None:
    async def carry(some: Sequence[int]) -> Sequence[int | None]:
        return some

    lane = Lane(carry, 1, 8, PLENTY, LaneMetrics(CollectorRegistry()))
    async with asyncio.timeout(PLENTY):
        assert [await lane.take(n) for n in range(1, 4)] == [1, 2, 3]
    assert not lane.under_way


class Holding:
    """Carries what it is given once it is let go, and tells what came in which call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.beside, self.let_go = asyncio.Event(), asyncio.Event()

    async def __call__(self, some: Sequence[int]) -> Sequence[int | None]:
        self.calls.append(list(some))
        if len(self.calls) > 1:
            self.beside.set()
        await self.let_go.wait()
        return some


async def test_a_call_begins_beside_another_once_enough_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "HELD_UP_SECONDS", 2 * PLENTY)
    carry = Holding()
    lane = Lane(carry, 2, 8, PLENTY, LaneMetrics(CollectorRegistry()), beside_min=3)
    async with asyncio.timeout(PLENTY), asyncio.TaskGroup() as senders:
        for number in range(6):
            senders.create_task(lane.take(number))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            # two wait for the first call; the third brings a second one, and then none is left
            assert [len(call) for call in carry.calls] == ([1] if number < 3 else [1, 3])
        carry.let_go.set()
    assert carry.calls == [[0], [1, 2, 3], [4, 5]]
    assert lane.looking is None
    assert not lane.under_way


async def test_behind_a_call_that_is_held_up_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "HELD_UP_SECONDS", 0)
    carry = Holding()
    lane = Lane(carry, 2, 8, PLENTY, LaneMetrics(CollectorRegistry()), beside_min=3)
    async with asyncio.timeout(PLENTY), asyncio.TaskGroup() as senders:
        senders.create_task(lane.take(1))
        await asyncio.sleep(0)
        senders.create_task(lane.take(2))
        await carry.beside.wait()
        carry.let_go.set()
    assert carry.calls == [[1], [2]]


async def test_text_that_cannot_be_kept_does_not_send_its_neighbours_to_the_door(
    world: World,
) -> None:
    good, odd = [await ready(world) for _ in range(6)], await ready(world)
    before = carried(world)
    refused, *answers = await asyncio.gather(
        settle(world, odd, invoice_no="a\0b"), *(settle(world, visit) for visit in good)
    )
    assert (refused.status_code, {it.status_code for it in answers}) == (400, {201})
    assert carried(world) == before + 6
    assert await story(world, odd) == []


async def test_one_that_cannot_be_kept_is_found_and_its_neighbours_never_notice(
    world: World,
) -> None:
    good, odd = [await ready(world) for _ in range(6)], await ready(world)
    rule = "CONSTRAINT no_poison CHECK (invoice_no <> 'poison') NOT VALID"
    async with world.tx() as tx:
        await tx.execute(sa.text(f"ALTER TABLE settlement ADD {rule}"))
    before = carried(world)
    try:
        for visits in (good[:3], good[3:]):
            refused, *answers = await asyncio.gather(
                settle(world, odd, invoice_no="poison", key="poison"),
                *(settle(world, visit) for visit in visits),
            )
            assert (refused.status_code, {it.status_code for it in answers}) == (500, {201})
    finally:
        async with world.tx() as tx:
            await tx.execute(sa.text("ALTER TABLE settlement DROP CONSTRAINT no_poison"))
    assert carried(world) == before + 6
    assert await story(world, odd) == []
    assert [await story(world, visit) for visit in good] == [["settlement"]] * 6


@pytest.mark.parametrize("call", range(2, 6))
async def test_where_the_connection_breaks_among_halves_what_was_kept_is_told_and_the_rest_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    keep, calls = store.keep, itertools.count(1)

    async def halving(wire: Any, some: Any) -> Any:
        """Keep nobody while there is one among them that cannot be kept; break off in time."""
        if next(calls) == call:
            raise ConnectionResetError
        if any(it.settlement.invoice_no == "poison" for it in some):
            raise store.NotKeptError
        return await keep(wire, some)

    visits = [await ready(world) for _ in range(6)]
    monkeypatch.setattr(store, "keep", halving)
    answers = await asyncio.gather(
        *(settle(world, visit, invoice_no="FP1") for visit in visits[:5]),
        settle(world, visits[5], invoice_no="poison"),
    )
    monkeypatch.undo()
    assert next(calls) > call, "it broke"
    assert {it.status_code for it in answers} == {201}
    assert [await story(world, visit) for visit in visits] == [["settlement"]] * 6
    assert (await proven(world)).holds


async def test_a_mistake_about_one_visit_stays_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, odd = [await ready(world) for _ in range(3)], await ready(world)
    require_total = rules.require_total

    def mistaken(visit: Course, *given: Any) -> None:
        assert visit.number != odd
        require_total(visit, *given)

    monkeypatch.setattr(rules, "require_total", mistaken)
    before = carried(world)
    refused, *answers = await asyncio.gather(*(settle(world, it) for it in (odd, *good)))
    assert (refused.status_code, {it.status_code for it in answers}) == (500, {201})
    assert carried(world) == before + 3


async def test_a_fault_that_all_of_a_call_would_meet_is_met_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits, tried = [await ready(world) for _ in range(4)], list[int]()

    async def cancelled(_: Any, some: Sequence[Any]) -> Any:
        tried.append(len(some))
        raise asyncpg.QueryCanceledError

    monkeypatch.setattr(store, "keep", cancelled)
    answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    assert {it.status_code for it in answers} == {201}
    assert sum(tried) == 4, "nobody was tried again in the lane"


async def test_whoever_is_refused_draws_no_number(world: World) -> None:
    drawn, visit = "SELECT last_value FROM settlement_serial", await ready(world)
    await settled(world, await ready(world))
    async with world.tx() as tx:
        before = await tx.scalar(sa.text(drawn))
    refused = [await settle(world, visit, "11.00") for _ in range(3)]
    assert {it.json()["code"] for it in refused} == {"total-mismatch"}
    async with world.tx() as tx:
        assert await tx.scalar(sa.text(drawn)) == before


async def test_an_exhausted_advance_does_not_send_its_neighbours_to_the_door(world: World) -> None:
    await funded(world, "140000", "370000", "15.00")
    poor = [await ready_worker(world, "140000") for _ in range(2)]
    await settled(world, await ready(world, poor[0]))
    refused = await ready(world, poor[1])
    good = [await ready(world) for _ in range(6)]
    for mode, code in (("hard", "advance-exhausted"), ("hold", "advance-hold")):
        await mode_changed(world, "140000", "370000", mode)
        before = carried(world)
        odd, *answers = await asyncio.gather(
            settle(world, refused), *(settle(world, visit) for visit in good[:3])
        )
        del good[:3]
        assert odd.json()["code"] == code
        assert {it.status_code for it in answers} == {201}
        assert carried(world) == before + 3


async def test_a_bill_so_long_that_others_would_wait_for_it_settles_at_the_door(
    world: World,
) -> None:
    long, longest = await admitted(world), await admitted(world)
    for visit in (long, longest):
        for call in range(10):
            await charged(world, visit, *(line(f"{call}-{n}") for n in range(100)))
    await charged(world, longest, line("one-more"))
    for visit in (long, longest):
        await discharged(world, visit)
    before = carried(world)
    await settled(world, longest, "10010.00")
    assert carried(world) == before
    await settled(world, long, "10000.00")
    assert carried(world) == before + 1


async def test_a_list_that_comes_in_late_counts_though_another_overtook_it(world: World) -> None:
    heading = {"kind": CatalogueKind.DRUG, "label": "late", "first_day": date(2025, 9, 1)}
    kept, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(work: Work) -> None:
        await catalogues.load(work, edition(place="370000", **heading), [item("D000000")])
        kept.set()
        await go_on.wait()

    late = asyncio.create_task(as_operator(world, slowly))
    await kept.wait()
    quick = loaded(world, edition(place="460000", **heading), [item("D000000")])
    overtaking = asyncio.create_task(quick)
    try:
        await asyncio.wait({overtaking}, timeout=0.5)
        assert (await settled(world, await ready(world)))["fund"] == "10.00"
        go_on.set()
        await asyncio.gather(late, overtaking)
        assert (await settled(world, await ready(world)))["fund"] == "0.00"
    finally:
        async with world.tx() as tx:
            await tx.execute(sa.text("SET LOCAL session_replication_role = replica"))
            await tx.execute(sa.text("DELETE FROM catalogue_version WHERE label = 'late'"))


async def test_a_month_that_closes_this_moment_is_left_by_all_of_a_call_at_once(
    world: World,
) -> None:
    visits = [await ready(world) for _ in range(6)]
    before = carried(world)
    async with world.tx() as tx:
        await tx.execute(
            sa.text(
                "SELECT pg_advisory_xact_lock("
                "hashtextextended('settlement_month 370000 2025-09', 0))"
            )
        )
        answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    assert {it.json()["month"] for it in answers} == {"2025-10"}
    assert carried(world) == before
    assert (await settled(world, await ready(world)))["month"] == "2025-09"
    assert carried(world) == before + 1


@pytest.mark.parametrize("after", [False, True], ids=["before it was kept", "after it was kept"])
async def test_a_connection_that_breaks_in_keep_loses_nothing_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    keep = store.keep

    async def breaking(*given: Any) -> Any:
        if after:
            await keep(*given)
        raise ConnectionResetError

    visits = [await ready(world) for _ in range(4)]
    monkeypatch.setattr(store, "keep", breaking)
    answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    monkeypatch.undo()
    assert {it.status_code for it in answers} == {201}
    assert ["Idempotency-Replayed" in it.headers for it in answers] == [after] * 4
    assert [await story(world, visit) for visit in visits] == [["settlement"]] * 4
    assert (await proven(world)).holds


async def test_where_the_books_are_held_all_are_told_in_time_and_no_connection_is_lost(
    world: World, database_url: str
) -> None:
    visits = [await ready(world) for _ in range(6)]
    async with open_world(database_url, request_seconds=0.5, pool_connections=3) as hasty:
        hasty.keys, hasty.clock.now = world.keys, world.clock.now
        keys = [f"hasty-{visit}" for visit in visits]
        asked = list(zip(visits, keys, strict=True))
        async with world.tx() as tx:
            await tx.execute(sa.text("SELECT FROM account FOR UPDATE"))
            for _ in range(2):
                told = await asyncio.gather(
                    *(settle(hasty, visit, key=key) for visit, key in asked)
                )
                assert {it.status_code for it in told} <= {409, 503}
        answers = await asyncio.gather(*(persistent(hasty, visit, key) for visit, key in asked))
        assert {it.status_code for it in answers} == {201}
        assert [await story(world, visit) for visit in visits] == [["settlement"]] * 6
        listed = [await hasty.operator.get(VISITS) for _ in range(20)]
        assert 200 in {it.status_code for it in listed}  # half a second may be short for one
        pool = hasty.hub.engine.pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]  # the queue pool's own figure


async def persistent(world: World, visit: str, key: str, total: str = "10.00") -> httpx.Response:
    """Settle as a hospital does: until the hub has said yes or no."""
    for _ in range(1_200):
        answer = await settle(world, visit, total, key=key)
        if answer.status_code != 503 and answer.json().get("code") != "message-running":
            return answer
        await asyncio.sleep(0.05)
    return answer


async def rival(world: World, visit: str, chance: random.Random) -> int:
    """Do to one visit what many clients might at once, and hold the story to what was answered."""
    settlements = 0
    for n in range(4):
        total = str((await world.operator.get(f"{VISITS}/{visit}")).json()["total"])
        key = f"rival-{visit}-{n}"
        acts = [settle(world, visit, total), settle(world, visit, total)]
        acts += [persistent(world, visit, key, total) for _ in range(2)]
        if n % 2:
            acts.append(upload(world, visit, line(f"late-{n}")))
        chance.shuffle(acts)
        answers = await asyncio.gather(*acts)
        done = {
            it.json()["number"]: it.json()["total"]
            for it in answers
            if it.status_code == 201 and "number" in it.json()
        }
        assert list(done.values()) in ([], [total])
        settlements += len(done)
        for number in done:
            twins = await asyncio.gather(*(cancel(world, number) for _ in range(3)))
            assert sorted(it.status_code for it in twins) == [201, 409, 409]
    assert await story(world, visit) == ["settlement", "cancellation"] * settlements
    return settlements


async def test_rivals_over_many_visits_leave_whole_stories_and_whole_books(world: World) -> None:
    workers = [await ready_worker(world) for _ in range(8)]
    visits = [await ready(world, worker) for worker in workers]
    chance = random.Random(6)  # noqa: S311 -- an order of acts
    before = carried(world)
    async with asyncio.timeout(60):
        done = await asyncio.gather(*(rival(world, visit, chance) for visit in visits))
    assert sum(done) >= 2 * len(visits)
    assert carried(world) > before
    assert (await proven(world)).holds
    async with world.tx() as tx:
        held = await tx.scalar(
            sa.text(
                "SELECT count(*) FROM filing f WHERE f.open_visits <> (SELECT count(*) FROM visit v"
                " WHERE v.filing_id = f.id AND v.holds_filing)"
            )
        )
        trailless = await tx.scalar(
            sa.text(
                "SELECT count(*) FROM settlement s WHERE NOT EXISTS (SELECT FROM message m"
                " WHERE m.party = s.institution::text AND m.key = s.message_key"
                " AND m.subject = s.number)"
            )
        )
    assert (held, trailless) == (0, 0)
