"""`hub run` and `hub serve`: the hub on a Postgres of its own, and on one that is given."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import serving
from app.cli.late import load
from app.runtime.mistakes import StandaloneError
from app.runtime.settings import Settings
from app.runtime.standalone import open_home
from app.runtime.telemetry import configure_logging

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one")]
Host = Annotated[str, typer.Option(help="Address to listen on")]


def run(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Serve on an embedded Postgres in HUB_HOME, or on DATABASE_URL when it is set."""
    _serve(Settings(), host, port)


def serve(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Serve in production: needs DATABASE_URL, already migrated, HUB_TOKEN_KEY and data keys."""
    settings = Settings()
    if settings.database_url is None:
        raise StandaloneError("`hub serve` needs DATABASE_URL; to try the hub out: `hub run`.")
    if settings.token_key is None:
        raise StandaloneError(
            "`hub serve` needs HUB_TOKEN_KEY; make one with: openssl rand -hex 32"
        )
    _serve(settings, host, port)


def _serve(settings: Settings, host: str, port: int) -> None:
    """Load what serves while the database gets ready: it is most of what a start takes."""
    configure_logging(settings)
    with (
        serving.ending_cleanly(),
        serving.listening(host, port) as taken,
        open_home(settings, meanwhile=_load) as home,
    ):
        from app.cli.opened import serve_opened

        serve_opened(home, taken)


def _load() -> None:
    """Load what serves; a file that is missing there is not the database's."""
    try:
        load("app.cli.opened")
    except OSError as error:
        raise StandaloneError(
            f"The hub cannot be loaded ({error}): its installation is not whole."
        ) from error
