"""Every SQL statement of the sandbox; the log is a ring, so each party's grows no further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Rx, Tx
from app.runtime.paging import PageAsked
from app.sandbox.model import Exchanged, FaultOrder, MadePersona, NewExchange
from app.sandbox.moved_clock import ClockSetting
from app.sandbox.tables import persona, sandbox_clock, sandbox_exchange, sandbox_fault

RING_ROWS = 500  # of a party

_KEEP_CLOCK = insert(sandbox_clock).values(single=True)
_KEEP_CLOCK = _KEEP_CLOCK.on_conflict_do_update(
    index_elements=[sandbox_clock.c.single],
    set_={name: _KEEP_CLOCK.excluded[name] for name in ("at", "since", "ticks")},
)
_KEEP_FAULTS = insert(sandbox_fault)
_KEEP_FAULTS = _KEEP_FAULTS.on_conflict_do_update(
    index_elements=[sandbox_fault.c.party],
    set_={name: _KEEP_FAULTS.excluded[name] for name in ("faults", "asked", "asked_by")},
)
_NO_FAULTS = insert(sandbox_fault).values(faults="").on_conflict_do_nothing()
_HELD_FAULTS = (
    sa.select(sandbox_fault)
    .where(sandbox_fault.c.party == sa.bindparam("party", type_=sa.Text))
    .with_for_update()
)
_NEWEST_SET = sa.select(sa.func.coalesce(sa.func.max(persona.c.set_number), 0))
_PERSONAS = sa.select(persona).where(persona.c.set_number == sa.bindparam("set_number"))
_KEEP_EXCHANGE = sa.text(
    """
    WITH oldest AS (
        SELECT id FROM sandbox_exchange
         WHERE party = :party ORDER BY id DESC OFFSET :rows - 1 LIMIT 1
    ), dropped AS (
        DELETE FROM sandbox_exchange x USING oldest o WHERE x.party = :party AND x.id <= o.id
    )
    INSERT INTO sandbox_exchange
           (at, party, method, path, message, faults, status, request, answer)
    VALUES (:at, :party, :method, :path, :message, :faults, :status, :request, :answer)
    """
).bindparams(
    sa.bindparam("rows", RING_ROWS, type_=sa.BigInteger),
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("status", type_=sa.SmallInteger),
)
_AFTER, _PARTY = (
    sa.bindparam("after", type_=sa.BigInteger),
    sa.bindparam("asked_party", type_=sa.Text),
)
# A party sees its own exchanges; an agency's code is a party like any other here.
_EXCHANGES = (
    sa.select(sandbox_exchange)
    .where(
        visible() | (sandbox_exchange.c.party == sa.bindparam("scope_party", type_=sa.Text)),
        _PARTY.is_(None) | (sandbox_exchange.c.party == _PARTY),
        (_AFTER == 0) | (sandbox_exchange.c.id < _AFTER),
    )
    .order_by(sandbox_exchange.c.id.desc())
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
_RESET = sa.text("SELECT sandbox_reset(:keeper, :keeper_key)")


async def keep_clock(tx: Tx, setting: ClockSetting) -> None:
    """Keep how the clock was set."""
    row = {"at": setting.at, "since": setting.since, "ticks": setting.ticks}
    await tx.execute(_KEEP_CLOCK, row)


async def kept_clock(conn: Conn) -> ClockSetting | None:
    """Read how the clock was last set."""
    row = (await conn.execute(sa.select(sandbox_clock))).one_or_none()
    return None if row is None else ClockSetting(at=row.at, since=row.since, ticks=row.ticks)


async def keep_faults(tx: Tx, order: FaultOrder) -> None:
    """Keep what is to befall a party's messages."""
    await tx.execute(_KEEP_FAULTS, asdict(order))


async def held_faults(tx: Tx, party: str) -> FaultOrder:
    """Read what is ordered and asked for a party, and hold it until the transaction ends."""
    await tx.execute(_NO_FAULTS, {"party": party})
    return _order((await tx.execute(_HELD_FAULTS, {"party": party})).one())


async def kept_faults(conn: Conn) -> list[FaultOrder]:
    """Read every order in force, and what waits to be ordered."""
    told = (sandbox_fault.c.faults != "") | sandbox_fault.c.asked.is_not(None)
    found = await conn.execute(sa.select(sandbox_fault).where(told))
    return [_order(row) for row in found]


async def newest_set(conn: Conn) -> int:
    """Return the number of the newest set of personas, 0 when there is none."""
    return int(await conn.scalar(_NEWEST_SET) or 0)


async def keep_personas(tx: Tx, made: Sequence[MadePersona]) -> None:
    """Keep a set of personas."""
    rows = [asdict(it) | {"determinations": list(it.determinations)} for it in made]
    await tx.execute(persona.insert(), rows)


async def personas(conn: Conn, set_number: int) -> dict[str, MadePersona]:
    """Read a set of personas by key."""
    found = await conn.execute(_PERSONAS, {"set_number": set_number})
    return {row.key: _persona(row) for row in found}


async def keep_exchange(rx: Rx, it: NewExchange) -> None:
    """Add to the log, and let the party's oldest go."""
    await rx.execute(_KEEP_EXCHANGE, asdict(it))


async def exchanges(
    conn: Conn, scope: Scope, page: PageAsked, party: str | None
) -> Sequence[Exchanged]:
    """Read a page of the log, newest first."""
    asked = {"asked_party": party, "after": page.after_id, "rows": page.rows + 1}
    found = await conn.execute(_EXCHANGES, scope.binds() | asked)
    return [_exchanged(row) for row in found]


async def empty(tx: Tx, keeper: str, keeper_key: str) -> None:
    """Empty every table of business, all but one message; the database itself checks its mark."""
    await tx.execute(_RESET, {"keeper": keeper, "keeper_key": keeper_key})


def _persona(row: sa.Row[Any]) -> MadePersona:
    return MadePersona(
        set_number=row.set_number,
        key=row.key,
        made_on=row.made_on,
        worker=row.worker,
        determinations=tuple(row.determinations),
        filing=row.filing,
        last_day=row.last_day,
    )


def _order(row: sa.Row[Any]) -> FaultOrder:
    return FaultOrder(party=row.party, faults=row.faults, asked=row.asked, asked_by=row.asked_by)


def _exchanged(row: sa.Row[Any]) -> Exchanged:
    kept = {name: getattr(row, name) for name in NewExchange.__dataclass_fields__}
    return Exchanged(row.id, NewExchange(**kept))
