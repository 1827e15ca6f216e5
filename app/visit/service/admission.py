"""Whether somebody may be admitted: all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.entitlement import service as entitlement
from app.entitlement.model import Determination, Worker, comparable_number
from app.filing import service as filings
from app.filing.model import Filing
from app.institutions import service as institutions
from app.institutions.errors import InstitutionUnknown
from app.institutions.model import Institution
from app.kernel.refusal import Refusal, refuse_all
from app.kernel.regions import Scheme
from app.runtime.db import Conn
from app.runtime.walls import Purpose
from app.runtime.work import Work
from app.visit import rules
from app.visit.model import Admission, Visit
from app.visit.service.stay import announce
from app.visit.store import visits as store
from app.visit.store.visits import NewVisit


async def admit(work: Work, asked: Admission) -> Visit:
    """Admit a worker, or tell every reason why not."""
    institution = await _institution(work.tx, work.caller.party)
    await work.beyond(Purpose.ADMIT, certificate=comparable_number(asked.claim.certificate_number))
    worker, faults = await entitlement.check_identity(work.tx, asked.claim)
    faults += _present(
        rules.future_fault(asked.admitted_at, work.now),
        rules.kind_fault(asked.kind, asked.cost_kind),
    )
    if worker is None:
        refuse_all(faults)
    assert worker is not None, "an unknown worker has been refused"
    grounds = await _grounds(work, asked, worker, institution)
    refuse_all([*faults, *grounds.faults])
    visit = await store.add(work.tx, _new_visit(work, asked, worker, institution, grounds))
    await filings.hold(work, visit.filing_id)
    work.record("visit.admit", visit.number, worker=worker.number, filing=visit.filing_number)
    announce(work, "visit.admitted", visit)
    return visit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grounds:
    """What an admission rests on, and everything that is missing for it."""

    scheme: Scheme | None
    determination: Determination | None
    filing: Filing | None
    before: Visit | None
    faults: tuple[Refusal, ...]


async def _grounds(
    work: Work, asked: Admission, worker: Worker, institution: Institution
) -> _Grounds:
    """Look at everything an admission rests on, in order of precedence."""
    day = rules.admission_day(asked.admitted_at)
    places = rules.Places(worker.insured_region, institution.region)
    scheme, faults = rules.scheme_faults(places, asked.kind, day, work.book)
    lost_on = await entitlement.lost_on(work.tx, worker.id)
    faults += _present(entitlement.lost(lost_on, day))
    held = await entitlement.determinations_of(work.tx, worker.id)
    if asked.determination is not None:
        held = [each for each in held if each.number == asked.determination]
    rests_on, wanting = _determination(held, asked, day)
    faults += wanting
    filing: Filing | None = None
    if scheme is not None:
        covering = await filings.covering(
            work.tx, worker.id, institution.region, asked.cost_kind, day
        )
        faults += covering if isinstance(covering, list) else []
        filing = None if isinstance(covering, list) else covering
        faults += _present(institutions.not_open(institution, asked.cost_kind, scheme, day))
    before: Visit | None = None
    if asked.transfer_from is not None:
        before = await store.of_anybody(work.tx, asked.transfer_from)
        faults += _present(
            rules.transfer_fault(
                asked.transfer_from,
                before,
                worker.id,
                None if filing is None else filing.id,
                asked.admitted_at,
            )
        )
    others = await store.open_visits(work.tx, worker.id)
    faults += _present(rules.open_visit_fault(others, asked.admitted_at, asked.transfer_from))
    return _Grounds(
        scheme=scheme,
        determination=rests_on,
        filing=filing,
        before=before,
        faults=tuple(faults),
    )


def _determination(
    held: Sequence[Determination], asked: Admission, day: date
) -> tuple[Determination | None, Sequence[Refusal]]:
    """Pick the determination the visit rests on, and say what is wrong with it or without it."""
    rests_on = entitlement.supports(held, asked.cost_kind, day)
    if rests_on is not None:
        return rests_on, _present(rules.liability_fault(rests_on))
    later = [
        each
        for each in held
        if each.decided_on > day
        and entitlement.supports([each], asked.cost_kind, each.decided_on) is not None
    ]
    missing = entitlement.unsupported(held, [asked.cost_kind], day)
    return None, rules.determination_faults(
        missing, later, asked.cost_kind, day, asked.determination
    )


def _new_visit(
    work: Work, asked: Admission, worker: Worker, institution: Institution, grounds: _Grounds
) -> NewVisit:
    assert grounds.scheme is not None, "what is missing has been refused"
    assert grounds.determination is not None, "what is missing has been refused"
    assert grounds.filing is not None, "what is missing has been refused"
    return NewVisit(
        kind=asked.kind,
        cost_kind=asked.cost_kind,
        scheme=grounds.scheme,
        worker_id=worker.id,
        determination_id=grounds.determination.id,
        filing_id=grounds.filing.id,
        institution=institution.code,
        insured_region=worker.insured_region,
        treatment_region=institution.region,
        admitted_at=asked.admitted_at,
        card_kind=asked.claim.card_kind,
        admission_no=asked.admission_no,
        department=asked.department,
        ward=asked.ward,
        bed=asked.bed,
        physician=asked.physician,
        diagnoses=asked.diagnoses,
        memo=asked.memo,
        transfer_from=grounds.before,
        policy_version=work.book.version,
        now=work.now,
    )


async def _institution(conn: Conn, code: str) -> Institution:
    found = await institutions.by_code(conn, code)
    if found is None:
        raise InstitutionUnknown(institution=code)
    return found


def _present(*faults: Refusal | None) -> list[Refusal]:
    return [fault for fault in faults if fault is not None]
