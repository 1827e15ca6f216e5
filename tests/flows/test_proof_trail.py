"""The trail answers who read, changed and approved; a search is on it, too."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.support.clearing import a_hospital_with_one_drug, ready_to_settle, settled
from tests.support.entitlement import somebody
from tests.support.institutions import JINAN
from tests.support.world import Client, World

TRAIL = "/v1/audit-trail"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settlement(world: World) -> str:
    """A settlement, with all that led to it."""
    await a_hospital_with_one_drug(world)
    return await settled(world, await ready_to_settle(world, 100), 100)


async def found(caller: Client, **asked: Any) -> list[dict[str, Any]]:
    answer = await caller.get(TRAIL, **asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_the_operator_finds_who_settled(world: World, settlement: str) -> None:
    lines = await found(world.operator, subject=settlement, action="settlement.settle")
    assert [(it["party"], it["client"], it["action"]) for it in lines] == [
        (JINAN, f"{JINAN}-test", "settlement.settle")
    ]
    assert lines[0]["facts"]["fund"] == "100.00"
    assert lines[0]["message"]


async def test_an_action_is_found_by_its_beginning_and_a_client_by_its_name(
    world: World, settlement: str
) -> None:
    assert settlement
    lines = await found(world.operator, action="settlement.", client=f"{JINAN}-test")
    assert {it["action"].partition(".")[0] for it in lines} == {"settlement"}
    assert await found(world.operator, client="nobody") == []


async def test_a_party_searches_its_own_part_whatever_it_asks_for(
    world: World, settlement: str
) -> None:
    assert settlement
    for client in (world.agency("110000"), world.institution(JINAN)):
        lines = await found(client, party="operator", limit=200)
        assert {it["party"] for it in lines} == {client.caller.party}


async def test_a_range_of_time_is_searched_in_pages(world: World, settlement: str) -> None:
    assert settlement
    world.clock.advance(hours=1)
    since = world.clock.now
    for _ in range(3):
        await found(world.agency("110000"))
    world.clock.advance(hours=1)
    asked: dict[str, Any] = {
        "since": since.isoformat(), "until": world.clock.now.isoformat(),
        "party": "110000", "action": "audit.search", "limit": 2,
    }  # fmt: skip
    first = (await world.operator.get(TRAIL, **asked)).json()
    assert len(first["items"]) == 2
    rest = (await world.operator.get(TRAIL, **asked, cursor=first["next"])).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    seqs = [it["seq"] for it in (*first["items"], *rest["items"])]
    assert seqs == sorted(seqs)
    backwards = await world.operator.get(TRAIL, since=asked["until"], until=asked["since"])
    assert (backwards.status_code, backwards.json()["code"]) == (400, "trail-range-wrong")


async def test_a_search_leaves_a_trace_of_what_was_looked_for(
    world: World, settlement: str
) -> None:
    await found(world.operator, subject=settlement, action="visit")
    line = (await found(world.operator, subject=settlement, action="audit.search"))[-1]
    assert (line["party"], line["facts"]["deed"]) == ("operator", "visit")
    assert line["message"] is None


async def test_a_download_of_a_journal_leaves_a_trace(world: World, settlement: str) -> None:
    assert settlement
    answer = await world.agency("110000").get("/v1/ledger/journal")
    assert answer.status_code == 200
    (line,) = await found(world.operator, action="proof.journal")
    assert (line["party"], line["subject"]) == ("110000", "110000")


async def test_nobody_is_looked_for_by_a_citizens_number(world: World, settlement: str) -> None:
    assert settlement
    answer = await world.operator.get(TRAIL, subject="110101199003070011")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "110101199003070011" not in answer.text
    assert (await world.operator.get(TRAIL, subject="2025-09-01")).status_code == 200


@pytest.mark.parametrize("where", ["subject", "client", "party"])
async def test_what_is_looked_for_is_kept_and_so_holds_no_citizens_number(
    world: World, settlement: str, where: str
) -> None:
    assert settlement
    number = somebody().number
    asked = f"W-{number}" if where == "subject" else number
    answer = await world.operator.get(TRAIL, **{where: asked})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert number not in answer.text
    async with world.tx() as tx:
        kept = sa.text("SELECT count(*) FROM audit_trail WHERE concat(subject, facts) ~ :number")
        assert await tx.scalar(kept, {"number": number}) == 0
