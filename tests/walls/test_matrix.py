"""Who gets what: every request, every kind of caller, rows that are theirs and rows that are not.

The answers are in tests/golden/matrix.txt; a request without its rows there fails, and so does an
answer that changed. `HUB_GOLDEN=write` writes them anew, and the diff is read.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.gateway.mapping import transactions
from app.runtime.auth import Caller, PartyKind, Scope
from app.runtime.db import METADATA
from tests.golden.test_golden import compare
from tests.support.laid import laid_out
from tests.support.world import World
from tests.walls.matrix import RELATIONS, STRANGERS, VETO, Stage, rows, vetoing

NUMBERED = re.compile(r"[A-Z]\d{19}")  # a public number: letter, division, day, serial


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    world: World, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A seeded hub, laid out for its documentation page, that keeps nothing from now on."""
    laid = await laid_out(world, database_url, tmp_path_factory.mktemp("home"))
    async with world.tx() as tx:
        for statement in VETO:
            await tx.exec_driver_sql(statement)
    it = Stage(world, laid)
    with vetoing(it):
        yield it


async def test_every_request_is_answered_as_published(stage: Stage) -> None:
    told = []
    for name, operation in sorted(stage.operations(), key=lambda it: it[0].split()[::-1]):
        answers = {it: (await stage.send(name, operation, it))[0] for it in RELATIONS}
        told.append(rows(name, answers))
    compare("matrix.txt", "\n".join(told))
    assert not [each for each in told if " 500 " in each]


async def test_every_transaction_is_answered_as_published(stage: Stage) -> None:
    told = []
    for number in sorted(transactions()):
        answers = {it: (await stage.transact(number, it))[0] for it in RELATIONS}
        told.append(rows(number, answers))
    compare("matrix_gateway.txt", "\n".join(told))


async def _foreign(stage: Stage) -> set[str]:
    """Return every public number of a row behind the wall; none is a stranger's."""
    found: set[str] = set()
    async with stage.world.tx() as tx:
        walled = await tx.exec_driver_sql("SELECT tablename FROM pg_policies")
        for table in sorted(set(walled.scalars())):
            if "number" in METADATA.tables[table].columns:
                kept = await tx.exec_driver_sql(f"SELECT number FROM {table}")  # noqa: S608 -- ours
                found |= {str(each) for each in kept.scalars()}
    assert len(found) > len(RELATIONS), "the stage is laid out"
    return found


@pytest.fixture
def scope_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch off every condition of the application: whoever asks has the operator's scope."""

    def everything(caller: Caller) -> Scope:
        return Scope(kind=PartyKind.OPERATOR, party=caller.party, prefix="")

    monkeypatch.setattr(Caller, "scope", property(everything))
    monkeypatch.setattr(Caller, "governs", lambda *_: True)


def _numbers_in(*texts: str) -> set[str]:
    return {number for text in texts for number in NUMBERED.findall(text)}


async def _read_all(stage: Stage, relation: str) -> dict[str, Any]:
    """Send every reading as a caller; return the numbers it was told and had not asked for."""
    foreign, told = await _foreign(stage), dict[str, Any]()
    party = RELATIONS[relation]

    def note(name: str, answer: httpx.Response) -> None:
        told[name] = foreign & _numbers_in(answer.text)
        told[name] -= _numbers_in(str(answer.request.url), answer.request.content.decode())
        if name == "GET /v1/audit-trail":  # it names what one asked for: that must be one's own
            told[name] = {line["party"] for line in answer.json()["items"]} - {party}

    for name, operation in stage.operations():
        if name.startswith("GET ") or name.endswith("/preview"):
            note(name, (await stage.send(name, operation, relation))[1])
    for number, transaction in transactions().items():
        if not transaction.writes:
            note(number, (await stage.transact(number, relation))[1])
    return {name: seen for name, seen in told.items() if seen}


@pytest.mark.parametrize("relation", STRANGERS)
@pytest.mark.usefixtures("scope_off")
async def test_the_database_alone_shows_a_stranger_nothing(stage: Stage, relation: str) -> None:
    assert await _read_all(stage, relation) == {}


@pytest.mark.usefixtures("scope_off")
async def test_without_scopes_there_is_much_to_be_seen(stage: Stage) -> None:
    assert len(await _read_all(stage, "operator")) > len(STRANGERS)
