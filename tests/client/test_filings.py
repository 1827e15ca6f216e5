"""An agency's desk: filings one by one and in batches of any length, and lists of many pages."""

from __future__ import annotations

import httpx
import pytest
import pytest_asyncio

from hub_client import AnswerUnreadableError, MalformedError, UnreachableError
from hub_client.orders import BatchRow, Claim, NewFiling
from hub_client.verbs import filings as verbs
from tests.client.support import desktop
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import submitted
from tests.support.parties import seeded
from tests.support.world import START, World

BEIJING = "110000"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


def row(worker: KnownWorker, **other: str) -> BatchRow:
    return BatchRow(
        certificate_number=worker.person.number,
        name=other.get("name", worker.person.name),
        kind="residence",
        treatment_region="370100",
        cost_kinds=("medical",),
    )


async def test_a_waiting_filing_is_approved_or_rejected(hub: World) -> None:
    async with desktop(hub, BEIJING) as at:
        waiting, other = await submitted(hub), await submitted(hub)
        assert (await at.client.approve_filing(waiting["number"])).state == "approved"
        rejected = await at.client.reject_filing(other["number"], "材料不全")
        assert (rejected.state, rejected.reason) == ("rejected", "材料不全")
        assert (await at.client.filing(other["number"])).state == "rejected"


async def test_a_filing_is_submitted_by_claim_and_cancelled(hub: World) -> None:
    worker = await registered(hub)
    claim = Claim(certificate_number=worker.person.number, name=worker.person.name)
    asked = NewFiling(
        kind="posting", treatment_region="370000", cost_kinds=("medical",), claim=claim
    )
    async with desktop(hub, BEIJING) as at:
        filing = await at.client.submit_filing(asked)
        assert (await at.client.cancel_filing(filing.number, "返回参保地")).state == "cancelled"


async def test_a_long_batch_is_split_and_its_rows_keep_their_numbers(
    hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "ROWS_PER_CALL", 2)
    workers = [await registered(hub) for _ in range(5)]
    rows = [row(each) for each in workers]
    rows[3] = row(workers[3], name="别人")
    async with desktop(hub, BEIJING) as at:
        done = await at.client.file_batch(rows)
        assert [it.row for it in done.accepted] == [1, 2, 3, 5]
        assert [(it.row, it.errors[0].code) for it in done.refused] == [(4, "name-mismatch")]
        again = await at.client.file_batch(rows)
        assert all(it.already_filed for it in again.accepted)
        with pytest.raises(ValueError, match="no rows"):
            await at.client.file_batch([])


async def test_a_list_is_read_to_its_last_page(hub: World) -> None:
    async with desktop(hub, BEIJING) as at:
        whole = await at.client.filings()
        carry = at.network.hub.handle_async_request

        async def by_ones(request: httpx.Request) -> httpx.Response:
            url = request.url.copy_merge_params({"limit": "1"})
            return await carry(httpx.Request(request.method, url, headers=request.headers))

        at.network.hub.handle_async_request = by_ones  # type: ignore[method-assign]  # a small page
        assert await at.client.filings() == whole
        assert len(whole) > 3


async def test_answers_that_are_not_the_hubs_are_told_apart(hub: World) -> None:
    async with desktop(hub, BEIJING) as at:

        async def strange(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=["what"], request=request)

        at.network.hub.handle_async_request = strange  # type: ignore[method-assign]  # not a hub
        with pytest.raises(AnswerUnreadableError):
            await at.client.filing("Y1100002509010000001")
        at.desk.token = None
        with pytest.raises(UnreachableError):
            await at.client.filings()


async def test_a_long_upload_of_nothing_is_the_callers_mistake(hub: World) -> None:
    async with desktop(hub, BEIJING) as at:
        with pytest.raises(ValueError, match="no lines"):
            await at.client.upload_lines("S1", [])
        asked = NewFiling(kind="residence", treatment_region="110100", cost_kinds=("medical",))
        with pytest.raises(MalformedError):
            await at.client.submit_filing(asked)
