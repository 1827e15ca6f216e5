"""Settlement over HTTP where time, entitlement, institutions and lists have moved on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest_asyncio

from app.kernel.calendar import Month
from app.settlement import service
from tests.support.entitlement import KnownWorker, determination
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.parties import as_operator
from tests.support.settlement import (
    SETTLEMENTS,
    bill,
    cancel,
    cancelled,
    preview,
    ready,
    settle,
    settled,
)
from tests.support.visit import (
    VISITS,
    admitted,
    charged,
    discharged,
    fitted,
    line,
    ready_worker,
    road,
    rows,
)
from tests.support.world import START, World

LASTING_DEVICE = """
    SELECT i.code, i.cap_fen FROM catalogue_item i JOIN catalogue_version v ON v.id = i.version_id
     WHERE v.place = '110000' AND v.kind = 'device' AND i.cap_fen IS NOT NULL
       AND i.minimum_life_months > 2 AND NOT i.restricted
     ORDER BY i.code LIMIT 1
"""
OFFLINE = """
    INSERT INTO institution_standing (institution_id, first_day, state, reason)
    SELECT id, date '2025-09-01', 'offline', '示例' FROM institution WHERE code = :code
"""
ONLINE_AGAIN = """
    DELETE FROM institution_standing s USING institution i
     WHERE i.id = s.institution_id AND i.code = :code AND s.state = 'offline'
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def morning(world: World) -> None:
    world.clock.now = START


async def lose(world: World, worker: KnownWorker, lost_on: str) -> None:
    body = {"worker": worker.number, "kind": "other", "lost_on": lost_on, "reason": "示例"}
    answer = await world.agency("110000").post("/v1/entitlement-losses", body)
    assert answer.status_code == 201, answer.text


async def device_code(world: World) -> tuple[str, int]:
    """Return a device of Beijing's list with a minimum life, and its cap in fen."""
    found = await rows(world, LASTING_DEVICE)
    return found[0].code, found[0].cap_fen


def device(serial: str, code: str, amount: str, day: str) -> dict[str, Any]:
    return line(
        serial,
        category="device",
        item_code=code,
        quantity="1",
        unit_price=amount,
        amount=amount,
        occurred_at=f"{day}T08:50:00+08:00",
    )


async def fit(world: World, worker: KnownWorker, code: str, day: str) -> dict[str, Any]:
    """Fit a device for 100.00 on a day, settle, and return the decided line."""
    world.clock.set_day(day)
    visit = await fitted(world, worker, admitted_at=f"{day}T08:30:00+08:00")
    await charged(world, visit, device("1", code, "100.00", day), institution=JINAN_DEVICES)
    done = await settled(world, visit, "100.00", JINAN_DEVICES)
    return (await bill(world, done["number"]))["1"] | {"number": done["number"]}


async def test_entitlement_lost_during_the_stay_divides_the_bill(world: World) -> None:
    worker = await ready_worker(world)
    visit = await admitted(world, worker)
    world.clock.set_day("2025-09-04")
    lines = [
        line(str(day), occurred_at=f"2025-09-0{day}T10:00:00+08:00", quantity="1", amount="1.00")
        for day in (1, 2, 3)
    ]
    await charged(world, visit, *lines)
    await discharged(world, visit)
    await lose(world, worker, "2025-09-02")
    done = await settled(world, visit, "3.00")
    assert (done["fund"], done["own"]) == ("2.00", "1.00")
    decided = await bill(world, done["number"])
    assert [decided[day]["reason"] for day in "123"] == [None, None, "entitlement_lost"]


async def test_a_cancellation_works_when_the_filing_has_been_terminated(world: World) -> None:
    worker = await ready_worker(world)
    visit = await ready(world, worker)
    done = await settled(world, visit)
    await lose(world, worker, "2025-09-01")
    await cancelled(world, done["number"])
    again = await settled(world, visit)
    assert again["fund"] == "10.00"


async def test_entitlement_lost_before_the_stay_leaves_nothing_to_settle(world: World) -> None:
    worker = await ready_worker(world)
    visit = await ready(world, worker)
    await lose(world, worker, "2025-08-31")
    assert (await settle(world, visit)).json()["code"] == "entitlement-lost"
    assert (await preview(world, visit)).json()["code"] == "entitlement-lost"


async def test_a_withdrawn_determination_stops_the_settlement(world: World) -> None:
    worker = await ready_worker(world)
    visit = await ready(world, worker)
    number = (await world.operator.get(f"{VISITS}/{visit}")).json()["determination"]
    withdrawn = await world.agency("110000").post(
        f"/v1/determinations/{number}/withdraw", {"reason": "示例"}
    )
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await settle(world, visit)).json()["code"] == "determination-withdrawn"


async def test_an_institution_taken_offline_settles_for_sixty_days(world: World) -> None:
    late, in_time = await ready(world), await ready(world)
    await rows(world, OFFLINE, code=JINAN)
    try:
        world.clock.now = START + timedelta(days=60)
        await settled(world, in_time)
        world.clock.now = START + timedelta(days=61)
        assert (await settle(world, late)).json()["code"] == "settle-window-closed"
    finally:
        await rows(world, ONLINE_AGAIN, code=JINAN)


async def test_a_device_above_the_cap_is_paid_up_to_the_insured_places_cap(world: World) -> None:
    code, cap = await device_code(world)
    worker = await ready_worker(world)
    visit = await fitted(world, worker)
    price = f"{cap // 100 + 500}.00"
    await charged(world, visit, device("1", code, price, "2025-09-01"), institution=JINAN_DEVICES)
    done = await settled(world, visit, price, JINAN_DEVICES)
    decided = (await bill(world, done["number"]))["1"]
    assert decided["reason"] == "device_over_cap"
    assert decided["fund"] == decided["cap"] == f"{cap // 100}.{cap % 100:02d}"
    assert decided["clause"] == "beijing-2025-5/2.3-device-cap"


async def test_a_device_replaced_early_needs_a_new_confirmation(world: World) -> None:
    code, _ = await device_code(world)
    worker = await ready_worker(world)
    first = await fit(world, worker, code, "2025-09-01")
    assert first["fund"] == "100.00"
    early = await fit(world, worker, code, "2025-10-01")
    assert (early["fund"], early["reason"]) == ("0.00", "device_life")
    body = determination(
        worker.number, kind="device", document_number="示例新确认", decided_on="2025-10-02"
    )
    world.clock.set_day("2025-10-02")
    assert (await world.agency("110000").post("/v1/determinations", body)).status_code == 201
    confirmed = await fit(world, worker, code, "2025-10-03")
    assert (confirmed["fund"], confirmed["reason"]) == ("100.00", None)


async def test_a_cancelled_fitting_does_not_count_as_an_earlier_one(world: World) -> None:
    code, _ = await device_code(world)
    worker = await ready_worker(world)
    first = await fit(world, worker, code, "2025-09-01")
    await cancelled(world, first["number"], JINAN_DEVICES)
    visit = (await world.operator.get(f"{SETTLEMENTS}/{first['number']}")).json()["visit"]
    again = await settled(world, visit, "100.00", JINAN_DEVICES)
    assert again["fund"] == "100.00"


async def test_a_closed_month_takes_no_more_settlements(world: World) -> None:
    visit = await ready(world)
    await as_operator(world, lambda work: service.close_months(work, ["370000"], Month(2025, 9)))
    try:
        done = await settled(world, visit)
        assert (done["business_day"], done["month"]) == ("2025-09-01", "2025-10")
        twin = await cancelled(world, done["number"])
        assert twin["month"] == "2025-10"
    finally:
        await rows(world, "DELETE FROM settlement_month")


async def test_what_follows_a_clearing_is_an_adjustment_in_the_open_month(world: World) -> None:
    done = await settled(world, await ready(world))
    world.clock.set_day("2025-10-21")
    answer = await world.operator.post(
        "/v1/clearings", {"scheme": "cross_province", "period": "2025Q3"}
    )
    assert answer.status_code == 201, answer.text
    refused = await cancel(world, done["number"])
    assert refused.json()["code"] == "settlement-in-clearing"
    assert refused.json()["clearing"] == answer.json()["number"]
    twin = await cancelled(world, done["number"], adjustment=True, reason="审核发现明细错误")
    assert (twin["month"], twin["adjustment"]) == ("2025-10", True)
