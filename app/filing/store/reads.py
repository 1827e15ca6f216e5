"""Every SQL statement that reads filings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.entitlement.tables import worker
from app.filing.model import Filing, FilingEvent, FilingKind, FilingState, Happening
from app.filing.store.rows import FILINGS, IDS, filing_of
from app.filing.tables import filing, filing_history
from app.kernel.regions import prefix_of
from app.parties.tables import region
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn
from app.runtime.fetching import fetch
from app.runtime.lists import Listing, id_of
from app.runtime.paging import PageAsked

SEEN = visible(
    regions=(filing.c.insured_region, filing.c.treatment_region), channel=filing.c.submitted_by
)
_BY_NUMBER = FILINGS.where(filing.c.number == sa.bindparam("number"), SEEN)
_BY_NUMBER_LOCKED = _BY_NUMBER.with_for_update(of=filing)
_BY_IDS = FILINGS.where(filing.c.id == sa.any_(IDS)).order_by(filing.c.id)
_OF_WORKERS = FILINGS.where(filing.c.worker_id == sa.any_(IDS)).order_by(filing.c.id)
_LISTING = Listing(
    rows=FILINGS,
    of=filing,
    regions=("insured_region", "treatment_region"),
    channel="submitted_by",
    filters={
        "worker": filing.c.worker_id == id_of(worker, "worker"),
        "state": filing.c.state == sa.bindparam("state", type_=sa.Text),
        "kind": filing.c.kind == sa.bindparam("kind", type_=sa.Text),
        "place": sa.func.starts_with(
            filing.c.treatment_region, sa.bindparam("place", type_=sa.Text)
        ),
        "day": sa.between(
            sa.bindparam("day", type_=sa.Date), filing.c.first_day, filing.c.last_day
        ),
    },
)
_KNOWN = sa.select(region.c.code).where(
    region.c.code == sa.any_(sa.bindparam("codes", type_=ARRAY(sa.Text)))
)
_HISTORY = (
    sa.select(filing_history)
    .where(
        filing_history.c.filing_id == sa.bindparam("of"),
        filing_history.c.at <= sa.bindparam("as_of"),
    )
    .order_by(filing_history.c.id)
)

_AS_OF = sa.text(
    """
    SELECT f.*, w.number AS worker, o.number AS replaces_number, n.number AS replaced_by_number
      FROM (SELECT snapshot FROM filing_history
             WHERE filing_id = :of AND at <= :as_of ORDER BY id DESC LIMIT 1) h
      CROSS JOIN LATERAL jsonb_populate_record(NULL::filing, h.snapshot) AS f
      JOIN worker w ON w.id = f.worker_id
      LEFT JOIN filing o ON o.id = f.replaces
      LEFT JOIN filing n ON n.id = f.replaced_by
    """
).bindparams(
    sa.bindparam("of", type_=sa.BigInteger),
    sa.bindparam("as_of", type_=sa.DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingsAsked:
    """Which filings a list shows: every condition that is given must hold."""

    worker: str | None = None
    state: FilingState | None = None
    kind: FilingKind | None = None
    place: str | None = None  # the treatment place, or a province around it
    day: date | None = None


async def known_places(conn: Conn, codes: Collection[str]) -> frozenset[str]:
    """Return which of the codes are provinces or cities of the hub."""
    return frozenset((await conn.execute(_KNOWN, {"codes": list(codes)})).scalars())


async def by_number(conn: Conn, scope: Scope, number: str, *, lock: bool = False) -> Filing | None:
    """Read one filing; `lock` holds it against other writers until the transaction ends."""
    statement = _BY_NUMBER_LOCKED if lock else _BY_NUMBER
    row = (await conn.execute(statement, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else filing_of(row)


async def by_ids(conn: Conn, ids: Sequence[int]) -> list[Filing]:
    """Read filings in the order of their ids given."""
    found = {row.id: filing_of(row) for row in await conn.execute(_BY_IDS, {"ids": list(ids)})}
    return [found[each] for each in ids if each in found]


async def of_workers(conn: Conn, worker_ids: Collection[int]) -> list[Filing]:
    """Read every filing of some workers, oldest first."""
    found = await fetch(conn, _OF_WORKERS, {"ids": list(worker_ids)})
    return [filing_of(row) for row in found]


async def page(conn: Conn, scope: Scope, asked: FilingsAsked, wanted: PageAsked) -> list[Filing]:
    """Read a page of the filings a caller may see, oldest first, and one more."""
    filters = {
        "worker": asked.worker,
        "state": asked.state,
        "kind": asked.kind,
        "place": asked.place and prefix_of(asked.place),
        "day": asked.day,
    }
    return [filing_of(row) for row in await _LISTING.read(conn, scope, wanted, filters)]


async def as_of(conn: Conn, filing_id: int, instant: datetime) -> Filing | None:
    """Read a filing as it stood at an instant."""
    asked = {"of": filing_id, "as_of": instant}
    row = (await conn.execute(_AS_OF, asked)).one_or_none()
    return None if row is None else filing_of(row)


async def history(conn: Conn, filing_id: int, until: datetime) -> tuple[Happening, ...]:
    """Read what happened to a filing until an instant."""
    found = await conn.execute(_HISTORY, {"of": filing_id, "as_of": until})
    return tuple(_happening(row) for row in found)


def _happening(row: sa.Row[Any]) -> Happening:
    return Happening(
        at=row.at,
        party=row.party,
        event=FilingEvent(row.event),
        from_state=row.from_state and FilingState(row.from_state),
        to_state=FilingState(row.to_state),
        reason=row.reason,
    )
