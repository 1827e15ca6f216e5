"""What both sides said of the claims: read with the claims, kept, taken back, or silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.clearing.model import ContestState, Manner, Part, Side
from app.clearing.model.confirming import Confirmation, LinesAsked, Pair, Standing
from app.clearing.store.claims import SEEN, claim_of
from app.clearing.tables import claim, clearing, confirmation, confirmed_line, contest
from app.kernel.money import Money
from app.runtime.auth import Scope
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_said = {side: confirmation.alias(f"{side}_said") for side in Side}
_SAID_COLUMNS = (
    "id",
    "manner",
    "line_count",
    "begun_at",
    "confirmed_at",
    "client",
    "withdrawal_asked_by",
)


def _join(source: sa.FromClause, side: Side) -> sa.FromClause:
    said = _said[side]
    mine = sa.and_(
        said.c.claim_id == claim.c.id, said.c.side == side.value, said.c.withdrawn_at.is_(None)
    )
    return source.outerjoin(said, mine)


_held = (
    sa.select(
        contest.c.held_by,
        sa.func.count().label("contested"),
        sa.cast(sa.func.sum(contest.c.fund_fen), sa.BigInteger).label("contested_fen"),
        sa.func.count().filter(contest.c.state == ContestState.OPEN.value).label("open_contests"),
    )
    .where(contest.c.held_by == claim.c.id, contest.c.state != ContestState.WITHDRAWN.value)
    .group_by(contest.c.held_by)
    .lateral("held")
)
_STANDINGS: sa.Select[Any] = (
    sa.select(
        claim,
        clearing.c.number.label("clearing"),
        clearing.c.confirm_by,
        sa.func.coalesce(_held.c.contested, 0).label("contested"),
        sa.func.coalesce(_held.c.contested_fen, 0).label("contested_fen"),
        sa.func.coalesce(_held.c.open_contests, 0).label("open_contests"),
        *(_said[side].c[name].label(f"{side}_{name}") for side in Side for name in _SAID_COLUMNS),
    )
    .select_from(
        _join(
            _join(
                claim.join(clearing, clearing.c.id == claim.c.clearing_id).outerjoin(
                    _held, sa.true()
                ),
                Side.INSURED,
            ),
            Side.TREATMENT,
        )
    )
    .order_by(claim.c.id)
)
_IN_CLEARING = claim.c.clearing_id == sa.bindparam("clearing_id", type_=sa.BigInteger)
_PAGE = _STANDINGS.where(
    SEEN, _IN_CLEARING, claim.c.id > sa.bindparam("after", type_=sa.BigInteger)
).limit(sa.bindparam("rows", type_=sa.BigInteger))
_ALL = _STANDINGS.where(_IN_CLEARING)
_PAIR = sa.and_(
    clearing.c.number == sa.bindparam("number", type_=sa.Text),
    claim.c.insured_place == sa.bindparam("insured_place", type_=sa.Text),
    claim.c.treatment_place == sa.bindparam("treatment_place", type_=sa.Text),
)
_ONE = _STANDINGS.where(SEEN, _PAIR)
# The lock comes first and alone: what is said of the claim is read by the statement after it.
_LOCK_ONE = (
    sa.select(claim.c.id)
    .select_from(claim.join(clearing, clearing.c.id == claim.c.clearing_id))
    .where(_PAIR)
    .with_for_update(of=claim)
)
_LOCK_ALL = sa.select(claim.c.id).where(_IN_CLEARING).order_by(claim.c.id).with_for_update()
_BEGIN = (
    pg_insert(confirmation)
    .values(
        claim_id=sa.bindparam("claim_id"),
        side=sa.bindparam("side"),
        manner=sa.bindparam("manner"),
        line_count=0,
        begun_at=sa.bindparam("at"),
        client=sa.bindparam("client"),
    )
    .returning(confirmation.c.id)
)
_COMPLETE = sa.text(
    "UPDATE confirmation SET manner = :manner, line_count = :line_count, confirmed_at = :at "
    "WHERE id = :id AND confirmed_at IS NULL AND withdrawn_at IS NULL"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_LINES = sa.text(
    """
    WITH kept AS (
        INSERT INTO confirmed_line (confirmation_id, settlement, page, agreed)
        SELECT :id, t.settlement, :page, t.agreed
          FROM unnest(:settlements, :agreed) AS t(settlement, agreed)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    UPDATE confirmation SET line_count = line_count + (SELECT count(*) FROM kept)
     WHERE id = :id
    RETURNING line_count
    """
).bindparams(
    sa.bindparam("id", type_=sa.BigInteger),
    sa.bindparam("page", type_=sa.Integer),
    sa.bindparam("settlements", type_=ARRAY(sa.Text)),
    sa.bindparam("agreed", type_=ARRAY(sa.Boolean)),
)
_OBJECTED = sa.select(confirmed_line.c.settlement).where(
    confirmed_line.c.confirmation_id == sa.bindparam("id"), confirmed_line.c.agreed.is_(False)
)
_WITHDRAW = sa.text(
    "UPDATE confirmation SET withdrawn_at = :at, withdrawn_by = :client, reason = :reason "
    "WHERE id = :id AND withdrawn_at IS NULL"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_ASK_WITHDRAWAL = sa.text(
    "UPDATE confirmation SET withdrawal_asked_by = :client "
    "WHERE id = :id AND withdrawn_at IS NULL AND withdrawal_asked_by IS NULL"
)
# Who is speaking at this moment is heard first: silence takes the claims as everybody does.
_HOLD_SILENT = sa.text(
    """
    SELECT c.id FROM claim c JOIN clearing g ON g.id = c.clearing_id
     WHERE g.state = 'generated' AND g.confirm_by < :today AND c.noticed_at IS NULL
       AND (SELECT count(*) FROM confirmation said
             WHERE said.claim_id = c.id AND said.withdrawn_at IS NULL
               AND said.confirmed_at IS NOT NULL) < 2
     ORDER BY c.id FOR UPDATE OF c
    """
).bindparams(sa.bindparam("today", type_=sa.Date))
# Everything a period's silence confirms, and the places it speaks for: one statement.
_SILENT = sa.text(
    """
    WITH owing AS (
        SELECT c.id AS claim_id, c.settlement_count, c.insured_place, c.treatment_place,
               side.name AS side, g.number AS clearing
          FROM claim c
          JOIN clearing g ON g.id = c.clearing_id
         CROSS JOIN (VALUES ('insured'), ('treatment')) AS side(name)
         WHERE g.state = 'generated' AND g.confirm_by < :today AND c.noticed_at IS NULL
    ), begun AS (
        UPDATE confirmation said SET manner = 'silence', confirmed_at = :at
          FROM owing
         WHERE said.claim_id = owing.claim_id AND said.side = owing.side
           AND said.withdrawn_at IS NULL AND said.confirmed_at IS NULL
        RETURNING said.claim_id, said.side
    ), made AS (
        INSERT INTO confirmation
               (claim_id, side, manner, line_count, begun_at, confirmed_at, client)
        SELECT claim_id, side, 'silence', 0, :at, :at, :client
          FROM owing
         WHERE NOT EXISTS (SELECT FROM confirmation said
                            WHERE said.claim_id = owing.claim_id AND said.side = owing.side
                              AND said.withdrawn_at IS NULL)
        ON CONFLICT DO NOTHING
        RETURNING claim_id, side
    ), silent AS (SELECT * FROM begun UNION ALL SELECT * FROM made)
    SELECT owing.clearing, owing.side, owing.insured_place, owing.treatment_place
      FROM silent JOIN owing USING (claim_id, side)
     ORDER BY owing.clearing, owing.insured_place, owing.treatment_place, owing.side
    """
).bindparams(
    sa.bindparam("today", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("client", type_=sa.Text),
)


async def standings(
    conn: Conn, scope: Scope, page: PageAsked, clearing_id: int
) -> Sequence[Standing]:
    """Read a page of the claims the scope is a side of, with what was said of them."""
    asked = {"clearing_id": clearing_id, "after": page.after_id, "rows": page.rows + 1}
    return [_standing(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def locked_standings(tx: Tx, clearing_id: int) -> Sequence[Standing]:
    """Read every claim of a clearing and let nobody say anything of it meanwhile."""
    await tx.execute(_LOCK_ALL, {"clearing_id": clearing_id})
    return [_standing(row) for row in await tx.execute(_ALL, {"clearing_id": clearing_id})]


async def standing(conn: Conn, scope: Scope, number: str, pair: Pair) -> Standing | None:
    """Read one claim the scope is a side of."""
    row = (await conn.execute(_ONE, scope.binds() | _named(number, pair))).one_or_none()
    return None if row is None else _standing(row)


async def locked_standing(tx: Tx, scope: Scope, number: str, pair: Pair) -> Standing | None:
    """Read one claim the scope is a side of, and hold it against others who speak of it."""
    await tx.execute(_LOCK_ONE, _named(number, pair))
    return await standing(tx, scope, number, pair)


async def begin(
    tx: Tx, it: Standing, side: Side, manner: Manner, *, at: datetime, client: str
) -> int:
    """Begin a side's confirmation; return its id."""
    row = {
        "claim_id": it.claim.id,
        "side": side.value,
        "manner": manner.value,
        "at": at,
        "client": client,
    }
    return int((await tx.execute(_BEGIN, row)).scalar_one())


async def complete(
    tx: Tx, confirmation_id: int, manner: Manner, line_count: int, at: datetime
) -> None:
    """Let a confirmation cover the whole claim."""
    row = {"id": confirmation_id, "manner": manner.value, "line_count": line_count, "at": at}
    changed = (await tx.execute(_COMPLETE, row)).rowcount
    assert changed == 1, "the claim is locked, and nobody else completes it"


async def keep_lines(
    tx: Tx, confirmation_id: int, asked: LinesAsked, agreed: Sequence[bool]
) -> int:
    """Keep a page of lines, those sent before once; return how many there are now."""
    row = {
        "id": confirmation_id,
        "page": asked.page,
        "settlements": [line.settlement for line in asked.lines],
        "agreed": list(agreed),
    }
    return int((await tx.execute(_LINES, row)).scalar_one())


async def objected(tx: Tx, confirmation_id: int) -> frozenset[str]:
    """Read which lines of a confirmation were objected to already."""
    return frozenset((await tx.execute(_OBJECTED, {"id": confirmation_id})).scalars())


async def withdraw(tx: Tx, it: Confirmation, *, at: datetime, client: str, reason: str) -> None:
    """Take a confirmation back; it stays on record."""
    row = {"id": it.id, "at": at, "client": client, "reason": reason}
    changed = (await tx.execute(_WITHDRAW, row)).rowcount
    assert changed == 1, "the claim is locked, and it was not withdrawn"


async def ask_withdrawal(tx: Tx, it: Confirmation, client: str) -> None:
    """Keep who was the first to ask that a confirmation be taken back."""
    changed = (await tx.execute(_ASK_WITHDRAWAL, {"id": it.id, "client": client})).rowcount
    assert changed == 1, "the claim is locked, and nobody asked before"


async def confirm_silent(
    tx: Tx, today: date, at: datetime, client: str
) -> list[tuple[str, Side, Pair]]:
    """Confirm by silence what is past its day; return each clearing, side and pair."""
    await tx.execute(_HOLD_SILENT, {"today": today})
    found = await tx.execute(_SILENT, {"today": today, "at": at, "client": client})
    return [
        (row.clearing, Side(row.side), Pair(row.insured_place, row.treatment_place))
        for row in found
    ]


def _named(number: str, pair: Pair) -> dict[str, str]:
    return {
        "number": number,
        "insured_place": pair.insured_place,
        "treatment_place": pair.treatment_place,
    }


def _standing(row: sa.Row[Any]) -> Standing:
    return Standing(
        clearing=row.clearing,
        clearing_id=row.clearing_id,
        confirm_by=row.confirm_by,
        claim=claim_of(row),
        insured=_confirmation(row, Side.INSURED),
        treatment=_confirmation(row, Side.TREATMENT),
        contested=Part(row.contested, Money(row.contested_fen)),
        open_contests=row.open_contests,
    )


def _confirmation(row: sa.Row[Any], side: Side) -> Confirmation | None:
    said = {name: row._mapping[f"{side}_{name}"] for name in _SAID_COLUMNS}  # noqa: SLF001 -- public
    if said["id"] is None:
        return None
    manner = Manner(said.pop("manner"))
    return Confirmation(claim_id=row.id, side=side, manner=manner, **said)
