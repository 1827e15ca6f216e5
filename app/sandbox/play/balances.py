"""The end of a play: the clearing, and every balance held against what the parties were told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from app.clearing import service as clearings
from app.clearing.model import Clearing, Issue, NoticeKind, Run
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.ledger import service as ledger
from app.ledger.model import AccountKind
from app.runtime.door import Hub, reading
from app.runtime.paging import PageAsked
from app.runtime.work import Reading, Work
from app.sandbox.casting import OPERATOR
from app.sandbox.play.deeds import Stage
from app.sandbox.play.report import Report
from app.sandbox.play.timetable import Timetable
from app.sandbox.sender import Kept

ROWS_A_PAGE = 200
Pairs = Mapping[tuple[str, str], Money]


async def clear_and_check(stage: Stage, hub: Hub, plan: Timetable, report: Report) -> None:
    """Clear the quarter the month ends, issue the notices, and hold the books to the receipts."""
    pairs, owed = _receipts(stage, plan)
    _check_business(stage, plan, report)
    uncleared = {f"{AccountKind.UNCLEARED}:{i}:{t}": fund for (i, t), fund in pairs.items()}
    payable = {f"{AccountKind.PAYABLE}:{t}:{code}": ZERO - fund for (t, code), fund in owed.items()}
    await check_books(hub, report, "before the clearing", uncleared | payable)

    clearing = await _clear(stage, hub, report)
    issue = await _issue(stage, hub, clearing)
    await _check_clearing(hub, clearing, pairs, report)
    report.expect("fund of the payable notices", issue.payable_fund, report.fund)
    report.expect("fund of the receivable notices", issue.receivable_fund, report.fund)
    report.clearing, report.pairs = clearing.number, len(pairs)
    report.notices = issue.payable + issue.receivable

    notified = {f"{AccountKind.NOTIFIED}:{i}:{t}": fund for (i, t), fund in pairs.items()}
    await check_books(hub, report, "after the notices", notified | payable)
    await _check_proof(stage, hub, plan, report)
    report.messages = stage.messages


def _receipts(stage: Stage, plan: Timetable) -> tuple[Pairs, Pairs]:
    """Add up what was told at the desks, by pair and by institution."""
    pairs: defaultdict[tuple[str, str], Money] = defaultdict(lambda: ZERO)
    owed: defaultdict[tuple[str, str], Money] = defaultdict(lambda: ZERO)
    for it in plan.stays:
        fund = stage.funds.get(it.number, ZERO)
        pairs[it.pair] += fund
        owed[it.pair[1], it.visit.institution] += fund
    return (
        {pair: fund for pair, fund in pairs.items() if fund != ZERO},
        {whom: fund for whom, fund in owed.items() if fund != ZERO},
    )


def _check_business(stage: Stage, plan: Timetable, report: Report) -> None:
    report.expect("visits settled", len(stage.funds), len(plan.stays))
    report.expect("filings accepted", stage.filed, report.workers)
    report.expect("filings expired", stage.expired, len(plan.expiring))
    turned_away = sum(len(it.turned_away) for it in plan.days.values())
    expected = [("filing-expired",)] * turned_away
    report.expect("reasons of those turned away", stage.refusals, expected)


async def check_books(hub: Hub, report: Report, when: str, expected: Mapping[str, Money]) -> None:
    """Hold every account that is not zero to what it should be, and let there be no other."""
    found: dict[str, Money] = {}
    async with _operator(hub) as it:
        after: str | None = ""
        while after is not None:
            page = await ledger.accounts(it, PageAsked(after, ROWS_A_PAGE), kind=None, place=None)
            found |= {each.account.name: each.balance for each in page.rows}
            after = page.last
    report.accounts = len(found)
    standing = {name: balance for name, balance in found.items() if balance != ZERO}
    wrong = [
        f"{name} is {standing.get(name, ZERO)}, should be {expected.get(name, ZERO)}"
        for name in sorted(standing.keys() | expected.keys())
        if standing.get(name, ZERO) != expected.get(name, ZERO)
    ]
    report.expect(f"balances of {len(expected)} accounts {when}", "; ".join(wrong[:3]), "")


async def _clear(stage: Stage, hub: Hub, report: Report) -> Clearing:
    asked = Run(scheme=Scheme.CROSS_PROVINCE, period=str(report.month.quarter))
    sent = await stage.sender.send(
        "clear",
        OPERATOR,
        hub.clock(),
        lambda work: clearings.run(work, asked),
        lambda made: Kept(number=made.number),
    )
    stage.messages += 1
    async with _operator(hub) as it:
        return await clearings.find(it, sent.kept.number)


async def _issue(stage: Stage, hub: Hub, clearing: Clearing) -> Issue:
    issued: list[Issue] = []

    async def act(work: Work) -> Issue:
        issued[:] = [await clearings.issue_notices(work, clearing.number)]
        return issued[0]

    await stage.sender.send(
        "notify", OPERATOR, hub.clock(), act, lambda it: Kept(number=it.clearing)
    )
    stage.messages += 1
    return issued[0]


async def _check_clearing(hub: Hub, clearing: Clearing, pairs: Pairs, report: Report) -> None:
    report.expect("total of the clearing", clearing.totals.total, report.total)
    report.expect("fund of the clearing", clearing.totals.fund, report.fund)
    # A settlement that was cancelled and made again is in it three times, and counts once.
    entries = report.settlements + 2 * report.cancelled
    report.expect("settlements in the clearing", clearing.totals.settlements, entries)
    noticed: dict[tuple[str, str], Money] = {}
    async with _operator(hub) as it:
        after: str | None = ""
        while after is not None:
            page = await clearings.notices_of(it, clearing.number, PageAsked(after, ROWS_A_PAGE))
            noticed |= {
                (each.party_place, each.counter_place): each.totals.fund
                for each in page.rows
                if each.kind is NoticeKind.PAYABLE
            }
            after = page.last
    wrong = {pair for pair in noticed.keys() | pairs.keys() if noticed.get(pair) != pairs.get(pair)}
    report.expect(f"notices of {len(pairs)} pairs", sorted(wrong), [])


async def _check_proof(stage: Stage, hub: Hub, plan: Timetable, report: Report) -> None:
    """Let the ledger prove itself; the turnover is every amount once, as often as it was booked."""
    again = Money.total(stage.funds[it.number] for it in plan.stays if it.again)
    async with _operator(hub) as it:
        proof = await ledger.proof(it.rx)
    report.expect("the ledger's proof", proof.difference, None)
    booked = report.fund + again + again + report.fund  # settled, undone and redone, noticed
    report.expect("turnover of the ledger", proof.turnover, booked)


def _operator(hub: Hub) -> AbstractAsyncContextManager[Reading]:
    return reading(hub, OPERATOR, "play")
