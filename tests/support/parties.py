"""Regions, parties and clients for tests, through the door as in life."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from pydantic import BaseModel

from app.parties import service
from app.parties.files import seeded_parties, seeded_regions
from app.parties.model import Credential
from app.runtime.auth import Caller, PartyKind
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.world import World

T = TypeVar("T")
TOKEN = "/oauth/token"


class Nothing(BaseModel):
    """An answer nobody reads."""

    @classmethod
    def of(cls, _: object) -> Nothing:
        """Show nothing."""
        return cls()


async def as_operator(world: World, use_case: Callable[[Work], Awaitable[T]]) -> T:
    """Run a use case as the operator's own act and return what it returned."""
    kept: list[T] = []

    async def watched(work: Work) -> T:
        kept.append(await use_case(work))
        return kept[-1]

    door = Door(
        hub=world.hub,
        caller=Caller(
            kind=PartyKind.OPERATOR, party="operator", region="000000", client="operator-test"
        ),
        key=secrets.token_hex(8),
        fingerprint=b"",
        action="test",
        request="test",
    )
    await door.write(watched, show=Nothing.of)
    return kept[-1]


async def seeded(world: World) -> tuple[int, int]:
    """Load the regions and their parties; return how many rows changed of each."""
    regions = seeded_regions()
    changed = await as_operator(world, lambda work: service.load_regions(work, regions))
    parties = seeded_parties(regions)
    return changed, await as_operator(world, lambda work: service.load_parties(work, parties))


async def made_client(world: World, party: str, client_id: str | None = None) -> Credential:
    """Give a party a credential."""
    return await as_operator(world, lambda work: service.create_client(work, party, client_id))


async def ask(world: World, **form: str) -> httpx.Response:
    """Ask for a token by a form."""
    return await world.http.post(TOKEN, data={"grant_type": "client_credentials", **form})


async def ask_with(world: World, it: Credential) -> httpx.Response:
    """Ask for a token with a client's credentials."""
    return await ask(world, client_id=it.id, client_secret=it.secret)


async def token_of(world: World, it: Credential) -> str:
    """Buy a token."""
    return str((await ask_with(world, it)).json()["access_token"])
