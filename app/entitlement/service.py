"""Use cases of entitlement, and what the rest of the road asks of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.entitlement import rules, store
from app.entitlement.errors import (
    DeterminationExists,
    DeterminationUnknown,
    InsuredRegionForeign,
    LookNotAllowed,
    LossRecorded,
    LossUnknown,
    NameMismatch,
    WorkerInsuredElsewhere,
    WorkerUnknown,
)
from app.entitlement.model import (
    LIFE,
    CertificateKind,
    Determination,
    DeterminationEvent,
    DeterminationKind,
    EntitlementLoss,
    IdentityClaim,
    LookPurpose,
    LossKind,
    Person,
    Registered,
    Worker,
    comparable_name,
    comparable_number,
)
from app.entitlement.rules import earliest, lost, supports, unsupported
from app.kernel.identity import Sex, birth_date_of, sex_of
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.runtime.auth import Scope
from app.runtime.data_keys import OwnerTx
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.vault import Vault
from app.runtime.walls import Purpose
from app.runtime.work import Reading, Work

__all__ = [
    "at_the_desk",
    "check_claim",
    "check_identity",
    "determinations_of",
    "determinations_of_all",
    "earliest",
    "locked",
    "lost",
    "lost_on",
    "persons",
    "record_loss",
    "record_rekeying",
    "register",
    "rekey",
    "supports",
    "unsupported",
    "worker_by_certificate",
    "worker_by_number",
]

EVERYTHING = Scope(kind=PartyKind.OPERATOR, party="operator", prefix="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A worker as the insured agency registers or renews them; None leaves a card or phone."""

    certificate_kind: CertificateKind
    certificate_number: str
    name: str
    insured_region: str
    employer: str
    card_number: str | None = None
    electronic_card: str | None = None
    phone: str | None = None
    sex: Sex | None = None  # read out of a 社会保障号; needed with any other certificate
    birth_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationAsked:
    """A 认定 or 确认 as the insured agency registers it."""

    worker: str
    kind: DeterminationKind
    document_number: str
    decided_on: date
    last_day: date | None = None
    injured_parts: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    third_party: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LossAsked:
    """A loss of entitlement as the insured agency reports it."""

    worker: str
    kind: LossKind
    lost_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """A worker as one caller may see them: whole only for a stated purpose."""

    registered: Registered
    masked: bool


async def register(work: Work, asked: Registration) -> Look:
    """Register a worker, or renew employer, cards and phone of one who is registered."""
    number = comparable_number(asked.certificate_number)
    fault = rules.certificate_fault(asked.certificate_kind, number)
    if fault is not None:
        raise fault
    if not work.caller.governs(asked.insured_region):
        raise InsuredRegionForeign(region=asked.insured_region)
    await store.take_turn(work.tx, number)
    await work.beyond(Purpose.REGISTER, certificate=number)
    known = await store.locked(work.tx, None, certificates=[number])
    if known:
        return Look(await _renew(work, known[0], asked), masked=True)
    person = _person(asked, number)
    by = (work.caller.party, work.now, work.today)
    made = await store.add(
        work.tx, person, region=asked.insured_region, employer=asked.employer, by=by
    )
    work.record("worker.register", made.number, certificate_kind=person.certificate_kind)
    return Look(Registered(worker=made, person=person, lost_on=None), masked=True)


async def look(reading: Reading, number: str, purpose: LookPurpose | None) -> Look:
    """Show a worker: masked, or whole to the insured agency for a purpose that is recorded."""
    found = await store.registered(reading.rx, reading.caller.scope, number)
    if found is None:
        raise WorkerUnknown
    if purpose is not None and not _is_insured_agency(reading, found.worker):
        raise LookNotAllowed
    masked = purpose is None
    reading.trace("worker.look", number, masked=masked, purpose=purpose)
    return Look(found, masked)


async def register_determination(work: Work, asked: DeterminationAsked) -> Determination:
    """Register a 工伤认定 or one of the three confirmations."""
    found = await _own_worker(work, asked.worker)
    fault = rules.dates_fault(asked.decided_on, asked.last_day, found.person.birth_date, work.today)
    if fault is not None:
        raise fault
    row = {
        "kind": asked.kind,
        "document_number": asked.document_number,
        "decided_on": asked.decided_on,
        "last_day": asked.last_day,
        "injured_parts": list(asked.injured_parts),
        "diagnoses": list(asked.diagnoses),
        "third_party": asked.third_party,
        "state": LIFE.start,
        "registered_by": work.caller.party,
        "created_at": work.now,
    }
    made = await store.add_determination(work.tx, found.worker, work.today, row)
    if made is None:
        known = await store.same_document(
            work.tx, found.worker.id, asked.kind, asked.document_number
        )
        raise DeterminationExists(determination=known)
    work.record("determination.register", made.number, worker=made.worker, kind=made.kind)
    return made


async def withdraw_determination(work: Work, number: str, reason: str) -> Determination:
    """Withdraw a determination; what was settled under it stands."""
    found = await store.determination_by_number(work.tx, work.caller.scope, number, lock=True)
    if found is None:
        raise DeterminationUnknown
    state = LIFE.after(found.state, DeterminationEvent.WITHDRAW)
    await store.withdraw(work.tx, found.id, work.now, reason)
    work.record("determination.withdraw", number, worker=found.worker, reason=reason)
    return replace(found, state=state, withdrawn_at=work.now, withdrawal_reason=reason)


async def determination(reading: Reading, number: str) -> Determination:
    """Show one determination."""
    found = await store.determination_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise DeterminationUnknown
    reading.trace("determination.look", number, worker=found.worker)
    return found


async def list_determinations(
    reading: Reading, worker: str, page: PageAsked
) -> Page[Determination]:
    """Show the determinations of a worker."""
    scope = reading.caller.scope
    rows = await store.determination_page(
        reading.rx, scope, worker, after=page.after_id, rows=page.rows + 1
    )
    reading.trace("determination.list", worker)
    return Page.of(rows, page, lambda it: it.id)


async def loss(reading: Reading, number: str) -> EntitlementLoss:
    """Show one loss of entitlement."""
    found = await store.loss_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise LossUnknown
    reading.trace("entitlement.look", number, worker=found.worker)
    return found


async def record_loss(work: Work, asked: LossAsked) -> EntitlementLoss:
    """Record that a worker's entitlement has ended; the worker's row stays locked."""
    found = await _own_worker(work, asked.worker)
    fault = rules.loss_fault(asked.lost_on, found.person.birth_date, work.today)
    if fault is not None:
        raise fault
    known = await store.loss_of(work.tx, found.worker.id)
    if known is not None:
        raise LossRecorded(loss=known.number, lost_on=known.lost_on)
    row = {
        "kind": asked.kind,
        "lost_on": asked.lost_on,
        "reason": asked.reason,
        "recorded_by": work.caller.party,
        "recorded_at": work.now,
    }
    made = await store.add_loss(work.tx, found.worker, work.today, row)
    work.record("entitlement.lose", made.number, worker=made.worker, kind=made.kind)
    return made


async def check_identity(conn: Conn, claim: IdentityClaim) -> tuple[Worker | None, list[Refusal]]:
    """Compare number, name and card with the register; tell every mismatch, and no more."""
    found = await store.holder(conn, comparable_number(claim.certificate_number))
    faults = rules.mismatches(claim, None if found is None else found.person)
    return None if found is None else found.worker, faults


def check_claim(claim: IdentityClaim, found: Registered | None) -> list[Refusal]:
    """Compare a claim with a worker that has been read already."""
    return rules.mismatches(claim, None if found is None else found.person)


def at_the_desk(row: Any, vault: Vault) -> tuple[Registered, list[Determination]] | None:  # noqa: ANN401 -- a row
    """Read a worker with determinations out of what an identification read, if there is one."""
    if row.id is None:
        return None
    found = store.registered_of(row, vault)
    return found, store.determinations_in(row.determinations, found.worker.number)


async def worker_by_number(conn: Conn, number: str) -> Worker | None:
    """Read a worker by public number, whoever asks."""
    found = await store.registered(conn, EVERYTHING, number)
    return None if found is None else found.worker


async def worker_by_certificate(conn: Conn, certificate_number: str) -> Worker | None:
    """Read the worker of a certificate, whoever asks."""
    found = await store.holder(conn, comparable_number(certificate_number))
    return None if found is None else found.worker


async def persons(conn: Conn, worker_ids: Collection[int]) -> Mapping[int, Person]:
    """Read who the workers are, for views that must show a name; mask it by default."""
    return {it.worker.id: it.person for it in await store.by_ids(conn, worker_ids)}


async def locked(
    work: Work,
    *,
    numbers: Sequence[str] = (),
    certificates: Sequence[str] = (),
    claimed: bool = False,
) -> list[Registered]:
    """Read workers and hold them while their filings change.

    The caller's own only, unless `claimed`: then the claim is checked against what is found.
    """
    scope = None if claimed else work.caller.scope
    compared = [comparable_number(each) for each in certificates]
    return await store.locked(work.tx, scope, numbers=numbers, certificates=compared)


async def determinations_of(conn: Conn, worker_id: int) -> list[Determination]:
    """Read the determinations of a worker, earliest first."""
    return (await store.determinations(conn, [worker_id]))[worker_id]


async def determinations_of_all(
    conn: Conn, worker_ids: Collection[int]
) -> Mapping[int, list[Determination]]:
    """Read the determinations of many workers in one statement."""
    return await store.determinations(conn, worker_ids)


async def lost_on(conn: Conn, worker_id: int) -> date | None:
    """Return the last day a worker was entitled, if the entitlement has ended."""
    found = await store.loss_of(conn, worker_id)
    return None if found is None else found.lost_on


async def rekey(owner: OwnerTx, vault: Vault, rows: int, tell: Callable[[int], None]) -> int:
    """Encrypt whatever is not under the newest key; return how many workers that were.

    Batch by batch, each in a transaction of its own: broken off anywhere, it goes on where it was.
    """
    after = moved = 0
    while True:
        async with owner() as tx:
            found = await store.rekey(tx, vault, after=after, rows=rows)
        if not found:
            return moved
        after, moved = found[-1], moved + len(found)
        tell(moved)


async def record_rekeying(work: Work, key: str, retired: list[str], workers: int) -> int:
    """Put a finished rotation on the trail: keys by their ids, and how many workers it was."""
    work.record("personal_data.rekey", key, retired=retired, workers=workers)
    return workers


async def _renew(work: Work, known: Registered, asked: Registration) -> Registered:
    if known.worker.insured_region != asked.insured_region:
        raise WorkerInsuredElsewhere
    if comparable_name(known.person.name) != comparable_name(asked.name):
        raise NameMismatch
    was, given = known.person, _cards(asked)
    person = replace(
        was,
        card_number=given["card_number"] or was.card_number,
        electronic_card=given["electronic_card"] or was.electronic_card,
        phone=given["phone"] or was.phone,
    )
    changed = [name for name in given if getattr(person, name) != getattr(was, name)]
    if asked.employer != known.worker.employer:
        changed.append("employer")
    await store.renew(work.tx, known.worker, person, asked.employer, work.now)
    work.record("worker.renew", known.worker.number, changed=changed)
    renewed = replace(known.worker, employer=asked.employer, updated_at=work.now)
    return replace(known, worker=renewed, person=person)


async def _own_worker(work: Work, number: str) -> Registered:
    found = await locked(work, numbers=[number])
    if not found:
        raise WorkerUnknown
    return found[0]


def _person(asked: Registration, number: str) -> Person:
    cards = _cards(asked)
    sex, birth_date = asked.sex, asked.birth_date
    if asked.certificate_kind is CertificateKind.SOCIAL_SECURITY_NUMBER:
        sex, birth_date = sex_of(number), birth_date_of(number)
    assert sex is not None, "the wire asks for it with any other certificate"
    assert birth_date is not None, "the wire asks for it with any other certificate"
    return Person(
        name=asked.name.strip(),
        certificate_kind=asked.certificate_kind,
        certificate_number=number,
        card_number=cards["card_number"],
        electronic_card=cards["electronic_card"],
        phone=cards["phone"],
        sex=sex,
        birth_date=birth_date,
    )


def _cards(asked: Registration) -> dict[str, str | None]:
    card = asked.card_number
    token = asked.electronic_card
    return {
        "card_number": None if card is None else comparable_number(card),
        "electronic_card": None if token is None else token.strip(),
        "phone": asked.phone,
    }


def _is_insured_agency(reading: Reading, worker: Worker) -> bool:
    is_agency = reading.caller.kind is PartyKind.AGENCY
    return is_agency and reading.caller.governs(worker.insured_region)
