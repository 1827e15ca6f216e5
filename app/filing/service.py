"""What can be done with a filing, and what admission and settlement ask of it.

Whoever changes a worker's filings holds the worker's row first: approvals, changes and the loss
of entitlement follow one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.entitlement import service as entitlement
from app.entitlement.errors import WorkerUnknown
from app.entitlement.model import CardKind, Determination, IdentityClaim, Registered
from app.entitlement.service import LossAsked
from app.filing import rules, store
from app.filing.errors import (
    CardRequired,
    FilingForeign,
    FilingTerminated,
    FilingUnchanged,
    FilingUnknown,
    OverrideForeign,
)
from app.filing.model import (
    LIFE,
    Cover,
    Filing,
    FilingAsked,
    FilingEvent,
    FilingState,
    FilingStory,
    LossReport,
    NewFiling,
)
from app.filing.store import FilingsAsked, Mark
from app.kernel.calendar import business_day
from app.kernel.costs import CostKind
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal, refuse_all
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

__all__ = [
    "FilingsAsked",
    "approve",
    "by_id",
    "cancel",
    "change",
    "covering",
    "expire_due",
    "find",
    "hold",
    "list_filings",
    "lose",
    "reject",
    "release",
    "submit",
    "usable",
]


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
    is_channel = work.caller.kind is PartyKind.CHANNEL
    known = await _submitter(work, submission, is_channel=is_channel)
    determinations = await entitlement.determinations_of(work.tx, known.worker.id)
    places = await store.known_places(work.tx, [submission.asked.treatment_region])
    refuse_all(faults_of(work, submission.asked, known, determinations, places))
    new = new_filing(work, submission.asked, known)
    state = FilingState.SUBMITTED if is_channel else FilingState.APPROVED
    filing = await _keep(work, new, state)
    work.record("filing.submit", filing.number, worker=filing.worker, state=filing.state)
    tell(work, filing)
    return filing


async def approve(work: Work, number: str, first_day: date | None) -> Filing:
    """Approve a submitted filing; what has changed since it was submitted is checked again."""
    known, filing = await _locked(work, number)
    _require_agency(work, filing)
    LIFE.after(filing.state, FilingEvent.APPROVE)
    asked = _asked_of(filing, _first_day(filing, first_day, work.today))
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
    LIFE.after(filing.state, FilingEvent.REJECT)
    rejected = await store.reject(work.tx, filing, mark=mark_of(work, reason))
    work.record("filing.reject", number, reason=reason)
    tell(work, rejected)
    return rejected


async def cancel(work: Work, number: str, asked: Cancellation) -> Filing:
    """Cancel an approved filing, once its lock-in is over or the agency sets it aside."""
    _, filing = await _locked(work, number)
    if work.caller.kind is not PartyKind.CHANNEL:
        _require_agency(work, filing)
    state = LIFE.after(filing.state, FilingEvent.CANCEL)
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
    state = LIFE.after(filing.state, FilingEvent.CHANGE)
    overridden = _past_lock_in(work, filing, override=asked.override)
    if replace(asked.asked, first_day=None) == _asked_of(filing, None):
        raise FilingUnchanged
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


async def find(reading: Reading, number: str, as_of: datetime | None) -> FilingStory:
    """Show a filing with its history, today or as it stood at a past instant."""
    filing = await store.by_number(reading.rx, reading.caller.scope, number)
    instant = as_of or reading.now
    then = filing
    if filing is not None and as_of is not None:
        then = await store.as_of(reading.rx, filing.id, instant)
    if then is None:
        raise FilingUnknown
    reading.trace("filing.look", number, worker=then.worker)
    return FilingStory(then, await store.history(reading.rx, then.id, instant))


async def list_filings(reading: Reading, asked: FilingsAsked, page: PageAsked) -> Page[Filing]:
    """Show the filings the caller may see, oldest first."""
    found = await store.page(
        reading.rx, reading.caller.scope, asked, after=page.after_id, rows=page.rows + 1
    )
    shown = Page.of(found, page, lambda it: it.id)
    reading.trace("filing.list", "filings", filings=[it.number for it in shown.rows])
    return shown


async def covering(
    conn: Conn, worker_id: int, region: str, cost_kind: CostKind, day: date
) -> Filing | list[Refusal]:
    """Return the filing that covers an admission, or the closest reasons why none does."""
    filings = await store.of_workers(conn, [worker_id])
    return rules.covering(filings, region, cost_kind, day)


async def usable(conn: Conn, worker_id: int, region: str, day: date) -> list[Filing]:
    """Return the filings under which a worker could be admitted here on this day."""
    return rules.usable(await store.of_workers(conn, [worker_id]), region, day)


async def by_id(conn: Conn, filing_id: int) -> Filing:
    """Read the filing a visit was admitted under, whatever became of it."""
    (found,) = await store.by_ids(conn, [filing_id])
    return found


async def hold(work: Work, filing_id: int) -> None:
    """Let a visit lean on a filing: on admission."""
    if await store.hold(work.tx, filing_id):
        return
    filing = await by_id(work.tx, filing_id)
    raise FilingTerminated(filing=filing.number, state=filing.state, ended_on=filing.ended_on)


async def release(work: Work, filing_id: int) -> None:
    """Let a visit lean no longer: when it is settled or cancelled."""
    await store.release(work.tx, filing_id)


def faults_of(
    work: Work,
    asked: FilingAsked,
    known: Registered,
    determinations: list[Determination],
    places: Iterable[str],
) -> list[Refusal]:
    """Return every reason not to file this, in order of precedence."""
    home, place = known.worker.insured_region, asked.treatment_region
    first_day = asked.first_day or work.today
    decided_on = entitlement.earliest(determinations, asked.cost_kinds)
    return [
        *rules.place_faults(home, place, known=place in places),
        *rules.scheme_faults(home, place, work.today, work.book),
        *rules.referral_faults(asked),
        *rules.entitlement_faults(known.lost_on),
        *entitlement.unsupported(determinations, asked.cost_kinds, max(first_day, work.today)),
        *rules.start_faults(asked, work.today, home, work.book),
        *rules.determination_faults(first_day, decided_on),
    ]


def new_filing(work: Work, asked: FilingAsked, known: Registered) -> NewFiling:
    """Work out the filing that a faultless wish makes."""
    home = known.worker.insured_region
    return NewFiling(
        worker_id=known.worker.id,
        insured_region=home,
        asked=asked,
        decided=rules.decide(asked, home, work.today, work.book),
    )


def mark_of(work: Work, why: str | None = None) -> Mark:
    """Return who does this, when and why."""
    return Mark(at=work.now, party=work.caller.party, client=work.caller.client, why=why)


def tell(work: Work, filing: Filing) -> None:
    """Announce what became of a filing to both places."""
    parties = (filing.insured_region, filing.treatment_region)
    body = {
        "kind": filing.kind,
        "state": filing.state,
        "treatment_region": filing.treatment_region,
        "cost_kinds": sorted(filing.cost_kinds),
        "first_day": filing.term.first,
        "last_day": filing.term.last,
    }
    work.announce(f"filing.{filing.state}", filing.number, parties, body)


async def _submitter(work: Work, submission: Submission, *, is_channel: bool) -> Registered:
    """Find the worker to be filed, held against other writers, with identity and card checked."""
    claim = submission.claim
    if is_channel and (claim is None or claim.card_kind is CardKind.NONE):
        raise CardRequired
    if claim is not None:
        found = await entitlement.locked(
            work, certificates=[claim.certificate_number], claimed=is_channel
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


def covers_of(filings: Iterable[Filing], *, but: int | None = None) -> list[Cover]:
    """Return what the approved ones cover."""
    return [it.cover for it in filings if it.state is FilingState.APPROVED and it.id != but]


def _past_lock_in(work: Work, filing: Filing, *, override: bool) -> bool:
    """Refuse within the lock-in unless the agency overrides; say whether it had to."""
    if override and work.caller.kind is PartyKind.CHANNEL:
        raise OverrideForeign
    assert filing.decided_at is not None, "an approved filing was decided"
    approved_on = business_day(filing.decided_at)
    locked = rules.lock_in(filing.kind, approved_on, work.today, filing.insured_region, work.book)
    if locked is not None and not override:
        raise locked
    return locked is not None


def _require_agency(work: Work, filing: Filing) -> None:
    if not work.caller.governs(filing.insured_region):
        raise FilingForeign


def _first_day(filing: Filing, given: date | None, today: date) -> date | None:
    """Return the agency's own choice, or the submitter's as far as it lies ahead."""
    asked = filing.asked_first_day
    return given or (asked if asked is not None and asked > today else None)


def _asked_of(filing: Filing, first_day: date | None) -> FilingAsked:
    return FilingAsked(
        kind=filing.kind,
        treatment_region=filing.treatment_region,
        cost_kinds=filing.cost_kinds,
        first_day=first_day,
        referral=filing.referral,
    )
