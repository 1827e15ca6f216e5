"""One way to run a hot read: a statement compiled once, sent by the driver's own hand.

What the library does around a statement each time costs more than the statement. A fault is told as
the library tells it, and the connection given up where the library would give it up.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.runtime.db import Conn

_Process = Callable[[Any], Any] | None  # how a value goes out or comes back; None: as it is
AUTOCOMMIT = "AUTOCOMMIT"
CONNECTION_LOST = ("08", "57P")  # how the SQLSTATE of a broken connection begins
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as the driver takes it, and which columns are not as they come back."""

    text: str
    fixed: Mapping[str, object]  # what the statement says itself
    binds: tuple[tuple[str, _Process], ...]
    back: tuple[tuple[int, Callable[[Any], Any]], ...]


_PREPARED: dict[sa.Executable, _Prepared] = {}  # the constants of the stores, and nothing else


async def fetch(conn: Conn, statement: sa.Executable, binds: Mapping[str, object]) -> list[Any]:
    """Read the rows of a statement that is a constant of its module, columns by their names."""
    sync = conn.sync_connection
    assert sync is not None, "it was lent"
    wire = cast("asyncpg.Connection[asyncpg.Record]", sync.connection.driver_connection)
    autocommits = sync.get_execution_options().get("isolation_level") == AUTOCOMMIT
    if not autocommits and not wire.is_in_transaction():  # the library's first statement begins it
        return list(await conn.execute(statement, binds))
    known = _PREPARED.get(statement) or _prepare(conn, statement)
    given = {**known.fixed, **binds}
    values = [given[name] if out is None else out(given[name]) for name, out in known.binds]
    for told in sync.dispatch.before_cursor_execute:  # whoever counts statements counts these
        told(sync, None, known.text, values, None, False)  # noqa: FBT003 -- the library's protocol
    try:
        found = await wire.fetch(known.text, *values)
    except FAULTS as error:
        if _is_lost(wire, error):
            wire.terminate()
            return list(await conn.execute(statement, binds))  # the library does what follows
        raise DBAPIError(known.text, None, error, hide_parameters=True) from error
    except BaseException:  # broken off: only the driver knows in which state it is
        await conn.invalidate()
        raise
    return rows_of(found, known.back)


def _is_lost(wire: asyncpg.Connection[asyncpg.Record], error: BaseException) -> bool:
    """Say whether a fault is the connection's, and not what was asked."""
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return wire.is_closed() or str(state).startswith(CONNECTION_LOST)
    return not isinstance(error, ValueError)  # a value the driver cannot write


def rows_of(
    found: Sequence[asyncpg.Record], back: Sequence[tuple[int, Callable[[Any], Any]]] = ()
) -> list[Any]:
    """Let columns be had by their names; `back` says by place which are not as they come."""
    if not found:
        return []
    make = _maker(tuple(found[0].keys()))
    if not back:
        return [make(each) for each in found]
    rows = []
    for each in found:
        values = list(each)
        for place, read in back:
            if values[place] is not None:
                values[place] = read(values[place])
        rows.append(make(values))
    return rows


@lru_cache(maxsize=512)
def _maker(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    found = cast("Any", namedtuple("Found", names, rename=True))  # noqa: PYI024 -- known only here
    return cast("Callable[[Iterable[Any]], Any]", found._make)


def rows_in(told: Sequence[Mapping[str, Any]] | None, of: sa.Table) -> list[Any]:
    """Read rows of a table that were told as JSON: days and instants become what they were."""
    read = _read_from_json(of)
    rows = []
    for each in told or ():
        row = SimpleNamespace(**each)
        values = row.__dict__
        for name, back in read:
            said = values[name]
            if said is not None:
                values[name] = back(said)
        rows.append(row)
    return rows


@lru_cache(maxsize=64)
def _read_from_json(of: sa.Table) -> tuple[tuple[str, Callable[[str], Any]], ...]:
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], Callable[[str], Any]], ...] = (
        (sa.Date, date.fromisoformat),
        (sa.DateTime, datetime.fromisoformat),
    )
    return tuple(
        (column.name, back)
        for column in of.columns
        for kind, back in kinds
        if isinstance(column.type, kind)
    )


def _prepare(conn: Conn, statement: sa.Executable) -> _Prepared:
    """Compile a statement, with what the library itself would do to its values."""
    compiled = cast("Any", statement).compile(dialect=conn.dialect)
    assert not compiled.post_compile_params, "a list of values is asked for as an array"
    out = compiled._bind_processors  # noqa: SLF001 -- no public way leads to it
    types = [each.type for each in compiled._result_columns]  # noqa: SLF001 -- the same
    back = [it._cached_result_processor(conn.dialect, None) for it in types]  # noqa: SLF001 -- the same
    made = _PREPARED[statement] = _Prepared(
        text=compiled.string,
        fixed={name: it.value for it, name in compiled.bind_names.items() if not it.required},
        binds=tuple((name, out.get(name)) for name in compiled.positiontup or ()),
        back=tuple((place, each) for place, each in enumerate(back) if each is not None),
    )
    return made
