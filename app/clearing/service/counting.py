"""How a run counts a nation's quarter: portion by portion, giving way to whoever settles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from app.clearing.model import PairTotal
from app.clearing.store import items
from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.runtime.db import Tx

# Of a portion: of a million settlements, some 50 ms of work; also what the driver fetches at once.
PAIRS = 50
PAUSE_SECONDS_MAX = 1.0


async def totals(
    tx: Tx,
    scheme: Scheme,
    months: Sequence[Month],
    waiting: Sequence[int],
    *,
    pairs: int = PAIRS,
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> list[PairTotal]:
    """Total and digest every ordered pair, in the order of places.

    Where somebody settled while a portion was counted, the run leaves the database to them for as
    long as that portion took; where nobody did, it goes on at once. Nobody can tell from what it
    finds: the months are closed, the contests held, and all portions are of one statement.
    """
    clock = asyncio.get_running_loop().time
    found: list[PairTotal] = []
    before, begun = await items.newest(tx), clock()
    async with aclosing(items.totals(tx, scheme, months, waiting, pairs)) as portions:
        async for portion in portions:
            taken, newest = clock() - begun, await items.newest(tx)
            found += portion
            if newest > before:
                await pause(min(taken, PAUSE_SECONDS_MAX))
            before, begun = newest, clock()
    return found
