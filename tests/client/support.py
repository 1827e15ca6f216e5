"""Clients for tests: real credentials, a journal of their own, a network that can fail."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import httpx
from fastapi import FastAPI

from app.cli.credentials import give_client
from hub_client import AsyncHubClient, Desk, HubClient, Pacing, Unseen, open_desk
from hub_client.desk import Token
from tests.client.network import Bridge, Network, Pause
from tests.support.parties import as_operator
from tests.support.world import World

_DESKS = itertools.count()
_MADE: WeakKeyDictionary[FastAPI, dict[str, tuple[str, str]]] = WeakKeyDictionary()


def _token(world: World, party: str) -> str:
    client = world.institution(party) if party[0].isalpha() else world.agency(party)
    return client.signer.issue(client.caller, world.clock())


@dataclass(slots=True)
class Desktop:
    """An asynchronous client, and everything around it a test looks at."""

    client: AsyncHubClient
    network: Network
    pause: Pause
    desk: Desk


async def credentials(world: World, party: str) -> tuple[str, str]:
    """Return a credential of a party, made once per world."""
    made_here = _MADE.setdefault(world.app, {})
    if party not in made_here:
        made = await as_operator(world, lambda work: give_client(work, party))
        made_here[party] = (made.id, made.secret)
    return made_here[party]


async def opened(
    world: World,
    party: str,
    journal: Path | str = ":memory:",
    *,
    window: int = 0,
    when_unseen: Unseen = Unseen.RESEND,
    signs_in: bool = False,
) -> tuple[Desk, Network, Pause]:
    """Open a desk on the world's clock, and a network to the world's hub."""
    client_id, secret = (await credentials(world, party)) if signs_in else ("", "")
    pause = Pause()
    apart = timedelta(seconds=next(_DESKS))  # the world's clock stands still; desks do not meet
    desk = open_desk(
        party=party,
        client_id=client_id,
        secret=secret,
        journal=journal,
        window=window,
        pacing=Pacing(deadline=30.0, jitter=lambda: 0.5),
        when_unseen=when_unseen,
        clock=lambda: world.clock() + apart,
    )
    desk.monotonic = pause.now
    if not signs_in:  # verifying a secret is slow by design; most tests begin with a token
        desk.token = Token(_token(world, party), until=600.0)
    hub = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    return desk, Network(hub), pause


@asynccontextmanager
async def desktop(
    world: World,
    party: str,
    journal: Path | str = ":memory:",
    *,
    window: int = 0,
    when_unseen: Unseen = Unseen.RESEND,
    signs_in: bool = False,
) -> AsyncIterator[Desktop]:
    """Open an asynchronous client."""
    desk, network, pause = await opened(
        world, party, journal, window=window, when_unseen=when_unseen, signs_in=signs_in
    )
    client = AsyncHubClient("http://hub", desk, transport=network, sleep=pause.sleep)
    async with client:
        yield Desktop(client, network, pause, desk)


async def blocking(world: World, party: str, journal: Path | str = ":memory:") -> HubClient:
    """Open a blocking client; use it in a thread of its own."""
    desk, network, pause = await opened(world, party, journal, signs_in=True)
    bridge = Bridge(network, asyncio.get_running_loop())
    return HubClient("http://hub", desk, transport=bridge, sleep=pause.block)
