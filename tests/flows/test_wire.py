"""A day, an instant and a yes-or-no are taken as they are meant to be written, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.entitlement import determination, registered
from tests.support.filing import filed
from tests.support.institutions import JINAN
from tests.support.visit import VISITS, admission, admitted, line, ready_worker, road, rows
from tests.support.world import World

NO_DAYS = [
    0,
    "0",
    1756684800,
    "20250901",
    "2025-9-1",
    "2025-09-01T00:00:00Z",
    "2025-02-30",
    True,
    "0001-01-01",
    "1899-12-31",
    "3000-01-01",
    "9999-12-31",
]
NO_INSTANTS = [
    0,
    "1756684800",
    "2025-09-01",
    "2025-09-01T08:30+08:00",
    "2025-09-01T08:30:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
]
NO_FLAGS = [0, 1, "0", "false", "no", None]


@pytest.fixture(scope="module", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def is_faulted(answer: Any, pointer: str) -> None:
    assert answer.status_code == 400, answer.text
    assert [it["pointer"] for it in answer.json()["errors"]] == [pointer], answer.text


@pytest.mark.parametrize("written", NO_DAYS)
async def test_a_slip_in_a_day_ends_nobodys_entitlement(world: World, written: object) -> None:
    worker = await registered(world)
    body = {"worker": worker.number, "kind": "death", "lost_on": written, "reason": "示例"}
    is_faulted(await world.agency("110000").post("/v1/entitlement-losses", body), "/lost_on")
    assert await rows(world, "SELECT FROM entitlement_loss") == []


@pytest.mark.parametrize("written", NO_DAYS)
async def test_a_determination_and_a_filing_name_their_days(world: World, written: object) -> None:
    worker = await registered(world)
    agency = world.agency("110000")
    body = determination(worker.number, kind="device", decided_on=written)
    is_faulted(await agency.post("/v1/determinations", body), "/decided_on")
    body = {"worker": worker.number, "kind": "posting", "treatment_region": "370100"}
    answer = await agency.post(
        "/v1/filings", body | {"cost_kinds": ["medical"], "first_day": written}
    )
    is_faulted(answer, "/first_day")


async def test_days_asked_for_in_a_list_are_written_out(world: World) -> None:
    for path in ("/v1/filings", "/v1/institutions", "/v1/catalogues"):
        is_faulted(await world.operator.get(path, on="0"), "/on")
        assert (await world.operator.get(path, on="2025-09-01")).status_code == 200


@pytest.mark.parametrize("written", ["0000-01", "0001-01", "1899-12", "3000-01", "9999-12"])
async def test_a_month_lies_where_its_days_can_be_counted(world: World, written: str) -> None:
    """Before the first there is none, and the last has none to follow by which it is closed."""
    body = {"place": "370000", "month": written}
    is_faulted(await world.agency("370000").post("/v1/reviews", body), "/month")
    desk = world.institution(JINAN)
    declared = {"month": written, "settlements": 1, "total": "1.00", "fund": "1.00"}
    is_faulted(await desk.post("/v1/reviews/declarations", declared), "/month")
    for path in ("/v1/reviews", "/v1/settlements", "/v1/deductions"):
        is_faulted(await world.operator.get(path, month=written), "/month")
    path = f"/v1/reviews/declarations/{written}/figures"
    is_faulted(await desk.get(path), "/month")


@pytest.mark.parametrize("written", NO_INSTANTS)
async def test_an_admission_is_at_an_instant_with_its_zone(world: World, written: object) -> None:
    worker = await registered(world)
    body = admission(worker, admitted_at=written)
    is_faulted(await world.institution(JINAN).post(VISITS, body), "/admitted_at")


@pytest.mark.parametrize("written", NO_INSTANTS)
async def test_charges_discharges_and_looks_back_are_at_instants(
    world: World, written: object
) -> None:
    visit = await admitted(world)
    desk = world.institution(JINAN)
    body = {"lines": [line("1", occurred_at=written)]}
    is_faulted(await desk.post(f"{VISITS}/{visit}/lines", body), "/lines/0/occurred_at")
    asked = {"discharged_at": written, "way": "advised"}
    is_faulted(await desk.post(f"{VISITS}/{visit}/discharge", asked), "/discharged_at")
    filing = (await filed(world))["number"]
    answer = await world.operator.get(f"/v1/filings/{filing}", as_of=written)
    is_faulted(answer, "/as_of")


@pytest.mark.parametrize("written", NO_FLAGS)
async def test_whether_a_line_is_the_injurys_is_said_with_true_or_false(
    world: World, written: object
) -> None:
    visit = await admitted(world, await ready_worker(world))
    body = {"lines": [line("1", injury_related=written)]}
    answer = await world.institution(JINAN).post(f"{VISITS}/{visit}/lines", body)
    is_faulted(answer, "/lines/0/injury_related")
