"""Every SQL statement about regions, parties and clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.parties import PartyKind
from app.kernel.regions import Level
from app.parties.model import (
    Client,
    ClientState,
    Party,
    PartyState,
    Region,
    RegionsAsked,
)
from app.parties.tables import client, party, region
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked


def _arrays(*texts: str) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name, type_=ARRAY(sa.Text)) for name in texts]


_KEEP_REGIONS = sa.text(
    """
    INSERT INTO region (code, name, name_en, level, parent, source, as_of)
    SELECT * FROM unnest(:code, :name, :name_en, :level, :parent, :source, :as_of)
    ON CONFLICT (code) DO UPDATE
       SET name = excluded.name, name_en = excluded.name_en, level = excluded.level,
           parent = excluded.parent, source = excluded.source, as_of = excluded.as_of
     WHERE (region.name, region.name_en, region.level, region.parent, region.source, region.as_of)
           IS DISTINCT FROM (excluded.name, excluded.name_en, excluded.level, excluded.parent,
                             excluded.source, excluded.as_of)
    """
).bindparams(
    *_arrays("code", "name", "name_en", "level", "parent", "source"),
    sa.bindparam("as_of", type_=ARRAY(sa.Date)),
)
# What an operator decided since (state, role) outlives a second load of the seeds.
_KEEP_PARTIES = sa.text(
    """
    INSERT INTO party (code, kind, name, region, parent, role, state, source)
    SELECT * FROM unnest(:code, :kind, :name, :region, :parent, :role, :state, :source)
    ON CONFLICT (code) DO UPDATE
       SET name = excluded.name, region = excluded.region, parent = excluded.parent,
           source = excluded.source
     WHERE (party.name, party.region, party.parent, party.source)
           IS DISTINCT FROM (excluded.name, excluded.region, excluded.parent, excluded.source)
    """
).bindparams(*_arrays("code", "kind", "name", "region", "parent", "role", "state", "source"))
_REGIONS = (
    sa.select(region)
    .where(
        region.c.code > sa.bindparam("after", type_=sa.Text),
        sa.or_(
            sa.bindparam("level", type_=sa.Text).is_(None),
            region.c.level == sa.bindparam("level", type_=sa.Text),
        ),
        sa.or_(
            sa.bindparam("parent", type_=sa.Text).is_(None),
            region.c.parent == sa.bindparam("parent", type_=sa.Text),
        ),
    )
    .order_by(region.c.code)
    .limit(sa.bindparam("rows"))
)
_REGION = sa.select(region).where(region.c.code == sa.bindparam("code", type_=sa.Text))
_ALL_REGIONS = sa.select(region).order_by(region.c.code)
_PARTY_EXISTS = sa.select(party.c.code).where(party.c.code == sa.bindparam("code", type_=sa.Text))
_CLIENTS = sa.select(
    client,
    party.c.kind.label("kind"),
    party.c.name.label("party_name"),
    party.c.region.label("region"),
    party.c.state.label("party_state"),
).join_from(client, party, client.c.party == party.c.code)
_CLIENT = _CLIENTS.where(client.c.id == sa.bindparam("id", type_=sa.Text))
_CLIENT_LOCKED = _CLIENT.with_for_update(of=client)
_ALL_CLIENTS = _CLIENTS.order_by(client.c.party, client.c.id)
_ADD_CLIENT = sa.text(
    """
    INSERT INTO client (id, party, secret_hash, state, created_at)
    VALUES (:id, :party, :secret_hash, 'active', :created_at)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
)
_ROTATE = sa.update(client).where(client.c.id == sa.bindparam("which"))


@dataclass(frozen=True, slots=True)
class Lock:
    """A client together with the hash its secret must match."""

    client: Client
    secret_hash: str


async def keep_regions(tx: Tx, rows: Sequence[Region]) -> int:
    """Insert new regions and amend changed ones; return how many that were."""
    return _changed(await tx.execute(_KEEP_REGIONS, _columns(rows)))


async def keep_parties(tx: Tx, rows: Sequence[Party]) -> int:
    """Insert new parties and amend changed ones; return how many that were."""
    return _changed(await tx.execute(_KEEP_PARTIES, _columns(rows)))


async def regions(conn: Conn, asked: RegionsAsked, page: PageAsked) -> list[Region]:
    """Read a page of regions (one row more than asked), by code."""
    found = await conn.execute(
        _REGIONS,
        {"after": page.after, "level": asked.level, "parent": asked.parent, "rows": page.rows + 1},
    )
    return [_region(row) for row in found]


async def all_regions(conn: Conn) -> list[Region]:
    """Read every region, by code."""
    return [_region(row) for row in await conn.execute(_ALL_REGIONS)]


async def region_by_code(conn: Conn, code: str) -> Region | None:
    """Read one region."""
    row = (await conn.execute(_REGION, {"code": code})).one_or_none()
    return None if row is None else _region(row)


async def party_exists(conn: Conn, code: str) -> bool:
    """Say whether a party is registered."""
    return (await conn.execute(_PARTY_EXISTS, {"code": code})).one_or_none() is not None


async def lock_of(conn: Conn, client_id: str) -> Lock | None:
    """Read a client and its hash."""
    row = (await conn.execute(_CLIENT, {"id": client_id})).one_or_none()
    return None if row is None else Lock(_client(row), row.secret_hash)


async def locked_client(tx: Tx, client_id: str) -> Client | None:
    """Read a client and hold it until the transaction ends."""
    row = (await tx.execute(_CLIENT_LOCKED, {"id": client_id})).one_or_none()
    return None if row is None else _client(row)


async def clients(conn: Conn) -> list[Client]:
    """Read every client, by party."""
    return [_client(row) for row in await conn.execute(_ALL_CLIENTS)]


async def add_client(
    tx: Tx, credential_of: tuple[str, str], secret_hash: str, at: datetime
) -> bool:
    """Keep a new client (its id and its party); false when the id is taken."""
    made, owner = credential_of
    row = {"id": made, "party": owner, "secret_hash": secret_hash, "created_at": at}
    return (await tx.execute(_ADD_CLIENT, row)).one_or_none() is not None


async def rotate(tx: Tx, client_id: str, secret_hash: str, at: datetime) -> None:
    """Replace the hash; whoever holds the old secret gets no more tokens."""
    change = _ROTATE.values(secret_hash=secret_hash, rotated_at=at)
    changed = (await tx.execute(change, {"which": client_id})).rowcount
    assert changed == 1, "the row is locked"


async def disable(tx: Tx, client_id: str) -> None:
    """Let a client get no more tokens."""
    change = _ROTATE.values(state=ClientState.DISABLED)
    changed = (await tx.execute(change, {"which": client_id})).rowcount
    assert changed == 1, "the row is locked"


def _columns(rows: Sequence[Region] | Sequence[Party]) -> dict[str, list[object]]:
    dicts = [asdict(row) for row in rows]
    return {name: [each[name] for each in dicts] for name in dicts[0]}


def _changed(result: sa.CursorResult[Any]) -> int:
    return result.rowcount


def _region(row: sa.Row[Any]) -> Region:
    return Region(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        level=Level(row.level),
        parent=row.parent,
        source=row.source,
        as_of=row.as_of,
    )


def _client(row: sa.Row[Any]) -> Client:
    return Client(
        id=row.id,
        party=row.party,
        kind=PartyKind(row.kind),
        party_name=row.party_name,
        region=row.region,
        state=ClientState(row.state),
        party_state=PartyState(row.party_state),
        created_at=row.created_at,
        rotated_at=row.rotated_at,
    )
