"""`hub clients`: credentials of parties; in production a new one takes two persons here, too."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from app.cli.acts import act, look
from app.cli.credentials import ensure_party, give_client
from app.cli.persons import at_home, by_two, two_of
from app.parties import service as parties
from app.parties.model import Asked, Credential, Decided, Proposed
from app.runtime.door import Hub
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import Home, open_hub

program = typer.Typer(no_args_is_help=True, help="Credentials of parties 接入凭据.")
ClientId = Annotated[str, typer.Argument(help="Client id 客户端编号")]
First = Annotated[str | None, typer.Option("--as", help="In production: who proposes 提议人")]
Second = Annotated[
    str | None, typer.Option("--approved-by", help="In production: who approves 批准人")
]


@program.command()
def create(
    party: Annotated[str, typer.Argument(help="Party code: a region, an institution, operator …")],
    client_id: Annotated[
        str | None, typer.Option("--id", help="Client id; made up if none")
    ] = None,
    proposed_by: First = None,
    approved_by: Second = None,
) -> None:
    """Give a party a client and show its secret, this once."""

    async def make(home: Home, hub: Hub) -> Credential:
        if home.settings.mode is Mode.SANDBOX:
            return await act(hub, "clients create", lambda it: give_client(it, party, client_id))
        two = two_of(proposed_by, approved_by)
        await ensure_party(hub, party)
        asked = Asked(act="client.create", subject=party, details={"client": client_id})
        return _made(await by_two(home, hub, two, asked))

    _show(at_home(make))


@program.command()
def secret(client_id: ClientId, proposed_by: First = None, approved_by: Second = None) -> None:
    """Give a client one more secret and show it, this once; retire the old one afterwards."""

    async def make(home: Home, hub: Hub) -> Credential:
        if home.settings.mode is Mode.SANDBOX:
            return await act(hub, "clients secret", lambda it: parties.issue_secret(it, client_id))
        two = two_of(proposed_by, approved_by)
        asked = Asked(act="client.secret", subject=client_id)
        return _made(await by_two(home, hub, two, asked))

    _show(at_home(make))


@program.command()
def rotate(client_id: ClientId, proposed_by: First = None, approved_by: Second = None) -> None:
    """Give a client a new secret and show it, this once; every old one ends now."""

    async def make(home: Home, hub: Hub) -> Credential:
        if home.settings.mode is Mode.SANDBOX:
            return await act(hub, "clients rotate", lambda it: parties.rotate_client(it, client_id))
        two = two_of(proposed_by, approved_by)
        return _made(await by_two(home, hub, two, Asked(act="client.rotate", subject=client_id)))

    _show(at_home(make))


@program.command()
def retire(
    client_id: ClientId,
    hint: Annotated[str, typer.Argument(help="First part of the secret 密钥公开前缀")],
) -> None:
    """End one secret of a client; its others go on."""

    async def work() -> None:
        async with open_hub(Settings()) as hub:
            await act(hub, "clients retire", lambda it: parties.retire_secret(it, client_id, hint))

    asyncio.run(work())
    typer.echo(f"{hint} of {client_id} is retired.")


@program.command()
def disable(client_id: ClientId) -> None:
    """Give a client no more tokens; those it has open nothing from now on."""

    async def work() -> None:
        async with open_hub(Settings()) as hub:
            await act(hub, "clients disable", lambda it: parties.disable_client(it, client_id))

    asyncio.run(work())
    typer.echo(f"{client_id} is disabled.")


@program.command()
def revoke(client_id: ClientId) -> None:
    """Make every token of a client good for nothing; it may ask for new ones."""

    async def work() -> None:
        async with open_hub(Settings()) as hub:
            await act(hub, "clients revoke", lambda it: parties.revoke_tokens(it, client_id))

    asyncio.run(work())
    typer.echo(f"The tokens of {client_id} are revoked.")


@program.command("list")
def list_clients() -> None:
    """List every client, without secrets."""

    async def work() -> list[str]:
        async with open_hub(Settings()) as hub, look(hub) as reading:
            found = await parties.clients(reading)
            return [f"{c.id}\t{c.kind}\t{c.party}\t{c.party_name}\t{c.state}" for c in found]

    for line in asyncio.run(work()):
        typer.echo(line)


def _made(by_two: tuple[Proposed, Decided]) -> Credential:
    credential = by_two[1].credential
    assert credential is not None, "the act makes one"
    return credential


def _show(made: Credential) -> None:
    shown = {"party": made.party, "client_id": made.id, "client_secret": made.secret}
    typer.echo(json.dumps(shown, indent=2))
