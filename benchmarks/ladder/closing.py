"""A process that closes month after month and generates quarter after quarter until it is ended.

Every place closes each month by itself, then the quarter is cleared: as the operator's own calls
through the door, on the history's quarters, oldest first. When none is left all are opened again.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import date

from sqlalchemy.ext.asyncio import create_async_engine

from app.clearing import service as clearings
from app.clearing.errors import ClearingExists
from app.clearing.model import Run
from app.kernel.calendar import Month
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.runtime.auth import Caller
from app.runtime.db import open_engine
from app.runtime.door import Door, Hub
from app.runtime.hub import build_hub, wall_clock
from app.runtime.settings import Settings
from app.runtime.work import Work
from app.settlement import service as settlements
from benchmarks.clearing import Done
from benchmarks.ladder.history import last_quarter_end
from benchmarks.ladder.stock import new_key

FIRST_YEAR, FIRST_MONTH = 2024, 4
OPERATOR = Caller(kind=PartyKind.OPERATOR, party="operator", region="000000", client="hub:bench")
# As the owner, since nobody else may: a closed month is closed for good.
_OPENED_AGAIN = (
    "SET LOCAL session_replication_role = replica",
    "DELETE FROM claim",
    "DELETE FROM clearing",
    "DELETE FROM cleared_month",
    "DELETE FROM settlement_month",
)


def quarters(until: date) -> Iterator[tuple[str, list[Month]]]:
    """Name the quarters from the first on, with their months."""
    first = Month(FIRST_YEAR, FIRST_MONTH)
    while str(first) <= f"{until:%Y-%m}":
        months = [first, first.plus(1), first.plus(2)]
        yield f"{first.year}Q{(first.number - 1) // 3 + 1}", months
        first = first.plus(3)


async def write(hub: Hub, use_case: Callable[[Work], Awaitable[object]]) -> None:
    """Do it through the door."""
    key = new_key()
    door = Door(
        hub=hub,
        caller=OPERATOR,
        key=key,
        fingerprint=key.encode(),
        action="benchmark",
        request="benchmark",
    )
    await door.write(use_case, show=lambda _: Done())


async def close_for_ever() -> None:
    """Close and clear, and say on stdout how far it is."""
    settings = Settings()
    assert settings.database_url is not None, "the benchmark names it"
    engine = open_engine(settings.database_url, settings)
    owner = create_async_engine(settings.database_url)
    hub = build_hub(engine, settings, wall_clock)
    async with owner.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT code FROM region WHERE level = 'province' ORDER BY code"
        )
        places = [row.code for row in found]
    while True:
        for quarter, months in quarters(last_quarter_end(date.today())):  # noqa: DTZ011 -- any day
            await _clear(hub, quarter, months, places)
        async with owner.begin() as connection:
            for statement in _OPENED_AGAIN:
                await connection.exec_driver_sql(statement)


async def _clear(hub: Hub, quarter: str, months: list[Month], places: list[str]) -> None:
    for month, place in itertools.product(months, places):
        await write(hub, _closing(place, month))
        sys.stdout.write("closed\n")
        sys.stdout.flush()
    try:
        await write(hub, lambda work: clearings.run(work, Run(Scheme.CROSS_PROVINCE, quarter)))
    except ClearingExists:
        return
    sys.stdout.write("cleared\n")
    sys.stdout.flush()


def _closing(place: str, month: Month) -> Callable[[Work], Awaitable[object]]:
    return lambda work: settlements.close_months(work, [place], month)


if __name__ == "__main__":
    asyncio.run(close_for_ever())
