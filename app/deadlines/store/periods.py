"""Which periods and years are cleared: what the operator's own deadlines are worked out from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import Period
from app.clearing.tables import clearing, clearing_year
from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.runtime.db import Conn
from app.settlement.tables import settlement

_TEXTS = ARRAY(sa.Text)
_span = sa.func.unnest(
    sa.bindparam("schemes", type_=_TEXTS),
    sa.bindparam("periods", type_=_TEXTS),
    sa.bindparam("firsts", type_=_TEXTS),
    sa.bindparam("lasts", type_=_TEXTS),
).table_valued("scheme", "period", "first", "last", with_ordinality="place")
_span = _span.render_derived(name="span")
_SPANS = (
    sa.select(
        sa.exists()
        .where(clearing.c.scheme == _span.c.scheme, clearing.c.period == _span.c.period)
        .correlate(_span)
        .label("is_cleared"),
        sa.exists()
        .where(
            settlement.c.scheme == _span.c.scheme,
            settlement.c.month >= _span.c.first,
            settlement.c.month <= _span.c.last,
        )
        .correlate(_span)
        .label("has_settlements"),
    )
    .select_from(_span)
    .order_by(_span.c.place)
)
_scheme = sa.func.unnest(sa.bindparam("schemes", type_=_TEXTS)).column_valued("scheme")
_IN_USE = (
    sa.select(_scheme).where(sa.exists().where(settlement.c.scheme == _scheme)).order_by(_scheme)
)
_YEAR = sa.cast(sa.func.left(clearing.c.period, 4), sa.Integer)
_YEARS = (
    sa.select(_YEAR.label("year"), clearing_year.c.year.is_not(None).label("is_closed"))
    .select_from(clearing.outerjoin(clearing_year, clearing_year.c.year == _YEAR))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Cleared:
    """Whether a period was cleared, and whether there is anything to clear."""

    is_cleared: bool
    has_settlements: bool


async def clearings_of(conn: Conn, spans: Sequence[tuple[Scheme, Period]]) -> Sequence[Cleared]:
    """Read of each period of a scheme whether it is cleared: the nation's, for the operator."""
    row = {
        "schemes": [scheme.value for scheme, _ in spans],
        "periods": [str(period) for _, period in spans],
        "firsts": [str(Month.of(period.first)) for _, period in spans],
        "lasts": [str(Month.of(period.last)) for _, period in spans],
    }
    found = await conn.execute(_SPANS, row)
    return [Cleared(each.is_cleared, each.has_settlements) for each in found]


async def schemes_in_use(conn: Conn) -> Sequence[Scheme]:
    """Read in which schemes anything was ever settled."""
    found = await conn.execute(_IN_USE, {"schemes": [scheme.value for scheme in Scheme]})
    return [Scheme(each) for each in found.scalars()]


async def years(conn: Conn) -> Sequence[tuple[int, bool]]:
    """Read the years that have clearings, and whether each is closed."""
    return [(row.year, row.is_closed) for row in await conn.execute(_YEARS)]
