"""The statements about sign-ins, files and what a message confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.gateway.tables import confirmed_page, file, file_serial, session, session_serial
from app.runtime.db import Conn, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """签到: one staff member's session of one day."""

    number: str
    day: date
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of one party's own."""

    number: str
    name: str
    content: bytes
    kept_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedPage:
    """One confirmation that a message of a party spoke of."""

    confirmation_id: int
    clearing: str
    insured_place: str
    treatment_place: str


_PREFIX = sa.bindparam("prefix", type_=sa.Text)
_OPEN = (
    insert(session)
    .values(
        number=_PREFIX + sa.func.lpad(sa.cast(session_serial.next_value(), sa.Text), 7, "0"),
        party=sa.bindparam("party"),
        staff=sa.bindparam("staff"),
        day=sa.bindparam("day"),
        started_at=sa.bindparam("at"),
        ended_at=None,
    )
    # Signing in again on the same day opens the same session, signed out or not.
    .on_conflict_do_update(
        index_elements=[session.c.party, session.c.staff, session.c.day], set_={"ended_at": None}
    )
    .returning(session)
)
_KEEP = (
    insert(file)
    .values(
        number=_PREFIX + sa.func.lpad(sa.cast(file_serial.next_value(), sa.Text), 7, "0"),
        party=sa.bindparam("of"),
        name=sa.bindparam("called"),
        content=sa.bindparam("bytes", type_=sa.LargeBinary),
        kept_at=sa.bindparam("at"),
        kept_until=sa.bindparam("until"),
    )
    .returning(file)
)
_FILE = sa.select(file).where(
    file.c.number == sa.bindparam("wanted"),
    file.c.party == sa.bindparam("of"),
    file.c.kept_until >= sa.bindparam("at"),
)
_END = (
    sa.update(session)
    .where(
        session.c.number == sa.bindparam("sign_no"),
        session.c.party == sa.bindparam("of"),
        session.c.staff == sa.bindparam("by"),
    )
    .values(ended_at=sa.func.coalesce(session.c.ended_at, sa.bindparam("at")))
    .returning(session)
)
_FIND = sa.select(session).where(
    session.c.number == sa.bindparam("sign_no"), session.c.party == sa.bindparam("of")
)
_PAGES = (
    sa.select(confirmed_page)
    .where(
        confirmed_page.c.party == sa.bindparam("of"),
        confirmed_page.c.reference == sa.bindparam("named"),
        confirmed_page.c.clearing == sa.bindparam("in_clearing"),
    )
    # in the order claims are locked in everywhere
    .order_by(confirmed_page.c.insured_place, confirmed_page.c.treatment_place)
)


async def open_session(
    tx: Tx, party: str, staff: str, prefix: str, *, day: date, at: datetime
) -> SignIn:
    """Open the session of a staff member and day, or return the one there is."""
    row = {"party": party, "staff": staff, "day": day, "at": at, "prefix": prefix}
    return _sign_in((await tx.execute(_OPEN, row)).one())


async def end_session(tx: Tx, party: str, staff: str, number: str, at: datetime) -> SignIn | None:
    """End a session of the party's own; one that is over stays as it is."""
    row = {"of": party, "by": staff, "sign_no": number, "at": at}
    found = (await tx.execute(_END, row)).one_or_none()
    return None if found is None else _sign_in(found)


async def session_of(conn: Conn, party: str, number: str) -> SignIn | None:
    """Read a session of a party's own."""
    found = (await conn.execute(_FIND, {"of": party, "sign_no": number})).one_or_none()
    return None if found is None else _sign_in(found)


async def keep_file(
    tx: Tx, party: str, prefix: str, called: tuple[str, bytes], *, at: datetime, until: datetime
) -> KeptFile:
    """Keep a file under a number of its own."""
    name, content = called
    row = {"of": party, "prefix": prefix, "called": name, "bytes": content}
    return _file((await tx.execute(_KEEP, row | {"at": at, "until": until})).one())


async def file_of(conn: Conn, party: str, number: str, at: datetime) -> KeptFile | None:
    """Read a file of a party's own, while it is kept."""
    row = {"wanted": number, "of": party, "at": at}
    found = (await conn.execute(_FILE, row)).one_or_none()
    return None if found is None else _file(found)


async def keep_pages(tx: Tx, party: str, reference: str, pages: Sequence[ConfirmedPage]) -> None:
    """Keep which confirmations a message spoke of."""
    of = {"party": party, "reference": reference}
    await tx.execute(confirmed_page.insert(), [of | asdict(each) for each in pages])


async def pages_of(
    conn: Conn, party: str, reference: str, clearing: str
) -> Sequence[ConfirmedPage]:
    """Read which confirmations in a clearing a message of the party's own spoke of."""
    row = {"of": party, "named": reference, "in_clearing": clearing}
    return [
        ConfirmedPage(
            confirmation_id=it.confirmation_id,
            clearing=it.clearing,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
        )
        for it in await conn.execute(_PAGES, row)
    ]


def _file(row: sa.Row[tuple[object, ...]]) -> KeptFile:
    it = row._mapping  # noqa: SLF001 -- the public name of SQLAlchemy
    return KeptFile(
        number=str(it["number"]),
        name=str(it["name"]),
        content=it["content"],
        kept_until=it["kept_until"],
    )


def _sign_in(row: sa.Row[tuple[object, ...]]) -> SignIn:
    it = row._mapping  # noqa: SLF001 -- the public name of SQLAlchemy
    return SignIn(
        number=str(it["number"]),
        day=it["day"],
        started_at=it["started_at"],
        ended_at=it["ended_at"],
    )
