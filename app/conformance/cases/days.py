"""Days 日对账: equal, or every difference named and repaired in one call."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from app.conformance.bench import CHINA, Bench, expect
from app.conformance.case import GATEWAY, REST, Family
from app.conformance.desk import Said
from app.conformance.gateway import GatewayDesk
from app.conformance.wire import Reply

FAMILY = Family.of("days")
ONLY = (REST,)
Row: TypeAlias = dict[str, str]
PATH = "/v1/reconciliations"
EQUAL = '"stmt_rslt":"000000"'
GHOST: Row = {"settlement": "A0000000000000000000", "total": "1.00", "fund": "0.00"}


@FAMILY.case("Equal books are told as equal", "账目一致应答 equal", ONLY)
async def equal(at: Bench) -> None:
    await at.settled()
    _found(await _compare(at, await _rows(at)), result="equal", state="clean")


@FAMILY.case("What the sender lost is named", "平台多的结算逐笔列出", ONLY)
async def only_hub(at: Bench) -> None:
    _, told = await at.settled()
    rows = [row for row in await _rows(at) if row["settlement"] != told.facts["settlement"]]
    reply = await _compare(at, rows)
    _found(reply, result="hub_has_more", only_hub_count=1)
    expect(told.facts["settlement"] in reply.body.decode(), "it is not named")


@FAMILY.case("What the hub does not have is named", "发送方多的结算逐笔列出", ONLY)
async def only_sender(at: Bench) -> None:
    await at.settled()
    reply = await _compare(at, [*await _rows(at), GHOST])
    _found(reply, only_sender_count=1)
    expect(GHOST["settlement"] in reply.body.decode(), "it is not named")


@FAMILY.case("Amounts that differ are told with both sides", "金额不一致列出双方数额", ONLY)
async def amounts_differ(at: Bench) -> None:
    _, told = await at.settled()
    rows = await _rows(at)
    for row in rows:
        if row["settlement"] == told.facts["settlement"]:
            row["total"] = "5.00"
    _found(await _compare(at, rows), different_count=1)


@FAMILY.case("A difference is repaired in one call, once", "差异一次调用即可处理", ONLY)
async def repaired(at: Bench) -> None:
    _, told = await at.settled()
    rows = [row for row in await _rows(at) if row["settlement"] != told.facts["settlement"]]
    found = (await _compare(at, rows)).json
    line, path = at.lines.institution, f"{PATH}/{found['number']}"
    order = {"row": found["only_hub"][0]["row"], "act": "adopt"}
    reply = await line.send("POST", f"{path}/repairs", order, key=at.key())
    expect(reply.status in (200, 201), f"HTTP {reply.status}")
    _found(await line.send("GET", path), state="clean", left=0)
    again = await line.send("POST", f"{path}/repairs", order, key=at.key())
    expect(400 <= again.status < 500, f"repaired twice: HTTP {again.status}")  # noqa: PLR2004 -- HTTP's own


@FAMILY.case("Totals that are not the rows' sums are refused", "总额与明细合计不符应拒绝", ONLY)
async def sums_mismatch(at: Bench) -> None:
    await at.settled()
    reply = await _compare(at, await _rows(at), more="1.00")
    expect(reply.json.get("code") == "sums-mismatch", f"got {reply.json.get('code')}")


@FAMILY.case("A day that has not come is not compared", "未来日期不得对账", ONLY)
async def not_come(at: Bench) -> None:
    day = _today(at) + timedelta(days=2)
    body = {"day": day.isoformat(), "count": 0, "total": "0.00", "fund": "0.00"}
    reply = await at.lines.institution.send("POST", PATH, body, key=at.key())
    expect(reply.json.get("code") == "day-not-come", f"got {reply.json.get('code')}")


@FAMILY.case("3201: equal totals are told as equal", "3201 总账一致", (GATEWAY,))
async def totals_equal(at: Bench) -> None:
    await at.settled()
    expect(EQUAL in (await _totals(at, 0)).must().text, "stmt_rslt is not 000000")


@FAMILY.case("3201: a lost settlement shows in the totals", "3201 总账不一致应指明", (GATEWAY,))
async def totals_unequal(at: Bench) -> None:
    await at.settled()
    told = (await _totals(at, 1)).must()
    expect(EQUAL not in told.text and "stmt_rslt" in told.text, "it is told as equal")


async def _totals(at: Bench, lost: int) -> Said:
    """Send the day's totals, less the last so many settlements."""
    assert isinstance(at.desk, GatewayDesk)
    rows = await _rows(at)
    kept = rows[: len(rows) - lost]
    day = _today(at).isoformat()
    asked = {
        "insutype": "410",
        "stmt_begndate": day,
        "stmt_enddate": day,
        "medfee_sumamt": str(sum((Decimal(it["total"]) for it in kept), Decimal("0.00"))),
        "fund_pay_sumamt": str(sum((Decimal(it["fund"]) for it in kept), Decimal("0.00"))),
        "fixmedins_setl_cnt": str(len(kept)),
        "refd_setl_flag": "1",
    }
    return await at.desk.call("3201", "data", asked, at.key())


def _today(at: Bench) -> date:
    return (at.now + CHINA).date()


async def _rows(at: Bench) -> list[Row]:
    """Return the day as the hub has it, all pages."""
    found: list[Row] = []
    path = f"{PATH}/days/{_today(at).isoformat()}?limit=200"
    cursor = ""
    while True:
        page = (await at.lines.institution.send("GET", path + cursor)).json
        found += [{name: str(it[name]) for name in GHOST} for it in page["items"]]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


async def _compare(at: Bench, rows: list[Row], more: str = "0.00") -> Reply:
    total = sum((Decimal(row["total"]) for row in rows), Decimal(more))
    fund = sum((Decimal(row["fund"]) for row in rows), Decimal("0.00"))
    body = {
        "day": _today(at).isoformat(),
        "count": len(rows),
        "total": str(total),
        "fund": str(fund),
        "rows": rows,
    }
    return await at.lines.institution.send("POST", PATH, body, key=at.key())


def _found(reply: Reply, **wanted: object) -> None:
    for name, value in wanted.items():
        found = reply.json.get(name)
        expect(found == value, f"{name} is {found}, expected {value}")
