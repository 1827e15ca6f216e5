"""The lane of fee lines keeps what the door would have kept, and leaves the door the rest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.proof.service.verifying import verify
from app.runtime.auth import Caller
from app.runtime.db import Tx
from app.visit.store import lane as store
from tests.support import lane
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.lane import NUMBER
from tests.support.ledger import proven
from tests.support.settlement import at_the_door, ready, settled
from tests.support.visit import (
    VISITS,
    admitted,
    charged,
    faults,
    fitted,
    line,
    refund,
    road,
    upload,
)
from tests.support.world import World, open_world

OTHER_HOSPITAL = "H37020000001"
# Every row a call of lines leaves, by the visit's number.
LEFT = {
    "fee_line": """
        SELECT l.* FROM fee_line l JOIN visit v ON v.id = l.visit_id
         WHERE v.number = :number ORDER BY l.position""",
    "message": """
        SELECT m.* FROM message m WHERE m.deed = 'visit.lines' AND m.subject = :number
         ORDER BY m.key""",
    "audit_trail": """
        SELECT t.* FROM audit_trail t WHERE t.action = 'visit.lines' AND t.subject = :number
         ORDER BY t.seq""",
    "visit": """
        SELECT v.state, v.line_count, v.total_fen, v.revision, v.holds_filing
          FROM visit v WHERE v.number = :number""",
}
KEYS = frozenset({"seq", "visit_id", "request"})
WHOLE = line(
    "0000-1",
    refund_of=None,
    category="service",
    item_code="S010001",
    item_name="  静脉输液[注射]{甲}\t",
    institution_item_code="YP-1",
    specification="0.5g×10",
    unit="次",
    quantity="2.5000",
    unit_price="3.333333",
    amount="8.33",
    occurred_at="2025-08-31T16:00:00Z",
    injury_related=False,
    restricted_approved=True,
    department="骨科",
    physician="示例医师",
)
BILLS: dict[str, tuple[dict[str, Any], ...]] = {
    "one line": (line("1"),),
    "all that can be said": (WHOLE,),
    "some say what others do not": (WHOLE, line("2"), line("3", unit="支", item_code=None)),
    "for nothing": (line("1", unit_price="0", amount="0"),),
    "a hundred": tuple(line(str(n), quantity=f"{n}", amount=f"{n}") for n in range(1, 101)),
    "other offsets": (
        line("1", occurred_at="2025-09-01T08:40:00+08:00"),
        line("2", occurred_at="2025-08-31T20:00:00-04:30"),
    ),
    "a fen off": (line("1", amount="10.01"),),
    "a subsidy": (line("1", category="meal_subsidy", item_code=None, item_name="伙食补助"),),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def carried(world: World) -> tuple[float, float]:
    """How many calls the lane carried, and how many it left to the door."""
    return lane.carried(world, "hub_lines_lane")


async def left(world: World, number: str) -> dict[str, list[dict[str, Any]]]:
    """Read every row of a visit's lines, with what differs from visit to visit made alike."""
    return await lane.left(world, number, LEFT, KEYS)


@pytest.mark.parametrize("calls", BILLS.values(), ids=BILLS)
async def test_what_the_lane_keeps_is_what_the_door_keeps(
    world: World, database_url: str, calls: tuple[dict[str, Any], ...]
) -> None:
    one, other = await admitted(world), await admitted(world)
    before = carried(world)
    again = [it | {"serial": f"again-{it['serial']}"} for it in calls]
    in_lane = [await upload(world, one, *calls), await upload(world, one, *again)]
    assert carried(world) == (before[0] + 2, before[1])
    async with at_the_door(world, database_url) as door:
        answers = [await upload(door, other, *calls), await upload(door, other, *again)]
    for here, there in zip(in_lane, answers, strict=True):
        assert (here.status_code, there.status_code) == (201, 201), here.text
        assert NUMBER.sub("number", here.text) == NUMBER.sub("number", there.text)
        assert set(here.headers) == set(there.headers)
    rows = [await left(world, visit) for visit in (one, other)]
    assert all(rows[0].values())
    assert rows[0] == rows[1]
    shown = [await world.institution(JINAN).get(f"{VISITS}/{it}/lines") for it in (one, other)]
    assert shown[0].json() == shown[1].json()


async def test_many_calls_come_in_together_and_every_one_of_them_is_whole(world: World) -> None:
    visits = [await admitted(world) for _ in range(12)]
    lines = [line(str(n)) for n in range(20)]
    before = carried(world)
    answers = await asyncio.gather(*(upload(world, visit, *lines) for visit in visits))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["total"] for answer in answers} == {"200.00"}
    assert carried(world) == (before[0] + 12, before[1])
    one = await left(world, visits[0])
    for visit in visits[1:]:
        assert await left(world, visit) == one
    assert (await proven(world)).holds


async def test_lines_of_the_lane_are_settled_refunded_and_removed_as_any(world: World) -> None:
    visit = await admitted(world)
    before = carried(world)
    await charged(world, visit, line("1"), line("2"), line("3"))
    assert carried(world) == (before[0] + 1, before[1])
    done = await charged(world, visit, refund("4", "1"))
    assert (done["line_count"], done["total"]) == (4, "20.00")
    client = world.institution(JINAN)
    assert (await client.delete(f"{VISITS}/{visit}/lines/1")).json()["code"] == "line-has-refunds"
    assert (await client.delete(f"{VISITS}/{visit}/lines/2")).json()["total"] == "10.00"
    await charged(world, visit, line("2", unit="支"))
    assert carried(world) == (before[0] + 2, before[1])
    shown = (await client.get(f"{VISITS}/{visit}/lines")).json()["items"]
    assert [it["serial"] for it in shown] == ["1", "3", "4", "2"]


async def test_a_repetition_is_answered_by_the_door_with_the_same_bytes(world: World) -> None:
    visit, client = await admitted(world), world.institution(JINAN)
    path, key = f"{VISITS}/{visit}/lines", "lines-again"
    first, again = [await client.post(path, {"lines": [line("1")]}, key=key) for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await client.post(path, {"lines": [line("2")]}, key=key)
    assert other.json()["code"] == "message-id-reused"


async def test_a_serial_that_is_known_is_told_by_the_door(world: World) -> None:
    visit = await admitted(world)
    before = carried(world)
    await charged(world, visit, line("10"), line("30"))
    await charged(world, visit, line("20"))  # between them, and new
    assert carried(world) == (before[0] + 2, before[1])
    done = await charged(world, visit, line("30"), line("40"))
    assert (done["accepted"], done["replayed"], done["line_count"]) == (1, 1, 4)
    assert faults(await upload(world, visit, line("20", unit="支"))) == [
        (0, "serial", "serial_reused")
    ]
    assert carried(world) == (before[0] + 2, before[1] + 2)


@pytest.mark.parametrize(
    "call",
    [
        (line("1"), refund("2", "1")),
        (line("1", amount="11.00"),),
        (line("1"), line("1")),
        (line("1", occurred_at="2025-08-31T15:59:59Z"),),
        (line("1", category="device"),),
        (line("1", quantity="0", amount="0"),),
        (line("1", quantity="-1", amount="-1.00"),),
        (line("1", occurred_at="2025-09-01T08:40:00.5+08:00"),),
        (line("1", occurred_at="2025-09-01 08:40:00+08:00"),),
        (line("1", occurred_at="2025-09-01T08:40:00+15:30"),),
        (line("1", occurred_at="2025-02-30T08:40:00+08:00"),),
        (line("1", item_name="a\x1fb"),),
        (line("1", item_name="a\0b"),),
        (line("1", department="11010519491231002X"),),
        (line("1", item_name=" "),),
        (line("1", other="1"),),
        (line("1", quantity=10),),
        (line("1", injury_related="true"),),
        (line("1", unit="甲" * 101),),
        (),
        tuple(line(str(n)) for n in range(101)),
    ],
    ids=lambda call: json.dumps(call[-1:])[-40:],
)
async def test_what_is_not_plain_is_answered_as_if_there_were_no_lane(
    world: World, database_url: str, call: tuple[dict[str, Any], ...]
) -> None:
    visits = [await admitted(world) for _ in range(2)]
    before = carried(world)
    async with at_the_door(world, database_url) as door:
        answers = [
            await upload(it, visit, *call) for it, visit in zip((world, door), visits, strict=True)
        ]
    says = [NUMBER.sub("number", json.dumps(it.json() | {"instance": None})) for it in answers]
    assert answers[0].status_code == answers[1].status_code
    assert says[0] == says[1]
    assert carried(world)[0] == before[0]


def _twice(text: str) -> bytes:
    """Name the lines twice; the last count."""
    return b'{"lines": %b, %b' % (text.encode(), json.dumps({"lines": [line("1")]})[1:].encode())


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"[]", {}),
        (b'{"lines": [NaN]}', {}),
        (_twice("[" * 40 + "]" * 40), {}),
        (json.dumps({"lines": [line("1")]}).encode(), {"Content-Type": "text/plain"}),
        (json.dumps({"lines": [line("1")]}).encode("utf-16"), {}),
        (json.dumps({"lines": [line("1")]}).encode(), {"Authorization": "Bearer nonsense"}),
        (
            json.dumps({"lines": [line("1")]}).encode(),
            {"Idempotency-Key": "H99999999999" + "0" * 18},
        ),
        (json.dumps({"lines": [line("1")]}).encode(), {"Idempotency-Key": "11010519491231002X"}),
        (json.dumps({"lines": [line("1")]} | {"x": "x" * 200_000}).encode(), {}),
    ],
)
async def test_what_is_odd_is_answered_as_if_there_were_no_lane(
    world: World, database_url: str, body: bytes, headers: dict[str, str]
) -> None:
    visits = [await admitted(world) for _ in range(2)]
    answers: list[httpx.Response] = []
    async with at_the_door(world, database_url) as door:
        for it, visit in zip((world, door), visits, strict=True):
            sent = it.institution(JINAN).headers() | {"Content-Type": "application/json"} | headers
            path = f"{VISITS}/{visit}/lines"
            answers.append(await it.http.post(path, headers=sent, content=body))
    says = [NUMBER.sub("number", json.dumps(it.json() | {"instance": None})) for it in answers]
    assert answers[0].status_code == answers[1].status_code
    assert says[0] == says[1]


async def test_lines_named_twice_are_taken_as_last_named(world: World, database_url: str) -> None:
    shown = []
    async with at_the_door(world, database_url) as door:
        for it in (world, door):
            visit, client = await admitted(world), it.institution(JINAN)
            body = _twice(json.dumps([line("0"), line("9")])).replace(
                b'"serial": "1"', b'"serial": "x", "serial": "1"'
            )
            sent = client.headers() | {"Content-Type": "application/json"}
            answer = await it.http.post(f"{VISITS}/{visit}/lines", headers=sent, content=body)
            assert answer.status_code == 201, answer.text
            shown.append((await client.get(f"{VISITS}/{visit}/lines")).json())
    assert shown[0] == shown[1]
    assert [it["serial"] for it in shown[0]["items"]] == ["1"]


async def test_nobody_adds_lines_to_what_is_not_theirs_or_not_open(world: World) -> None:
    visit, fitting, closed = await admitted(world), await fitted(world), await ready(world)
    await settled(world, closed)
    before = carried(world)
    elsewhere = await upload(world, visit, line("1"), institution=OTHER_HOSPITAL)
    assert elsewhere.json()["code"] == "visit-unknown"
    assert (await upload(world, closed, line("2"))).json()["code"] == "lines-closed"
    drug = await upload(world, fitting, line("1"), institution=JINAN_DEVICES)
    assert faults(drug) == [(0, "category", "category_not_for_visit")]
    assert carried(world) == (before[0], before[1] + 3)
    device = line("1", category="device", item_code="F010101", item_name="假肢")
    await charged(world, fitting, device, institution=JINAN_DEVICES)
    assert carried(world) == (before[0] + 1, before[1] + 3)


async def test_a_bill_that_grows_too_long_is_refused_by_the_door(world: World) -> None:
    visit = await admitted(world)
    async with world.tx() as tx:
        await tx.execute(
            sa.text("UPDATE visit SET line_count = 4999 WHERE number = :it"), {"it": visit}
        )
    before = carried(world)
    assert (await upload(world, visit, line("1"), line("2"))).json()["code"] == "lines-too-many"
    await charged(world, visit, line("1"))
    assert carried(world) == (before[0] + 1, before[1] + 1)


async def test_one_that_is_not_plain_does_not_keep_its_neighbours(world: World) -> None:
    good, odd = [await admitted(world) for _ in range(5)], await admitted(world)
    await charged(world, odd, line("1"))
    before = carried(world)
    repeated, *answers = await asyncio.gather(
        upload(world, odd, line("1")), *(upload(world, visit, line("1")) for visit in good)
    )
    assert repeated.json()["replayed"] == 1
    assert {it.status_code for it in answers} == {201}
    assert carried(world) == (before[0] + 5, before[1] + 1)


async def test_a_client_that_was_revoked_adds_nothing(world: World) -> None:
    visit, caller = await admitted(world), world.institution(JINAN)
    async with _disabled(world, caller.caller):
        before = carried(world)
        answer = await caller.post(f"{VISITS}/{visit}/lines", {"lines": [line("1")]})
        assert answer.status_code == 401
        assert carried(world) == (before[0], before[1] + 1)
    await charged(world, visit, line("1"))


@asynccontextmanager
async def _disabled(world: World, caller: Caller) -> AsyncIterator[None]:
    """Disable a client, and let it go again."""
    binds = {"id": caller.client, "party": caller.party}
    party = "INSERT INTO party (code, kind, name, region, state, source)"
    said = (
        f"{party} VALUES (:party, 'institution', '例', '370100', 'active', 'synthetic')",
        "INSERT INTO client (id, party, state, created_at) VALUES (:id, :party, 'disabled', now())",
    )
    unsaid = ("DELETE FROM client WHERE id = :id", "DELETE FROM party WHERE code = :party")
    for statements in (said, unsaid):
        async with world.tx() as tx:
            for statement in statements:
                await tx.execute(sa.text(statement), binds)
        if statements is said:
            yield


@pytest.mark.parametrize(
    ("wrong", "found"),
    [("refund_of = '9', quantity = -1, amount_fen = -1", 1), ("visit_id = 0", 1)],
)
async def test_a_line_that_hangs_nowhere_is_found_by_the_proof(
    world: World, wrong: str, found: int
) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"))
    spoil = f"UPDATE fee_line SET {wrong} WHERE visit_id = (SELECT max(visit_id) FROM fee_line)"  # noqa: S608 -- our own words
    async with world.owner.connect() as connection, connection.begin() as transaction:
        await connection.exec_driver_sql(spoil)
        report = await verify(Tx(connection), world.clock.now.date())
        await transaction.rollback()
    told = [it.difference for it in report.broken if it.law.code == "rows_hang_together"]
    assert [(it.found, it.expected) for it in told if it is not None] == [(found, 2)]
    assert (await proven(world)).holds


async def test_a_limit_is_counted_once_on_the_way_to_the_door(database_url: str) -> None:
    async with open_world(database_url, client_requests_per_minute=3) as strict:
        answers = [await upload(strict, "S3701002509010000000", line("1")) for _ in range(4)]
    assert [it.status_code for it in answers] == [404, 404, 404, 429]


async def test_a_visit_that_moved_on_after_it_was_looked_at_goes_to_the_door(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await admitted(world)
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
    await charged(world, visit, line("1"))
    assert carried(world) == (before[0], before[1] + 1)
