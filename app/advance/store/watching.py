"""Guards and what they see: usage as it stands, crossings until they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.advance.model import Pair
from app.advance.model.watching import Crossing, Guard, Level, Lines, Mode, Standing, UsageAsked
from app.advance.tables import account_guard, advance_crossing
from app.kernel.money import Money
from app.ledger.model import AccountKind
from app.ledger.tables import account
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

# A pair that is guarded keeps its mode; the lines are those of the day. In the order in which the
# books take guards: pairs first, each in the order of places.
_GUARD = sa.text(
    """
    INSERT INTO account_guard (insured_place, treatment_place, mode, yellow_percent, red_percent,
                               rearm_points, level)
    SELECT t.insured, t.treatment, t.mode, :yellow, :red, :rearm, 'normal'
      FROM unnest(:insured, :treatment, :modes) AS t(insured, treatment, mode)
     ORDER BY t.insured IS NULL, t.insured, t.treatment
        ON CONFLICT (treatment_place, insured_place) DO UPDATE
       SET yellow_percent = excluded.yellow_percent, red_percent = excluded.red_percent,
           rearm_points = excluded.rearm_points
    """
).bindparams(
    *(sa.bindparam(name, type_=ARRAY(sa.Text)) for name in ("insured", "treatment", "modes")),
    *(sa.bindparam(name, type_=sa.Integer) for name in ("yellow", "red", "rearm")),
)
_INSURED = sa.bindparam("insured_place", type_=sa.Text)
_TREATMENT = sa.bindparam("treatment_place", type_=sa.Text)
_MODE = (
    sa.update(account_guard)
    .where(
        account_guard.c.insured_place == sa.bindparam("insured"),
        account_guard.c.treatment_place == sa.bindparam("treatment"),
    )
    .values(mode=sa.bindparam("now"))
)
_LEVELS = sa.select(account_guard.c.insured_place, account_guard.c.level).where(
    account_guard.c.treatment_place == _TREATMENT,
    account_guard.c.insured_place.is_(None) | (account_guard.c.insured_place == _INSURED),
)
_PAIR_MODE = sa.select(account_guard.c.mode).where(
    account_guard.c.insured_place == _INSURED, account_guard.c.treatment_place == _TREATMENT
)


def _of_guard(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Rows of the guarded pair, or of every pair of the guarded pool."""
    guard = account_guard.c
    return sa.and_(
        of.c.treatment_place == guard.treatment_place,
        guard.insured_place.is_(None) | (of.c.insured_place == guard.insured_place),
    )


def _balance(kind: AccountKind, sign: int) -> sa.ScalarSelect[int]:
    total = sa.func.coalesce(sa.func.sum(sign * account.c.balance_fen), 0)
    return (
        sa.select(sa.cast(total, sa.BigInteger))
        .where(account.c.insured_place.is_not(None), account.c.kind == kind.value)
        .where(_of_guard(account))
        .correlate(account_guard)
        .scalar_subquery()
    )


# Read once for all pairs, whatever page is asked for.
_recent = (
    sa.select(
        settlement.c.insured_place,
        settlement.c.treatment_place,
        sa.func.sum(settlement.c.fund_fen).label("fund_fen"),
    )
    .where(settlement.c.business_day > sa.bindparam("since", type_=sa.Date))
    .group_by(settlement.c.insured_place, settlement.c.treatment_place)
    .cte("recent")
)
_burnt = (
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_recent.c.fund_fen), 0), sa.BigInteger))
    .where(_of_guard(_recent))
    .correlate(account_guard)
    .scalar_subquery()
)
_PLACE = sa.bindparam("place", type_=sa.Text)
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_POOLS = sa.bindparam("pools", type_=sa.Boolean)
# A pair is seen from both its places, a pool where it is. A place not there hides nothing.
_SEEN = visible(
    regions=(
        account_guard.c.treatment_place,
        sa.func.coalesce(account_guard.c.insured_place, account_guard.c.treatment_place),
    )
)
_STANDINGS = (
    sa.select(
        account_guard,
        _balance(AccountKind.UNCLEARED, 1).label("uncleared_fen"),
        _balance(AccountKind.NOTIFIED, 1).label("notified_fen"),
        _balance(AccountKind.ADVANCE, -1).label("advance_fen"),
        _burnt.label("burnt_fen"),
    )
    .where(
        _SEEN,
        account_guard.c.id > _AFTER,
        account_guard.c.insured_place.is_(None) == _POOLS,
        _PLACE.is_(None)
        | (account_guard.c.insured_place == _PLACE)
        | (account_guard.c.treatment_place == _PLACE),
    )
    .order_by(account_guard.c.id)
    .limit(_ROWS)
)
_CROSSED = sa.select(advance_crossing).where(visible(regions=(advance_crossing.c.addressee,)))
_ONLY_OPEN = sa.bindparam("only_open", type_=sa.Boolean)
_PAGE = (
    _CROSSED.where(
        advance_crossing.c.id > _AFTER,
        ~_ONLY_OPEN | advance_crossing.c.acknowledged_at.is_(None),
    )
    .order_by(advance_crossing.c.id)
    .limit(_ROWS)
)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_ONE = _CROSSED.where(advance_crossing.c.number == _NUMBER)
_ACKNOWLEDGE = (
    sa.update(advance_crossing)
    .where(
        advance_crossing.c.number == sa.bindparam("crossing"),
        advance_crossing.c.acknowledged_at.is_(None),
    )
    .values(acknowledged_at=sa.bindparam("at"), acknowledged_by=sa.bindparam("by"))
)
_REPEAT = (
    sa.update(advance_crossing)
    .where(
        advance_crossing.c.acknowledged_at.is_(None),
        advance_crossing.c.announced_on < sa.bindparam("today", type_=sa.Date),
    )
    .values(announced_on=sa.bindparam("today", type_=sa.Date))
    .returning(advance_crossing)
)


async def guard(tx: Tx, pairs: Iterable[tuple[Pair, Mode]], lines: Lines) -> None:
    """Watch some pairs and the pools they are part of; those watched keep their mode."""
    wanted = list(pairs)
    pools = sorted({pair.treatment_place for pair, _ in wanted})
    row = {
        "insured": [*(pair.insured_place for pair, _ in wanted), *(None for _ in pools)],
        "treatment": [*(pair.treatment_place for pair, _ in wanted), *pools],
        "modes": [*(mode.value for _, mode in wanted), *(Mode.WARN.value for _ in pools)],
        "yellow": lines.yellow,
        "red": lines.red,
        "rearm": lines.rearm,
    }
    await tx.execute(_GUARD, row)


async def change_mode(tx: Tx, pair: Pair, mode: Mode) -> None:
    """Let an empty advance of a pair do something else from now on."""
    row = {"insured": pair.insured_place, "treatment": pair.treatment_place, "now": mode.value}
    changed = (await tx.execute(_MODE, row)).rowcount
    assert changed == 1, "it was guarded in this transaction"


async def levels(conn: Conn, pair: Pair) -> tuple[Level, Level]:
    """Read how far a pair's advance and its pool are used."""
    found = await conn.execute(_LEVELS, _names(pair))
    known = {row.insured_place is None: Level(row.level) for row in found}
    return known.get(False, Level.NORMAL), known.get(True, Level.NORMAL)


async def mode(conn: Conn, pair: Pair) -> Mode | None:
    """Read a pair's mode; None where the pair is not guarded yet."""
    row = (await conn.execute(_PAIR_MODE, _names(pair))).one_or_none()
    return None if row is None else Mode(row.mode)


async def standings(
    conn: Conn, scope: Scope, page: PageAsked, asked: UsageAsked
) -> Sequence[Standing]:
    """Read a page of guarded pairs, or of pools, as they stand at this moment."""
    row = {
        "pools": asked.pools,
        "place": asked.place,
        "since": asked.today - timedelta(days=asked.burn_days),
        "after": page.after_id,
        "rows": page.rows + 1,
    }
    found = await conn.execute(_STANDINGS, scope.binds() | row)
    return [_standing(each, asked.burn_days) for each in found]


async def crossings(
    conn: Conn, scope: Scope, page: PageAsked, *, only_open: bool
) -> Sequence[Crossing]:
    """Read a page of the crossings told to the scope."""
    asked = {"after": page.after_id, "rows": page.rows + 1, "only_open": only_open}
    return [_crossing(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def crossing_by_number(conn: Conn, scope: Scope, number: str) -> Crossing | None:
    """Read one crossing told to the scope."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _crossing(row)


async def acknowledge(tx: Tx, number: str, *, at: datetime, by: str) -> None:
    """Keep that a crossing was read; whoever reads it first is who read it."""
    await tx.execute(_ACKNOWLEDGE, {"crossing": number, "at": at, "by": by})


async def repeat(tx: Tx, today: date) -> Sequence[Crossing]:
    """Mark what nobody acknowledged and was not told today as told today; return it."""
    return [_crossing(row) for row in await tx.execute(_REPEAT, {"today": today})]


def _names(pair: Pair) -> dict[str, str]:
    return {"insured_place": pair.insured_place, "treatment_place": pair.treatment_place}


def _standing(row: sa.Row[Any], days: int) -> Standing:
    lines = Lines(yellow=row.yellow_percent, red=row.red_percent, rearm=row.rearm_points)
    return Standing(
        id=row.id,
        guard=Guard(
            insured_place=row.insured_place,
            treatment_place=row.treatment_place,
            mode=Mode(row.mode),
            lines=lines,
            level=Level(row.level),
        ),
        uncleared=Money(row.uncleared_fen),
        notified=Money(row.notified_fen),
        advance=Money(row.advance_fen),
        burnt=Money(row.burnt_fen),
        burn_days=days,
    )


def _crossing(row: sa.Row[Any]) -> Crossing:
    return Crossing(
        id=row.id,
        number=row.number,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        addressee=row.addressee,
        level=Level(row.level),
        used=Money(row.used_fen),
        advance=Money(row.advance_fen),
        subject=row.subject,
        raised_at=row.raised_at,
        announced_on=row.announced_on,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
