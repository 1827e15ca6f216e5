"""Calendar 时钟: what must hold months later; played where the clock can be set, and last.

The clock goes forward for everybody and nothing puts it back, so these cases are played only where
the operator's client was given.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from app.conformance.bench import CHINA, OK, Bench, expect
from app.conformance.case import Family
from app.conformance.gateway import GatewayDesk

FAMILY = Family.of("calendar")
SCHEME = "cross_province"
A_MONTH = timedelta(days=31)
CREATED, PAGE = 201, 100
CLEARING_DAY, QUARTER_MONTHS, YEAR_MONTHS = 21, 3, 12


@FAMILY.case(
    "A month later the same message is still one", "一个月后重发仍只生效一次", optional=True
)
async def repeated_a_month_later(at: Bench) -> None:
    _ = at.operator
    stay, key = await at.left(), at.key()
    first = (await at.desk.settle(stay, Decimal(4), key)).must()
    await at.set_clock(at.now + A_MONTH)
    again = (await at.desk.settle(stay, Decimal(4), key)).must()
    expect(again.replayed, "the second answer is not marked as a replay")
    expect(again.facts == first.facts, "the second answer differs")
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


@FAMILY.case("What a clearing has taken in is not cancelled", "已纳入清算不得撤销", optional=True)
async def cancelled_after_clearing(at: Bench) -> None:
    _ = at.operator
    stay, told = await at.settled()
    number, day = told.facts["settlement"], at.now + CHINA
    await at.set_clock(_clearing_day(day))
    await _cleared(at, day)
    if isinstance(at.desk, GatewayDesk):
        await _extracted(at, day, number)
    for _ in range(2):
        refused = await at.desk.cancel(stay, number, at.key())
        refused.must_refuse("settlement-in-clearing")
    rows = await at.settlements(stay.visit)
    expect([row["number"] for row in rows] == [number], "the settlement does not stand alone")
    proof = (await at.operator.send("GET", "/v1/ledger/proof")).json
    expect(proof.get("holds") is True, f"the books do not add up: {proof.get('difference')}")


def _clearing_day(day: datetime) -> datetime:
    """Return the day on which the quarter of a day is cleared, at nine in China."""
    last = (day.month - 1) // QUARTER_MONTHS * QUARTER_MONTHS + QUARTER_MONTHS
    year, month = day.year + last // YEAR_MONTHS, last % YEAR_MONTHS + 1
    return day.replace(year=year, month=month, day=CLEARING_DAY, hour=9, minute=0) - CHINA


async def _cleared(at: Bench, day: datetime) -> None:
    """Let the operator clear the quarter, unless the hub has done so by itself."""
    period = f"{day.year}Q{(day.month - 1) // QUARTER_MONTHS + 1}"
    asked = {"scheme": SCHEME, "period": period}
    key = at.keys.next(at.operator.party)
    reply = await at.operator.send("POST", "/v1/clearings", asked, key=key)
    there = reply.json.get("code") == "clearing-exists"
    expect(reply.status in (OK, CREATED) or there, f"{period} is not cleared: {reply.json}")


async def _extracted(at: Bench, day: datetime, number: str) -> None:
    """Let the insured agency extract the month (3260): the settlement is among its rows."""
    agency, found, row = GatewayDesk(at.lines.agency, at.now), 0, 1
    while True:
        asked = {"trt_year": day.year, "trt_month": day.month, "startrow": row}
        key = at.keys.next(at.lines.agency.party)
        told = (await agency.fetch("3260", "data", asked, key)).json
        rows = (told.get("output") or {}).get("data") or []
        found += sum(it.get("setl_sn") == number for it in rows)
        row += len(rows)
        if len(rows) < PAGE:
            break
    expect(found == 1, f"3260 lists the settlement {found} times")
