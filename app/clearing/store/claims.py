"""The claims of a clearing: kept in one statement, read by their sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import Claim, PairTotal, Part, Totals
from app.clearing.tables import claim
from app.kernel.money import Money
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx

_CLAIM = sa.text(
    """
    WITH made AS (
        INSERT INTO claim (clearing_id, insured_place, treatment_place, settlement_count,
                           total_fen, fund_fen, reviewed_count, reviewed_fen, root)
        SELECT :id, t.*
          FROM unnest(:insured_places, :treatment_places, :settlements, :totals, :funds,
                      :reviewed, :reviewed_funds, :roots) AS t
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
    sa.bindparam("reviewed", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("reviewed_funds", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("roots", type_=ARRAY(sa.LargeBinary)),
)
SEEN = visible(regions=(claim.c.insured_place, claim.c.treatment_place))
_CLAIMS = (
    sa.select(claim)
    .where(claim.c.clearing_id == sa.bindparam("clearing_id"), SEEN)
    .order_by(claim.c.insured_place, claim.c.treatment_place)
)


async def make_claims(tx: Tx, clearing_id: int, pairs: Sequence[PairTotal]) -> None:
    """Keep the claim of every ordered pair and total the clearing: one statement."""
    row = {
        "id": clearing_id,
        "insured_places": [pair.insured_place for pair in pairs],
        "treatment_places": [pair.treatment_place for pair in pairs],
        "settlements": [pair.totals.settlements for pair in pairs],
        "totals": [pair.totals.total.fen for pair in pairs],
        "funds": [pair.totals.fund.fen for pair in pairs],
        "reviewed": [pair.reviewed.items for pair in pairs],
        "reviewed_funds": [pair.reviewed.fund.fen for pair in pairs],
        "roots": [pair.root for pair in pairs],
    }
    changed = (await tx.execute(_CLAIM, row)).rowcount
    assert changed == 1, "the clearing was opened in this transaction"


async def claims(conn: Conn, scope: Scope, clearing_id: int) -> Sequence[Claim]:
    """Read the claims of a clearing that the scope is a side of."""
    found = await conn.execute(_CLAIMS, scope.binds() | {"clearing_id": clearing_id})
    return [claim_of(row) for row in found]


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
        reviewed=Part(row.reviewed_count, Money(row.reviewed_fen)),
        root=row.root,
        noticed_at=row.noticed_at,
    )
