"""The day's end: equal, or every difference named, decided and repaired; bad software included."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio

from hub_client import OutcomeUnknownError, adopt_the_hubs
from hub_client.answers import Difference, Settlement, Visit
from hub_client.orders import DayRow, Repair
from tests.client.network import Fault, Network
from tests.client.stays import LEFT_AT, admission, expected, lines, ready
from tests.client.support import Desktop, desktop
from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN
from tests.support.world import Client, World

WORKERS: list[KnownWorker] = []  # filed on the day everybody is admitted


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    WORKERS.extend([await expected(world) for _ in range(30)])
    return world


@pytest_asyncio.fixture(loop_scope="session")
async def day(hub: World) -> World:
    """Each test has a day of its own."""
    hub.clock.advance(days=1)
    return hub


async def left(at: Desktop) -> Visit:
    visit = await at.client.admit(admission(WORKERS.pop()))
    await at.client.upload_lines(visit.number, lines(2))
    return await at.client.discharge(visit.number, LEFT_AT)


async def settled(at: Desktop) -> Settlement:
    visit = await left(at)
    return await at.client.settle(visit.number, total=Decimal(4), line_count=2)


def book(*settlements: Settlement) -> list[DayRow]:
    return [DayRow(it.number, it.total, it.fund) for it in settlements]


async def test_equal_books_are_clean_at_the_first_question(day: World) -> None:
    async with desktop(day, JINAN) as at:
        first, second = await settled(at), await settled(at)
        twin = await at.client.cancel_settlement(second.number)
        sent = len(at.network.writes)
        done = await at.client.reconcile_day(first.business_day, book(first, second, twin))
        assert (done.result, done.is_clean) == ("equal", True)
        assert len(at.network.writes) == sent + 1
        assert await at.client.journal_rows(first.business_day) == book(first, second, twin)


async def test_what_the_hospital_lost_is_named_and_adopted(day: World) -> None:
    async with desktop(day, JINAN) as at:
        kept, lost = await settled(at), await settled(at)
        found = await at.client.reconcile_day(kept.business_day, book(kept))
        assert (found.result, found.state, found.only_hub_count) == ("hub_has_more", "open", 1)
        (difference,) = await at.client.differences(found.number)
        assert (difference.settlement, difference.kind) == (lost.number, "only_hub")
        assert not (await at.client.am_i_clean(kept.business_day)).clean
        done = await at.client.reconcile_day(kept.business_day, book(kept), adopt_the_hubs)
        assert (done.is_clean, done.left) == (True, 0)


async def test_what_only_the_hub_has_can_be_undone_there(day: World) -> None:
    def undo(difference: Difference) -> Repair | None:
        return Repair(act="reverse", note="机构未收费") if difference.kind == "only_hub" else None

    async with desktop(day, JINAN) as at:
        kept, unwanted = await settled(at), await settled(at)
        done = await at.client.reconcile_day(kept.business_day, book(kept), undo)
        assert done.left == 0
        assert (await at.client.settlement(unwanted.number)).cancelled_by is not None
        assert (await at.client.visit(unwanted.visit)).state == "discharged"


async def test_amounts_that_differ_are_told_with_both_sides(day: World) -> None:
    async with desktop(day, JINAN) as at:
        it = await settled(at)
        wrong = [DayRow(it.number, it.total + 1, it.fund)]
        found = await at.client.reconcile_day(it.business_day, wrong)
        assert (found.result, found.different_count) == ("amounts_differ", 1)
        (difference,) = await at.client.differences(found.number)
        assert difference.hub is not None
        assert difference.sender is not None
        assert difference.sender.total - difference.hub.total == 1


async def test_no_day_is_compared_while_a_message_is_in_doubt(day: World) -> None:
    async with desktop(day, JINAN) as at:
        visit = await left(at)
        at.network.plan(*[Fault.LOST_BEFORE] * 99)
        at.network.plan_reads(Fault.NONE, *[Fault.LOST_BEFORE] * 99)
        with pytest.raises(OutcomeUnknownError):
            await at.client.settle(visit.number, total=Decimal(4), line_count=2)
        at.network.plan()
        with pytest.raises(OutcomeUnknownError):
            await at.client.reconcile_day(day.clock.now.date(), [])


@dataclass(slots=True)
class BadSoftware:
    """Takes silence for failure, makes a new id for every press, books only what it was told."""

    me: Client
    network: Network
    presses: int
    books: list[DayRow] = field(default_factory=list)

    async def post(self, path: str, body: object) -> httpx.Response | None:
        async with httpx.AsyncClient(transport=self.network, base_url="http://hub") as http:
            for _ in range(self.presses):
                try:
                    answer = await http.post(path, json=body, headers=self.me.headers())
                except httpx.TransportError:
                    continue
                if answer.status_code < 500:
                    return answer
        return None

    async def settle(self, visit: str) -> None:
        self.keep(await self.post(f"/v1/visits/{visit}/settle", {"total": "4.00"}))

    async def regret(self) -> None:
        for row in list(self.books):
            self.keep(await self.post(f"/v1/settlements/{row.settlement}/cancel", {}))

    def keep(self, answer: httpx.Response | None) -> None:
        """Book a success; anything else, also a torn answer, counts as failed."""
        try:
            told = {} if answer is None or answer.status_code != 201 else answer.json()
        except ValueError:
            return
        if told:
            amounts = Decimal(told["total"]), Decimal(told["fund"])
            self.books.append(DayRow(told["number"], *amounts))


@pytest.mark.parametrize("presses", [1, 4], ids=["gives-up", "presses-again"])
async def test_bad_software_ends_with_no_difference_after_one_reconciliation(
    day: World, presses: int
) -> None:
    dice = random.Random(presses)  # noqa: S311 -- the same run every time
    faults = [it for it in Fault if it is not Fault.CAPTIVE]
    async with desktop(day, JINAN) as at:
        visits = [await left(at) for _ in range(8)]
        network = Network(at.network.hub)
        bad = BadSoftware(day.institution(JINAN), network, presses)
        for visit in visits:
            network.plan(*dice.choices(faults, k=6))
            await bad.settle(visit.number)
            if dice.random() < 0.5:
                await bad.regret()
        await network.deliver_late()
        today = (await at.client.settlements())[-1].business_day
        found = await at.client.reconcile_day(today, bad.books, adopt_the_hubs)
        assert (found.is_clean, found.left) == (True, 0)
        assert found.only_hub_count > 0, "the network was kind; the test shows nothing"
        for visit in visits:
            rows = await at.client.settlements(visit=visit.number)
            standing = [it for it in rows if it.kind == "settlement" and not it.cancelled_by]
            assert len(standing) <= 1
