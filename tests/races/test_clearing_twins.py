"""A contest is answered while its settlement is cancelled: the money goes back once."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from app.clearing.store import contests
from app.kernel.regions import Scheme
from app.proof.service.verifying import verify
from app.runtime.db import Tx
from app.runtime.work import Work
from tests.support.clearing import (
    a_hospital_with_one_drug,
    all_claims,
    claim_path,
    cleared,
    digest_of,
    noticed,
    ready_to_settle,
    settled,
)
from tests.support.institutions import JINAN
from tests.support.ledger import balances, proven
from tests.support.parties import as_operator
from tests.support.world import World

_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()"
)
QUARTERS = (("2025-08-05", "2025-10-21", "2025Q3"), ("2025-11-05", "2026-01-21", "2025Q4"))


@pytest.mark.parametrize("first", ["reply", "cancel"])
async def test_an_answer_and_a_cancellation_at_once_give_the_money_back_once(
    world: World, first: str
) -> None:
    """Of 60 yuan nothing is agreed and all is cancelled, in whichever order they come."""
    day, after, quarter = QUARTERS[first == "cancel"]
    world.clock.set_day(day)
    if first == "reply":
        await a_hospital_with_one_drug(world)
    number = await settled(world, await ready_to_settle(world, 60), 60)
    world.clock.set_day(after)
    clearing = await cleared(world, quarter)
    claim = next(
        it["claim"]
        for it in await all_claims(world, clearing)
        if it["claim"]["totals"]["fund"] == "60.00"
    )
    objection = {"settlement": number, "reason": "not_insured_here", "note": "非本地参保"}
    body = digest_of(claim) | {"contests": [objection]}
    path = f"{claim_path(clearing, claim)}/confirmations"
    assert (await world.agency("110000").post(path, body)).status_code == 201
    shandong = world.agency("370000")
    listed = await shandong.get("/v1/contests", clearing=clearing)
    contest = listed.json()["items"][0]["number"]
    before = {name: fen for name, (fen, _) in (await balances(world)).items()}

    acts = [
        shandong.post(f"/v1/contests/{contest}/reply", {"reply": "accepted", "note": "认可"}),
        world.institution(JINAN).post(
            f"/v1/settlements/{number}/cancel", {"adjustment": True, "reason": "录入有误"}
        ),
    ]
    answers = await asyncio.gather(*(acts if first == "reply" else reversed(acts)))
    assert {answer.status_code for answer in answers} <= {201, 422}
    after_all = {name: fen for name, (fen, _) in (await balances(world)).items()}
    assert after_all["uncleared:110000:370000"] == before["uncleared:110000:370000"] - 6000
    payable = f"payable:370000:{JINAN}"
    assert after_all[payable] == before[payable] + 6000
    assert (await proven(world)).holds


async def test_a_clearing_counts_what_rolls_into_it_and_nobody_answers_it_meanwhile(
    world: World,
) -> None:
    """Between counting a contest that rolled on and linking it, its answer waits."""
    world.clock.set_day("2026-02-05")
    number = await settled(world, await ready_to_settle(world, 50), 50)
    world.clock.set_day("2026-04-21")
    clearing = await cleared(world, "2026Q1")
    claim = next(
        it["claim"]
        for it in await all_claims(world, clearing)
        if it["claim"]["totals"]["settlements"] > 0
    )
    objection = {"settlement": number, "reason": "not_insured_here", "note": "非本地参保"}
    body = digest_of(claim) | {"contests": [objection]}
    path = f"{claim_path(clearing, claim)}/confirmations"
    assert (await world.agency("110000").post(path, body)).status_code == 201
    await noticed(world, clearing)
    shandong = world.agency("370000")
    contest = (await shandong.get("/v1/contests", clearing=clearing)).json()["items"][0]["number"]
    reached, go = asyncio.Event(), asyncio.Event()

    async def counting(work: Work) -> list[int]:
        waiting = await contests.hold_waiting(work.tx, Scheme.CROSS_PROVINCE)
        work.record("test", "test")
        reached.set()
        await go.wait()
        return waiting

    holding = asyncio.create_task(as_operator(world, counting))
    await reached.wait()
    answer = {"reply": "accepted", "note": "认可"}
    replying = asyncio.create_task(shandong.post(f"/v1/contests/{contest}/reply", answer))
    async with world.hub.reading_engine.connect() as watch:
        while not (await watch.execute(_AWAITED)).scalar_one():
            assert not replying.done(), "the clearing holds it"
    go.set()
    assert len(await holding) == 1
    assert (await replying).status_code == 201
    world.clock.set_day("2026-07-21")
    await cleared(world, "2026Q2")
    async with world.tx() as tx:
        assert not (await verify(Tx(tx), world.clock.now.date())).broken
