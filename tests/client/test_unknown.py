"""When no answer comes: asking, sending once more, shutting out, settling at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from hub_client import (
    ConflictError,
    FencedError,
    OutcomeUnknownError,
    State,
    TotalsDifferError,
    UnreachableError,
    Unseen,
)
from hub_client.delivery import Outcome
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


def only_message(at: Desktop) -> str:
    """Return the one business id that left; fences have ids of their own."""
    (made,) = {key for _, _, key in at.network.writes if not key.startswith("f-")}
    return made


async def test_what_never_arrived_is_sent_once_more_and_then_shut_out(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        at.network.plan_writes_to("/v1/visits", Fault.DELAYED, *FOREVER)
        with pytest.raises(FencedError):
            await at.client.admit(admission(worker))
        made = only_message(at)
        assert at.desk.journal[made].state is State.FENCED
        assert (await at.client.outcome(made)).outcome is Outcome.FENCED
        (late,) = await at.network.deliver_late()
        assert (late.status_code, late.json()["code"]) == (422, "message-fenced")
        at.network.plan_writes_to("/v1/visits")
        assert (await at.client.admit(admission(worker))).state == "admitted"


async def test_a_client_may_choose_never_to_send_again(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN, when_unseen=Unseen.FENCE) as at:
        rounds = len(await attempts(at, worker_admission=admission(worker)))
    async with desktop(hub, JINAN, when_unseen=Unseen.RESEND) as at:
        assert len(await attempts(at, worker_admission=admission(worker))) > rounds


async def attempts(at: Desktop, worker_admission: object) -> list[str]:
    at.network.plan_writes_to("/v1/visits", *FOREVER)
    with pytest.raises(FencedError):
        await at.client.admit(worker_admission)  # type: ignore[arg-type]  # an admission
    return [key for _, path, key in at.network.writes if path == "/v1/visits"]


async def test_a_start_shuts_out_what_a_crash_left_behind(hub: World, tmp_path: Path) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN, tmp_path / "j") as at:
        at.network.plan(*FOREVER)
        at.network.plan_reads(*FOREVER)
        with pytest.raises(OutcomeUnknownError):
            await at.client.admit(admission(worker))
        made = only_message(at)
    async with desktop(hub, JINAN, tmp_path / "j") as again:
        assert again.desk.journal[made].state is State.FENCED


async def test_a_start_may_carry_on_what_a_crash_left_behind(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        at.network.plan(*FOREVER)
        at.network.plan_reads(*FOREVER)
        with pytest.raises(OutcomeUnknownError):
            await at.client.admit(admission(worker))
        at.network.plan()
        at.network.plan_reads()
        (settled,) = await at.client.recover(Unseen.RESEND)
        assert settled.state is State.APPLIED


async def test_a_hub_that_cannot_be_reached_leaves_the_journal_as_it_is(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        at.network.plan(*FOREVER)
        at.network.plan_reads(*FOREVER)
        with pytest.raises(OutcomeUnknownError):
            await at.client.admit(admission(worker))
        assert await at.client.recover() == []
        assert len(at.desk.journal.unsettled()) == 1
        with pytest.raises(UnreachableError):
            await at.client.institutions()


async def test_a_refusal_after_lost_copies_is_shut_out_so_that_no_copy_comes_true_later(
    hub: World,
) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        await at.client.upload_lines(visit.number, lines(1))
        path = f"/v1/visits/{visit.number}/settle"
        at.network.plan_writes_to(path, Fault.DELAYED)
        with pytest.raises(ConflictError) as caught:  # the patient has not left
            await at.client.settle(visit.number, total=lines(1)[0].amount, line_count=1)
        assert caught.value.message_id is not None
        assert (await at.client.outcome(caught.value.message_id)).outcome is Outcome.FENCED
        await at.client.discharge(visit.number, LEFT_AT)
        (late,) = await at.network.deliver_late()
        assert late.json()["code"] == "message-fenced"
        assert await at.client.settlements(visit=visit.number) == []


async def test_a_hub_that_fails_is_not_asked_again_and_the_message_shut_out(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        at.network.plan_writes_to("/v1/visits", Fault.FAILED)
        with pytest.raises(FencedError):
            await at.client.admit(admission(worker))
        assert [path for _, path, _ in at.network.writes].count("/v1/visits") == 1
        assert (await at.client.admit(admission(worker))).state == "admitted"


async def test_a_refusal_learnt_by_asking_is_raised_and_shut_out(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        await at.client.upload_lines(visit.number, lines(1))
        at.network.plan_writes_to(f"/v1/visits/{visit.number}/settle", *[Fault.LOST_AFTER] * 99)
        with pytest.raises(ConflictError) as caught:
            await at.client.settle(visit.number, total=lines(1)[0].amount, line_count=1)
        assert caught.value.message_id is not None
        assert (await at.client.outcome(caught.value.message_id)).outcome is Outcome.FENCED


async def test_a_refusal_that_cannot_be_shut_out_stays_in_doubt_until_it_can(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        await at.client.upload_lines(visit.number, lines(1))
        at.network.plan(Fault.DELAYED, Fault.NONE, *FOREVER)
        with pytest.raises(OutcomeUnknownError) as caught:
            await at.client.settle(visit.number, total=lines(1)[0].amount, line_count=1)
        at.network.plan()
        (settled,) = await at.client.recover()
        assert (settled.id, settled.state) == (caught.value.message_id, State.REFUSED)
        (late,) = await at.network.deliver_late()
        assert late.json()["code"] == "message-fenced"


async def test_totals_that_differ_leave_no_trace_in_the_journal(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        with pytest.raises(TotalsDifferError):
            await at.client.settle(visit.number, total=lines(1)[0].amount, line_count=1)
        assert at.desk.journal.unsettled() == []
