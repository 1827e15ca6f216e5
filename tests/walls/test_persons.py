"""A person of an agency sees what the agency sees: every read of the interface, answered alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.support.laid import laid_out
from tests.support.world import Client, World
from tests.walls.matrix import Stage

AGENCIES = ("insured-agency", "treatment-agency", "treatment-province", "foreign-agency")
# What tells of the machine, of requests or of looks has moved by the next one.
MOVING = ("GET /v1/audit-trail", "GET /v1/metrics", "GET /v1/health/ready")
ADD = sa.text(
    "INSERT INTO person (id, party, name, password_hash, seed, state, created_at)"
    " VALUES ('p-' || :party, :party, 'P', '', '', 'active', now())"
)


@dataclass(slots=True)
class ByPersons(Stage):
    """The same stage, on which every agency sends as a person."""

    def client(self, relation: str) -> Client | None:
        """Return a session of an agency's person."""
        found = Stage.client(self, relation)
        assert found is not None, "an agency"
        caller = replace(found.caller, client=f"person:p-{found.caller.party}")
        return replace(found, caller=caller)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    world: World, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A laid-out hub, on which each of the agencies has a person."""
    laid = await laid_out(world, database_url, tmp_path_factory.mktemp("home"))
    it = Stage(world, laid)
    async with world.tx() as owner:
        for relation in AGENCIES:
            client = it.client(relation)
            assert client is not None, "an agency"
            await owner.execute(ADD, {"party": client.caller.party})
    yield it


async def test_a_person_sees_exactly_what_their_agency_sees(stage: Stage) -> None:
    by_persons = ByPersons(stage.world, stage.laid)
    different: dict[tuple[str, str], Any] = {}
    seen = 0
    for name, operation in stage.operations():
        if not name.startswith("GET /v1") or name in MOVING:
            continue
        for relation in AGENCIES:
            noted, answer = await stage.send(name, operation, relation)
            again, theirs = await by_persons.send(name, operation, relation)
            seen += noted == "200"
            if (noted, _shown(answer.text, answer)) != (again, _shown(theirs.text, theirs)):
                different[name, relation] = (noted, answer.text, again, theirs.text)
    assert different == {}
    assert seen > len(AGENCIES) * 20


def _shown(text: str, answer: Any) -> str:
    """Leave out what names the request and not the rows."""
    return text.replace(answer.headers.get("X-Request-ID", "-"), "")
