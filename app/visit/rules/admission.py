"""Whether a worker may be admitted: every check, and all that fail are told at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.entitlement.model import Determination
from app.filing.errors import SchemeNotOpen
from app.kernel.basis import basis
from app.kernel.calendar import business_day
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme, province_of, scheme_between
from app.policy.book import PolicyBook
from app.visit.errors import (
    AdmissionBeforeDetermination,
    AdmissionInFuture,
    DeterminationNotUsable,
    KindMismatch,
    NotElsewhere,
    OutpatientClosed,
    ThirdPartyLiable,
    TransferMismatch,
    VisitOpen,
)
from app.visit.model import COST_KINDS, OPEN_STATES, Visit, VisitKind, VisitState


@dataclass(frozen=True, slots=True)
class Places:
    """Where the worker is insured and where the institution stands."""

    insured_region: str
    treatment_region: str


@basis("hub-default/admission-decides")
def future_fault(admitted_at: datetime, now: datetime) -> Refusal | None:
    """An admission is not in the future."""
    if admitted_at > now:
        return AdmissionInFuture(admitted_at=admitted_at.isoformat(), now=now.isoformat())
    return None


@basis("national-2024-11/scope", "beijing-2025-5/1")
def kind_fault(kind: VisitKind, cost_kind: CostKind) -> Refusal | None:
    """Stays are for treatment or rehabilitation, fittings for devices."""
    allowed = COST_KINDS[kind]
    if cost_kind in allowed:
        return None
    return KindMismatch(
        visit_kind=kind.value, cost_kind=cost_kind.value, allowed=sorted(c.value for c in allowed)
    )


@basis("shandong-2024/1.2", "hub-default/outpatient")
def scheme_faults(
    places: Places, kind: VisitKind, day: date, book: PolicyBook
) -> tuple[Scheme | None, list[Refusal]]:
    """Both provinces take part in the scheme; outpatient visits only where a province opened them.

    Between provinces 普通门诊 is switched off by policy; within one it is the province's choice.
    Before the first text that opened a scheme nothing was open.
    """
    scheme = scheme_between(places.insured_region, places.treatment_region)
    if scheme is None:
        found = NotElsewhere(
            insured_region=places.insured_region, treatment_region=places.treatment_region
        )
        return None, [found]
    faults: list[Refusal] = []
    provinces = {province_of(places.insured_region), province_of(places.treatment_region)}
    faults += [
        SchemeNotOpen(scheme=scheme.value, province=province)
        for province in sorted(provinces)
        if not _takes_part(scheme, province, day, book)
    ]
    if kind is VisitKind.OUTPATIENT and not _opens_outpatient(scheme, provinces, day, book):
        faults.append(OutpatientClosed(scheme=scheme.value))
    return scheme, faults


def _takes_part(scheme: Scheme, province: str, day: date, book: PolicyBook) -> bool:
    name = "visit.schemes"
    return book.is_in_force(name, day, province) and scheme in book.texts(name, day, province)


def _opens_outpatient(
    scheme: Scheme, provinces: Collection[str], day: date, book: PolicyBook
) -> bool:
    switch = f"visit.outpatient_{scheme.value}"
    return all(book.is_in_force(switch, day, p) and book.flag(switch, day, p) for p in provinces)


@basis("hub-default/filing-cost-kinds", "injury-regulations/38", "hub-default/determination")
def determination_faults(
    missing: Sequence[Refusal],
    later: Sequence[Determination],
    cost_kind: CostKind,
    day: date,
    named: str | None,
) -> Sequence[Refusal]:
    """Each kind of cost rests on a determination of its kind, decided by the day of admission.

    Of what is `missing` it says more where one came `later`, or one was named that will not do.
    """
    if not missing:
        return []
    if later:
        decided_on = min(each.decided_on for each in later)
        return [AdmissionBeforeDetermination(day=day, decided_on=decided_on)]
    if named is not None:
        return [DeterminationNotUsable(determination=named, cost_kind=cost_kind.value, day=day)]
    return missing


@basis("beijing-2025-5/2.3-third-party", "shandong-2024/2.2")
def liability_fault(determination: Determination) -> Refusal | None:
    """What a third party is liable for (涉及第三方责任) is not settled directly."""
    if determination.third_party:
        return ThirdPartyLiable(determination=determination.number)
    return None


@basis("hub-default/transfer")
def transfer_fault(
    named: str, before: Visit | None, worker_id: int, filing_id: int | None, at: datetime
) -> Refusal | None:
    """A transfer continues a visit of the same worker under the same filing, once.

    `filing_id` None: the filing itself was refused, so nothing is said about it here.
    """
    if before is None or before.worker_id != worker_id:
        return TransferMismatch(transfer_from=named, why="not a visit of this worker")
    if before.state is VisitState.CANCELLED:
        return TransferMismatch(transfer_from=named, why="cancelled")
    if before.continued_at is not None:
        return TransferMismatch(transfer_from=named, why="continued by another visit")
    if before.admitted_at > at:
        return TransferMismatch(transfer_from=named, why="admitted later than this one")
    if filing_id is not None and before.filing_id != filing_id:
        return TransferMismatch(transfer_from=named, why="under another filing")
    return None


@basis("hub-default/one-open-visit")
def open_visit_fault(
    others: Sequence[Visit], at: datetime, transfer_from: str | None
) -> Refusal | None:
    """No other visit of the worker is open over the same time, save the one being continued."""
    overlapping = [
        other
        for other in others
        if other.state in OPEN_STATES
        and other.number != transfer_from
        and (other.discharged_at is None or other.discharged_at > at)
    ]
    return VisitOpen() if overlapping else None


@basis("hub-default/all-faults", "hub-default/civil-time")
def admission_day(admitted_at: datetime) -> date:
    """Every check is held against the day of admission in China (入院日期)."""
    return business_day(admitted_at)
