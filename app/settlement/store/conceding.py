"""Every SQL statement about what contests take off settlements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.money import Money
from app.runtime.db import Tx
from app.settlement.tables import settlement

_NUMBERS = sa.bindparam("numbers", type_=ARRAY(sa.Text))
_HOLD = (
    sa.select(settlement.c.id)
    .where(settlement.c.number == sa.func.any(_NUMBERS))
    .order_by(settlement.c.id)
    .with_for_update()
)
_CONCEDE = sa.text(
    """
    UPDATE settlement SET conceded_fen = conceded_fen + t.fen
      FROM unnest(:numbers, :amounts) AS t(number, fen)
     WHERE settlement.number = t.number AND settlement.cancelled_by IS NULL
    """
).bindparams(_NUMBERS, sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)))


async def hold(tx: Tx, numbers: Sequence[str]) -> None:
    """Hold settlements against other writers, in one order, until the transaction ends."""
    await tx.execute(_HOLD, {"numbers": list(numbers)})


async def concede(tx: Tx, taken: Mapping[str, Money]) -> None:
    """Note what is no longer owed of settlements that stand; they are held already."""
    row = {"numbers": list(taken), "amounts": [it.fen for it in taken.values()]}
    changed = (await tx.execute(_CONCEDE, row)).rowcount
    assert changed == len(taken), "they are held, and were found standing"
