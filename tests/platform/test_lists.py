"""No list looks at the rows of others: what each kind of caller is shown comes from an index.

Nothing is timed. The plans are run, and the rows they touched are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.kernel.parties import PartyKind
from app.runtime.door import reading
from tests.support.institutions import seeded_institutions
from tests.support.many import MADE, OURS, ROWS, fill
from tests.support.world import Client, World

INSTITUTION = "H37010000001"
SHANDONG, QINGDAO, NOBODY = "370000", "370200", "630000"
# A page of twenty and what it rests on, from every place of an agency; never the whole table.
TOUCHED_MAX = ROWS // 4
EVERYBODY = (SHANDONG, QINGDAO, NOBODY, "operator", INSTITUTION)
BOTH = (SHANDONG, NOBODY, "operator", INSTITUTION)
AGENCIES = (SHANDONG, NOBODY, "operator")
LISTS: Mapping[str, tuple[str, ...]] = {
    "/v1/visits": EVERYBODY,
    "/v1/visits?state=settled": EVERYBODY,
    "/v1/visits?worker=worker9999": EVERYBODY,
    "/v1/visits?filing=filing9999": EVERYBODY,
    f"/v1/visits?institution={INSTITUTION}": EVERYBODY,
    "/v1/settlements": EVERYBODY,
    "/v1/settlements?month=2025-08": EVERYBODY,
    "/v1/settlements?visit=visit9999": EVERYBODY,
    "/v1/filings": (SHANDONG, QINGDAO, NOBODY, "operator", "national-platform"),
    "/v1/filings?state=approved": (SHANDONG, QINGDAO, NOBODY, "operator", "national-platform"),
    "/v1/filings?worker=worker9999": (SHANDONG, NOBODY, "operator", "national-platform"),
    "/v1/deductions": BOTH,
    "/v1/deductions?state=proposed": BOTH,
    "/v1/reconciliations": BOTH,
    "/v1/reconciliations?state=clean": BOTH,
    "/v1/reviews/declarations": BOTH,
    "/v1/reviews/payments": BOTH,
    "/v1/reviews/statements": (SHANDONG, NOBODY, "operator", INSTITUTION),
    "/v1/contests": AGENCIES,
    "/v1/clearing-payments": AGENCIES,
    "/v1/ledger/accounts": BOTH,
}
CASES = [(path, who) for path, callers in LISTS.items() for who in callers]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def filled(world: World) -> None:
    await seeded_institutions(world)
    await fill(world)


def _client(world: World, who: str) -> Client:
    if who == "operator":
        return world.operator
    if who.isdecimal():
        return world.agency(who)
    return world.institution(who) if who[0] == "H" else world.channel(who)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _touched(plan: dict[str, Any]) -> int:
    """Count the rows of the big tables that were looked at."""
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in _nodes(plan)
        if node.get("Relation Name") in MADE
    )


async def _plans(world: World, client: Client, path: str) -> list[dict[str, Any]]:
    """Ask for a list, and run its statements again to see how they are carried out."""
    sent: list[tuple[str, Any]] = []

    def note(*details: Any) -> None:
        statement, parameters = details[2:4]
        if statement.startswith(("SELECT", "WITH")) and " LIMIT " in statement:
            sent.append((statement, parameters))

    engine = world.hub.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        joined = "&" if "?" in path else "?"
        answer = await client.get(f"{path}{joined}limit=20")
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    assert sent, "nothing was read"
    async with reading(world.hub, client.caller, "test") as it:
        found = []
        for statement, parameters in sent:
            explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            told = (await it.rx.exec_driver_sql(explain, parameters)).scalar_one()
            found += [
                each["Plan"] for each in (json.loads(told) if isinstance(told, str) else told)
            ]
    return found


@pytest.mark.parametrize(("path", "who"), CASES)
async def test_a_list_is_read_from_an_index_of_the_callers_own_rows(
    world: World, path: str, who: str
) -> None:
    for plan in await _plans(world, _client(world, who), path):
        scans = [node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
        assert not set(scans) & set(MADE), plan
        assert _touched(plan) <= TOUCHED_MAX, plan


async def test_an_agency_reads_every_row_of_its_own_page_by_page_in_order(world: World) -> None:
    client, found, cursor = world.agency(SHANDONG), [], None
    while True:
        wanted = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/visits", **wanted)).json()
        found += [each["number"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [f"visit{n}" for n in range(ROWS - OURS + 1, ROWS + 1)]


@pytest.mark.parametrize("who", [SHANDONG, QINGDAO, NOBODY, "operator", INSTITUTION])
async def test_every_kind_of_caller_finds_what_the_one_condition_for_all_would_show(
    world: World, who: str
) -> None:
    client = _client(world, who)
    answer = (await client.get("/v1/settlements", limit=200)).json()
    scope = client.caller.scope
    async with world.tx() as tx:
        found = await tx.execute(
            sa.text(
                "SELECT number FROM settlement WHERE :kind = 'operator' "
                "OR :kind = 'agency' AND (starts_with(insured_region, :prefix) "
                "OR starts_with(treatment_region, :prefix)) "
                "OR :kind = 'institution' AND institution = :party ORDER BY id LIMIT 200"
            ),
            {"kind": scope.kind.value, "prefix": scope.prefix, "party": scope.party},
        )
        expected = list(found.scalars())
    assert [each["number"] for each in answer["items"]] == expected
    assert bool(expected) == (who != NOBODY)
    assert scope.kind in PartyKind
