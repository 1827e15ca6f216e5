"""What admission asks of filings, how visits lean on them, and how they expire."""

from __future__ import annotations

from datetime import date

import pytest
import pytest_asyncio

from app.filing import service
from app.filing.model import Filing
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.runtime.work import Work
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import FILINGS, filed, wish
from tests.support.institutions import JINAN, seeded_institutions
from tests.support.parties import as_operator, seeded
from tests.support.world import START, World

MEDICAL = CostKind.MEDICAL


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def worker_id(world: World, someone: KnownWorker) -> int:
    async with world.tx() as connection:
        query = "SELECT id FROM worker WHERE number = $1"
        return int((await connection.exec_driver_sql(query, (someone.number,))).scalar_one())


async def covering(
    world: World, someone: KnownWorker, region: str, day: str, kind: CostKind = MEDICAL
) -> str | list[str]:
    of = await worker_id(world, someone)
    async with world.rx() as rx:
        found = await service.covering(rx, of, region, kind, date.fromisoformat(day))
    return found.number if isinstance(found, Filing) else [it.code for it in found]


async def kept(world: World, number: str) -> Filing:
    async with world.rx() as rx:
        query = "SELECT id FROM filing WHERE number = $1"
        filing_id = (await rx.exec_driver_sql(query, (number,))).scalar_one()
        return await service.by_id(rx, filing_id)


async def test_both_ends_of_the_term_cover(hub: World) -> None:
    someone = await registered(hub)
    assert await covering(hub, someone, "370100", "2025-09-01") == ["filing-missing"]
    number = (await filed(hub, someone))["number"]
    for day in ("2025-09-01", "2026-09-01"):
        assert await covering(hub, someone, "370100", day) == number
    assert await covering(hub, someone, "370100", "2025-08-31") == ["filing-not-started"]
    assert await covering(hub, someone, "370100", "2026-09-02") == ["filing-expired"]
    assert await covering(hub, someone, "370200", "2025-09-01") == ["filing-area-mismatch"]
    device = await covering(hub, someone, "370100", "2025-09-01", CostKind.DEVICE)
    assert device == ["filing-cost-kind"]


async def test_a_province_covers_its_cities(hub: World) -> None:
    someone = await registered(hub)
    number = (await filed(hub, someone, treatment_region="370000"))["number"]
    assert await covering(hub, someone, "370200", "2025-09-01") == number


async def test_only_what_is_usable_here_today_is_told(hub: World) -> None:
    someone = await registered(hub, kinds=("injury", "device"))
    here = await filed(hub, someone, cost_kinds=["medical"])
    await filed(hub, someone, cost_kinds=["device"], treatment_region="330000")
    await seeded_institutions(hub, "institutions.csv")
    told = await hub.institution(JINAN).post("/v1/workers/identify", someone.claim())
    assert [it["number"] for it in told.json()["filings"]] == [here["number"]]


async def test_an_open_visit_keeps_its_filing_whatever_becomes_of_it(hub: World) -> None:
    number = (await filed(hub))["number"]
    filing = await kept(hub, number)

    async def admit(work: Work) -> None:
        await service.hold(work, filing.id)
        work.record("visit.admit", "test")

    await as_operator(hub, admit)
    await hub.agency("110000").post(f"{FILINGS}/{number}/cancel", {"reason": "返回"})
    held = await kept(hub, number)
    assert (held.state, held.open_visits, held.admitted_once) == ("cancelled", 1, True)
    with pytest.raises(Refusal) as refused:
        await as_operator(hub, admit)
    assert refused.value.code == "filing-terminated"

    async def settle(work: Work) -> None:
        await service.release(work, filing.id)
        work.record("visit.settle", "test")

    await as_operator(hub, settle)
    assert (await kept(hub, number)).open_visits == 0
    with pytest.raises(AssertionError):
        await as_operator(hub, settle)


async def test_a_referral_of_liaoning_is_used_within_thirty_days(hub: World) -> None:
    someone = await registered(hub, "210100")
    filing = await filed(hub, someone, kind="referral", treatment_region="110000")
    assert filing["admission_deadline"] == "2025-10-01"
    assert filing["last_day"] == "2026-03-01"
    number = filing["number"]
    assert await covering(hub, someone, "110000", "2025-10-01") == number
    assert await covering(hub, someone, "110000", "2025-10-02") == ["filing-admission-deadline"]
    hub.clock.set_day("2025-10-02")
    await as_operator(hub, service.expire_due)
    assert (await kept(hub, number)).state == "expired"
    again = await filed(hub, someone, kind="referral", treatment_region="110000")
    assert again["first_day"] == "2025-10-02"


async def test_a_referral_once_used_has_no_deadline_any_more(hub: World) -> None:
    someone = await registered(hub, "210100")
    number = (await filed(hub, someone, kind="referral", treatment_region="110000"))["number"]
    filing = await kept(hub, number)

    async def admit_and_settle(work: Work) -> None:
        await service.hold(work, filing.id)
        await service.release(work, filing.id)
        work.record("visit.admit", "test")

    await as_operator(hub, admit_and_settle)
    assert await covering(hub, someone, "110000", "2026-03-01") == number
    hub.clock.set_day("2025-11-01")
    await as_operator(hub, service.expire_due)
    assert (await kept(hub, number)).state == "approved"


async def test_a_filing_expires_after_its_last_day_and_makes_room(hub: World) -> None:
    someone = await registered(hub)
    number = (await filed(hub, someone))["number"]
    hub.clock.set_day("2026-09-01")
    await as_operator(hub, service.expire_due)
    assert (await kept(hub, number)).state == "approved"
    hub.clock.set_day("2026-09-02")
    assert await as_operator(hub, service.expire_due) >= 1
    assert await as_operator(hub, service.expire_due) == 0
    told = (await hub.agency("110000").get(f"{FILINGS}/{number}")).json()
    assert (told["state"], told["history"][-1]["event"]) == ("expired", "expire")
    assert await covering(hub, someone, "370100", "2026-09-01") == number
    assert await covering(hub, someone, "370100", "2026-09-02") == ["filing-expired"]
    await filed(hub, someone)


async def test_what_was_changed_covers_no_more(hub: World) -> None:
    someone = await registered(hub)
    number = (await filed(hub, someone))["number"]
    moved = wish(treatment_region="310000", reason="搬迁")
    await hub.agency("110000").post(f"{FILINGS}/{number}/change", moved)
    assert await covering(hub, someone, "370100", "2025-09-01") == ["filing-area-mismatch"]
    await hub.channel().post(FILINGS, wish(claim=someone.claim(), treatment_region="330000"))
    assert await covering(hub, someone, "330100", "2025-09-01") == ["filing-not-approved"]
