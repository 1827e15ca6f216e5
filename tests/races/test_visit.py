"""Visits under rivals: whatever the order, one open visit, exact totals, one use of a serial."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from tests.support.institutions import JINAN
from tests.support.visit import (
    VISITS,
    admission,
    admit,
    admitted,
    codes,
    discharged,
    line,
    ready_worker,
    refund,
    road,
    upload,
)
from tests.support.world import World

QINGDAO = "H37020000001"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def totals(world: World, visit: str) -> tuple[int, str]:
    body = (await world.operator.get(f"{VISITS}/{visit}")).json()
    return body["line_count"], body["total"]


async def test_two_hospitals_admitting_one_worker_at_once_get_one_visit(world: World) -> None:
    worker = await ready_worker(world, treatment_region="370000")
    answers = await asyncio.gather(
        *(admit(world, worker, code) for code in (JINAN, QINGDAO) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {codes(answer)[0] for answer in answers if answer.status_code == 409} == {"visit-open"}


async def test_copies_of_one_admission_make_one_visit(world: World) -> None:
    worker = await ready_worker(world)
    hospital = world.institution(JINAN)
    answers = await asyncio.gather(
        *(hospital.post(VISITS, admission(worker), key="one-admission") for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


async def test_calls_of_different_lines_at_once_all_count(world: World) -> None:
    visit = await admitted(world)
    answers = await asyncio.gather(
        *(upload(world, visit, line(f"{n}a"), line(f"{n}b")) for n in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await totals(world, visit) == (24, "240.00")


async def test_the_same_lines_under_different_messages_are_stored_once(world: World) -> None:
    visit = await admitted(world)
    answers = await asyncio.gather(*(upload(world, visit, line("1")) for _ in range(10)))
    assert sorted(answer.json()["accepted"] for answer in answers) == [0] * 9 + [1]
    assert await totals(world, visit) == (1, "10.00")


async def test_rival_refunds_never_take_back_more_than_was_charged(world: World) -> None:
    visit = await admitted(world)
    await upload(world, visit, line("0"))
    answers = await asyncio.gather(
        *(
            upload(world, visit, refund(str(n), "0", quantity="-3", amount="-3.00"))
            for n in range(1, 7)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 3
    assert await totals(world, visit) == (4, "1.00")


async def test_a_cancellation_and_an_upload_at_once_leave_no_lines_behind(world: World) -> None:
    for _ in range(5):
        visit = await admitted(world)
        hospital = world.institution(JINAN)
        cancel, taken = await asyncio.gather(
            hospital.post(f"{VISITS}/{visit}/cancel"), upload(world, visit, line("1"))
        )
        outcome = (cancel.status_code, taken.status_code)
        assert outcome in {(200, 409), (409, 201)}
        assert (await totals(world, visit))[0] == (0 if cancel.status_code == 200 else 1)


async def test_undoing_a_discharge_and_an_admission_elsewhere_do_not_both_happen(
    world: World,
) -> None:
    for _ in range(5):
        worker = await ready_worker(world, treatment_region="370000")
        visit = await admitted(world, worker)
        await discharged(world, visit)
        undone, elsewhere = await asyncio.gather(
            world.institution(JINAN).post(f"{VISITS}/{visit}/discharge/undo"),
            admit(world, worker, QINGDAO, admitted_at=world.clock.now.isoformat()),
        )
        assert (undone.status_code, elsewhere.status_code) in {(200, 409), (409, 201)}


async def test_a_visit_is_continued_by_one_of_two_rival_transfers(world: World) -> None:
    worker = await ready_worker(world, treatment_region="370000")
    first = await admitted(world, worker)
    await discharged(world, first)
    at = world.clock.now.isoformat()
    answers = await asyncio.gather(
        *(admit(world, worker, QINGDAO, transfer_from=first, admitted_at=at) for _ in range(6))
    )
    assert [answer.status_code for answer in answers].count(201) == 1
    refused = {codes(answer)[0] for answer in answers if answer.status_code != 201}
    assert refused <= {"transfer-mismatch", "visit-open"}
