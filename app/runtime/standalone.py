"""Open the hub from settings alone: its database (given or embedded), its keys, its pool.

What commands and the server share; a stranger's mistakes are answered with one sentence.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.runtime import migrate
from app.runtime import mode as modes
from app.runtime.auth import KEY_LENGTH_MIN
from app.runtime.db import open_engine
from app.runtime.door import Hub
from app.runtime.embedded import EmbeddedPostgres
from app.runtime.hub import Clock, build_hub, wall_clock
from app.runtime.settings import Settings

DRIVER = "postgresql+asyncpg"


class StandaloneError(RuntimeError):
    """The hub cannot be opened as asked; the message is one sentence with a way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An opened database and the settings completed with a token key."""

    url: str
    settings: Settings
    embedded: bool

    @property
    def folder(self) -> Path:
        """HUB_HOME."""
        return self.settings.home


@contextmanager
def open_home(settings: Settings, *, shared: bool = False) -> Iterator[Home]:
    """Reach the database and find or make the token key.

    The embedded database is migrated here; a given one must be migrated already. Either must be
    one for what this hub is for. With `shared` an embedded database that another process serves
    is joined.
    """
    keyed = _with_token_key(settings)
    if settings.database_url is not None:
        url = address_of(settings.database_url)
        migrate.require_current(url)
        modes.require(url, modes.mode_of(settings), embedded=False)
        yield Home(url=url, settings=modes.resolved(keyed), embedded=False)
        return
    with EmbeddedPostgres(settings.home, shared=shared) as server:
        migrate.upgrade(server.url())
        modes.require(server.url(), modes.mode_of(settings), embedded=True)
        yield Home(url=server.url(), settings=modes.resolved(keyed), embedded=True)


@asynccontextmanager
async def lend_hub(home: Home, clock: Clock = wall_clock) -> AsyncIterator[Hub]:
    """Lend a hub on an opened home, without serving it."""
    engine = open_engine(home.url, home.settings)
    try:
        yield build_hub(engine, home.settings, clock)
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_hub(settings: Settings, clock: Clock = wall_clock) -> AsyncIterator[Hub]:
    """Open everything a command needs, joining an embedded hub that runs."""
    with open_home(settings, shared=True) as home:
        async with lend_hub(home, clock) as hub:
            yield hub


def address_of(database_url: str) -> str:
    """Write an address the way the driver wants it; `postgres://` is what others call it."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise StandaloneError(
            "DATABASE_URL is not an address; write "
            "postgresql+asyncpg://user:password@host:5432/database."
        ) from None
    if url.drivername.partition("+")[0] not in ("postgres", "postgresql"):
        raise StandaloneError("DATABASE_URL must name a Postgres: postgresql+asyncpg://…")
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def migrate_database(settings: Settings) -> str | None:
    """Bring the database, given or embedded, to the newest revision and tell which that is."""
    if settings.database_url is not None:
        url = address_of(settings.database_url)
        migrate.upgrade(url)
        modes.require(url, modes.mode_of(settings), embedded=False)
        return migrate.current(url)
    with open_home(settings, shared=True) as home:
        return migrate.current(home.url)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _with_token_key(settings: Settings) -> Settings:
    if settings.token_key is not None:
        if len(settings.token_key.get_secret_value()) < KEY_LENGTH_MIN:
            raise StandaloneError(
                f"HUB_TOKEN_KEY must have at least {KEY_LENGTH_MIN} characters; "
                "make one with: openssl rand -hex 32"
            )
        return settings
    path = settings.home / "keys" / "token.key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, secrets.token_hex(32))
        key = path.read_text().strip()
    except OSError as error:
        raise StandaloneError(
            f"{settings.home} cannot be the hub's home: {error.strerror}. "
            "Name another folder: HUB_HOME=…"
        ) from None
    return settings.model_copy(update={"token_key": SecretStr(key)})
