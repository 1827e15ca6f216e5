"""The lane keeps what the door would have kept, and leaves to the door whatever is not plain."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.settlement.store import lane as store
from tests.support.advance import funded, told, usage
from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.lane import NUMBER, carried, left
from tests.support.ledger import proven
from tests.support.settlement import at_the_door, cancelled, ready, settle, settled
from tests.support.visit import VISITS, admitted, charged, fitted, line, ready_worker, refund, road
from tests.support.world import World, open_world

OTHER_HOSPITAL = "H37020000001"
BILLS: dict[str, tuple[dict[str, Any], ...]] = {
    "one line": (line("1"),),
    "a line of an illness": (line("1"), line("2", injury_related=False)),
    "in no list": (line("1", item_code="D999999", item_name="目录外药品"), line("2")),
    "without a code": (line("1", item_code=None, item_name="自费用品"),),
    "a subsidy": (
        line("1"),
        line("2", category="meal_subsidy", item_code=None, item_name="伙食补助"),
    ),
    "a bed": (line("1", category="bed", item_code="B010001", item_name="三人间床位费"),),
    "a refund": (line("1"), refund("2", "1", quantity="-4", amount="-4.00")),
}

# Every text that is written before the number is drawn, or names it.
NAMED = """
    SELECT convert_from(m.body, 'UTF8') FROM message m WHERE m.subject = :number
     UNION ALL SELECT t.facts::text FROM audit_trail t WHERE t.subject = :number
     UNION ALL SELECT a.body::text FROM announcement a WHERE a.subject = :number
"""

HELD = sa.text(
    "SELECT open_visits FROM filing f JOIN visit v ON v.filing_id = f.id WHERE v.number = :number"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def total_of(world: World, visit: str) -> str:
    seen = await world.institution(JINAN).get(f"{VISITS}/{visit}")
    return str(seen.json()["total"])


@pytest.mark.parametrize("bill", BILLS.values(), ids=BILLS)
async def test_what_the_lane_keeps_is_what_the_door_keeps(
    world: World, database_url: str, bill: tuple[dict[str, Any], ...]
) -> None:
    one, other = await ready(world, None, *bill), await ready(world, None, *bill)
    total = await total_of(world, one)
    before = carried(world)
    asked: dict[str, Any] = {"line_count": len(bill), "invoice_no": "FP2025090001"}
    in_lane = await settle(world, one, total, **asked)
    assert in_lane.status_code == 201, in_lane.text
    assert carried(world) == (before[0] + 1, before[1])
    async with at_the_door(world, database_url) as door:
        answer = await settle(door, other, total, **asked)
    assert NUMBER.sub("number", in_lane.text) == NUMBER.sub("number", answer.text)
    assert set(in_lane.headers) == set(answer.headers)
    rows = [await left(world, it.json()["number"]) for it in (in_lane, answer)]
    nothing_paid = {"posting"} if in_lane.json()["fund"] == "0.00" else set()
    assert {table for table, found in rows[0].items() if not found} == nothing_paid
    assert rows[0] == rows[1]


async def test_many_settle_together_and_every_one_of_them_is_whole(world: World) -> None:
    visits = [await ready(world) for _ in range(24)]
    before = carried(world)
    answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    assert [answer.status_code for answer in answers] == [201] * 24
    assert len({answer.json()["number"] for answer in answers}) == 24
    assert carried(world) == (before[0] + 24, before[1])
    one = await left(world, answers[0].json()["number"])
    for answer in answers[1:]:
        assert await left(world, answer.json()["number"]) == one
    assert (await proven(world)).holds


async def _stay(world: World, worker: KnownWorker, hour: str) -> str:
    """Let somebody stay for twenty minutes, so that the next stay has room on the same day."""
    day = "2025-09-01T{}:{}:00+08:00"
    visit = await admitted(world, worker, admitted_at=day.format(hour, 30))
    await charged(world, visit, line("1", occurred_at=day.format(hour, 40)))
    ended = {"discharged_at": day.format(hour, 50), "way": "advised"}
    answer = await world.institution(JINAN).post(f"{VISITS}/{visit}/discharge", ended)
    assert answer.status_code == 200, answer.text
    return visit


async def test_stays_of_one_filing_that_settle_together_let_go_of_it_each_for_itself(
    world: World,
) -> None:
    worker = await ready_worker(world)
    visits = [await _stay(world, worker, hour) for hour in ("05", "06", "07")]
    before = carried(world)
    for settling, held in ((visits[:2], 1), (visits[2:], 0)):
        answers = await asyncio.gather(*(settle(world, visit) for visit in settling))
        assert {answer.status_code for answer in answers} == {201}
        async with world.tx() as tx:
            assert (await tx.execute(HELD, {"number": visits[0]})).scalar_one() == held
    assert carried(world) == (before[0] + 3, before[1])


async def test_a_repetition_is_answered_by_the_door_with_the_same_bytes(world: World) -> None:
    visit = await ready(world)
    first = await settle(world, visit, key="lane-again")
    again = await settle(world, visit, key="lane-again")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await settle(world, visit, key="lane-again", invoice_no="another")
    assert other.json()["code"] == "message-id-reused"


async def test_one_refused_does_not_keep_its_neighbours_from_settling(world: World) -> None:
    good = [await ready(world) for _ in range(3)]
    open_stay = await admitted(world)
    await charged(world, open_stay, line("1"))
    wrong_total = await ready(world)
    answers = await asyncio.gather(
        *(settle(world, visit) for visit in good),
        settle(world, open_stay),
        settle(world, wrong_total, "11.00"),
        settle(world, good[0][:-7] + "0000000"),
        settle(world, wrong_total, "10.00", institution=OTHER_HOSPITAL),
    )
    assert [answer.status_code for answer in answers[:3]] == [201] * 3
    assert [answer.json()["code"] for answer in answers[3:]] == [
        "no-such-move",
        "total-mismatch",
        "visit-unknown",
        "visit-unknown",
    ]
    assert (await settle(world, wrong_total)).status_code == 201


async def test_two_messages_for_one_visit_settle_it_once(world: World) -> None:
    visit = await ready(world)
    answers = await asyncio.gather(*(settle(world, visit, key=f"twin-{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_visit_that_moved_on_between_look_and_keep_is_not_settled_on_old_lines(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await ready(world)
    look = store.look

    async def look_then_move_on(*given: Any) -> Any:
        found = await look(*given)
        async with world.tx() as tx:
            await tx.execute(
                sa.text("UPDATE visit SET revision = revision + 1 WHERE number = :it"),
                {"it": visit},
            )
        return found

    monkeypatch.setattr(store, "look", look_then_move_on)
    before = carried(world)
    assert (await settle(world, visit)).status_code == 201
    assert carried(world) == (before[0], before[1] + 1)


async def test_a_visit_that_is_held_is_left_to_the_door_and_its_neighbour_is_not(
    world: World,
) -> None:
    held, free = await ready(world), await ready(world)
    before = carried(world)
    async with world.tx() as tx:
        await tx.execute(sa.text("SELECT FROM visit WHERE number = :it FOR UPDATE"), {"it": held})
        waiting = asyncio.create_task(settle(world, held))
        assert (await settle(world, free)).status_code == 201
        assert not waiting.done()
    assert (await waiting).status_code == 201
    assert carried(world) == (before[0] + 1, before[1] + 1)


async def test_devices_settle_at_the_door_since_earlier_fittings_matter(world: World) -> None:
    visit = await fitted(world)
    device = line("1", category="device", item_code="F010101", item_name="假肢")
    await charged(world, visit, device, institution=JINAN_DEVICES)
    before = carried(world)
    await settled(world, visit, "10.00", JINAN_DEVICES)
    assert carried(world) == (before[0], before[1] + 1)


async def test_a_new_list_counts_from_the_moment_it_is_there(world: World) -> None:
    first = await settled(world, await ready(world))
    assert first["fund"] == "10.00"
    async with world.tx() as tx:
        await tx.execute(
            sa.text(
                "INSERT INTO catalogue_version (place, kind, label, first_day, digest, item_count,"
                " source, imported_at, imported_by) SELECT place, kind, 'empty', '2025-08-31',"
                " digest, 0, source, imported_at, imported_by FROM catalogue_version"
                " WHERE place = '370000' AND kind = 'drug' LIMIT 1"
            )
        )
    try:
        assert (await settled(world, await ready(world)))["fund"] == "0.00"
    finally:
        async with world.tx() as tx:
            await tx.execute(sa.text("SET LOCAL session_replication_role = replica"))
            await tx.execute(sa.text("DELETE FROM catalogue_version WHERE label = 'empty'"))
    assert (await settled(world, await ready(world)))["fund"] == "10.00"


async def test_an_advance_that_crosses_a_line_is_told_once_for_the_settlement_that_crossed_it(
    world: World,
) -> None:
    await funded(world, "130000", "370000", "100.00")
    workers = [await ready_worker(world, "130000") for _ in range(5)]
    most = line("1", quantity="60", amount="60.00")
    await settled(world, await ready(world, workers[0], most), "60.00")
    visits = [await ready(world, worker) for worker in workers[1:]]
    before = carried(world)
    answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert carried(world) == (before[0] + 4, before[1])
    assert (await usage(world, "130000", "370000"))["level"] == "red"
    assert await told(world, "130000", "370000") == ["yellow", "red"]


@pytest.mark.parametrize(
    "odd",
    [
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b'{"total": "10.00"}', "headers": {"Content-Type": "text/plain"}},
        {"json": {"total": 10}},
        {"json": {"total": "10.00", "other": 1}},
        {"json": {"total": "10.00", "invoice_no": "11010519491231002X"}},
        {"json": {"total": "10.00"}, "headers": {"Authorization": "Bearer nonsense"}},
        {"json": {"total": "10.00"}, "headers": {"Idempotency-Key": "H99999999999" + "0" * 18}},
        {"json": {"total": "10.00", "invoice_no": "x" * 3_000}},
    ],
)
async def test_what_is_odd_is_answered_as_if_there_were_no_lane(
    world: World, database_url: str, odd: dict[str, Any]
) -> None:
    visit = await ready(world)
    async with at_the_door(world, database_url) as door:
        answers: list[httpx.Response] = []
        for it in (world, door):
            headers = it.institution(JINAN).headers(f"odd-{id(it)}") | odd.get("headers", {})
            more = {name: value for name, value in odd.items() if name != "headers"}
            sent = await it.http.post(f"{VISITS}/{visit}/settle", headers=headers, **more)
            answers.append(sent)
    says = [it.json() | {"instance": None} for it in answers]
    assert answers[0].status_code == answers[1].status_code != 201
    assert says[0] == says[1]
    assert (await settle(world, visit)).status_code == 201, "nothing was kept of what was refused"


async def test_a_limit_is_counted_once_on_the_way_to_the_door(database_url: str) -> None:
    async with open_world(database_url, client_requests_per_minute=3) as strict:
        answers = [await settle(strict, "S3701002509010000000") for _ in range(4)]
    assert [it.status_code for it in answers] == [404, 404, 404, 429]


async def test_a_cancelled_settlement_is_settled_again_in_the_lane(world: World) -> None:
    visit = await ready(world)
    done = await settled(world, visit)
    await cancelled(world, done["number"])
    before = carried(world)
    await settled(world, visit)
    assert carried(world) == (before[0] + 1, before[1])


async def test_what_is_kept_names_the_number_that_was_drawn_and_nothing_in_its_place(
    world: World,
) -> None:
    visits = [await ready(world) for _ in range(3)]
    answers = await asyncio.gather(*(settle(world, visit) for visit in visits))
    async with world.tx() as tx:
        for answer in answers:
            number = answer.json()["number"]
            kept = (await tx.execute(sa.text(NAMED), {"number": number})).scalars().all()
            assert kept[0] == answer.text
            assert {it for text in kept for it in NUMBER.findall(text) if it[0] == "A"} == {number}
