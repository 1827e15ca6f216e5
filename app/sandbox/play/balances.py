"""The end of a month's play: review, clearing, payments, and every balance held to the answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from app.clearing import service as clearings
from app.clearing.model import BankOutcome, Clearing, ContestReason, Notice, NoticeKind, Run
from app.clearing.model.confirming import Digest, Objection, Pair
from app.clearing.model.paying import BankLine
from app.clearing.service import confirming, issuing, paying
from app.deadlines.model import Act
from app.kernel.calendar import business_day
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.review.model.deducting import DeductionEvent
from app.runtime.paging import PageAsked
from app.sandbox.play.deeds import ROWS_A_PAGE, Stage
from app.sandbox.play.due import DueActs
from app.sandbox.play.proving import check_books, prove
from app.sandbox.play.report import Report
from app.sandbox.play.reviewing import Reviewing
from app.sandbox.play.timetable import Stay, Timetable
from app.sandbox.sender import agency

# The calendar of the review of the month played, and of the clearing of its quarter.
DEDUCTED_ON, APPEALED_ON, DECIDED_ON = date(2026, 1, 5), date(2026, 1, 8), date(2026, 1, 12)
LAPSED_ON, CLOSED_ON, INSTITUTIONS_PAID_ON = date(2026, 1, 13), date(2026, 1, 15), date(2026, 1, 16)
CLEARED_ON = date(2026, 1, 21)
CONTESTED_ON, SILENT_ON = date(2026, 1, 22), date(2026, 1, 26)
NOTICED_ON, PAID_ON = date(2026, 1, 31), date(2026, 2, 10)
ENDS = (DeductionEvent.LOWER, DeductionEvent.LAPSE)
Pairs = Mapping[tuple[str, str], Money]


async def clear_and_check(due: DueActs, plan: Timetable, report: Report, place: str) -> None:
    """Review a place's month, clear the quarter it ends, and hold the books to the answers.

    Silence confirms, and the notices are issued, by the tick of their mornings.
    """
    stage = due.stage
    hub, books = stage.sender.hub, stage.books
    _check_business(stage, plan, report)
    contested = _contested(stage, plan)
    reviewing = await _review(due, plan, report, place, contested)
    await check_books(hub, report, "before the clearing", books.balances)

    await due.begin(CLEARED_ON)
    asked = Run(scheme=Scheme.CROSS_PROVINCE, period=str(report.month.quarter))
    clearing = await stage.do("clear", lambda work: clearings.run(work, asked))
    await due.begin(CONTESTED_ON)
    if contested is not None:
        await _contest(stage, clearing, contested)
        # Nobody will answer: what the insured place holds to be owed stands, and the
        # institution bears the difference.
        report.contested = stage.funds[contested.number]
    await due.begin(SILENT_ON)
    claims = len({it.pair for it in plan.stays})  # a claim of nothing is confirmed as well
    silent, spoken = due.found[Act.CONFIRM_SILENT], contested is not None
    report.expect("sides that confirmed by silence", silent, 2 * claims - spoken)
    await due.begin(NOTICED_ON)
    report.expect("clearings noticed", due.found[Act.ISSUE_NOTICES], 1)
    if contested is not None:
        books.deducted(contested.pair, contested.visit.institution, report.contested)
    notices = await _notices(stage, clearing)
    payable = [it for it in notices if it.kind is NoticeKind.PAYABLE]
    called = _called(stage, plan, reviewing, contested)
    _check_clearing(clearing, payable, called, report, len(reviewing.final))
    _check_notices(notices, Money.total(called.values()), report)
    for pair, amount in called.items():
        books.noticed(pair, amount)
    report.clearing, report.pairs, report.notices = clearing.number, len(called), len(notices)
    await check_books(hub, report, "after the notices", books.balances)

    await due.begin(PAID_ON)
    await _pay(stage, payable, report)
    for it in payable:
        books.paid((it.party_place, it.counter_place), it.amount)
    report.accounts = await check_books(hub, report, "after the payments", books.balances)
    await prove(stage, report)


def _check_business(stage: Stage, plan: Timetable, report: Report) -> None:
    report.expect("visits settled", len(stage.funds), len(plan.stays))
    report.expect("filings accepted", stage.filed, report.workers)
    report.expect("filings expired", report.expired, len(plan.expiring))
    turned_away = sum(len(it.turned_away) for it in plan.days.values())
    expected = [("filing-expired",)] * turned_away
    report.expect("reasons of those turned away", stage.refusals, expected)


async def _review(
    due: DueActs, plan: Timetable, report: Report, place: str, contested: Stay | None
) -> Reviewing:
    """Deduct twice, hear an appeal against one, close the month, and pay the institutions."""
    stage = due.stage
    reviewing = Reviewing(stage)
    of_place = [it for it in plan.stays if it.pair[1] == place]
    free = [
        it
        for it in of_place
        if it is not contested and not (it.again or it.reversed) and stage.funds[it.number] != ZERO
    ]
    await due.begin(DEDUCTED_ON)
    for it, end in zip(free, ENDS, strict=False):
        await reviewing.propose(it, end, by_line=end is DeductionEvent.LAPSE)
    proposed = list(reviewing.under_way)
    await due.begin(APPEALED_ON)
    await reviewing.appeal_all()
    await due.begin(DECIDED_ON)
    await reviewing.decide_all()
    await due.begin(LAPSED_ON)
    await reviewing.note_lapsed()
    report.expect("deductions that are final", len(reviewing.final), len(proposed))
    report.deducted = Money.total(amount for _, _, amount in reviewing.final.values())
    await due.begin(CLOSED_ON)
    review, request = await reviewing.close(place, report.month)
    owed = Money.total(stage.funds[it.number] for it in of_place) - report.deducted
    report.expect(f"the month of {place}", review.totals.due, owed)
    asked = Money.total(it.totals.due for it in request.institutions)
    report.expect(f"fund request of {place}", asked, owed)
    await due.begin(INSTITUTIONS_PAID_ON)
    await reviewing.pay(place)
    report.expect(f"paid to the institutions of {place}", reviewing.paid, owed)
    report.institution_payments, report.institutions_paid = reviewing.payments, reviewing.paid
    return reviewing


async def _notices(stage: Stage, clearing: Clearing) -> list[Notice]:
    """Read every notice of a clearing."""
    found: list[Notice] = []
    async with stage.look() as it:
        after: str | None = ""
        while after is not None:
            asked = PageAsked(after, ROWS_A_PAGE)
            page = await issuing.notices_of(it, clearing.number, asked)
            found += page.rows
            after = page.last
    return found


def _called(
    stage: Stage, plan: Timetable, reviewing: Reviewing, contested: Stay | None
) -> dict[tuple[str, str], Money]:
    """Add up by pair what was told at the desks, less what was deducted and contested."""
    called: defaultdict[tuple[str, str], Money] = defaultdict(lambda: ZERO)
    for it in plan.stays:
        called[it.pair] += stage.funds[it.number]
    for it, _, amount in reviewing.final.values():
        called[it.pair] -= amount
    if contested is not None:
        called[contested.pair] -= stage.funds[contested.number]
    return {pair: fund for pair, fund in called.items() if fund != ZERO}


def _check_clearing(
    clearing: Clearing, notices: Sequence[Notice], pairs: Pairs, report: Report, deductions: int
) -> None:
    report.expect("total of the clearing", clearing.totals.total, report.total)
    report.expect("fund of the clearing", clearing.totals.fund, report.fund - report.deducted)
    # A settlement that was cancelled and made again is in it three times, and counts once.
    entries = report.settlements + 2 * report.cancelled + deductions
    report.expect("items in the clearing", clearing.totals.settlements, entries)
    noticed = {(it.party_place, it.counter_place): it.amount for it in notices}
    wrong = {pair for pair in noticed.keys() | pairs.keys() if noticed.get(pair) != pairs.get(pair)}
    report.expect(f"notices of {len(pairs)} pairs", sorted(wrong), [])


def _check_notices(notices: Sequence[Notice], fund: Money, report: Report) -> None:
    for kind in NoticeKind:
        called = Money.total(it.amount for it in notices if it.kind is kind)
        report.expect(f"fund of the {kind} notices", called, fund)


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
        taken = await stage.do(f"pay{place}", partial(paying.take_in, lines=lines), agency(place))
        matched += sum(it.outcome is BankOutcome.MATCHED for it in taken.payments)
    report.paid = matched
    report.expect("notices paid in full", matched, len(notices))


def _contested(stage: Stage, plan: Timetable) -> Stay | None:
    """Pick a settlement to be contested: of a pair with several, so that its claim is not emptied.

    One that was made anew is left alone.
    """
    stays = [it for it in plan.stays if stage.funds[it.number] != ZERO]
    counted = Counter(it.pair for it in stays)
    several = (it for it in stays if counted[it.pair] > 1 and not (it.again or it.reversed))
    return max(several, key=lambda it: (counted[it.pair], it.number), default=None)


async def _contest(stage: Stage, clearing: Clearing, it: Stay) -> None:
    """Let the insured place confirm its claim by the digest, but for one settlement."""
    pair = Pair(*it.pair)
    async with stage.look() as look:
        claim = (await confirming.standing(look, clearing.number, pair)).claim
    digest = Digest(settlements=claim.totals.settlements, fund=claim.totals.fund, root=claim.root)
    objection = Objection(
        settlement=stage.settlements[it.number],
        reason=ContestReason.WRONG_AMOUNT,
        proposed=ZERO,
        note="示例异议",
    )
    await stage.do(
        "contest",
        lambda work: confirming.confirm(work, clearing.number, pair, digest, [objection]),
        agency(it.pair[0]),
    )
