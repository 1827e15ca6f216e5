"""A stay from the desk's side: what a hospital's software does from card to invoice, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from hub_client import ConflictError, LinesMissingError, NotFoundError, RuleError, TotalsDifferError
from tests.client.network import Fault
from tests.client.stays import LEFT_AT, admission, expected, identity, lines, ready
from tests.client.support import desktop
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.world import World


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    return world


async def booked(world: World) -> tuple[int, int]:
    """Return how many settlements there are and what all accounts sum to."""
    async with world.tx() as tx:
        count = (await tx.execute(sa.text("SELECT count(*) FROM settlement"))).scalar_one()
        total = (await tx.execute(sa.text("SELECT sum(balance_fen) FROM account"))).scalar_one()
    return int(count), int(total or 0)


async def test_a_whole_stay_with_201_lines_survives_a_bad_day_of_the_network(hub: World) -> None:
    worker = await expected(hub)
    before, _ = await booked(hub)
    async with desktop(hub, JINAN) as at:
        desk = at.client
        shown = await desk.identify(identity(worker))
        assert (shown.worker, len(shown.filings)) == (worker.number, 1)
        at.network.plan(Fault.LOST_AFTER)
        visit = await desk.admit(admission(worker))
        assert visit.state == "admitted"
        at.network.plan(Fault.TORN, Fault.NONE, Fault.LOST_BEFORE, Fault.NONE, Fault.TWICE)
        taken = await desk.upload_lines(visit.number, lines(201))
        assert (taken.accepted, taken.line_count, taken.total) == (201, 201, Decimal("402.00"))
        at.network.plan(Fault.GATEWAY_TIMEOUT)
        assert (await desk.discharge(visit.number, LEFT_AT)).state == "discharged"
        shown_to_patient = await desk.preview(visit.number)
        at.network.plan(Fault.LOST_AFTER, Fault.BAD_GATEWAY)
        settled = await desk.settle(visit.number, total=Decimal(402), line_count=201)
        assert (settled.total, settled.fund) == (shown_to_patient.total, shown_to_patient.fund)
        assert settled.fund > 0
        assert [it.number for it in await desk.settlements(visit=visit.number)] == [settled.number]
        assert len((await desk.settlement(settled.number)).lines) == 201
    assert await booked(hub) == (before + 1, 0)


async def test_everything_is_undone_strictly_backwards(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        desk = at.client
        visit = await desk.admit(admission(worker))
        await desk.upload_lines(visit.number, lines(3))
        await desk.discharge(visit.number, LEFT_AT)
        settled = await desk.settle(visit.number, total=Decimal(6), line_count=3)
        with pytest.raises(ConflictError):
            await desk.undo_discharge(visit.number)
        twin = await desk.cancel_settlement(settled.number, reason="明细录入有误")
        assert (twin.cancels, twin.total) == (settled.number, -settled.total)
        assert (await desk.undo_discharge(visit.number)).state == "admitted"
        assert (await desk.remove_line(visit.number, "000003")).line_count == 2
        assert (await desk.remove_lines(visit.number)).line_count == 0
        assert (await desk.cancel_visit(visit.number)).state == "cancelled"


async def test_a_total_that_differs_is_told_before_anything_is_sent(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        await at.client.upload_lines(visit.number, lines(2))
        sent = len(at.network.writes)
        with pytest.raises(TotalsDifferError) as caught:
            await at.client.settle(visit.number, total=Decimal(6), line_count=3)
        assert (caught.value.ours, caught.value.hub) == ((3, Decimal(6)), (2, Decimal("4.00")))
        assert len(at.network.writes) == sent


async def test_an_upload_may_be_repeated_whole_or_with_more(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        await at.client.upload_lines(visit.number, lines(100))
        again = await at.client.upload_lines(visit.number, lines(100))
        assert (again.accepted, again.replayed, again.line_count) == (0, 100, 100)
        more = await at.client.upload_lines(visit.number, lines(150, first=51))
        assert (more.accepted, more.replayed, more.line_count) == (100, 50, 200)
        assert more.total == Decimal("400.00")


async def test_a_bad_line_stores_nothing_and_is_named(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        bad = [*lines(2), replace(lines(1, first=3)[0], amount=Decimal("9.99"))]
        with pytest.raises(RuleError) as caught:
            await at.client.upload_lines(visit.number, bad)
        assert caught.value.code == "lines-refused"
        assert '"000003"' in str(caught.value.facts).replace("'", '"')
        assert (await at.client.visit(visit.number)).line_count == 0


async def test_totals_changed_by_somebody_else_are_noticed(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at, desktop(hub, JINAN, window=1) as other:
        visit = await at.client.admit(admission(worker))
        carry = at.network.hub.handle_async_request
        meddled: list[bool] = []

        async def meddle(request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and not meddled:
                meddled.append(True)
                await other.client.upload_lines(visit.number, lines(1, first=900))
            return await carry(request)

        at.network.hub.handle_async_request = meddle  # type: ignore[method-assign]  # a rival
        with pytest.raises(TotalsDifferError):
            await at.client.upload_lines(visit.number, lines(2))


async def test_an_admission_refused_for_several_reasons_tells_them_all(hub: World) -> None:
    worker = await expected(hub)
    asked = admission(worker)
    stranger = replace(asked, worker=replace(asked.worker, name="别人", card="Z99999999"))
    async with desktop(hub, JINAN) as at:
        with pytest.raises(RuleError) as caught:
            await at.client.admit(stranger)
        assert {"name-mismatch", "card-mismatch"} <= set(caught.value.problem.all_codes)


async def test_a_fitting_has_no_discharge(hub: World) -> None:
    worker = await expected(hub, "device")
    async with desktop(hub, JINAN_DEVICES) as at:
        visit = await at.client.fit(admission(worker))
        assert (visit.kind, visit.cost_kind) == ("fitting", "device")


async def test_one_hospitals_visit_does_not_exist_for_another(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at, desktop(hub, JINAN_DEVICES) as other:
        visit = await at.client.admit(admission(worker))
        with pytest.raises(NotFoundError):
            await other.client.visit(visit.number)


async def test_institutions_are_found_page_by_page(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        found = await at.client.institutions(place="370100", on=hub.clock.now.date())
        assert JINAN in {it.code for it in found}


async def test_a_line_lost_on_the_way_is_named(hub: World) -> None:
    worker = await expected(hub)
    async with desktop(hub, JINAN) as at:
        visit = await at.client.admit(admission(worker))
        carry = at.network.hub.handle_async_request

        async def lose_one(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/lines") and request.method == "POST":
                fewer = {"lines": json.loads(request.content)["lines"][:-1]}
                request = httpx.Request(
                    request.method,
                    request.url,
                    headers={
                        name: request.headers[name] for name in ("authorization", "idempotency-key")
                    },
                    json=fewer,
                )
            return await carry(request)

        at.network.hub.handle_async_request = lose_one  # type: ignore[method-assign]  # a thief
        with pytest.raises(LinesMissingError) as caught:
            await at.client.upload_lines(visit.number, lines(3))
        assert caught.value.serials == ("000003",)
