"""Every SQL statement about the keys that clients sign by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.kernel.parties import KeyKind
from app.parties.model import Key
from app.parties.tables import client_key
from app.runtime.db import Conn, Tx

_KEYS = (
    sa.select(client_key)
    .where(client_key.c.client == sa.bindparam("client", type_=sa.Text))
    .order_by(client_key.c.created_at, client_key.c.id)
)
_ADD = client_key.insert()
_RETIRE = sa.text(
    "UPDATE client_key SET retired_at = coalesce(retired_at, :at) WHERE id = :id RETURNING *"
)


async def keys(conn: Conn, client_id: str) -> list[Key]:
    """Read a client's keys, oldest first, retired ones included."""
    return [_key(row) for row in await conn.execute(_KEYS, {"client": client_id})]


async def add(tx: Tx, key: Key) -> None:
    """Keep a new key."""
    row = {
        "id": key.id,
        "client": key.client,
        "kind": key.kind,
        "public_key": key.public_key,
        "created_at": key.created_at,
    }
    await tx.execute(_ADD, row)


async def retire(tx: Tx, key_id: str, at: datetime) -> Key:
    """End a key; again changes nothing."""
    return _key((await tx.execute(_RETIRE, {"id": key_id, "at": at})).one())


def _key(row: sa.Row[Any]) -> Key:
    return Key(
        id=row.id,
        client=row.client,
        kind=KeyKind(row.kind),
        public_key=row.public_key,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
