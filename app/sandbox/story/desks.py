"""The desks of the story: institutions, a channel and an agency, each with the client it installs.

What is meant is in a journal before it is sent, and an answer that does not come is asked for: the
story's hospital is played by the very package a hospital would use.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.sandbox.story.wire import Credential
from hub_client import AsyncHubClient, open_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who files, admits and settles."""

    beijing: AsyncHubClient
    channel: AsyncHubClient
    hospital: AsyncHubClient
    fitter: AsyncHubClient


@asynccontextmanager
async def opened(
    url: str, credentials: Mapping[str, Credential], parties: Mapping[str, str]
) -> AsyncIterator[Desks]:
    """Open a desk for each party; journals live as long as the story.

    Message ids carry the wall's time, not the story's: a run on the data of one that was broken
    off plays the same days again, and must not meet its ids.
    """
    with TemporaryDirectory(prefix="hub-desks-") as folder:
        async with AsyncExitStack() as stack:

            async def open_one(party: str) -> AsyncHubClient:
                given = credentials[party]
                desk = open_desk(
                    party=party,
                    client_id=given.client_id,
                    secret=given.client_secret,
                    journal=Path(folder) / party,
                )
                return await stack.enter_async_context(AsyncHubClient(url, desk))

            yield Desks(**{name: await open_one(party) for name, party in parties.items()})
