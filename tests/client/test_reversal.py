"""Undoing a message whatever became of it, also when nobody knows what did."""

from __future__ import annotations

from decimal import Decimal

import pytest
import pytest_asyncio

from hub_client import AnswerUnreadableError, FencedError, OutcomeUnknownError, ReversedError, State
from hub_client.answers import Visit
from hub_client.delivery import Outcome, Reversal, Told
from tests.client.network import Fault
from tests.client.stays import LEFT_AT, admission, expected, lines, ready
from tests.client.support import Desktop, desktop
from tests.support.institutions import JINAN
from tests.support.world import World

FOREVER = [Fault.LOST_BEFORE] * 200


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    return world


async def left(at: Desktop, world: World) -> Visit:
    visit = await at.client.admit(admission(await expected(world)))
    await at.client.upload_lines(visit.number, lines(1))
    return await at.client.discharge(visit.number, LEFT_AT)


async def settle(at: Desktop, visit: Visit) -> str:
    """Settle and return the message's id."""
    await at.client.settle(visit.number, total=Decimal(2), line_count=1)
    return at.desk.journal.meant_on("2025-09-01")[-1].id


async def test_a_settlement_is_reversed_and_the_journal_knows(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await left(at, hub)
        made = await settle(at, visit)
        at.network.plan(Fault.LOST_AFTER, Fault.TORN)
        assert await at.client.reverse(made) is Reversal.REVERSED
        assert at.desk.journal[made].state is State.REVERSED
        assert await at.client.reverse(made) is Reversal.ALREADY_REVERSED
        assert (await at.client.visit(visit.number)).state == "discharged"
        await settle(at, visit)


async def test_a_message_of_unknown_outcome_is_reversed_and_its_late_copy_refused(
    hub: World,
) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await left(at, hub)
        at.network.plan(Fault.DELAYED, *FOREVER)
        at.network.plan_reads(Fault.NONE, *FOREVER)  # the visit's totals, and then silence
        with pytest.raises(OutcomeUnknownError) as caught:
            await settle(at, visit)
        at.network.plan()
        at.network.plan_reads()
        made = caught.value.message_id
        assert await at.client.reverse(made) is Reversal.NOTHING_TO_REVERSE
        assert at.desk.journal[made].state is State.FENCED
        assert at.desk.journal.unsettled() == []
        (late,) = await at.network.deliver_late()
        assert late.json()["code"] == "message-fenced"


async def test_an_unfinished_reversal_is_carried_on_at_the_next_start(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await left(at, hub)
        made = await settle(at, visit)
        at.network.plan(*FOREVER)
        at.network.plan_reads(*FOREVER)
        with pytest.raises(OutcomeUnknownError):
            await at.client.reverse(made)
        at.network.plan()
        at.network.plan_reads()
        (carried,) = await at.client.recover()
        assert carried.state is State.APPLIED
        assert at.desk.journal[made].state is State.REVERSED
        assert (await at.client.visit(visit.number)).state == "discharged"


async def test_what_cannot_be_reversed_stands(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(await expected(hub)))
        made = at.desk.journal.meant_on("2025-09-01")[-1].id
        await at.client.upload_lines(visit.number, lines(1))
        await at.client.discharge(visit.number, LEFT_AT)
        assert await at.client.reverse(made) is Reversal.NOT_REVERSIBLE
        assert at.desk.journal[made].state is State.APPLIED


async def test_a_copy_that_goes_out_after_the_reversal_tells_what_happened(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await left(at, hub)
        at.network.plan(Fault.LOST_AFTER, *FOREVER)
        at.network.plan_reads(Fault.NONE, *FOREVER)
        with pytest.raises(OutcomeUnknownError) as caught:
            await settle(at, visit)
        at.network.plan()
        at.network.plan_reads()
        elsewhere = hub.institution(JINAN)
        await elsewhere.post("/v1/reversals", {"message": caught.value.message_id})
        with pytest.raises(ReversedError):
            await settle(at, visit)
        await elsewhere.post("/v1/messages/x-1/fence", None)
        assert (await at.client.fence("x-1")).outcome is Outcome.FENCED


async def test_a_message_shut_out_by_another_window_is_told_as_such(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visit = await left(at, hub)
        at.network.plan(*FOREVER)
        at.network.plan_reads(Fault.NONE, *FOREVER)
        with pytest.raises(OutcomeUnknownError) as caught:
            await settle(at, visit)
        at.network.plan()
        at.network.plan_reads()
        path = f"/v1/messages/{caught.value.message_id}/fence"
        await hub.institution(JINAN).post(path, None)
        with pytest.raises(FencedError):
            await settle(at, visit)


def test_an_outcome_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(AnswerUnreadableError):
        Told.read({"outcome": "perhaps"})
    with pytest.raises(AnswerUnreadableError):
        Told.read(["applied"])
