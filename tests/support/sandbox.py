"""A hub that is a sandbox, seeded, with the verbs of its tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.cli.seeding import seed
from app.runtime import mode as modes
from app.runtime.auth import Caller, PartyKind
from app.runtime.settings import Mode
from tests.support.world import Client, World, open_world


class SandboxWorld(World):
    """A world whose clients take their tokens by the sandbox's clock."""

    def client(self, kind: PartyKind, party: str, region: str) -> Client:
        """Return a client of any party."""
        caller = Caller(kind=kind, party=party, region=region, client=f"{party}-test")
        return Client(self.http, self.app.state.signer, caller, self.hub.clock, self.keys)


@asynccontextmanager
async def open_sandbox(database_url: str, **limits: Any) -> AsyncIterator[World]:
    """Mark a database a sandbox, seed it, and start a hub on it."""
    modes.require(database_url, Mode.SANDBOX, embedded=False)
    async with open_world(database_url, mode=Mode.SANDBOX, **limits) as it:
        await seed(it.hub, lambda _: None)
        yield SandboxWorld(it.app, it.http, it.owner, it.clock, it.keys)


async def personas(world: World) -> dict[str, dict[str, Any]]:
    """Read the newest set by key."""
    answer = await world.operator.get("/v1/sandbox/personas")
    assert answer.status_code == 200, answer.text
    return {it["key"]: it for it in answer.json()["items"]}


async def go(world: World, **asked: Any) -> dict[str, Any]:
    """Set the clock through the sandbox's own path."""
    answer = await world.operator.put("/v1/sandbox/clock", asked)
    assert answer.status_code == 200, answer.text
    moved: dict[str, Any] = answer.json()
    return moved


async def played(world: World, it: dict[str, Any]) -> dict[str, Any]:
    """Do with a persona what it says, to the end; return the refusals or the amounts."""
    institution: Client = world.institution(it["institution"])
    admitted = await institution.post("/v1/visits", it["admission"])
    body: dict[str, Any] = admitted.json()
    if admitted.status_code != 201:
        codes = [each["code"] for each in (body, *body.get("also", ()))]
        return {"refusals": codes, "total": None, "fund": None, "own": None}
    visit = f"/v1/visits/{body['number']}"
    taken = await institution.post(f"{visit}/lines", it["fee_lines"])
    assert taken.status_code in (200, 201), taken.text
    if it["admission"]["kind"] == "inpatient":
        left = {"discharged_at": it["admission"]["admitted_at"], "way": "advised"}
        discharged = await institution.post(f"{visit}/discharge", left)
        assert discharged.status_code in (200, 201), discharged.text
    asked = {"total": it["expect"]["total"], "line_count": len(it["fee_lines"]["lines"])}
    settled = await institution.post(f"{visit}/settle", asked)
    assert settled.status_code == 201, settled.text
    bill = settled.json()
    found = bill.get("settlement", bill)
    return {"refusals": []} | {name: found[name] for name in ("total", "fund", "own")}
