"""What the law decides about identity and entitlement. Pure functions; each names its clause."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from app.entitlement.errors import (
    CardMismatch,
    CertificateFaulty,
    DeterminationDates,
    DeterminationMissing,
    EntitlementLost,
    LossBeforeBirth,
    LossInFuture,
    NameMismatch,
    WorkerUnknown,
)
from app.entitlement.model import (
    CardKind,
    CertificateKind,
    Determination,
    DeterminationKind,
    IdentityClaim,
    Person,
    comparable_name,
    comparable_number,
    comparable_token,
)
from app.kernel.basis import basis
from app.kernel.costs import CostKind
from app.kernel.identity import citizen_number_fault
from app.kernel.refusal import Refusal

OPENS = {
    CostKind.MEDICAL: (DeterminationKind.INJURY, DeterminationKind.RECURRENCE),
    CostKind.REHABILITATION: (DeterminationKind.REHABILITATION,),
    CostKind.DEVICE: (DeterminationKind.DEVICE,),
}


@basis("hub-default/worker-identity")
def certificate_fault(kind: CertificateKind, number: str) -> CertificateFaulty | None:
    """A 社会保障号 is well formed and carries its check digit; other certificates are opaque."""
    if kind is not CertificateKind.SOCIAL_SECURITY_NUMBER:
        return None
    fault = citizen_number_fault(number)
    return None if fault is None else CertificateFaulty(fault=fault)


@basis(
    "hub-default/identity-match",
    "beijing-2025-5/1",
    "beijing-2025-5/3.3-identity",
    "shandong-2024/2.4-identity",
    "shandong-2024/2.6",
)
def mismatches(claim: IdentityClaim, person: Person | None) -> list[Refusal]:
    """Number, name and card (实体卡 or 电子社保卡) must belong to one worker (人卡一致).

    Each mismatch is told by itself, and never what the right value would have been.
    """
    if person is None:
        return [WorkerUnknown()]
    found: list[Refusal] = []
    if comparable_name(claim.name) != comparable_name(person.name):
        found.append(NameMismatch())
    if not _card_agrees(claim, person):
        found.append(CardMismatch(card_kind=claim.card_kind))
    return found


@basis(
    "hub-default/filing-cost-kinds",
    "beijing-2025-5/2.1",
    "shandong-2024/1.1",
    "injury-regulations/32",
    "injury-regulations/38",
)
def supports(
    determinations: Iterable[Determination], cost_kind: CostKind, day: date
) -> Determination | None:
    """Injury or recurrence opens medical costs; rehabilitation and device open their own.

    Where several do, one without third-party liability comes first, then the latest.
    """
    fitting = (d for d in determinations if d.kind in OPENS[cost_kind] and d.in_force(day))
    return max(fitting, key=lambda d: (not d.third_party, d.decided_on, d.id), default=None)


@basis("hub-default/filing-cost-kinds")
def unsupported(
    determinations: Collection[Determination], cost_kinds: Iterable[CostKind], day: date
) -> list[Refusal]:
    """Each kind of cost needs a determination of the matching kind on record."""
    return [
        DeterminationMissing(cost_kind=kind, needs=list(OPENS[kind]), day=day)
        for kind in sorted(cost_kinds)
        if supports(determinations, kind, day) is None
    ]


@basis("hub-default/filing-cost-kinds")
def earliest(
    determinations: Collection[Determination], cost_kinds: Iterable[CostKind]
) -> dict[CostKind, date]:
    """Each kind of cost is open from its earliest determination that stands."""
    found: dict[CostKind, date] = {}
    for kind in cost_kinds:
        days = [d.decided_on for d in determinations if d.kind in OPENS[kind] and d.stands]
        if days:
            found[kind] = min(days)
    return found


@basis("hub-default/determination")
def dates_fault(
    decided_on: date, last_day: date | None, birth_date: date, today: date
) -> DeterminationDates | None:
    """A determination is decided in the worker's life, not in the future, and ends after it."""
    if not birth_date <= decided_on <= today:
        return DeterminationDates(
            field="decided_on", found=decided_on, first=birth_date, last=today
        )
    if last_day is not None and last_day < decided_on:
        return DeterminationDates(field="last_day", found=last_day, first=decided_on, last=date.max)
    return None


@basis("hub-default/entitled", "beijing-2025-5/2.2-loss", "injury-regulations/42")
def lost(lost_on: date | None, day: date) -> EntitlementLost | None:
    """Benefits end with the entitlement; the day it is lost is the last one entitled."""
    if lost_on is None or day <= lost_on:
        return None
    return EntitlementLost(lost_on=lost_on, day=day)


@basis("hub-default/loss-kinds")
def loss_fault(
    lost_on: date, birth_date: date, today: date
) -> LossInFuture | LossBeforeBirth | None:
    """Death, the end of the relation or a lump sum is reported when it has happened."""
    if lost_on > today:
        return LossInFuture(lost_on=lost_on, today=today)
    return LossBeforeBirth() if lost_on < birth_date else None


def _card_agrees(claim: IdentityClaim, person: Person) -> bool:
    if claim.card_kind is CardKind.NONE:
        return True
    shown = claim.card or ""
    if claim.card_kind is CardKind.PHYSICAL:
        return comparable_number(shown) == person.card_number
    return comparable_token(shown) == person.electronic_card
