"""What the document says of the interface as a whole, and what the hub says of itself."""

from __future__ import annotations

import re

import pytest_asyncio

from tests.support.parties import seeded
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> None:
    await seeded(world)


async def test_a_wrong_method_is_told_every_method_of_the_path(world: World) -> None:
    told, meant = {}, {}
    for path, operations in world.app.openapi()["paths"].items():
        at = re.sub(r"\{\w+(:path)?\}", "x", path)
        answer = await world.http.request("TRACE", at, headers=world.operator.headers())
        told[path] = (answer.status_code, answer.headers.get("Allow"))
        meant[path] = (405, ", ".join(sorted(it.upper() for it in operations)))
    assert told == meant


async def test_the_document_links_the_road(world: World) -> None:
    """From what creates something to what can be done to it: 备案, 就诊, 费用明细, 结算, 撤销."""
    paths = world.app.openapi()["paths"]

    def onward(name: str) -> set[str]:
        method, _, path = name.partition(" ")
        return set(paths[path][method]["responses"]["201"]["links"])

    def named(name: str) -> str:
        method, _, path = name.partition(" ")
        return str(paths[path][method]["operationId"])

    visit, settlement = "/v1/visits/{number}", "/v1/settlements/{number}"
    assert named("post /v1/filings/{number}/cancel") in onward("post /v1/filings")
    deeds = {named(f"post {visit}/{deed}") for deed in ("lines", "discharge", "preview", "settle")}
    assert deeds <= onward("post /v1/visits")
    assert named(f"post {settlement}/cancel") in onward(f"post {visit}/settle")
    assert named(f"get {settlement}") in onward(f"post {settlement}/cancel")
