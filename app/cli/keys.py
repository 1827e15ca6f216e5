"""`hub keys`: keys to personal data (个人信息密钥): which there are, a new one, and rotation."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

import typer

from app.cli.acts import act
from app.entitlement import service as entitlement
from app.runtime import data_keys
from app.runtime.settings import Settings
from app.runtime.standalone import (
    DATA_KEYS,
    Home,
    StandaloneError,
    lend_hub,
    open_home,
    write_private,
)
from app.runtime.vault import Vault

program = typer.Typer(no_args_is_help=True, help="Keys of personal data 个人信息密钥.")
Rows = Annotated[int, typer.Option(min=1, max=10_000, help="Workers in one transaction")]


@program.command("list")
def list_keys() -> None:
    """List the ids of the keys this database ever used; a key itself is never shown."""
    with open_home(Settings(), shared=True) as home:
        for line in data_keys.listed(home.url):
            typer.echo(line)


@program.command()
def add() -> None:
    """Make a new key for the embedded hub; it encrypts from the next start on."""
    settings = Settings()
    if settings.data_keys is not None or settings.database_url is not None:
        raise StandaloneError(
            "These keys are not kept in HUB_HOME: make one with `openssl rand -hex 32`, put it "
            "first in HUB_DATA_KEYS of every hub, then run `hub keys rotate`."
        )
    with open_home(settings) as home:
        kept = home.settings.data_keys
        assert kept is not None, "an opened home has its keys"
        text = f"{secrets.token_hex(32)}\n{kept.get_secret_value()}"
        write_private(home.folder / "keys" / DATA_KEYS, text)
    typer.echo("A new key encrypts from the next start on; `hub keys rotate` moves what is older.")


@program.command()
def rotate(rows: Rows = 500) -> None:
    """Encrypt everything under the newest key; broken off, the same again goes on.

    Every hub of this database must hold the newest key, and as its first, before.
    """
    with open_home(Settings()) as home:
        workers, retired = asyncio.run(_rotate(home, rows))
    gone = f"; no longer needed: {', '.join(retired)}" if retired else ""
    typer.echo(f"{workers} workers encrypted anew{gone}.")


async def _rotate(home: Home, rows: int) -> tuple[int, list[str]]:
    vault = Vault.of(home.settings)
    async with data_keys.as_owner(home.url) as owner:
        workers = await entitlement.rekey(
            owner, vault, rows, lambda it: typer.echo(f"{it} …", err=True)
        )
    retired = data_keys.retire(home.url, vault)
    async with lend_hub(home) as hub:
        newest = vault.newest.hex()
        await act(
            hub,
            "keys rotate",
            lambda work: entitlement.record_rekeying(work, newest, retired, workers),
        )
    return workers, retired
