"""Each persona is played by its own words, and does what it promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio

from app.kernel.calendar import CHINA
from app.sandbox.personas import PERSONAS, bill_of
from tests.support.sandbox import go, open_sandbox, personas, played
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(database_url: str) -> AsyncIterator[World]:
    async with open_sandbox(database_url) as world:
        made = await world.operator.post("/v1/sandbox/personas")
        assert made.status_code == 201, made.text
        yield world


def today(world: World) -> date:
    return world.hub.clock().astimezone(CHINA).date()


@pytest.mark.parametrize("key", [it.key for it in PERSONAS])
async def test_a_persona_does_what_it_promises(sandbox: World, key: str) -> None:
    it = (await personas(sandbox))[key]
    assert await played(sandbox, it) == it["expect"]


async def test_the_list_is_of_today_and_in_two_languages(sandbox: World) -> None:
    answer = (await sandbox.operator.get("/v1/sandbox/personas")).json()
    assert answer["of_today"]
    assert answer["made_on"] == today(sandbox).isoformat()
    assert len(answer["items"]) == len(PERSONAS) == 12
    for it in answer["items"]:
        assert it["title"].isascii()
        assert any("一" <= sign <= "鿿" for sign in it["explains_zh"])


async def test_the_filings_end_when_the_personas_say(sandbox: World) -> None:
    found, day = await personas(sandbox), today(sandbox)
    assert found["expired-yesterday"]["last_day"] == (day - timedelta(days=1)).isoformat()
    left = date.fromisoformat(found["referral-five-days-left"]["last_day"]) - day
    assert left.days in (5, 6)
    filing = await sandbox.agency("110000").get(
        f"/v1/filings/{found['referral-five-days-left']['filing']}"
    )
    assert filing.json()["last_day"] == found["referral-five-days-left"]["last_day"]


async def test_the_two_injuries_are_both_seen_at_the_desk(sandbox: World) -> None:
    it = (await personas(sandbox))["two-injuries"]
    asked = it["admission"]["worker"]
    found = await sandbox.institution("H37010000001").post("/v1/workers/identify", asked)
    assert found.status_code == 200, found.text
    numbers = {each["number"] for each in found.json()["determinations"]}
    assert numbers == set(it["determinations"])
    assert it["admission"]["determination"] in numbers


async def test_a_fresh_set_is_of_other_people_and_the_old_ones_stay(sandbox: World) -> None:
    before = await personas(sandbox)
    made = await sandbox.operator.post("/v1/sandbox/personas", key="a-fresh-set")
    again = await sandbox.operator.post("/v1/sandbox/personas", key="a-fresh-set")
    assert made.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    after = await personas(sandbox)
    for key, it in after.items():
        old = before[key]["admission"]["worker"]
        assert it["admission"]["worker"]["certificate_number"] != old["certificate_number"]
        assert it["worker"] != before[key]["worker"]
    assert await played(sandbox, after["valid-filing"]) == after["valid-filing"]["expect"]


@pytest.mark.parametrize("day", ["2027-03-26", "2028-02-26", "2028-03-01", "2028-08-25"])
async def test_the_promises_hold_on_the_awkward_days_of_the_calendar(
    sandbox: World, day: str
) -> None:
    await go(sandbox, act="jump", to=f"{day}T09:30:00+08:00")
    made = await sandbox.operator.post("/v1/sandbox/personas")
    assert made.status_code == 201, made.text
    found = await personas(sandbox)
    for key in ("expired-yesterday", "referral-five-days-left"):
        assert await played(sandbox, found[key]) == found[key]["expect"], key


def test_no_two_lines_of_a_bill_charge_the_same_item() -> None:
    for it in PERSONAS:
        codes = [line.item.code for line in bill_of(it)]
        assert len(codes) == len(set(codes))
