"""The life of a filing: submit, approve, reject, cancel, change, terminate, expire.

Whoever changes a worker's filings holds the worker's row first: approvals, changes and the loss
of entitlement follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from app.entitlement import service as entitlement
from app.entitlement.errors import WorkerUnknown
from app.entitlement.model import IdentityClaim, Registered, comparable_number
from app.entitlement.service import LossAsked
from app.filing import rules, store
from app.filing.errors import (
    FilingForeign,
    FilingUnknown,
)
from app.filing.model import (
    Filing,
    FilingAsked,
    FilingEvent,
    FilingState,
    LossReport,
    NewFiling,
)
from app.filing.service.checks import covers_of, faults_of, mark_of, new_filing, tell
from app.kernel.calendar import business_day
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal, refuse_all
from app.runtime.walls import Purpose
from app.runtime.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Who is to be filed, by number or by who they say they are, and what for."""

    asked: FilingAsked
    worker: str | None = None
    claim: IdentityClaim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a filing is changed to; None leaves a thing as it is."""

    reason: str
    override: bool = False
    asked: FilingAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Why a filing is cancelled, and whether a lock-in is set aside for it."""

    reason: str
    override: bool = False


async def submit(work: Work, submission: Submission) -> Filing:
    """Take in a filing: a channel's waits for approval, an insured agency's is approved at once."""
    known = await _submitter(work, submission)
    determinations = await entitlement.determinations_of(work.tx, known.worker.id)
    places = await store.known_places(work.tx, [submission.asked.treatment_region])
    refuse_all(faults_of(work, submission.asked, known, determinations, places))
    new = new_filing(work, submission.asked, known)
    filing = await _keep(work, new, rules.first_state(work.caller.kind))
    work.record("filing.submit", filing.number, worker=filing.worker, state=filing.state)
    tell(work, filing)
    return filing


async def approve(work: Work, number: str, first_day: date | None) -> Filing:
    """Approve a submitted filing; what has changed since it was submitted is checked again."""
    known, filing = await _locked(work, number)
    _require_agency(work, filing)
    rules.after(filing.state, FilingEvent.APPROVE)
    asked = rules.asked_of(filing, rules.start_on_approval(filing, first_day, work.today))
    determinations = await entitlement.determinations_of(work.tx, known.worker.id)
    places = await store.known_places(work.tx, [asked.treatment_region])
    refuse_all(faults_of(work, asked, known, determinations, places))
    decided = rules.decide(asked, filing.insured_region, work.today, work.book)
    kept = await store.approve(
        work.tx,
        filing,
        term=decided.term,
        deadline=decided.admission_deadline,
        mark=mark_of(work),
        policy=work.book.version,
    )
    if not kept.clear:
        raise await _in_the_way(work, kept.filing)
    work.record("filing.approve", number, first_day=decided.term.first)
    tell(work, kept.filing)
    return kept.filing


async def reject(work: Work, number: str, reason: str) -> Filing:
    """Reject a submitted filing with a reason."""
    _, filing = await _locked(work, number)
    _require_agency(work, filing)
    rules.after(filing.state, FilingEvent.REJECT)
    rejected = await store.reject(work.tx, filing, mark=mark_of(work, reason))
    work.record("filing.reject", number, reason=reason)
    tell(work, rejected)
    return rejected


async def cancel(work: Work, number: str, asked: Cancellation) -> Filing:
    """Cancel an approved filing, once its lock-in is over or the agency sets it aside."""
    _, filing = await _locked(work, number)
    if work.caller.kind is not PartyKind.CHANNEL:
        _require_agency(work, filing)
    state = rules.after(filing.state, FilingEvent.CANCEL)
    overridden = _past_lock_in(work, filing, override=asked.override)
    (cancelled,) = await store.end(
        work.tx,
        [filing.id],
        (FilingEvent.CANCEL, state),
        ended_on=work.today,
        mark=mark_of(work, asked.reason),
    )
    work.record("filing.cancel", number, reason=asked.reason, overridden=overridden)
    tell(work, cancelled)
    return cancelled


async def change(work: Work, number: str, asked: Change) -> Filing:
    """Close an approved filing and open the one that takes its place; answer the new one."""
    known, filing = await _locked(work, number)
    _require_agency(work, filing)
    state = rules.after(filing.state, FilingEvent.CHANGE)
    overridden = _past_lock_in(work, filing, override=asked.override)
    rules.require_change(filing, asked.asked)
    determinations = await entitlement.determinations_of(work.tx, known.worker.id)
    places = await store.known_places(work.tx, [asked.asked.treatment_region])
    refuse_all(faults_of(work, asked.asked, known, determinations, places))
    await store.release_cover(work.tx, filing)
    new = new_filing(work, asked.asked, known)
    opened = await _keep(work, replace(new, replaces=filing.id), FilingState.APPROVED)
    (closed,) = await store.end(
        work.tx,
        [filing.id],
        (FilingEvent.CHANGE, state),
        ended_on=work.today,
        mark=mark_of(work, asked.reason),
        replaced_by=opened.id,
    )
    work.record(
        "filing.change", number, to=opened.number, reason=asked.reason, overridden=overridden
    )
    tell(work, closed)
    tell(work, opened)
    return opened


async def lose(work: Work, asked: LossAsked) -> LossReport:
    """Record a loss of entitlement and terminate every approved filing of the worker."""
    loss = await entitlement.record_loss(work, asked)
    filings = await store.of_workers(work.tx, [loss.worker_id])
    running = [it.id for it in filings if it.state is FilingState.APPROVED]
    terminated = await store.end(
        work.tx,
        running,
        (FilingEvent.TERMINATE, FilingState.TERMINATED),
        ended_on=loss.lost_on,
        mark=mark_of(work, asked.reason),
    )
    for filing in terminated:
        work.record("filing.terminate", filing.number, loss=loss.number)
        tell(work, filing)
    return LossReport(loss, tuple(terminated))


async def expire_due(work: Work) -> int:
    """Expire what is past its last day, or past its deadline without an admission."""
    expired = await store.expire(work.tx, work.today, mark=mark_of(work))
    work.record("filing.expire", "filings", expired=expired, day=work.today)
    return expired


async def run_out(work: Work) -> int:
    """Count what expiring would expire, and leave it approved."""
    return await store.run_out(work.tx, work.today)


async def _submitter(work: Work, submission: Submission) -> Registered:
    """Find the worker to be filed, held against other writers, with identity and card checked."""
    claim, party = submission.claim, work.caller.kind
    fault = rules.card_fault(party, claim)
    if fault is not None:
        raise fault
    if claim is not None:
        if party is PartyKind.CHANNEL:
            certificate = comparable_number(claim.certificate_number)
            await work.beyond(Purpose.FILE, certificate=certificate)
        found = await entitlement.locked(
            work, certificates=[claim.certificate_number], claimed=party is PartyKind.CHANNEL
        )
        refuse_all(entitlement.check_claim(claim, found[0] if found else None))
    else:
        assert submission.worker is not None, "the wire asks for one of the two"
        found = await entitlement.locked(work, numbers=[submission.worker])
    if not found:
        raise WorkerUnknown
    return found[0]


async def _locked(work: Work, number: str) -> tuple[Registered, Filing]:
    """Hold a filing, its worker first, as everybody does."""
    seen = await store.by_number(work.tx, work.caller.scope, number)
    if seen is None:
        raise FilingUnknown
    (known,) = await entitlement.locked(work, numbers=[seen.worker], claimed=True)
    filing = await store.by_number(work.tx, work.caller.scope, number, lock=True)
    assert filing is not None, "filings are never deleted"
    return known, filing


async def _keep(work: Work, new: NewFiling, state: FilingState) -> Filing:
    law = (work.today, work.book.version)
    (kept,) = await store.add(work.tx, [new], state, mark=mark_of(work), law=law)
    if not kept.clear:
        raise await _in_the_way(work, kept.filing)
    return kept.filing


async def _in_the_way(work: Work, filing: Filing) -> Refusal:
    """Name the approved filing that kept the database from letting this one cover."""
    filings = await store.of_workers(work.tx, [filing.worker_id])
    refusal = rules.overlap(filing.cover, covers_of(filings, but=filing.id))
    assert refusal is not None, "the database found one that covers the same"
    return refusal


def _past_lock_in(work: Work, filing: Filing, *, override: bool) -> bool:
    """Refuse within the lock-in unless the agency overrides; say whether it had to."""
    assert filing.decided_at is not None, "an approved filing was decided"
    approved_on = business_day(filing.decided_at)
    locked = rules.lock_in(filing.kind, approved_on, work.today, filing.insured_region, work.book)
    rules.require_unlocked(locked, work.caller.kind, override=override)
    return locked is not None


def _require_agency(work: Work, filing: Filing) -> None:
    if not work.caller.governs(filing.insured_region):
        raise FilingForeign
