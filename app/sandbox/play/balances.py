"""The end of a play: the clearing, and every balance held against what the parties were told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from functools import partial
from typing import TypeVar

from app.clearing import service as clearings
from app.clearing.model import BankOutcome, Clearing, ContestReason, Issue, Notice, NoticeKind, Run
from app.clearing.model.confirming import Digest, Objection, Pair
from app.clearing.model.paying import BankLine
from app.clearing.service import confirming, issuing, paying
from app.kernel.calendar import business_day
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.ledger import service as ledger
from app.ledger.model import AccountKind
from app.runtime.auth import Caller
from app.runtime.door import Hub, reading
from app.runtime.paging import PageAsked
from app.runtime.work import Reading, Work
from app.sandbox.casting import OPERATOR
from app.sandbox.clock import in_china
from app.sandbox.moved_clock import ClockAct, ClockAsked
from app.sandbox.play.deeds import Stage
from app.sandbox.play.report import Report
from app.sandbox.play.timetable import Stay, Timetable
from app.sandbox.sender import Kept, agency

T = TypeVar("T")
ROWS_A_PAGE = 200
# The calendar of a clearing of the quarter that ends with the month played.
CONTESTED_ON, SILENT_ON = date(2026, 1, 22), date(2026, 1, 26)
NOTICED_ON, PAID_ON = date(2026, 1, 31), date(2026, 2, 10)
Pairs = Mapping[tuple[str, str], Money]


async def clear_and_check(stage: Stage, hub: Hub, plan: Timetable, report: Report) -> None:
    """Clear the quarter the month ends, issue the notices, and hold the books to the receipts."""
    pairs, owed = _receipts(stage, plan)
    _check_business(stage, plan, report)
    uncleared = {f"{AccountKind.UNCLEARED}:{i}:{t}": fund for (i, t), fund in pairs.items()}
    payable = {f"{AccountKind.PAYABLE}:{t}:{code}": ZERO - fund for (t, code), fund in owed.items()}
    await check_books(hub, report, "before the clearing", uncleared | payable)

    clearing = await _clear(stage, report)
    await stage.jump(_at(CONTESTED_ON))
    called, held = dict(pairs), ZERO
    contested = _contested(stage, plan)
    if contested is not None:
        await _contest(stage, hub, clearing, contested)
        # Nobody will answer: what the insured place holds to be owed stands, and the
        # institution bears the difference.
        held = stage.funds[contested.number]
        called[contested.pair] -= held
        payable[_payable_to(contested.pair[1], contested.visit.institution)] += held
    report.contested = held
    await stage.jump(_at(SILENT_ON))
    claims = len({it.pair for it in plan.stays})  # a claim of nothing is confirmed as well
    silent = await _send(stage, "silent", confirming.confirm_silent)
    report.expect("sides that confirmed by silence", silent, 2 * claims - (held != ZERO))
    await stage.jump(_at(NOTICED_ON))
    issue = await _send(stage, "notify", lambda work: issuing.issue_notices(work, clearing.number))
    payable_notices = await _payable(hub, clearing)
    _check_clearing(clearing, payable_notices, called, report)
    _check_issue(issue, report.fund - held, report)
    report.clearing, report.pairs = clearing.number, len(pairs)
    report.notices = issue.payable + issue.receivable
    notified = {f"{AccountKind.NOTIFIED}:{i}:{t}": fund for (i, t), fund in called.items()}
    await check_books(hub, report, "after the notices", notified | payable)

    await stage.jump(_at(PAID_ON))
    await _pay(stage, payable_notices, report)
    treasuries: defaultdict[str, Money] = defaultdict(lambda: ZERO)
    for (_, place), fund in called.items():
        treasuries[f"{AccountKind.TREASURY}:{place}"] += fund
    await check_books(hub, report, "after the payments", treasuries | payable)
    again = Money.total(stage.funds[it.number] for it in plan.stays if it.again)
    # settled, undone and redone, deducted, noticed, paid
    due = report.fund - held
    booked = report.fund + again + again + held + due + due
    await _check_proof(hub, booked, report)
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


async def _clear(stage: Stage, report: Report) -> Clearing:
    asked = Run(scheme=Scheme.CROSS_PROVINCE, period=str(report.month.quarter))
    return await _send(stage, "clear", lambda work: clearings.run(work, asked))


async def _payable(hub: Hub, clearing: Clearing) -> list[Notice]:
    """Read every payable notice of a clearing."""
    found: list[Notice] = []
    async with _operator(hub) as it:
        after: str | None = ""
        while after is not None:
            asked = PageAsked(after, ROWS_A_PAGE)
            page = await issuing.notices_of(it, clearing.number, asked)
            found += [each for each in page.rows if each.kind is NoticeKind.PAYABLE]
            after = page.last
    return found


def _check_clearing(
    clearing: Clearing, notices: Sequence[Notice], pairs: Pairs, report: Report
) -> None:
    report.expect("total of the clearing", clearing.totals.total, report.total)
    report.expect("fund of the clearing", clearing.totals.fund, report.fund)
    # A settlement that was cancelled and made again is in it three times, and counts once.
    entries = report.settlements + 2 * report.cancelled
    report.expect("settlements in the clearing", clearing.totals.settlements, entries)
    noticed = {(it.party_place, it.counter_place): it.amount for it in notices}
    wrong = {pair for pair in noticed.keys() | pairs.keys() if noticed.get(pair) != pairs.get(pair)}
    report.expect(f"notices of {len(pairs)} pairs", sorted(wrong), [])


def _check_issue(issue: Issue, fund: Money, report: Report) -> None:
    report.expect("claims without a notice", issue.waiting, 0)
    report.expect("fund of the payable notices", issue.payable_fund, fund)
    report.expect("fund of the receivable notices", issue.receivable_fund, fund)


async def _pay(stage: Stage, notices: Sequence[Notice], report: Report) -> None:
    """Let each insured place report what its bank paid, in one file."""
    files: defaultdict[str, list[BankLine]] = defaultdict(list)
    for it in notices:
        lines = files[it.party_place]
        lines.append(
            BankLine(
                line=len(lines) + 1,
                bank_reference=f"PLAY{it.number}",
                reference=it.number,
                payer=it.party_place,
                payee=it.counter_place,
                amount=it.amount,
                paid_on=business_day(stage.clock()),
            )
        )
    matched = 0
    for place, lines in files.items():
        taken = await _send(
            stage, f"pay{place}", partial(paying.take_in, lines=lines), agency(place)
        )
        matched += sum(it.outcome is BankOutcome.MATCHED for it in taken.payments)
    report.paid = matched
    report.expect("notices paid in full", matched, len(notices))


async def _send(
    stage: Stage, step: str, use_case: Callable[[Work], Awaitable[T]], caller: Caller = OPERATOR
) -> T:
    """Let somebody do something and return what came of it."""
    kept: list[T] = []

    async def watched(work: Work) -> T:
        kept[:] = [await use_case(work)]
        return kept[0]

    await stage.send(step, caller, watched, lambda _: Kept(number=step))
    return kept[0]


def _at(day: date) -> ClockAsked:
    return ClockAsked(act=ClockAct.JUMP, to=in_china(day))


async def _check_proof(hub: Hub, booked: Money, report: Report) -> None:
    """Let the ledger prove itself; the turnover is every amount as often as it was booked."""
    async with _operator(hub) as it:
        proof = await ledger.proof(it.rx)
    report.expect("the ledger's proof", proof.difference, None)
    report.expect("turnover of the ledger", proof.turnover, booked)


def _contested(stage: Stage, plan: Timetable) -> Stay | None:
    """Pick a settlement to be contested: of a pair with several, so that its claim is not emptied.

    One that was made anew is left alone.
    """
    stays = [it for it in plan.stays if stage.funds[it.number] != ZERO]
    counted = Counter(it.pair for it in stays)
    several = (it for it in stays if counted[it.pair] > 1 and not it.again)
    return max(several, key=lambda it: (counted[it.pair], it.number), default=None)


async def _contest(stage: Stage, hub: Hub, clearing: Clearing, it: Stay) -> None:
    """Let the insured place confirm its claim by the digest, but for one settlement."""
    pair = Pair(*it.pair)
    async with _operator(hub) as look:
        claim = (await confirming.standing(look, clearing.number, pair)).claim
    digest = Digest(settlements=claim.totals.settlements, fund=claim.totals.fund, root=claim.root)
    objection = Objection(
        settlement=stage.settlements[it.number],
        reason=ContestReason.WRONG_AMOUNT,
        proposed=ZERO,
        note="示例异议",
    )
    await _send(
        stage,
        "contest",
        lambda work: confirming.confirm(work, clearing.number, pair, digest, [objection]),
        agency(it.pair[0]),
    )


def _payable_to(place: str, institution: str) -> str:
    return f"{AccountKind.PAYABLE}:{place}:{institution}"


def _operator(hub: Hub) -> AbstractAsyncContextManager[Reading]:
    return reading(hub, OPERATOR, "play")
