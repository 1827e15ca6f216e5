"""The due acts: each what an upstream service does, on the day it is due, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.advance.service import watching
from app.clearing.errors import ClaimsUnconfirmed, YearNotClear, YearNotOver
from app.clearing.service import confirming, issuing, years
from app.deadlines.model import Act, DoneAct, DueAct
from app.deadlines.rules import acts, calendar
from app.deadlines.store import acts as kept
from app.deadlines.store import periods as periods_kept
from app.filing import service as filings
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.parties.service import forgetting
from app.proof.service import sealing
from app.review.service import closing, deducting
from app.runtime.db import Conn
from app.runtime.door import undoing
from app.runtime.work import Work

OPERATOR = PartyKind.OPERATOR.value
UseCase = Callable[[Work], Awaitable[int]]


async def finished(conn: Conn) -> dict[Act, date]:
    """Tell up to which day each act is done."""
    return await kept.finished(conn)


async def do_together(
    work: Work, due: Sequence[DueAct], done: list[DoneAct], doing: Mapping[Act, UseCase]
) -> None:
    """Do acts of a day up to the first that meets with something; tell what is done in `done`.

    Acts that meet with nothing cost no message of their own. What fails after the first is undone
    alone and left out: it is tried again under its own name, and fails by that.
    """
    done.clear()  # the door may have to try again
    for each in due:
        if not done:
            done.append(await _do(work, each, doing[each.act]))
            continue
        if done[-1].found:
            return
        before = [len(it) for it in (work.journal, work.announcements, work.last_acts)]
        try:
            async with undoing(work):
                done.append(await _do(work, each, doing[each.act]))
        except Exception:  # noqa: BLE001 -- whatever it is, it is met again where it is told
            records, told, last = before
            del work.journal[records:], work.announcements[told:], work.last_acts[last:]
            return


async def _do(work: Work, due: DueAct, use_case: UseCase) -> DoneAct:
    """Do an act for a day and keep that it is done; the act sees that day as today.

    But for those that only remind and seal, which see the present.
    """
    now = work.now if due.act in acts.OF_THE_PRESENT else acts.moment_of(due.day, work.now)
    found = await use_case(replace(work, now=now))
    await kept.note(work.tx, due, at=work.now, client=work.caller.client, found=found)
    work.record("deadline.act", due.act, day=due.day, found=found)
    return DoneAct(due, found)


async def _issue_notices(work: Work) -> int:
    """Issue the notices of every clearing whose month has ended; the unconfirmed wait a day."""
    issued = 0
    for number, confirm_by in await kept.unnoticed(work.tx, work.today):
        if work.today < calendar.noticed_by(confirm_by):
            continue
        try:
            async with undoing(work):
                await issuing.issue_notices(work, number)
                issued += 1
        except ClaimsUnconfirmed as refusal:
            work.record("deadline.notices_wait", number, refusal=refusal.code)
    return issued


async def _alert_overdue(work: Work) -> int:
    """Tell of notices that nobody paid in time, and of clearings nobody generated in time."""
    return await issuing.alert_overdue(work) + await _alert_ungenerated(work)


async def _alert_ungenerated(work: Work) -> int:
    """Tell the operator, on the day after it was due, of a clearing that is not generated.

    Once, since each day is done once: generating is the operator's own act (运行清算).
    """
    yesterday = work.today - timedelta(days=1)
    periods = [
        (scheme, period)
        for scheme in Scheme
        for period in calendar.periods_until(work.today, work.book)
        if calendar.generated_by(period, work.book) == yesterday
    ]
    found = await periods_kept.clearings_of(work.tx, periods) if periods else []
    late = [
        span
        for span, it in zip(periods, found, strict=True)
        if it.has_settlements and not it.is_cleared
    ]
    for scheme, period in late:
        body = {"scheme": scheme, "period": str(period), "generate_by": str(yesterday)}
        work.announce("clearing.ungenerated", f"{period} {scheme}", (OPERATOR,), body)
    return len(late)


async def _close_years(work: Work) -> int:
    """Close the years that are over, as far as nothing of them is open."""
    closed = 0
    for year in await kept.open_years(work.tx):
        try:
            async with undoing(work):
                await years.close_year(work, year)
                closed += 1
        except YearNotOver:
            continue
        except YearNotClear as refusal:
            work.record("deadline.year_waits", year, refusal=refusal.code)
    return closed


async def _finish_deductions(work: Work) -> int:
    """Make every deduction final that nobody appealed in time, as many at once as review takes."""
    finished = 0
    while found := await deducting.finish_unappealed(work):
        finished += found
    return finished


async def _seal_journals(work: Work) -> int:
    """Seal every day that is over."""
    return (await sealing.seal_due(work)).lines


# What further down the road falls due is added by whoever composes the hub.
DOING: Mapping[Act, UseCase] = {
    Act.EXPIRE_FILINGS: filings.expire_due,
    Act.FINISH_DEDUCTIONS: _finish_deductions,
    Act.CONFIRM_SILENT: confirming.confirm_silent,
    Act.ISSUE_NOTICES: _issue_notices,
    Act.ALERT_OVERDUE: _alert_overdue,
    Act.ALERT_UNCLOSED: closing.alert_unclosed,
    Act.REPEAT_ALERTS: watching.repeat_alerts,
    Act.CLOSE_YEARS: _close_years,
    Act.PRUNE_LOCK_OUTS: forgetting.forget_guesses,
    Act.SEAL_JOURNALS: _seal_journals,
}
