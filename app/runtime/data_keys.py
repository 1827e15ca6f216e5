"""Which keys a database's personal data need, so that a hub without one of them does not start.

The table names keys by their ids, which follow from the keys; the keys themselves are kept apart.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.runtime.db import METADATA, Tx, moment, one_of
from app.runtime.embedded.databases import in_own_loop, select_one_column
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.vault import Vault

OwnerTx: TypeAlias = Callable[[], AbstractAsyncContextManager[Tx]]
NOT_THE_OWNER = "42501"


class KeyUse(enum.StrEnum):
    """What a key is for."""

    ENCRYPTION = "encryption"  # 加密
    INDEX = "index"  # 索引


data_key = sa.Table(
    "data_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("use", sa.Text, nullable=False),
    moment("used_from"),
    moment("retired_at", nullable=True),
    one_of("use", KeyUse),
    # One key for the index, for good: two would let one person be registered twice.
    sa.Index("uq_data_key_index", "use", unique=True, postgresql_where=sa.text("use = 'index'")),
)

_NEEDED = "SELECT id FROM data_key WHERE use = $1 AND retired_at IS NULL ORDER BY used_from, id"
_RETIRE = (
    "UPDATE data_key SET retired_at = now() "
    "WHERE use = 'encryption' AND id <> $1 AND retired_at IS NULL RETURNING id"
)
_LISTED = (
    "SELECT concat_ws('  ', id, rpad(use, 10), 'since ' || used_from::date, "
    "'retired ' || retired_at::date) FROM data_key ORDER BY use, used_from, id"
)
_USE = "INSERT INTO data_key (id, use, used_from) VALUES ($1, $2, now()) ON CONFLICT "
_ENCRYPT = _USE + "(id) DO UPDATE SET retired_at = NULL"
_INDEX = _USE + "DO NOTHING"


def require(url: str, vault: Vault) -> None:
    """Refuse keys that do not open this database; note the newest as in use."""
    _require_index(url, vault.index_id.hex())
    needed = set(needed_by(url, KeyUse.ENCRYPTION))
    missing = sorted(needed - {it.hex() for it in vault.ciphers})
    if missing:
        raise DatabaseNotReadyError(
            f"Personal data in this database are encrypted under {_named(missing)}, which "
            "HUB_DATA_KEYS (or HUB_HOME/keys/data.keys) does not hold. Add it behind the newest, "
            "and start again."
        )
    if vault.newest.hex() not in needed:
        in_own_loop(select_one_column(url, _ENCRYPT, vault.newest.hex(), KeyUse.ENCRYPTION.value))


def needed_by(url: str, use: KeyUse) -> list[str]:
    """List the keys in use, oldest first."""
    return [str(it) for it in in_own_loop(select_one_column(url, _NEEDED, use.value))]


def retire(url: str, vault: Vault) -> list[str]:
    """Note that nothing is encrypted any more under any key but the newest; tell which those are.

    Only for who has just made it so, and whose hubs all encrypt under the newest.
    """
    return [str(it) for it in in_own_loop(select_one_column(url, _RETIRE, vault.newest.hex()))]


@asynccontextmanager
async def as_owner(url: str) -> AsyncIterator[OwnerTx]:
    """Reach the tables as whoever owns them: the service itself never encrypts a name anew."""
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Tx]:
        async with engine.begin() as connection:
            yield Tx(connection)

    try:
        yield begin
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_THE_OWNER:
            raise
        raise DatabaseNotReadyError(
            "This user of the database may not encrypt workers anew: run it with the DATABASE_URL "
            "that `hub migrate` is run with."
        ) from None
    finally:
        await engine.dispose()


def listed(url: str) -> list[str]:
    """List every key ever used, as a person reads it."""
    return [str(it) for it in in_own_loop(select_one_column(url, _LISTED))]


def _require_index(url: str, held: str) -> None:
    in_use = needed_by(url, KeyUse.INDEX)
    if not in_use:
        in_own_loop(select_one_column(url, _INDEX, held, KeyUse.INDEX.value))
        in_use = needed_by(url, KeyUse.INDEX)  # a rival may have been first
    if in_use != [held]:
        raise DatabaseNotReadyError(
            f"Workers in this database are found by the index key {in_use[0]}, but HUB_INDEX_KEY "
            f"(or HUB_HOME/keys/index.key) is {held}. Give this hub the key the database began "
            "with."
        )


def _named(ids: list[str]) -> str:
    return f"the key{'s'[: len(ids) > 1]} {', '.join(ids)}"
