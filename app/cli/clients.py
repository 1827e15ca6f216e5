"""`hub clients`: credentials of parties."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from app.cli.acts import act, look
from app.cli.credentials import give_client
from app.parties import service as parties
from app.parties.model import Credential
from app.runtime.settings import Settings
from app.runtime.standalone import open_hub

program = typer.Typer(no_args_is_help=True, help="Credentials of parties 接入凭据.")
ClientId = Annotated[str, typer.Argument(help="Client id 客户端编号")]


@program.command()
def create(
    party: Annotated[str, typer.Argument(help="Party code: a region, an institution, operator …")],
    client_id: Annotated[
        str | None, typer.Option("--id", help="Client id; made up if none")
    ] = None,
) -> None:
    """Give a party a client and show its secret, this once."""

    async def work() -> Credential:
        async with open_hub(Settings()) as hub:
            return await act(hub, "clients create", lambda it: give_client(it, party, client_id))

    _show(asyncio.run(work()))


@program.command()
def rotate(client_id: ClientId) -> None:
    """Give a client a new secret and show it, this once; the old one ends now."""

    async def work() -> Credential:
        async with open_hub(Settings()) as hub:
            return await act(hub, "clients rotate", lambda it: parties.rotate_client(it, client_id))

    _show(asyncio.run(work()))


@program.command()
def disable(client_id: ClientId) -> None:
    """Give a client no more tokens; those it has end within minutes."""

    async def work() -> None:
        async with open_hub(Settings()) as hub:
            await act(hub, "clients disable", lambda it: parties.disable_client(it, client_id))

    asyncio.run(work())
    typer.echo(f"{client_id} is disabled.")


@program.command("list")
def list_clients() -> None:
    """List every client, without secrets."""

    async def work() -> list[str]:
        async with open_hub(Settings()) as hub, look(hub) as reading:
            found = await parties.clients(reading)
            return [f"{c.id}\t{c.kind}\t{c.party}\t{c.party_name}\t{c.state}" for c in found]

    for line in asyncio.run(work()):
        typer.echo(line)


def _show(made: Credential) -> None:
    shown = {"party": made.party, "client_id": made.id, "client_secret": made.secret}
    typer.echo(json.dumps(shown, indent=2))
