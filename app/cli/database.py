"""`hub migrate` and `hub seed`: bring a database to where a hub can work with it."""

from __future__ import annotations

import asyncio

import typer

from app.cli.seeding import seed as load_seeds
from app.runtime.settings import Settings
from app.runtime.standalone import migrate_database, open_hub


def migrate() -> None:
    """Bring the database to the newest schema."""
    typer.echo(f"The database is at schema revision {migrate_database(Settings())}.")


def seed() -> None:
    """Load regions, parties, institutions and synthetic catalogues; again changes nothing."""

    async def work() -> int:
        async with open_hub(Settings()) as hub:
            return await load_seeds(hub, lambda name: typer.echo(f"loaded {name}", err=True))

    done = asyncio.run(work())
    typer.echo(f"{done} seeds loaded." if done else "Every seed was loaded before.")
