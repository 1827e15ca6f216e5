"""Every SQL statement about closing months and about the clearings that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.runtime.db import Tx
from app.settlement.model import MONTHS_BACK

# A settlement under way is of its business day's month: minutes old, so of the last of MONTHS_BACK.
# The others are held for clocks that disagree, and for deductions from what was settled then.
# Exclusive, per place and month, in one order. Waits for the settlements under way that may fall
# into these months and for nobody else; who comes meanwhile finds the lock asked for, takes the
# month as closed and goes on to the next. Every lock is there before a row is written, and is kept
# until the closing is, so a closing that fails closes nothing. What follows may take in a nation's
# quarter, a million rows, and nobody waits for it: it gets more time than a request has.
_CLOSE = sa.text(
    """
    WITH closing AS MATERIALIZED (
        SELECT code FROM region
         WHERE level IN ('province', 'city') AND (:places IS NULL OR code = ANY (:places))
    ), locked AS MATERIALIZED (
        SELECT set_config('statement_timeout', '15min', true), count(pg_advisory_xact_lock(
                   hashtextextended('settlement_month ' || code || ' ' || month, 0)))
          FROM (SELECT code, month FROM closing CROSS JOIN unnest(:months) AS asked(month)
                 WHERE NOT EXISTS (SELECT FROM settlement_month s
                                    WHERE s.place = code AND s.month >= asked.month)
                 ORDER BY code, month) AS wanted
    )
    INSERT INTO settlement_month (place, month, closed_at)
    SELECT code, :month, :now FROM locked CROSS JOIN closing
    ON CONFLICT (place, month) DO NOTHING
    """
).bindparams(
    sa.bindparam("places", type_=ARRAY(sa.Text)),
    sa.bindparam("months", type_=ARRAY(sa.Text)),
    sa.bindparam("month", type_=sa.Text),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
)
# All months not cleared yet, up to the last. Every one before them has been: a rival run waits here
# for the months both want, and takes what the first leaves.
_TAKE = sa.text(
    """
    INSERT INTO cleared_month (scheme, month, clearing)
    SELECT :scheme, to_char(first_day, 'YYYY-MM'), :clearing
      FROM generate_series(
               coalesce(
                   (SELECT to_date(max(month), 'YYYY-MM') + INTERVAL '1 month'
                      FROM cleared_month WHERE scheme = :scheme),
                   least(to_date(:first, 'YYYY-MM'),
                         (SELECT to_date(min(month), 'YYYY-MM')
                            FROM settlement WHERE scheme = :scheme))),
               to_date(:last, 'YYYY-MM'), INTERVAL '1 month') AS first_day
     ORDER BY first_day
    ON CONFLICT DO NOTHING
    RETURNING month
    """
).bindparams(
    sa.bindparam("clearing", type_=sa.Text),
    sa.bindparam("scheme", type_=sa.Text),
    sa.bindparam("first", type_=sa.Text),
    sa.bindparam("last", type_=sa.Text),
)


async def close(tx: Tx, places: Sequence[str] | None, through: Month, now: datetime) -> int:
    """Close a month, and with it all before, once every settlement under way has ended."""
    wanted = None if places is None else sorted(places)
    months = [str(through.plus(-back)) for back in reversed(range(MONTHS_BACK))]
    row = {"places": wanted, "months": months, "month": str(through), "now": now}
    return (await tx.execute(_CLOSE, row)).rowcount


async def take(tx: Tx, clearing: str, scheme: Scheme, period: Sequence[Month]) -> list[Month]:
    """Let a clearing hold the months up to a period's last that none holds yet."""
    row = {
        "clearing": clearing,
        "scheme": scheme.value,
        "first": str(min(period)),
        "last": str(max(period)),
    }
    return sorted(Month.parse(month) for month in (await tx.execute(_TAKE, row)).scalars())
