"""`hub tick`: do what is due, as the service does every minute; for cron, or to see it done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated

import typer

from app.cli.acts import caller
from app.cli.clocks import on_its_clock
from app.cli.policy import refuse_unadopted
from app.deadlines.model import Tick
from app.kernel.calendar import business_day
from app.main import build_ticker
from app.runtime.settings import Settings
from app.runtime.standalone import open_hub
from app.runtime.telemetry import configure_logging


def tick(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False
) -> None:
    """Do what is due 办理到期事项: each act once for each day, missed days in order."""

    async def work() -> Tick:
        settings = Settings()
        configure_logging(settings)
        async with open_hub(settings) as hub, on_its_clock(hub, settings) as timed:
            await refuse_unadopted(hub)
            return await build_ticker(timed, settings, caller().client).tick()

    done = asyncio.run(work())
    if as_json:
        typer.echo(json.dumps(_document(done), ensure_ascii=False, indent=2))
    else:
        _say(done)
    raise typer.Exit(1 if done.failed else 0)


def _say(it: Tick) -> None:
    for each in it.done:
        typer.echo(f"{each.due.day}  {each.due.act:<16}  {each.found}")
    for due in it.failed:
        typer.echo(f"{due.day}  {due.act:<16}  failed; the next tick tries again", err=True)
    if it.elsewhere:
        typer.echo("Another hub is at it 另一实例正在办理.")
    elif not (it.done or it.failed):
        typer.echo("Nothing is due 无到期事项.")


def _document(it: Tick) -> Mapping[str, object]:
    return {
        "day": str(business_day(it.at)),
        "elsewhere": it.elsewhere,
        "done": [
            {"act": each.due.act, "day": str(each.due.day), "found": each.found} for each in it.done
        ],
        "failed": [{"act": due.act, "day": str(due.day)} for due in it.failed],
    }
