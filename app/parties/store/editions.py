"""Every SQL statement about adopted editions of the policy book."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.parties.model import Edition, NewEdition
from app.parties.tables import policy_edition
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_SHOWN = [it for it in policy_edition.c if it.name not in ("book", "adopted_by")]
# Of two that follow the same one the second is not kept, and nor is the same one again.
_ADD = insert(policy_edition).on_conflict_do_nothing().returning(policy_edition.c.id)
_NEWEST = (
    sa.select(policy_edition.c.version, policy_edition.c.book)
    .order_by(policy_edition.c.id.desc())
    .limit(1)
)
_KNOWN = sa.select(
    sa.exists().where(policy_edition.c.version == sa.bindparam("version", type_=sa.Text))
)
_PAGE = (
    sa.select(*_SHOWN)
    .where(policy_edition.c.id > sa.bindparam("after"))
    .order_by(policy_edition.c.id)
    .limit(sa.bindparam("rows"))
)
_STANDING = sa.text(
    """
    SELECT EXISTS (SELECT FROM database_mark WHERE mode = 'production') AS in_production,
           EXISTS (SELECT FROM policy_edition
                    WHERE version = :version AND digest = :digest) AS is_adopted,
           (SELECT version FROM policy_edition ORDER BY id DESC LIMIT 1) AS newest
    """
)


@dataclass(frozen=True, slots=True)
class Newest:
    """The edition adopted last, with its text."""

    version: str
    book: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a hub's own edition is adopted, and which was adopted last."""

    in_production: bool
    is_adopted: bool
    newest: str | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who adopts an edition, when, and by which proposal."""

    at: datetime
    by: str
    proposal: str | None


async def add(tx: Tx, it: NewEdition, stamp: Stamp) -> bool:
    """Keep an edition; false where it, or another in its place, was kept before."""
    kept = {"adopted_at": stamp.at, "adopted_by": stamp.by, "proposal": stamp.proposal}
    row = asdict(it) | {"changes": list(it.changes)} | kept
    return (await tx.execute(_ADD, row)).one_or_none() is not None


async def is_known(conn: Conn, version: str) -> bool:
    """Say whether an edition is adopted."""
    return bool(await conn.scalar(_KNOWN, {"version": version}))


async def newest(conn: Conn) -> Newest | None:
    """Read the edition adopted last."""
    row = (await conn.execute(_NEWEST)).one_or_none()
    return None if row is None else Newest(row.version, row.book)


async def standing(conn: Conn, version: str, digest: str) -> Standing:
    """Read what decides whether a hub may serve by an edition."""
    row = (await conn.execute(_STANDING, {"version": version, "digest": digest})).one()
    return Standing(in_production=row.in_production, is_adopted=row.is_adopted, newest=row.newest)


async def page(conn: Conn, asked: PageAsked) -> list[Edition]:
    """Read a page of editions (one row more than asked), in the order they were adopted."""
    found = await conn.execute(_PAGE, {"after": asked.after_id, "rows": asked.rows + 1})
    return [_edition(row) for row in found]


def _edition(row: sa.Row[Any]) -> Edition:
    return Edition(
        id=row.id,
        version=row.version,
        digest=row.digest,
        follows=row.follows,
        changes=tuple(row.changes),
        proposal=row.proposal,
        adopted_at=row.adopted_at,
    )
