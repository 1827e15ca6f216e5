"""Puts a hub on a real socket of this machine, as `hub serve` does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.cli.serving import server_of


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """Serve while the block runs; give the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = server_of(app)
        task = asyncio.create_task(server.serve(sockets=[taken]))
        while not server.started:  # noqa: ASYNC110 -- uvicorn tells it no other way
            await asyncio.sleep(0.01)
        yield int(taken.getsockname()[1])
        server.should_exit = True
        await task
