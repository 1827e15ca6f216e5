"""The claims of a clearing, and the settlements behind them in the order the roots digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import Claim, Item, Totals
from app.clearing.model.confirming import Pair
from app.clearing.model.paying import CityShare
from app.clearing.tables import carried, claim, clearing, contest
from app.kernel.money import Money
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked
from app.settlement.model import PairTotal, SettlementKind
from app.settlement.tables import settlement
from app.visit.tables import visit

_CLAIM = sa.text(
    """
    WITH made AS (
        INSERT INTO claim (clearing_id, insured_place, treatment_place, settlement_count,
                           total_fen, fund_fen, root)
        SELECT :id, t.insured_place, t.treatment_place, t.settlements, t.total, t.fund, t.root
          FROM unnest(:insured_places, :treatment_places, :settlements, :totals, :funds, :roots)
               AS t(insured_place, treatment_place, settlements, total, fund, root)
        RETURNING settlement_count, total_fen, fund_fen
    )
    UPDATE clearing
       SET settlement_count = made.settlements, total_fen = made.total, fund_fen = made.fund
      FROM (SELECT coalesce(sum(settlement_count), 0) AS settlements,
                   coalesce(sum(total_fen), 0) AS total, coalesce(sum(fund_fen), 0) AS fund
              FROM made) AS made
     WHERE id = :id
    """
).bindparams(
    sa.bindparam("id", type_=sa.BigInteger),
    sa.bindparam("insured_places", type_=ARRAY(sa.Text)),
    sa.bindparam("treatment_places", type_=ARRAY(sa.Text)),
    sa.bindparam("settlements", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("totals", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("funds", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("roots", type_=ARRAY(sa.LargeBinary)),
)
SEEN = visible(regions=(claim.c.insured_place, claim.c.treatment_place))
_CLAIMS = (
    sa.select(claim)
    .where(claim.c.clearing_id == sa.bindparam("clearing_id"), SEEN)
    .order_by(claim.c.insured_place, claim.c.treatment_place)
)
_INSURED = sa.bindparam("insured_place", type_=sa.Text)
_TREATMENT = sa.bindparam("treatment_place", type_=sa.Text)
_COLUMNS = (
    settlement.c.number,
    settlement.c.visit_id,
    settlement.c.institution,
    settlement.c.insured_place,
    settlement.c.treatment_place,
    settlement.c.insured_region,
    settlement.c.treatment_region,
    settlement.c.kind,
    settlement.c.business_day,
    settlement.c.month,
    settlement.c.total_fen,
)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_PAIRED = sa.and_(
    _INSURED.is_(None) | (settlement.c.insured_place == _INSURED),
    _TREATMENT.is_(None) | (settlement.c.treatment_place == _TREATMENT),
    visible(regions=(settlement.c.insured_place, settlement.c.treatment_place)),
)
_origin, _into = claim.alias("origin"), claim.alias("into")
_from_clearing, _into_clearing = clearing.alias("from_clearing"), clearing.alias("into_clearing")
# What a clearing counts: the settlements it took in, and the contested ones that rolled into it.
_COUNTED = sa.union_all(
    sa.select(
        *_COLUMNS, settlement.c.fund_fen, sa.null().cast(sa.Text).label("carried_from")
    ).where(settlement.c.clearing == _NUMBER, _PAIRED),
    sa.select(*_COLUMNS, carried.c.fund_fen, _from_clearing.c.number.label("carried_from"))
    .select_from(
        carried.join(contest, contest.c.id == carried.c.contest_id)
        .join(settlement, settlement.c.number == contest.c.settlement)
        .join(_into, _into.c.id == carried.c.claim_id)
        .join(_into_clearing, _into_clearing.c.id == _into.c.clearing_id)
        .join(_origin, _origin.c.id == contest.c.claim_id)
        .join(_from_clearing, _from_clearing.c.id == _origin.c.clearing_id)
    )
    .where(_into_clearing.c.number == _NUMBER, _PAIRED),
).subquery("counted")
# Looked up for the rows that are read, not for those that are only added up.
_WITH_VISIT: sa.Select[Any] = sa.select(
    _COUNTED,
    sa.select(visit.c.number)
    .where(visit.c.id == _COUNTED.c.visit_id)
    .scalar_subquery()
    .label("visit"),
)
_ITEMS: sa.Select[Any] = (
    _WITH_VISIT.where(_COUNTED.c.number.collate("C") > sa.bindparam("after", type_=sa.Text))
    .order_by(_COUNTED.c.number.collate("C"))
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
_NAMED_ITEMS: sa.Select[Any] = _WITH_VISIT.where(
    _COUNTED.c.number == sa.func.any(sa.bindparam("numbers", type_=ARRAY(sa.Text)))
)


def _by_region(region: sa.ColumnElement[str], place: sa.ColumnElement[str]) -> sa.Select[Any]:
    pair = (_COUNTED.c.insured_place, _COUNTED.c.treatment_place)
    return (
        sa.select(
            region.label("region"),
            *pair,
            sa.func.count().label("settlement_count"),
            sa.cast(sa.func.sum(_COUNTED.c.total_fen), sa.BigInteger).label("total_fen"),
            sa.cast(sa.func.sum(_COUNTED.c.fund_fen), sa.BigInteger).label("fund_fen"),
        )
        .where(place == sa.bindparam("place", type_=sa.Text))
        .group_by(region, *pair)
    )


_SHARES = sa.union_all(
    _by_region(_COUNTED.c.insured_region, _COUNTED.c.insured_place),
    _by_region(_COUNTED.c.treatment_region, _COUNTED.c.treatment_place),
)


async def make_claims(tx: Tx, clearing_id: int, pairs: Sequence[PairTotal]) -> None:
    """Keep the claim of every ordered pair and total the clearing: one statement."""
    row = {
        "id": clearing_id,
        "insured_places": [pair.insured_place for pair in pairs],
        "treatment_places": [pair.treatment_place for pair in pairs],
        "settlements": [pair.count for pair in pairs],
        "totals": [pair.total.fen for pair in pairs],
        "funds": [pair.fund.fen for pair in pairs],
        "roots": [pair.root for pair in pairs],
    }
    changed = (await tx.execute(_CLAIM, row)).rowcount
    assert changed == 1, "the clearing was opened in this transaction"


async def claims(conn: Conn, scope: Scope, clearing_id: int) -> Sequence[Claim]:
    """Read the claims of a clearing that the scope is a side of."""
    found = await conn.execute(_CLAIMS, scope.binds() | {"clearing_id": clearing_id})
    return [claim_of(row) for row in found]


async def items(
    conn: Conn,
    scope: Scope,
    page: PageAsked,
    *,
    number: str,
    insured_place: str | None,
    treatment_place: str | None,
) -> Sequence[Item]:
    """Read a page of the settlements in a clearing, in the order the root digests them."""
    asked = {
        "number": number,
        "insured_place": insured_place,
        "treatment_place": treatment_place,
        "after": page.after,
        "rows": page.rows + 1,
    }
    return [_item(row) for row in await conn.execute(_ITEMS, scope.binds() | asked)]


async def named_items(
    conn: Conn, scope: Scope, number: str, pair: Pair | None, numbers: Sequence[str]
) -> dict[str, Item]:
    """Read some settlements of a claim, or of any, by number; what is not in it is left out."""
    asked = {
        "number": number,
        "insured_place": None if pair is None else pair.insured_place,
        "treatment_place": None if pair is None else pair.treatment_place,
        "numbers": list(numbers),
    }
    found = await conn.execute(_NAMED_ITEMS, scope.binds() | asked)
    return {row.number: _item(row) for row in found}


async def shares(conn: Conn, scope: Scope, number: str, place: str) -> list[CityShare]:
    """Total the settlements of a place's claims by the region of its own side."""
    asked = {"number": number, "place": place, "insured_place": None, "treatment_place": None}
    return [
        CityShare(
            city=row.region,
            insured_place=row.insured_place,
            treatment_place=row.treatment_place,
            settlements=row.settlement_count,
            total=Money(row.total_fen),
            fund=Money(row.fund_fen),
        )
        for row in await conn.execute(_SHARES, scope.binds() | asked)
    ]


def totals_of(row: sa.Row[Any]) -> Totals:
    """Read control totals out of a row of claims."""
    return Totals(row.settlement_count, Money(row.total_fen), Money(row.fund_fen))


def claim_of(row: sa.Row[Any]) -> Claim:
    """Read a claim out of a row of its columns."""
    return Claim(
        id=row.id,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        totals=totals_of(row),
        root=row.root,
        noticed_at=row.noticed_at,
    )


def _item(row: sa.Row[Any]) -> Item:
    return Item(
        number=row.number,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        kind=SettlementKind(row.kind),
        business_day=row.business_day,
        month=row.month,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        carried_from=row.carried_from,
        institution=row.institution,
        visit=row.visit,
    )
