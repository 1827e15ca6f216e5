"""A sandbox goes on deciding by what it adopted when it begins anew, and its persons may adopt."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.editions import adopted, another, deciding, editions, own, proposed
from tests.support.persons import enrolled
from tests.support.sandbox import open_sandbox
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(database_url: str) -> AsyncIterator[World]:
    async with open_sandbox(database_url) as world:
        yield world


async def test_editions_outlive_a_reset_and_the_proposals_that_adopted_them(
    sandbox: World,
) -> None:
    assert (await sandbox.http.get("/v1/health/ready")).status_code == 200
    assert await adopted(sandbox)
    chen, wang = await enrolled(sandbox, "chen"), await enrolled(sandbox, "wang")
    laid = await proposed(sandbox, chen, another("110000"))
    assert (await deciding(sandbox, wang, laid["number"])).status_code == 200
    before = await editions(sandbox)
    assert [it["version"] for it in before] == [own().version, laid["asked"]["policy"]]
    assert (await sandbox.operator.post("/v1/sandbox/reset", {})).status_code == 200
    assert await editions(sandbox) == before
    assert (await sandbox.operator.get("/v1/proposals")).json()["items"] == []
