"""`hub conformance his`: stand between a hospital's software and a sandbox, strike, and judge."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import uvicorn

from app.conformance.evidence import Result
from app.conformance.his.proxy import Proxy
from app.conformance.his.trials import Watch

TIMEOUT = httpx.Timeout(30.0)
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where the proxy stands, and for how long."""

    upstream: str
    host: str
    port: int
    seconds: float | None  # None: until every trial is decided, or Ctrl-C
    transport: httpx.AsyncBaseTransport | None = None


async def watch(session: Session, told: Callable[[str], None]) -> list[Result]:
    """Serve until the session is over and report."""
    watched = Watch()
    async with httpx.AsyncClient(
        base_url=session.upstream, timeout=TIMEOUT, transport=session.transport
    ) as upstream:
        config = uvicorn.Config(
            Proxy(upstream, watched),
            host=session.host,
            port=session.port,
            log_level="critical",
            lifespan="off",
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            while not server.started and not serving.done():  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(LOOK_SECONDS / 10)
            for listening in server.servers:
                for socket in listening.sockets:
                    told("http://{}:{}".format(*socket.getsockname()[:2]))
            await _until_over(session, watched, serving)
        finally:
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving
    return watched.results()


async def _until_over(session: Session, watched: Watch, serving: asyncio.Task[None]) -> None:
    clock = asyncio.get_running_loop().time
    until = None if session.seconds is None else clock() + session.seconds
    while not serving.done() and not watched.is_done:
        if until is not None and clock() >= until:
            return
        await asyncio.sleep(LOOK_SECONDS)


def run(session: Session, told: Callable[[str], None]) -> list[Result]:
    """Watch until it is over; Ctrl-C ends it with the report."""

    async def watched() -> list[Result]:
        return await watch(session, told)

    kept = signal.getsignal(signal.SIGINT)
    try:
        return asyncio.run(watched())
    finally:
        signal.signal(signal.SIGINT, kept)
