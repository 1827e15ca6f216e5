"""One metadata, one naming convention, one engine, and two kinds of connection."""

from __future__ import annotations

import enum
import socket
from functools import partial
from typing import Final, NewType, TypeAlias

import sqlalchemy as sa
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.runtime import vault
from app.runtime.settings import Settings

Tx = NewType("Tx", AsyncConnection)  # inside the door's transaction: may write
Rx = NewType("Rx", AsyncConnection)  # autocommitting: may only read
Conn: TypeAlias = Tx | Rx

# Seconds of silence, between questions, questions; milliseconds until what was sent is lost.
KEEP_ALIVE: Final = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}
# What Postgres tells in JSON; of its texts none is remembered, since they may be of a person.
_told = partial(from_json, cache_strings="keys")
METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: type[enum.StrEnum]) -> sa.CheckConstraint:
    """Let the database refuse a value the enum does not have."""
    listed = ", ".join(f"'{v}'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def identity(name: str = "id") -> sa.Column[int]:
    """Return the internal key of a table; public numbers are made beside it."""
    return sa.Column(name, sa.BigInteger, sa.Identity(always=True), primary_key=True)


def fen(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """Return a column of whole fen (分)."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Return a column holding an instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def open_engine(url: str, settings: Settings) -> AsyncEngine:
    """Open the service's pool: few connections, bounded waits, a role that owns nothing.

    The role and the time-outs travel in the start-up packet, so they cost no round trip. The keys
    to personal data travel with the engine: no store function is handed them.
    """
    keys = None if settings.data_keys is None else vault.Vault.of(settings)
    engine = create_async_engine(
        url,
        pool_size=settings.pool_connections,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_pre_ping=False,
        pool_use_lifo=True,  # whose plans and rows are still warm serves again; the rest stay idle
        hide_parameters=True,  # a statement that fails must not bring a person into the log
        execution_options={vault.OPTION: keys},
        json_deserializer=_told,
        connect_args={
            "timeout": settings.connect_seconds,
            "server_settings": {
                "role": settings.database_role,
                "application_name": "hub",
                "timezone": "UTC",
                "jit": "off",
                "lock_timeout": str(settings.lock_wait_ms),
                "statement_timeout": str(settings.statement_ms),
                "idle_in_transaction_session_timeout": "60000",
            },
        },
    )
    sa.event.listen(engine.sync_engine, "handle_error", _drop_unbegun)
    sa.event.listen(engine.sync_engine, "connect", _keep_alive)
    return engine


def _keep_alive(adapted: sa.engine.AdaptedConnection, _: object) -> None:
    """Let the kernel find out when the other machine has gone without a word, in about a minute."""
    wire = adapted.driver_connection._transport.get_extra_info("socket")  # noqa: SLF001 -- the driver hands it out no other way
    if wire is None or wire.family not in (socket.AF_INET, socket.AF_INET6):
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if hasattr(socket, name):  # not every system has them all
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _drop_unbegun(failure: sa.engine.ExceptionContext) -> None:
    """Give up a connection whose BEGIN was refused, and no other.

    The driver goes on believing in the transaction that never began, and would answer every later
    one on this connection with an error.
    """
    if failure.is_disconnect or failure.connection is None or failure.statement is None:
        return
    lent = failure.connection.connection
    wire, adapted = lent.driver_connection, lent.dbapi_connection
    if wire is None or adapted is None or failure.dialect.detect_autocommit_setting(adapted):
        return
    if not wire.is_in_transaction():
        failure.is_disconnect = True
        failure.invalidate_pool_on_disconnect = False
