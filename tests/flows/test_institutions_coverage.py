"""How much of each province is online, beside what it should be."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.institutions import JINAN, seeded_institutions
from tests.support.queries import recorded
from tests.support.world import World

PATH = "/v1/institutions/coverage"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded_institutions(world, "institutions.csv")
    return world


async def province(hub: World, code: str, **asked: str) -> dict[str, Any]:
    """Return one province's coverage."""
    answer = await hub.agency("110000").get(PATH, **asked)
    assert answer.status_code == 200, answer.text
    (found,) = (each for each in answer.json()["items"] if each["province"] == code)
    assert isinstance(found, dict)
    return found


async def test_the_notice_gives_the_coverage_of_shandong(hub: World) -> None:
    found = await province(hub, "370000", on="2025-09-01")
    assert found["name"] == "山东省"
    assert found["grade3_medical"] == {
        "online": 9,
        "total": 19,
        "percent": "47.4",
        "target": 30,
        "reached": True,
    }
    assert (found["rehabilitation"]["online"], found["device"]["online"]) == (7, 2)


async def test_every_province_is_there_and_one_without_institutions_has_no_share(
    hub: World,
) -> None:
    answer = await hub.operator.get(PATH)
    assert len(answer.json()["items"]) == 32
    found = await province(hub, "110000")
    assert found["device"] == {
        "online": 0,
        "total": 0,
        "percent": None,
        "target": 0,
        "reached": True,
    }


async def test_the_target_that_counts_is_the_next_to_come_due(hub: World) -> None:
    wanted = {}
    for day in ("2025-12-31", "2026-01-01", "2027-01-01", "2031-01-01"):
        found = await province(hub, "370000", on=day)
        wanted[day] = found["grade3_medical"]["target"], found["device"]["target"]
    assert wanted == {
        "2025-12-31": (30, 0),
        "2026-01-01": (50, 50),
        "2027-01-01": (100, 100),
        "2031-01-01": (100, 100),
    }
    assert [each["by"] for each in found["targets"]] == ["2025-12-31", "2026-12-31", "2030-12-31"]


async def test_before_any_text_sets_targets_there_are_none(hub: World) -> None:
    found = await province(hub, "370000", on="2024-03-01")
    assert found["targets"] == []
    assert found["grade3_medical"]["target"] is None
    assert found["grade3_medical"]["reached"] is None
    assert found["grade3_medical"]["online"] == 0


async def test_taking_an_institution_offline_lowers_the_share(hub: World) -> None:
    before = await province(hub, "370000", on="2025-09-01")
    await hub.agency("370000").post(f"/v1/institutions/{JINAN}/offline", {"reason": "测试"})
    after = await province(hub, "370000", on="2025-09-01")
    for kind in ("grade3_medical", "rehabilitation"):
        assert after[kind]["online"] == before[kind]["online"] - 1
        assert after[kind]["total"] == before[kind]["total"]
    earlier = await province(hub, "370000", on="2025-08-31")
    assert earlier["grade3_medical"] == before["grade3_medical"]


async def test_coverage_of_the_nation_is_one_statement(hub: World) -> None:
    with recorded(hub) as statements:
        await hub.operator.get(PATH)
    assert len(statements) == 1
