"""The end: the quarter is cleared, both provinces get statements and notices, the books prove."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.kernel.money import Money
from app.sandbox.story.stage import BEIJING, FITTER, HOSPITAL, NOTIFIED, SHANDONG, UNCLEARED, Stage
from app.sandbox.story.wire import Body

SCHEME = "cross_province"
SHOWN = (UNCLEARED, NOTIFIED, *(f"payable:{SHANDONG}:{code}" for code in (HOSPITAL, FITTER)))
SIDES = ((BEIJING, "payable"), (SHANDONG, "receivable"))


async def play(stage: Stage) -> None:
    """Clear the quarter, read both statements, issue the notices and prove the ledger."""
    stage.clock.go_to(stage.dates.cleared)
    quarter = stage.dates.quarter
    stage.teller.says(
        f"The demo's clock is set forward 拨快时钟 to {stage.dates.cleared}: {quarter} is over"
    )
    await stage.tick()
    stage.teller.says(
        "What fell due by then is done, and the days that are over are sealed 日志封存"
    )
    uncleared, notified = await stage.balance(UNCLEARED), await stage.balance(NOTIFIED)
    asked = {"scheme": SCHEME, "period": str(quarter)}
    clearing = await stage.cast.operator.write("/v1/clearings", asked)
    number, totals = str(clearing["number"]), clearing["totals"]
    stage.teller.says(
        f"The operator generates clearing {number} 清算 of {quarter}: {totals['settlements']} "
        f"settlements and cancellations, {totals['fund']} yuan, gross per ordered pair 全收全支"
    )
    claim = await _statements(stage, number)
    await _items(stage, number, claim)
    await _confirm(stage, number, claim)
    issued = await stage.cast.operator.write(f"/v1/clearings/{number}/notices", {})
    notices = await _notices(stage, number, claim)
    stage.expect_equal(
        "The sum of the receivable notices", issued["receivable_fund"], issued["payable_fund"]
    )
    fund = Money.yuan(claim["totals"]["fund"])
    left, noticed = await stage.balance(UNCLEARED), await stage.balance(NOTIFIED)
    stage.expect_equal("What is still uncleared after the notices", left, uncleared - fund)
    stage.expect_equal("What is on notices", noticed, notified + fund)
    stage.tale.clearing |= {
        **{name: clearing[name] for name in ("number", "scheme", "period", "claims", "totals")},
        "clock": stage.dates.cleared.isoformat(),
        "notices": notices,
    }
    await _prove(stage)


async def _statements(stage: Stage, number: str) -> Body:
    """Let both agencies read their statements; return the claim they must agree on."""
    claims: list[Body] = []
    statements: dict[str, object] = {}
    for place, side in SIDES:
        client = stage.cast.beijing if place == BEIJING else stage.cast.shandong
        statement = await client.read(f"/v1/clearings/{number}/statements/{place}")
        found = [it for it in statement[side] if _is_ours(it)]
        stage.expect_equal(f"The number of {side} claims of {place}", len(found), 1)
        claims += found
        statements[place] = {**statement["totals"], "claim": found[0]}
    stage.expect_equal("Shandong's claim", claims[1], claims[0])
    stage.tale.clearing["statements"] = statements
    headings = ("place 地区", "payable 应付, 元", "receivable 应收, 元", "digest 摘要")
    rows = []
    for place, _ in SIDES:
        totals = await _totals(stage, number, place)
        rows.append(
            (place, totals["payable"]["fund"], totals["receivable"]["fund"], claims[0]["root"][:16])
        )
    stage.teller.table(f"Statements of {stage.dates.quarter} 清算表", headings, rows)
    return claims[0]


async def _totals(stage: Stage, number: str, place: str) -> Body:
    statement = await stage.cast.operator.read(f"/v1/clearings/{number}/statements/{place}")
    totals: Body = statement["totals"]
    return totals


async def _items(stage: Stage, number: str, claim: Body) -> None:
    """Recompute the claim's digest from its settlements; the story's own are all among them."""
    items = await stage.cast.shandong.all(
        f"/v1/clearings/{number}/items", insured_place=BEIJING, treatment_place=SHANDONG
    )
    text = "\n".join(
        f"{it['number']} {Money.yuan(it['total']).fen} {Money.yuan(it['fund']).fen}" for it in items
    )
    root = hashlib.sha256(text.encode()).hexdigest()
    stage.expect_equal("The digest recomputed from the items", root, claim["root"])
    ours = {str(it["number"]): str(it["fund"]) for it in stage.tale.settlements}
    found = {it["number"]: it["fund"] for it in items if it["number"] in ours}
    stage.expect_equal("The story's settlements in the clearing", found, ours)
    stage.tale.clearing["items"] = len(items)
    stage.tale.clearing["of_this_story"] = {
        "settlements": len(ours),
        "fund": str(Money.total(Money.yuan(fund) for fund in ours.values())),
    }
    stage.teller.says(
        f"Shandong recomputes the digest 摘要 from the {len(items)} items: {root[:16]}…; "
        f"{len(found)} of the story's {len(ours)} settlements are among them"
    )


async def _confirm(stage: Stage, number: str, claim: Body) -> None:
    """Let both agencies confirm the claim by its digest, as they recomputed it."""
    path = f"/v1/clearings/{number}/claims/{BEIJING}/{SHANDONG}/confirmations"
    totals = claim["totals"]
    digest = {
        "settlements": totals["settlements"],
        "fund": totals["fund"],
        "root": claim["root"],
    }
    await stage.cast.beijing.write(path, digest)
    said = await stage.cast.shandong.write(path, digest)
    stage.expect(bool(said["is_confirmed"]), "Both sides confirmed, yet the claim is not.")
    stage.teller.says(
        "Both provinces confirm the claim 确认 by its digest: count, sum and root are the same"
    )


async def _notices(stage: Stage, number: str, claim: Body) -> list[Body]:
    """Let both agencies read their notices of the claim."""
    kept: list[Body] = []
    for (place, side), client in zip(SIDES, (stage.cast.beijing, stage.cast.shandong), strict=True):
        counter = SHANDONG if place == BEIJING else BEIJING
        found = [
            it
            for it in await client.all(f"/v1/clearings/{number}/notices")
            if (it["kind"], it["party_place"], it["counter_place"]) == (side, place, counter)
        ]
        stage.expect_equal(f"The number of {side} notices to {place}", len(found), 1)
        kept += found
    for notice in kept:
        stage.expect_equal("The amount noticed", notice["amount"], claim["totals"]["fund"])
    _show(stage, kept)
    return kept


def _show(stage: Stage, notices: Sequence[Body]) -> None:
    headings = ("notice 通知书", "kind 类别", "to 收件", "amount 金额, 元", "pay by 付款期限")
    kinds = {"payable": "payable 付款", "receivable": "receivable 收款"}
    rows = [
        (it["number"], kinds[it["kind"]], it["party_place"], it["amount"], it["due"]["pay_by"])
        for it in notices
    ]
    stage.teller.table("Notices 付款/收款通知书", headings, rows)


async def _prove(stage: Stage) -> None:
    """Show the balances of the pair and ask the hub to prove its books."""
    accounts = await stage.cast.operator.all("/v1/ledger/accounts", place=SHANDONG)
    shown = [it for it in accounts if it["name"] in SHOWN]
    rows = [(it["name"], it["balance"], str(it["version"])) for it in shown]
    stage.teller.table(
        "Balances 账户余额", ("account 账户", "debits less credits 余额, 元", "postings 笔数"), rows
    )
    proof = await stage.cast.operator.read("/v1/ledger/proof")
    stage.expect(bool(proof["holds"]), f"The books do not add up: {proof['difference']}.")
    late = [it["law"] for it in proof["laws"] if not it["holds"]]
    stage.expect_equal("The list of laws that are late or broken", late, [])
    stage.tale.clearing["balances"] = {it["name"]: it["balance"] for it in shown}
    stage.tale.proof |= proof
    stage.teller.says(
        f"The books are proved 账账相符: {proof['accounts']} accounts, {proof['postings']} "
        f"postings, {proof['turnover']} yuan turned over, all balances sum to zero"
    )


def _is_ours(claim: Body) -> bool:
    return (claim["insured_place"], claim["treatment_place"]) == (BEIJING, SHANDONG)
