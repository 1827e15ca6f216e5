"""`hub deliver`: send what is to be sent to subscribers, as the service does every few seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated

import typer

from app.events.model import DeliveryOutcome
from app.events.ticking import Deliverer
from app.runtime.hub import wall_clock
from app.runtime.settings import Settings
from app.runtime.standalone import lend_hub, open_home
from app.runtime.telemetry import configure_logging


def deliver(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False
) -> None:
    """Send events to subscribers 推送事件: everything whose time has come, once."""
    settings = Settings()
    configure_logging(settings)
    with open_home(settings, shared=True) as home:

        async def work() -> Mapping[DeliveryOutcome, int]:
            async with lend_hub(home) as hub:
                return await Deliverer.of(hub, home.settings, wall_clock).deliver()

        found = asyncio.run(work())
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for outcome, count in found.items():
        typer.echo(f"{outcome:<10}  {count}")
