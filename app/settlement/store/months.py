"""Every SQL statement about closing months and taking settlements into a clearing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.db import Tx
from app.settlement.model import PairTotal

_PLACES = sa.bindparam("places", type_=ARRAY(sa.Text))
# A settlement under way is of its business day's month: minutes old, so of the last of these. The
# others are a quarter's, held for clocks that disagree; what is older has long ended.
_MONTHS_BACK = 3
# Exclusive, per place and month, in one order. Waits for the settlements under way that may fall
# into these months and for nobody else; who comes meanwhile finds the lock asked for, takes the
# month as closed and goes on to the next. The locks are kept until the closing is written, so a
# closing that fails closes nothing. What follows may take in a nation's quarter, a million rows,
# and nobody waits for it: it gets more time than a request has.
_LOCK = sa.text(
    """
    SELECT set_config('statement_timeout', '15min', true), count(pg_advisory_xact_lock(
               hashtextextended('settlement_month ' || code || ' ' || month, 0)))
      FROM (SELECT code, month FROM region CROSS JOIN unnest(:months) AS asked(month)
             WHERE level IN ('province', 'city') AND (:places IS NULL OR code = ANY (:places))
               AND NOT EXISTS (SELECT FROM settlement_month s
                                WHERE s.place = code AND s.month >= asked.month)
             ORDER BY code, month) AS wanted
    """
).bindparams(_PLACES, sa.bindparam("months", type_=ARRAY(sa.Text)))
_CLOSE = sa.text(
    """
    INSERT INTO settlement_month (place, month, closed_at)
    SELECT code, :month, :now FROM region
     WHERE level IN ('province', 'city') AND (:places IS NULL OR code = ANY (:places))
    ON CONFLICT (place, month) DO NOTHING
    """
).bindparams(
    _PLACES,
    sa.bindparam("month", type_=sa.Text),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
)
_TAKE = sa.text(
    """
    WITH taken AS (
        UPDATE settlement SET clearing = :clearing
         WHERE clearing IS NULL AND scheme = :scheme AND month <= :through
        RETURNING insured_place, treatment_place, number, total_fen, fund_fen
    )
    SELECT insured_place, treatment_place, count(*) AS settlements,
           sum(total_fen)::bigint AS total_fen, sum(fund_fen)::bigint AS fund_fen,
           sha256(convert_to(string_agg(
               number || ' ' || total_fen || ' ' || fund_fen, E'\\n' ORDER BY number
           ), 'UTF8')) AS root
      FROM taken
     GROUP BY insured_place, treatment_place
     ORDER BY insured_place, treatment_place
    """
).bindparams(
    sa.bindparam("clearing", type_=sa.Text),
    sa.bindparam("scheme", type_=sa.Text),
    sa.bindparam("through", type_=sa.CHAR(7)),
)


async def close(tx: Tx, places: Sequence[str] | None, through: Month, now: datetime) -> int:
    """Close a month, and with it all before, once every settlement under way has ended."""
    wanted = None if places is None else sorted(places)
    months = [str(through.plus(-back)) for back in reversed(range(_MONTHS_BACK))]
    await tx.execute(_LOCK, {"places": wanted, "months": months})
    row = {"places": wanted, "month": str(through), "now": now}
    return (await tx.execute(_CLOSE, row)).rowcount


async def take(tx: Tx, clearing: str, scheme: Scheme, through: Month) -> list[PairTotal]:
    """Take every settlement not cleared yet into a clearing, and total it by ordered pair."""
    row = {"clearing": clearing, "scheme": scheme, "through": str(through)}
    return [
        PairTotal(
            insured_place=found.insured_place,
            treatment_place=found.treatment_place,
            count=found.settlements,
            total=Money(found.total_fen),
            fund=Money(found.fund_fen),
            root=bytes(found.root),
        )
        for found in await tx.execute(_TAKE, row)
    ]
