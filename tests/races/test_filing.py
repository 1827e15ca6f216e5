"""Filings under rivalry: whoever comes first, at most one covers a worker, a place and a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from app.filing import service
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import FILINGS, filed, submitted, wish
from tests.support.parties import as_operator, seeded
from tests.support.world import START, World

OVERLAPS = """
    SELECT count(*) FROM filing_cover a JOIN filing_cover b
        ON a.worker_id = b.worker_id AND a.cost_kind = b.cost_kind AND a.filing_id < b.filing_id
       AND a.place && b.place AND a.term && b.term AND a.live AND b.live
"""
DISAGREEMENTS = """
    SELECT count(*) FROM filing f
     WHERE (SELECT count(*) FROM filing_cover c
             WHERE c.filing_id = f.id AND c.live
               AND c.term = daterange(f.first_day, f.last_day, '[]'))
           <> CASE f.state WHEN 'approved' THEN cardinality(f.cost_kinds) ELSE 0 END
        OR (SELECT h.to_state FROM filing_history h WHERE h.filing_id = f.id
             ORDER BY h.id DESC LIMIT 1) <> f.state
"""


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def counted(world: World, query: str) -> int:
    async with world.tx() as connection:
        return int((await connection.exec_driver_sql(query)).scalar_one())


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def test_two_clerks_approve_one_filing_once(hub: World) -> None:
    path = f"{FILINGS}/{(await submitted(hub))['number']}/approve"
    clerks = [hub.agency("110000") for _ in range(6)]
    answers = await asyncio.gather(*(clerk.post(path, {}) for clerk in clerks))
    assert statuses(list(answers)) == [200, 409, 409, 409, 409, 409]


async def test_of_overlapping_approvals_at_once_one_wins(hub: World) -> None:
    someone = await registered(hub)
    waiting = [
        await submitted(hub, someone, treatment_region=place)
        for place in ("370000", "370100", "370200")
    ]
    clerks = [hub.agency("110000").post(f"{FILINGS}/{it['number']}/approve", {}) for it in waiting]
    answers = await asyncio.gather(*clerks)
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    places = {answer.json()["treatment_region"] for answer in won}
    assert places in ({"370000"}, {"370100", "370200"})
    assert {it["code"] for it in lost} == {"filing-overlap"}
    assert {it["filing"] for it in lost} <= {answer.json()["number"] for answer in won}
    assert await counted(hub, OVERLAPS) == 0


async def test_of_overlapping_uploads_at_once_one_wins(hub: World) -> None:
    someone = await registered(hub)
    uploads = [
        hub.agency("110000").post(FILINGS, wish(worker=someone.number, treatment_region=place))
        for place in ("370000", "370100") * 3
    ]
    assert statuses(list(await asyncio.gather(*uploads))) == [201, 409, 409, 409, 409, 409]


async def test_the_same_batch_twice_at_once_files_every_row_once(hub: World) -> None:
    workers = [await registered(hub) for _ in range(10)]
    rows = [
        {
            "worker": it.number,
            "kind": "residence",
            "treatment_region": "370100",
            "cost_kinds": ["medical"],
        }
        for it in workers
    ]
    agency = hub.agency("110000")
    batches = [
        agency.post(f"{FILINGS}/batch", {"rows": rows}),
        agency.post(f"{FILINGS}/batch", {"rows": rows[::-1]}),
    ]
    one, two = [answer.json()["accepted"] for answer in await asyncio.gather(*batches)]
    assert {it["filing"] for it in one} == {it["filing"] for it in two}
    assert sum(not it["already_filed"] for it in one + two) == 10


async def test_no_approval_slips_past_a_loss_of_entitlement(hub: World) -> None:
    for _ in range(5):
        someone = await registered(hub)
        waiting = await submitted(hub, someone)
        loss = {
            "worker": someone.number,
            "kind": "death",
            "lost_on": "2025-09-01",
            "reason": "死亡",
        }
        agency = hub.agency("110000")
        path = f"{FILINGS}/{waiting['number']}"
        await asyncio.gather(
            agency.post(f"{path}/approve", {}), agency.post("/v1/entitlement-losses", loss)
        )
        assert (await agency.get(path)).json()["state"] in ("submitted", "terminated")


async def test_the_database_itself_refuses_an_overlap(hub: World) -> None:
    someone = await registered(hub)
    waiting = await submitted(hub, someone, treatment_region="370000")
    await filed(hub, someone)
    sneak = """
        INSERT INTO filing_cover (filing_id, cost_kind, worker_id, place, term, live)
        SELECT id, 'medical', worker_id, int4range(370000, 380000),
               daterange(last_day, last_day, '[]'), true
          FROM filing WHERE number = $1
    """
    with pytest.raises(IntegrityError, match="ex_filing_cover_one_at_a_time"):
        async with hub.tx() as connection:
            await connection.exec_driver_sql(sneak, (waiting["number"],))


MOVES = st.one_of(
    st.tuples(
        st.sampled_from(["file", "submit"]),
        st.sampled_from(["370000", "370100", "330000"]),
        st.sampled_from([("medical",), ("device",), ("medical", "device")]),
        st.sampled_from([None, 0, 30, 365]),
    ),
    st.tuples(
        st.sampled_from(["approve", "cancel", "change"]),
        st.integers(0, 9),
        st.sampled_from(["370000", "370100", "330000"]),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 100, 366])),
)


async def play(world: World, someone: KnownWorker, move: tuple[object, ...]) -> None:
    """Make one move; a refusal is as good as a success here."""
    agency = world.agency("110000")
    known = (await agency.get(FILINGS, worker=someone.number)).json()["items"]
    match move:
        case ("wait", int(days)):
            world.clock.advance(days=days)
            await as_operator(world, service.expire_due)
        case ("file" | "submit" as way, place, kinds, ahead):
            asked = wish(treatment_region=place, cost_kinds=kinds)
            if isinstance(ahead, int):
                asked["first_day"] = str((world.clock.now + timedelta(days=ahead)).date())
            if way == "file":
                await agency.post(FILINGS, asked | {"worker": someone.number})
            else:
                await world.channel().post(FILINGS, asked | {"claim": someone.claim()})
        case (str(event), int(index), place) if known:
            filing = known[index % len(known)]
            body = {
                "approve": {},
                "cancel": {"reason": "返回"},
                "change": wish(
                    treatment_region=place, cost_kinds=filing["cost_kinds"], reason="搬迁"
                ),
            }[event]
            await agency.post(f"{FILINGS}/{filing['number']}/{event}", body)


async def test_no_two_approved_filings_overlap_whatever_the_order_of_operations(
    hub: World,
) -> None:
    loop = asyncio.get_running_loop()

    async def story(moves: list[tuple[object, ...]]) -> None:
        hub.clock.now = START
        someone = await registered(hub, kinds=("injury", "device"))
        for move in moves:
            await play(hub, someone, move)
        assert await counted(hub, OVERLAPS) == 0
        assert await counted(hub, DISAGREEMENTS) == 0

    @example(
        moves=[
            ("submit", "370000", ("medical", "device"), None),
            ("file", "370100", ("medical",), None),
            ("approve", 0, ""),
            ("change", 1, "330000"),
            ("approve", 0, ""),
            ("wait", 366),
            ("file", "370100", ("medical",), 30),
        ]
    )
    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(moves=st.lists(MOVES, min_size=3, max_size=10))
    def tell(moves: list[tuple[object, ...]]) -> None:
        asyncio.run_coroutine_threadsafe(story(moves), loop).result()

    await asyncio.to_thread(tell)
    happened = "SELECT count(DISTINCT event) FROM filing_history WHERE event <> 'reject'"
    assert await counted(hub, happened) >= 4, "the stories are empty"
