"""`hub token`: an access token for one of the ready-made clients, for people with a shell."""

from __future__ import annotations

import json
from typing import Annotated

import httpx
import typer

from app.cli.kept import FILE
from app.runtime.mistakes import StandaloneError
from app.runtime.settings import Settings

WAIT_SECONDS = 10
Party = Annotated[str, typer.Argument(help="Whose: 110000, H37010000001, operator …")]
Address = Annotated[str, typer.Option(help="Where the hub serves")]


def token(party: Party, base_url: Address = "http://127.0.0.1:8000") -> None:
    """Print an access token 访问令牌 of a client in credentials.json."""
    path = Settings().home / FILE
    try:
        kept = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StandaloneError(f"{path} is not there: start the hub with `hub run` first.") from None
    clients = kept["clients"]
    if party not in clients:
        raise StandaloneError(f"{party} has no client in {path}; it knows {', '.join(clients)}.")
    known = clients[party]
    form = {"grant_type": "client_credentials"}
    try:
        answer = httpx.post(
            base_url + kept["token_path"],
            data=form,
            auth=(known["client_id"], known["client_secret"]),
            timeout=WAIT_SECONDS,
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise StandaloneError(
            f"No token from {base_url}: {error}. Does the hub serve there? Else say --base-url."
        ) from None
    typer.echo(answer.json()["access_token"])
