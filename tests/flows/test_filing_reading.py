"""Who sees which filings, what happened to them, and how they stood at a past instant."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import ProgrammingError

from tests.support.entitlement import registered
from tests.support.filing import FILINGS, filed, submitted, wish
from tests.support.parties import seeded
from tests.support.world import START, World


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def numbers(client: Any, **asked: Any) -> list[str]:
    answer = await client.get(FILINGS, **asked)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def test_the_whole_history_is_told(hub: World) -> None:
    waiting = await submitted(hub)
    path = f"{FILINGS}/{waiting['number']}"
    agency = hub.agency("110000")
    hub.clock.set_day("2025-09-02")
    await agency.post(f"{path}/approve", {})
    hub.clock.set_day("2025-09-03")
    await agency.post(f"{path}/cancel", {"reason": "返回参保地"})
    told = (await agency.get(path)).json()["history"]
    assert [(it["event"], it["from_state"], it["to_state"]) for it in told] == [
        ("submit", None, "submitted"),
        ("approve", "submitted", "approved"),
        ("cancel", "approved", "cancelled"),
    ]
    assert [it["party"] for it in told] == ["national-platform", "110000", "110000"]
    assert [it["at"][:10] for it in told] == ["2025-09-01", "2025-09-02", "2025-09-03"]
    assert [it["reason"] for it in told] == [None, None, "返回参保地"]


async def test_a_filing_is_read_as_it_stood(hub: World) -> None:
    filing = await filed(
        hub,
        kind="referral",
        referral={
            "diagnosis_code": "S82.2",
            "diagnosis": "胫骨干骨折",
            "institution": "示例医院",
            "reason": "本地不具备条件",
            "referred_on": "2025-08-30",
        },
    )
    path = f"{FILINGS}/{filing['number']}"
    agency = hub.agency("110000")
    hub.clock.set_day("2025-10-01")
    moved = wish(kind="referral", treatment_region="310000", reason="转往他院")
    opened = (await agency.post(f"{path}/change", moved)).json()
    before = (await agency.get(path, as_of="2025-09-30T23:59:59+08:00")).json()
    assert {key: before[key] for key in filing} == filing
    assert len(before["history"]) == 1
    after = (await agency.get(path, as_of="2025-10-01T09:00:00+08:00")).json()
    assert (after["state"], after["replaced_by"]) == ("changed", opened["number"])
    earlier = await agency.get(path, as_of="2025-08-31T00:00:00+08:00")
    assert (earlier.status_code, earlier.json()["code"]) == (404, "filing-unknown")
    assert (await agency.get(path, as_of="2025-09-30T23:59:59")).status_code == 400
    stranger = await hub.agency("330000").get(path, as_of="2025-10-01T09:00:00+08:00")
    assert stranger.status_code == 404


async def test_everybody_lists_their_own_and_institutions_none(hub: World) -> None:
    someone = await registered(hub)
    waiting = await submitted(hub, someone, treatment_region="370100")
    await hub.agency("110000").post(f"{FILINGS}/{waiting['number']}/reject", {"reason": "重报"})
    upload = await filed(hub, someone, treatment_region="370000")
    both, own = [waiting["number"], upload["number"]], {"worker": someone.number}
    assert await numbers(hub.agency("110000"), **own) == both
    assert await numbers(hub.agency("370000"), **own) == both
    assert await numbers(hub.agency("370100"), **own) == [waiting["number"]]
    assert await numbers(hub.agency("370200"), **own) == []
    assert await numbers(hub.operator, **own) == both
    assert await numbers(hub.channel(), **own) == [waiting["number"]]
    assert await numbers(hub.channel("zhangshang-12333"), **own) == []
    assert (await hub.institution("H37010000001").get(FILINGS)).status_code == 403
    assert (await hub.channel().get(f"{FILINGS}/{upload['number']}")).status_code == 404


async def test_a_list_is_narrowed_by_every_filter(hub: World) -> None:
    someone = await registered(hub, kinds=("injury", "device"))
    city = (await filed(hub, someone))["number"]
    province = (await filed(hub, someone, cost_kinds=["device"], treatment_region="370000"))[
        "number"
    ]
    far = (await filed(hub, someone, kind="posting", treatment_region="440300"))["number"]
    await hub.agency("110000").post(f"{FILINGS}/{city}/cancel", {"reason": "返回"})
    agency, own = hub.agency("110000"), {"worker": someone.number}
    assert await numbers(agency, **own, state="approved") == [province, far]
    assert await numbers(agency, **own, kind="posting") == [far]
    assert await numbers(agency, **own, place="370000") == [city, province]
    assert await numbers(agency, **own, place="370100") == [city]
    assert await numbers(agency, **own, on="2026-09-01") == [city, province, far]
    assert await numbers(agency, **own, on="2026-09-02") == []


async def test_a_list_is_paged_by_cursor(hub: World) -> None:
    someone = await registered(hub, kinds=("injury",))
    places = ["370100", "330100", "440300"]
    made = [(await filed(hub, someone, treatment_region=place))["number"] for place in places]
    agency = hub.agency("110000")
    first = (await agency.get(FILINGS, worker=someone.number, limit=2)).json()
    assert [it["number"] for it in first["items"]] == made[:2]
    rest = await agency.get(FILINGS, worker=someone.number, limit=2, cursor=first["next"])
    assert [it["number"] for it in rest.json()["items"]] == made[2:]
    assert rest.json()["next"] is None


async def test_a_look_leaves_a_trace(hub: World) -> None:
    filing = await filed(hub)
    await hub.agency("370000").get(f"{FILINGS}/{filing['number']}")
    async with hub.tx() as connection:
        query = "SELECT party FROM audit_trail WHERE action = 'filing.look' AND subject = $1"
        found = await connection.exec_driver_sql(query, (filing["number"],))
        assert found.scalars().all() == ["370000"]


async def test_a_filing_names_its_worker_by_one_thing(hub: World) -> None:
    someone = await registered(hub)
    for body in (wish(), wish(worker=someone.number, claim=someone.claim())):
        answer = await hub.agency("110000").post(FILINGS, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "attempt",
    [
        "DELETE FROM filing_history",
        "UPDATE filing_history SET reason = ''",
        "DELETE FROM filing",
        "UPDATE filing SET worker_id = 1",
        "UPDATE filing SET treatment_region = '110000'",
        "DELETE FROM filing_cover",
        "UPDATE filing_cover SET term = '[2020-01-01,2030-01-01)'",
        "DELETE FROM worker_identity",
        "UPDATE worker_identity SET name = ''",
        "UPDATE entitlement_loss SET lost_on = '2030-01-01'",
        "UPDATE determination SET decided_on = '2020-01-01'",
    ],
)
async def test_the_service_cannot_rewrite_what_happened(hub: World, attempt: str) -> None:
    async with hub.hub.engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.exec_driver_sql(attempt)
