"""What is served on an opened home; on an embedded one after all was laid that trying out takes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from socket import socket

import typer
from fastapi import FastAPI

from app.cli import serving
from app.cli.clocks import on_its_clock
from app.cli.credentials import ensure_credentials
from app.cli.examples import laid
from app.cli.policy import adopt_where_played, require_adopted
from app.cli.seeding import seed
from app.main import create_app
from app.runtime import docs_pages
from app.runtime.door import Hub
from app.runtime.hub import wall_clock
from app.runtime.logins import require_lesser
from app.runtime.settings import Mode
from app.runtime.standalone import Home, lend_hub
from app.sandbox import casting


def serve_opened(home: Home, taken: socket) -> None:
    """Serve until told to stop."""
    require_adopted(home)
    if home.settings.mode is Mode.PRODUCTION and not home.embedded:
        require_lesser(home.url, home.settings.database_role)
    served = create_app(home.settings, url=home.url)
    if home.embedded:
        asyncio.run(_lay(home, served))
    typer.echo(f"The hub serves {serving.base_url(taken)}/docs · Ctrl-C stops it.", err=True)
    serving.serve(served, taken)


async def prepare(home: Home, folder: Path) -> Path:
    """Seed the demo's hub and make its ready-made clients, kept in a folder."""
    home.require_sandbox("demo")
    async with lend_hub(home) as hub:
        await adopt_where_played(home, hub)
        return await _prepared(hub, folder)


async def _lay(home: Home, served: FastAPI) -> None:
    """Have seeds and ready-made clients there, and in a sandbox its personas of today."""
    hub: Hub = replace(served.state.hub, clock=wall_clock)
    try:
        await _prepared(hub, home.folder)
        if home.settings.mode is Mode.SANDBOX:
            async with on_its_clock(hub, home.settings) as timed:
                await casting.refresh(timed)
    finally:
        await (
            hub.engine.dispose()
        )  # its connections belong to this loop, and the server has its own
    docs_pages.show(served, laid(home.settings, home.url, wall_clock))


async def _prepared(hub: Hub, folder: Path) -> Path:
    await seed(hub, lambda name: typer.echo(f"loaded {name}", err=True))
    return await ensure_credentials(hub, folder)
