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
    path, known = _client_of(party)
    form = {"grant_type": "client_credentials"}
    try:
        answer = httpx.post(base_url + path, data=form, auth=known, timeout=WAIT_SECONDS)
        answer.raise_for_status()
        typer.echo(answer.json()["access_token"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise StandaloneError(
            f"No token from {base_url}: {_reason(error)}. Does the hub serve there? "
            "Else say --base-url."
        ) from None


def _client_of(party: str) -> tuple[str, tuple[str, str]]:
    """Read where to ask, and the credentials to ask with."""
    path = Settings().home / FILE
    try:
        kept = json.loads(path.read_text("utf-8"))
        clients = kept["clients"]
        if party not in clients:
            known = ", ".join(clients)
            raise StandaloneError(f"{party} has no client in {path}; it knows {known}.")
        found = clients[party]
        return kept["token_path"], (found["client_id"], found["client_secret"])
    except FileNotFoundError:
        raise StandaloneError(f"{path} is not there: start the hub with `hub run` first.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise StandaloneError(
            f"{path} cannot be read; remove it and start the hub again."
        ) from None


def _reason(error: Exception) -> str:
    """Say in one line what came instead of a token; never what was answered."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return str(error).rstrip(".")
    return "what it answered is no token"
