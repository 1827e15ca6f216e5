"""Open the hub from settings alone: its database (given or embedded), its keys, its pool.

What commands and the server share; a stranger's mistakes are answered with one sentence.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.runtime import data_keys, migrate
from app.runtime import mode as modes
from app.runtime.auth import KEY_LENGTH_MIN
from app.runtime.db import open_engine
from app.runtime.door import Hub
from app.runtime.embedded import EmbeddedPostgres
from app.runtime.hub import Clock, build_hub, wall_clock
from app.runtime.mistakes import StandaloneError
from app.runtime.settings import Mode, Settings
from app.runtime.vault import KEY_CHARACTERS_MIN, Vault, VaultKeyError

__all__ = [
    "Home",
    "StandaloneError",
    "address_of",
    "lend_hub",
    "migrate_database",
    "open_home",
    "open_hub",
    "write_private",
]

DRIVER = "postgresql+asyncpg"
TOKEN_KEY, DATA_KEYS, INDEX_KEY = "token.key", "data.keys", "index.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An opened database and the settings completed with the keys."""

    url: str
    settings: Settings
    embedded: bool

    @property
    def folder(self) -> Path:
        """HUB_HOME."""
        return self.settings.home

    def require_sandbox(self, command: str) -> None:
        """Refuse to make people and money up in a database of production."""
        if self.settings.mode is not Mode.SANDBOX:
            raise StandaloneError(
                f"`hub {command}` makes people and money up; this database is one of production."
            )


def nothing_else() -> None:
    """Do nothing else meanwhile."""


@contextmanager
def open_home(
    settings: Settings, *, shared: bool = False, meanwhile: Callable[[], object] = nothing_else
) -> Iterator[Home]:
    """Reach the database and find or make the keys.

    The embedded database is migrated here; a given one must be migrated already. Either must be
    one for what this hub is for. With `shared` an embedded database that another process serves
    is joined. What is to be done `meanwhile` is done while a database of its own gets ready.
    """
    keyed = _with_data_keys(_with_token_key(settings))
    vault = Vault.of(keyed)
    if settings.database_url is not None:
        url = address_of(settings.database_url)
        migrate.require_current(url)
        modes.require(url, modes.mode_of(settings), embedded=False)
        data_keys.require(url, vault)
        meanwhile()
        yield Home(url=url, settings=modes.resolved(keyed), embedded=False)
        return
    with EmbeddedPostgres(settings.home, shared=shared, meanwhile=meanwhile) as server:
        migrate.upgrade(server.url())
        modes.require(server.url(), modes.mode_of(settings), embedded=True)
        data_keys.require(server.url(), vault)
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
    return settings.model_copy(update={"token_key": SecretStr(_kept_key(settings, TOKEN_KEY))})


def _with_data_keys(settings: Settings) -> Settings:
    """Find the keys to personal data; a production database's are given, never made here."""
    given = {"data_keys": settings.data_keys, "index_key": settings.index_key}
    missing = [name for name, key in given.items() if key is None]
    if missing:
        named = " and ".join(f"HUB_{name.upper()}" for name in missing)
        if settings.database_url is not None and modes.mode_of(settings) is Mode.PRODUCTION:
            raise StandaloneError(
                f"A production hub needs {named}; make each with: openssl rand -hex 32, keep them "
                "where the database's backups are not, and lose none of them."
            )
        files = {"data_keys": DATA_KEYS, "index_key": INDEX_KEY}
        made = {name: SecretStr(_kept_key(settings, files[name])) for name in missing}
        settings = settings.model_copy(update=made)
    try:
        Vault.of(settings)
    except VaultKeyError:
        raise StandaloneError(
            f"HUB_DATA_KEYS and HUB_INDEX_KEY must have at least {KEY_CHARACTERS_MIN} characters "
            "each, and no key may be given twice; make one with: openssl rand -hex 32"
        ) from None
    return settings


def _kept_key(settings: Settings, name: str) -> str:
    """Read a key out of the home; make it there the first time."""
    path = settings.home / "keys" / name
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = path.with_name(f"{name}.{secrets.token_hex(4)}")
            write_private(made, secrets.token_hex(32))
            with suppress(FileExistsError):  # of two that make it at once, the first made it
                os.link(made, path)
            made.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise StandaloneError(
            f"{settings.home} cannot be the hub's home: {error.strerror}. "
            "Name another folder: HUB_HOME=…"
        ) from None
