"""A write through a bad network: one effect, or none, and the client knows which."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from hub_client import (
    HubRefusedError,
    NotFoundError,
    OutcomeUnknownError,
    RuleError,
    State,
)
from hub_client.orders import NewFiling
from tests.client.network import Fault
from tests.client.support import blocking, desktop
from tests.support.entitlement import registered
from tests.support.parties import seeded
from tests.support.world import START, World

BEIJING = "110000"
ONE_COPY_GETS_THROUGH = [
    [Fault.NONE],
    [Fault.LOST_BEFORE],
    [Fault.LOST_AFTER],
    [Fault.TWICE],
    [Fault.BAD_GATEWAY, Fault.BAD_GATEWAY],
    [Fault.GATEWAY_TIMEOUT],
    [Fault.TORN],
    [Fault.CAPTIVE],
    [Fault.DELAYED],
    [Fault.FAILED_AFTER],
    [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.BAD_GATEWAY, Fault.LOST_AFTER],
]


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def order(world: World) -> NewFiling:
    worker = await registered(world)
    return NewFiling(
        kind="residence",
        treatment_region="370100",
        cost_kinds=("medical",),
        worker=worker.number,
    )


async def filings_of(world: World, worker: str | None) -> int:
    async with world.tx() as tx:
        statement = sa.text(
            "SELECT count(*) FROM filing JOIN worker ON worker.id = worker_id WHERE"
            " worker.number = :number"
        )
        return int((await tx.execute(statement, {"number": worker})).scalar_one())


@pytest.mark.parametrize(
    "faults", ONE_COPY_GETS_THROUGH, ids=lambda it: "-".join(f.name for f in it)
)
async def test_whatever_the_network_does_there_is_one_effect(
    hub: World, faults: list[Fault]
) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING) as at:
        at.network.plan(*faults)
        filing = await at.client.submit_filing(asked)
        assert (filing.state, filing.worker) == ("approved", asked.worker)
        ids = {key for _, _, key in at.network.writes}
        assert len(ids) == 1
        assert at.desk.journal[ids.pop()].state is State.APPLIED
        assert not at.desk.journal.unsettled()
        for answer in await at.network.deliver_late():
            assert answer.headers["idempotency-replayed"] == "true"
    assert await filings_of(hub, asked.worker) == 1


async def test_the_intent_is_on_disk_before_the_request_leaves(hub: World, tmp_path: Path) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING, tmp_path / "journal", signs_in=True) as at:
        found: list[State] = []
        carry = at.network.hub.handle_async_request

        async def spy(request: httpx.Request) -> httpx.Response:
            found.extend(entry.state for entry in at.desk.journal.unsettled())
            return await carry(request)

        at.network.hub.handle_async_request = spy  # type: ignore[method-assign]  # a spy
        await at.client.submit_filing(asked)
        assert found == [State.MEANT, State.MEANT]  # the token's request, and the filing's


async def test_a_refusal_is_raised_with_its_code_facts_and_further_reasons(hub: World) -> None:
    asked = NewFiling(
        kind="residence",
        treatment_region="110100",
        cost_kinds=("medical", "device"),
        worker=(await registered(hub)).number,
    )
    async with desktop(hub, BEIJING) as at:
        with pytest.raises(RuleError) as caught:
            await at.client.submit_filing(asked)
        assert caught.value.problem.status == 422
        assert len(at.network.writes) == 1  # a refusal is not repeated
        made = at.network.writes[0][2]
        assert at.desk.journal[made].state is State.REFUSED
        assert caught.value.message_id == made


async def test_the_same_id_carries_every_repetition_and_pauses_grow(hub: World) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING) as at:
        at.network.plan(*[Fault.LOST_BEFORE] * 4)
        await at.client.submit_filing(asked)
        assert len({key for _, _, key in at.network.writes}) == 1
        assert at.pause.waits == sorted(at.pause.waits)
        assert len(at.pause.waits) == 4


async def test_no_answer_at_all_is_unknown_and_the_next_start_settles_it(
    hub: World, tmp_path: Path
) -> None:
    asked = await order(hub)
    journal = tmp_path / "journal"
    async with desktop(hub, BEIJING, journal) as at:
        await at.client.filings()
        at.network.plan(Fault.LOST_AFTER, *[Fault.LOST_BEFORE] * 99)
        at.network.plan_reads(*[Fault.LOST_BEFORE] * 99)
        with pytest.raises(OutcomeUnknownError) as caught:
            await at.client.submit_filing(asked)
        made = caught.value.message_id
        assert at.desk.journal[made].state is State.UNKNOWN
    async with desktop(hub, BEIJING, journal) as again:
        assert again.desk.journal[made].state is State.APPLIED
        assert not again.desk.journal.unsettled()
    assert await filings_of(hub, asked.worker) == 1


async def test_pressing_again_while_unknown_is_the_same_message(hub: World) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING) as at:
        await at.client.filings()
        at.network.plan(Fault.LOST_AFTER, *[Fault.LOST_BEFORE] * 99)
        at.network.plan_reads(*[Fault.LOST_BEFORE] * 99)
        with pytest.raises(OutcomeUnknownError):
            await at.client.submit_filing(asked)
        at.network.plan()
        at.network.plan_reads()
        await at.client.submit_filing(asked)
        assert len({key for _, _, key in at.network.writes}) == 1
    assert await filings_of(hub, asked.worker) == 1


async def test_a_retry_is_pressed_by_two_clerks_at_once_and_counts_once(hub: World) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING) as at:
        both = await asyncio.gather(*(at.client.submit_filing(asked) for _ in range(2)))
        assert both[0].number == both[1].number
    assert await filings_of(hub, asked.worker) == 1


async def test_an_expired_token_is_renewed_and_the_same_message_goes_again(hub: World) -> None:
    asked = await order(hub)
    async with desktop(hub, BEIJING, signs_in=True) as at:
        await at.client.filings()
        hub.clock.advance(hours=1)
        await at.client.submit_filing(asked)
        assert len({key for _, _, key in at.network.writes}) == 1
    assert await filings_of(hub, asked.worker) == 1


async def test_a_read_of_what_is_not_there_says_so(hub: World) -> None:
    async with desktop(hub, BEIJING) as at:
        with pytest.raises(NotFoundError) as caught:
            await at.client.filing("Y1100002509010009999")
        assert caught.value.code == "filing-unknown"


async def test_wrong_credentials_are_a_refusal_not_a_mystery(hub: World) -> None:
    async with desktop(hub, BEIJING, signs_in=True) as at:
        at.desk.credentials = type(at.desk.credentials)("110000-nobody", "x")
        with pytest.raises(HubRefusedError):
            await at.client.filings()


async def test_the_blocking_client_does_the_same(hub: World) -> None:
    asked = await order(hub)
    client = await blocking(hub, BEIJING)
    network = client._http._transport.network  # type: ignore[attr-defined]  # noqa: SLF001 -- looked at, not changed

    def work() -> tuple[str, int]:
        with client as desk:
            network.plan(Fault.LOST_AFTER, Fault.BAD_GATEWAY)
            return desk.submit_filing(asked).state, len(desk.filings(worker=asked.worker))

    assert await asyncio.to_thread(work) == ("approved", 1)
