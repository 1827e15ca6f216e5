"""Clients for tests: real credentials, a journal of their own, a network that can fail."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from hub_client import AsyncHubClient, Desk, HubClient, Pacing, Unseen, open_desk
from tests.client.network import Bridge, Network, Pause
from tests.support.parties import made_client
from tests.support.world import World

_DESKS = itertools.count()
CREDENTIALS: dict[tuple[int, str], tuple[str, str]] = {}


@dataclass(slots=True)
class Desktop:
    """An asynchronous client, and everything around it a test looks at."""

    client: AsyncHubClient
    network: Network
    pause: Pause
    desk: Desk


async def credentials(world: World, party: str) -> tuple[str, str]:
    """Return a credential of a party, made once per world."""
    known = CREDENTIALS.get((id(world), party))
    if known is None:
        made = await made_client(world, party)
        known = CREDENTIALS[(id(world), party)] = (made.id, made.secret)
    return known


async def opened(
    world: World,
    party: str,
    journal: Path | str = ":memory:",
    *,
    window: int = 0,
    deadline: float = 30.0,
    when_unseen: Unseen = Unseen.RESEND,
) -> tuple[Desk, Network, Pause]:
    """Open a desk on the world's clock, and a network to the world's hub."""
    client_id, secret = await credentials(world, party)
    pause = Pause()
    apart = timedelta(seconds=next(_DESKS))  # the world's clock stands still; desks do not meet
    desk = open_desk(
        party=party,
        client_id=client_id,
        secret=secret,
        journal=journal,
        window=window,
        pacing=Pacing(deadline=deadline, jitter=lambda: 0.5),
        when_unseen=when_unseen,
        clock=lambda: world.clock() + apart,
    )
    desk.monotonic = pause.now
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
) -> AsyncIterator[Desktop]:
    """Open an asynchronous client."""
    desk, network, pause = await opened(
        world, party, journal, window=window, when_unseen=when_unseen
    )
    client = AsyncHubClient("http://hub", desk, transport=network, sleep=pause.sleep)
    async with client:
        yield Desktop(client, network, pause, desk)


async def blocking(world: World, party: str, journal: Path | str = ":memory:") -> HubClient:
    """Open a blocking client; use it in a thread of its own."""
    desk, network, pause = await opened(world, party, journal)
    bridge = Bridge(network, asyncio.get_running_loop())
    return HubClient("http://hub", desk, transport=bridge, sleep=pause.block)
