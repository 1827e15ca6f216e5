"""Every story is told through both faces, REST and gateway, and leaves the same books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.support.faces import Face, Numbered, Outcome, Rest
from tests.support.gateway import hospital
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.visit import line, ready_worker, refund, road
from tests.support.world import World

Story = Callable[[World, Face], Awaitable[list[Outcome]]]
STORIES: dict[str, Story] = {}
RESTRICTED = {"item_code": "D060001"}
POSTINGS = sa.text(
    """
    SELECT entry.event, debit.kind AS debit, credit.kind AS credit,
           debit.insured_place AS di, debit.treatment_place AS dt, debit.institution AS dinst,
           credit.insured_place AS ci, credit.treatment_place AS ct, credit.institution AS cinst,
           posting.fen, entry.effective_day, entry.policy_version
      FROM entry JOIN posting ON posting.entry_id = entry.id
      JOIN account debit ON debit.id = posting.debit_account
      JOIN account credit ON credit.id = posting.credit_account
     WHERE entry.id > :after ORDER BY entry.id, posting.id
    """
)
SETTLEMENTS = sa.text(
    """
    SELECT s.kind, s.total_fen, s.fund_fen, s.own_fen, s.line_count, s.insured_place,
           s.treatment_place, s.month, s.scheme, s.cost_kind, v.state, v.kind AS visit_kind
      FROM settlement s JOIN visit v ON v.id = s.visit_id WHERE s.id > :after ORDER BY s.id
    """
)
LINES = sa.text(
    """
    SELECT serial, refund_of, category, item_code, item_name, quantity, unit_price, amount_fen,
           injury_related, restricted_approved, occurred_at
      FROM fee_line JOIN visit ON visit.id = visit_id WHERE visit.id > :after
     ORDER BY visit_id, position
    """
)


def story(told: Story) -> Story:
    """Add a story to those that are told twice."""
    STORIES[told.__name__] = told
    return told


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


@story
async def a_simple_stay(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = await face.admit(worker)
    return [
        stay,
        await face.upload(stay.number, worker, [line("1"), line("2", quantity="3", amount="3.00")]),
        await face.discharge(stay.number, worker),
        await face.preview(stay.number, worker, "13.00"),
        await face.settle(stay.number, worker, "13.00"),
    ]


@story
async def a_mixed_bill(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = await face.admit(worker)
    lines = [
        line("1", injury_related=False),
        line("2", item_code="D010001", unit_price="5.00", amount="50.00"),
        line("3", item_code="X999999", item_name="目录外项目"),
        line("4", category="bed", item_code="B010001", quantity="2", unit_price="98", amount="196"),
        line("5", category="meal_subsidy", item_code=None, item_name="住院伙食补助费"),
        line("6", category="service", item_code="S010001", quantity="1", amount="1.00"),
        refund("7", "2", unit_price="5.00", amount="-50.00"),
    ]
    return [
        await face.upload(stay.number, worker, lines),
        await face.discharge(stay.number, worker),
        await face.settle(stay.number, worker, "227.00"),
    ]


@story
async def a_rehabilitation_stay(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = await face.admit(worker, cost_kind="rehabilitation")
    lines = [
        line("1", category="rehabilitation", item_code="R010001", unit_price="70", amount="700.00")
    ]
    return [
        await face.upload(stay.number, worker, lines),
        await face.discharge(stay.number, worker),
        await face.settle(stay.number, worker, "700.00"),
    ]


@story
async def a_device_above_its_cap(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    firm = _at(world, face, JINAN_DEVICES)
    fitting = await firm.admit(worker, kind="fitting", cost_kind="device")
    device = line(
        "1",
        category="device",
        item_code="A020006",
        quantity="1",
        unit_price="30000.00",
        amount="30000.00",
    )
    return [
        await firm.upload(fitting.number, worker, [device]),
        await firm.settle(fitting.number, worker, "30000.00"),
    ]


@story
async def a_settlement_cancelled_and_made_again(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    told = [await face.upload(stay, worker, [line("1")]), await face.discharge(stay, worker)]
    first = await face.settle(stay, worker, "10.00")
    told += [first, await face.cancel(stay, worker, first.number)]
    told += [await face.cancel(stay, worker, first.number)]
    told += [await face.upload(stay, worker, [line("2")])]
    return [*told, await face.settle(stay, worker, "20.00")]


@story
async def the_button_pressed_three_times(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    return [
        await face.upload(stay, worker, [line("1")]),
        await face.discharge(stay, worker),
        await face.settle(stay, worker, "10.00", times=3),
        await face.settle(stay, worker, "10.00"),
    ]


@story
async def a_settlement_whose_answer_was_lost_and_is_reversed(
    world: World, face: Face
) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    return [
        await face.upload(stay, worker, [line("1")]),
        await face.discharge(stay, worker),
        await face.settle_and_reverse(stay, worker, "10.00"),
        await face.settle(stay, worker, "10.00"),
    ]


@story
async def everything_undone_backwards(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    told = [await face.upload(stay, worker, [line("1"), line("2"), line("3")])]
    told += [await face.cancel_visit(stay, worker), await face.remove(stay, worker, "2")]
    told += [await face.remove(stay, worker, "2"), await face.discharge(stay, worker)]
    settled = await face.settle(stay, worker, "20.00")
    told += [settled, await face.remove(stay, worker, None)]
    told += [await face.undo_discharge(stay, worker)]
    told += [await face.cancel(stay, worker, settled.number)]
    told += [await face.undo_discharge(stay, worker), await face.remove(stay, worker, None)]
    return [*told, await face.cancel_visit(stay, worker), await face.discharge(stay, worker)]


@story
async def admissions_that_are_refused(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world, cost_kinds=["medical"])
    someone = worker.claim(name="别人", card="X00000000")
    told = [
        await face.admit(worker, worker=someone, cost_kind="rehabilitation"),
        await face.admit(worker, kind="fitting", cost_kind="medical"),
        await face.admit(worker, admitted_at="2024-12-31T08:00:00+08:00"),
        await face.admit(worker, admitted_at="2025-09-02T08:00:00+08:00"),
        await face.admit(worker),
        await face.admit(worker),
    ]
    return [replace(it, number="") for it in told]


@story
async def faulty_lines(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    bad = [
        line("1", amount="10.02"),
        line("2", occurred_at="2025-08-31T08:00:00+08:00"),
        refund("3", "9"),
        line("4", quantity="-10", amount="-10.00"),
        line("5", category="device"),
        line("6"),
        line("6"),
    ]
    return [
        await face.upload(stay, worker, bad),
        await face.upload(stay, worker, [line("6")]),
        await face.upload(stay, worker, [line("6"), line("7")]),
        await face.upload(stay, worker, [line("6", quantity="20", amount="20.00")]),
        await face.upload(stay, worker, [refund("8", "6"), refund("9", "6")]),
    ]


@story
async def totals_that_differ(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    return [
        await face.discharge(stay, worker),
        await face.settle(stay, worker, "0.00"),
        await face.upload(stay, worker, [line("1")]),
        await face.settle(stay, worker, "10.01"),
        await face.settle(stay, worker, "10.00"),
    ]


@story
async def entitlement_lost_during_the_stay(world: World, face: Face) -> list[Outcome]:
    worker = await ready_worker(world)
    stay = (await face.admit(worker)).number
    began = world.clock.now
    world.clock.advance(days=2)
    late = line("2", occurred_at="2025-09-03T08:00:00+08:00")
    told = [await face.upload(stay, worker, [line("1"), late])]
    loss = {"worker": worker.number, "kind": "lump_sum", "lost_on": "2025-09-02", "reason": "示例"}
    answer = await world.agency("110000").post("/v1/entitlement-losses", loss)
    assert answer.status_code == 201, answer.text
    told += [await face.discharge(stay, worker), await face.settle(stay, worker, "20.00")]
    world.clock.now = began
    return told


def _at(world: World, face: Face, code: str) -> Face:
    """Go to another institution by the same face."""
    if isinstance(face, Rest):
        return Rest(world, world.institution(code))
    return Numbered(hospital(world, code))


async def _tail(world: World, statement: sa.TextClause, after: int) -> list[tuple[Any, ...]]:
    async with world.tx() as tx:
        return [tuple(row) for row in await tx.execute(statement, {"after": after})]


async def _last(world: World, table: str) -> int:
    async with world.tx() as tx:
        query = sa.text(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608 -- our own names
        return int((await tx.execute(query)).scalar_one())


async def _told(world: World, it: Story, face: Face) -> dict[str, Any]:
    """Tell a story and return what it left: answers without numbers, and rows without ids."""
    marks = {table: await _last(world, table) for table in ("entry", "settlement", "visit")}
    outcomes = await it(world, face)
    return {
        "outcomes": [replace(outcome, number="") for outcome in outcomes],
        "postings": await _tail(world, POSTINGS, marks["entry"]),
        "settlements": await _tail(world, SETTLEMENTS, marks["settlement"]),
        "lines": await _tail(world, LINES, marks["visit"]),
    }


@pytest.mark.parametrize("name", STORIES)
async def test_both_faces_leave_the_same_books(world: World, name: str) -> None:
    modern = await _told(world, STORIES[name], Rest(world, world.institution(JINAN)))
    numbered = await _told(world, STORIES[name], Numbered(hospital(world)))
    assert numbered["outcomes"] == modern["outcomes"]
    assert numbered["postings"] == modern["postings"]
    assert numbered["settlements"] == modern["settlements"]
    assert numbered["lines"] == modern["lines"]
    proof = (await world.operator.get("/v1/ledger/proof")).json()
    assert proof["holds"], proof


async def test_the_stories_settle_refuse_and_cancel(world: World) -> None:
    async with world.tx() as tx:
        kinds = await tx.execute(
            sa.text("SELECT kind, count(*) AS times FROM settlement GROUP BY kind")
        )
        counted = {row.kind: row.times for row in kinds}
    assert counted["settlement"] >= 14
    assert counted["cancellation"] >= 4
