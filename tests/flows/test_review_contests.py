"""What a clearing's contest takes off an institution stands on the statement of a month."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.flows.test_clearing_twins import adjusted, contested, replied, settled_on
from tests.support.clearing import a_hospital_with_one_drug, cleared, noticed
from tests.support.institutions import JINAN
from tests.support.ledger import proven
from tests.support.review import REVIEWS, SHANDONG, closed, pay
from tests.support.world import World

STATEMENT = f"{REVIEWS}/statements/{SHANDONG}/{JINAN}"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def hospital(world: World) -> None:
    await a_hospital_with_one_drug(world)


async def standing(world: World) -> tuple[str, str]:
    """Return what closed months owe the hospital and what the books do."""
    it = (await world.institution(JINAN).get(STATEMENT)).json()["standing"]
    return it["due"], it["payable"]


def line(it: dict[str, Any]) -> tuple[Any, ...]:
    told = it["totals"]
    names = ("settlements", "fund", "deductions", "deducted", "due")
    return tuple(told[name] for name in names)


async def test_an_accepted_contest_has_its_line_and_so_has_what_a_cancellation_gives_back(
    world: World,
) -> None:
    number = await settled_on(world, "2025-08-05", 90)
    world.clock.set_day("2025-09-05")
    august = await closed(world, "2025-08")
    assert line(august) == (1, "90.00", 0, "0.00", "90.00")
    world.clock.set_day("2025-10-21")
    clearing = await cleared(world, "2025Q3")
    contest = await contested(world, clearing, number, proposed="30.00")
    assert (await replied(world, contest, "accepted")).status_code == 201
    await noticed(world, clearing)
    assert await standing(world) == ("90.00", "30.00")
    assert (await pay(world, "30.01", "ICBC-1")).status_code == 422

    world.clock.set_day("2025-11-03")
    listed = await world.agency(SHANDONG).get(f"{REVIEWS}/open")
    assert ("2025-10", "open") in [(it["month"], it["state"]) for it in listed.json()["items"]]
    october = await closed(world, "2025-10")
    assert line(october) == (0, "0.00", 1, "60.00", "-60.00")
    assert await standing(world) == ("30.00", "30.00")

    await adjusted(world, number, "twin-9")
    world.clock.set_day("2025-12-03")
    november = await closed(world, "2025-11")
    assert line(november) == (1, "-90.00", 1, "-60.00", "-30.00")
    assert await standing(world) == ("0.00", "0.00")
    body = {"settlements": 1, "fund": "-90.00", "deductions": 1, "deducted": "-60.00"}
    path = f"{REVIEWS}/{november['number']}"
    uploaded = await world.agency(SHANDONG).post(f"{path}/upload", body)
    assert uploaded.status_code in {200, 201}, uploaded.text
    asked = await world.agency(SHANDONG).post(f"{path}/fund-request")
    assert asked.is_success, asked.text
    shown = (await world.agency(SHANDONG).get(f"{path}/fund-request")).json()
    assert [line(it) for it in shown["insured_places"]] == [line(november)]
    assert (await proven(world)).holds
