"""What the law decides about a filing. Pure functions; each names its clause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.entitlement.errors import EntitlementLost
from app.entitlement.model import CardKind, IdentityClaim
from app.filing.errors import (
    CardRequired,
    FilingAdmissionDeadline,
    FilingAreaMismatch,
    FilingBackdated,
    FilingBeforeDetermination,
    FilingCostKind,
    FilingExpired,
    FilingLocked,
    FilingMissing,
    FilingNotApproved,
    FilingNotStarted,
    FilingOverlap,
    FilingTerminated,
    FilingTooFarAhead,
    FilingUnchanged,
    OverrideForeign,
    ReferralMisplaced,
    SchemeNotOpen,
    TreatmentPlaceAtHome,
    TreatmentPlaceUnknown,
)
from app.filing.model import (
    LIFE,
    Cover,
    Decided,
    Filing,
    FilingAsked,
    FilingEvent,
    FilingKind,
    FilingState,
    Term,
)
from app.kernel.basis import basis
from app.kernel.calendar import corresponding_day
from app.kernel.costs import CostKind
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.kernel.regions import covers, province_of, scheme_between
from app.policy.book import PolicyBook

ENDED = (FilingState.CANCELLED, FilingState.CHANGED, FilingState.TERMINATED)
SERVING = (FilingState.APPROVED, FilingState.EXPIRED)


@basis(
    "beijing-2025-5/2.2-channels",
    "shandong-2024/2.4-upload",
    "hub-default/offline-upload",
    "national-2024-11/filing",
)
def first_state(party: PartyKind) -> FilingState:
    """What comes through a channel waits for the insured agency; its own upload is approved."""
    return FilingState.SUBMITTED if party is PartyKind.CHANNEL else FilingState.APPROVED


@basis("beijing-2025-5/2.2-channels", "shandong-2024/2.6")
def card_fault(party: PartyKind, claim: IdentityClaim | None) -> CardRequired | None:
    """Through a channel the social security card, or the e-card, proves who files."""
    if party is not PartyKind.CHANNEL:
        return None
    shown = claim is not None and claim.card_kind is not CardKind.NONE
    return None if shown else CardRequired()


@basis("hub-default/filing-lifecycle")
def after(state: FilingState, event: FilingEvent) -> FilingState:
    """A filing is decided once, and an approved one ends once."""
    return LIFE.after(state, event)


@basis(
    "civil-code/201-202",
    "beijing-2025-5/2.2",
    "shandong-2024/2.3",
    "liaoning-2024/2",
    "national-2024-11/validity",
    "hub-default/filing-term",
    "hub-default/both-ends",
)
def term_of(kind: FilingKind, first_day: date, day: date, region: str, book: PolicyBook) -> Term:
    """A filing runs the months its insured province sets for its kind (备案有效期).

    The first day is not counted and the last is the corresponding day; both can be used.
    """
    months = book.months("filing.term_months", day, region, of=kind)
    return Term(first_day, corresponding_day(first_day, months))


@basis("liaoning-2024/2-admission", "hub-default/admission-deadline")
def admission_deadline(
    kind: FilingKind, first_day: date, day: date, region: str, book: PolicyBook
) -> date | None:
    """Where a province says so, a filing is used by a first admission in time or not at all.

    The days run from approval, or from a first day that comes after it.
    """
    days = book.whole_if_any("filing.admission_deadline_days", day, region, of=kind)
    return None if days is None else max(first_day, day) + timedelta(days=days)


@basis("hub-default/treatment-place")
def place_faults(insured_region: str, treatment_region: str, *, known: bool) -> list[Refusal]:
    """The treatment place is a province or a city, outside the insured province or city."""
    if not known:
        return [TreatmentPlaceUnknown(region=treatment_region)]
    if scheme_between(insured_region, treatment_region) is None:
        return [TreatmentPlaceAtHome(region=treatment_region, insured_region=insured_region)]
    return []


@basis("national-2024-11/start", "shandong-2024/1")
def scheme_faults(
    insured_region: str, treatment_region: str, day: date, book: PolicyBook
) -> list[Refusal]:
    """Settlement between the cities of a province needs that province to take part in it."""
    scheme = scheme_between(insured_region, treatment_region)
    if scheme is None:
        return []
    provinces = dict.fromkeys((province_of(insured_region), province_of(treatment_region)))
    return [
        SchemeNotOpen(scheme=scheme, province=province)
        for province in provinces
        if scheme not in book.texts("visit.schemes", day, province)
    ]


@basis("hub-default/referral-details")
def referral_faults(asked: FilingAsked) -> list[Refusal]:
    """A referral says what is lacking at home; the other kinds have nothing to refer."""
    if asked.referral is not None and asked.kind is not FilingKind.REFERRAL:
        return [ReferralMisplaced(filing_kind=asked.kind)]
    return []


@basis("beijing-2025-5/2.2-loss", "injury-regulations/42")
def entitlement_faults(lost_on: date | None) -> list[Refusal]:
    """Nothing is filed for a worker whose entitlement has ended."""
    return [] if lost_on is None else [EntitlementLost(lost_on=lost_on)]


@basis("hub-default/filing-start", "hub-default/retroactive", "national-2024-11/filing")
def start_faults(asked: FilingAsked, day: date, region: str, book: PolicyBook) -> list[Refusal]:
    """A filing takes effect on approval: earlier as far as policy allows, later within its term."""
    if asked.first_day is None:
        return []
    earliest = day - timedelta(days=book.whole("filing.retroactive_days_max", day, region))
    if asked.first_day < earliest:
        return [FilingBackdated(first_day=asked.first_day, earliest=earliest)]
    latest = term_of(asked.kind, day, day, region, book).last
    if asked.first_day > latest:
        return [FilingTooFarAhead(first_day=asked.first_day, latest=latest)]
    return []


@basis("hub-default/retroactive")
def determination_faults(first_day: date, decided_on: Mapping[CostKind, date]) -> list[Refusal]:
    """A filing never begins before the determination it rests on; the earliest one counts."""
    return [
        FilingBeforeDetermination(cost_kind=kind, decided_on=decided, first_day=first_day)
        for kind, decided in sorted(decided_on.items())
        if first_day < decided
    ]


@basis("national-2024-11/scope", "hub-default/filing-start")
def decide(asked: FilingAsked, insured_region: str, day: date, book: PolicyBook) -> Decided:
    """Work out scheme, term and deadline of a filing approved on a day; it has no faults."""
    scheme = scheme_between(insured_region, asked.treatment_region)
    assert scheme is not None, "a place at home has been refused"
    first_day = asked.first_day or day
    return Decided(
        scheme=scheme,
        term=term_of(asked.kind, first_day, day, insured_region, book),
        admission_deadline=admission_deadline(asked.kind, first_day, day, insured_region, book),
    )


@basis("hub-default/no-overlap", "beijing-2025-5/2.2-visits")
def overlap(wanted: Cover, others: Iterable[Cover]) -> FilingOverlap | None:
    """No two approved filings of a worker overlap for one kind of cost and treatment place."""
    for other in others:
        if wanted.clashes(other):
            return FilingOverlap(
                filing=other.name,
                treatment_region=other.treatment_region,
                first_day=other.term.first,
                last_day=other.term.last,
                cost_kinds=sorted(wanted.cost_kinds & other.cost_kinds),
            )
    return None


@basis("hub-default/filing-batch")
def is_filed_as(asked: FilingAsked, kind: FilingKind, cover: Cover, day: date) -> bool:
    """Say whether what is asked for is what is filed already, so that sending it again is safe."""
    same = (asked.kind, asked.treatment_region, asked.cost_kinds) == (
        kind,
        cover.treatment_region,
        cover.cost_kinds,
    )
    if asked.first_day is None:
        return same and cover.term.covers(day)
    return same and asked.first_day == cover.term.first


@basis("national-2024-11/lock-in", "shandong-2024/2.3-lock-in", "hub-default/lock-in")
def lock_in(
    kind: FilingKind, approved_on: date, day: date, region: str, book: PolicyBook
) -> FilingLocked | None:
    """For the first months a filing may be neither changed nor cancelled (变更、取消限制期)."""
    months = book.months("filing.lock_in_months", approved_on, region, of=kind)
    through = corresponding_day(approved_on, months)
    return FilingLocked(locked_through=through) if months and day <= through else None


@basis("hub-default/lock-in-override")
def require_unlocked(locked: FilingLocked | None, party: PartyKind, *, override: bool) -> None:
    """The insured agency may set a lock-in aside; nobody else, and not without saying so."""
    if override and party is PartyKind.CHANNEL:
        raise OverrideForeign
    if locked is not None and not override:
        raise locked


@basis("hub-default/filing-change")
def require_change(filing: Filing, asked: FilingAsked) -> None:
    """A change opens something else than what it closes; another first day alone is none."""
    if replace(asked, first_day=None) == asked_of(filing, None):
        raise FilingUnchanged


@basis("hub-default/filing-start")
def asked_of(filing: Filing, first_day: date | None) -> FilingAsked:
    """What a filing asks for, to begin on a day or, without one, on approval."""
    return FilingAsked(
        kind=filing.kind,
        treatment_region=filing.treatment_region,
        cost_kinds=filing.cost_kinds,
        first_day=first_day,
        referral=filing.referral,
    )


@basis("hub-default/filing-start")
def start_on_approval(filing: Filing, chosen: date | None, day: date) -> date | None:
    """The agency's own choice counts, else the submitter's as far as it lies ahead."""
    asked = filing.asked_first_day
    return chosen or (asked if asked is not None and asked > day else None)


@basis(
    "hub-default/admission-decides",
    "national-2024-11/filing",
    "shandong-2024/1.5",
    "shandong-2024/2.3-filing",
    "beijing-2025-5/2.2-visits",
)
def covering(
    filings: Sequence[Filing], region: str, cost_kind: CostKind, day: date
) -> Filing | list[Refusal]:
    """An admission needs an approved filing for this place, this cost and this very day.

    Where there is none, the reasons of the filing that comes closest are told.
    """
    if not filings:
        return [FilingMissing()]
    judged = [(uncovered(filing, region, cost_kind, day), filing) for filing in filings]
    reasons, filing = min(judged, key=lambda it: (len(it[0]), -it[1].id))
    return reasons or filing


@basis("hub-default/admission-decides", "hub-default/both-ends", "liaoning-2024/2-admission")
def uncovered(filing: Filing, region: str, cost_kind: CostKind, day: date) -> list[Refusal]:
    """Every reason why a filing does not cover an admission, in order of precedence."""
    found: list[Refusal] = []
    number, term = filing.number, filing.term
    if filing.state not in SERVING:
        found.append(_not_serving(filing))
    if not covers(filing.treatment_region, region):
        found.append(
            FilingAreaMismatch(
                filing=number, treatment_region=filing.treatment_region, region=region
            )
        )
    if cost_kind not in filing.cost_kinds:
        opened = sorted(filing.cost_kinds)
        found.append(FilingCostKind(filing=number, opened=opened, cost_kind=cost_kind))
    if day < term.first:
        found.append(FilingNotStarted(filing=number, first_day=term.first, day=day))
    elif day > term.last:
        found.append(FilingExpired(filing=number, last_day=term.last, day=day))
    elif filing.missed_deadline(day):
        found.append(
            FilingAdmissionDeadline(filing=number, deadline=filing.admission_deadline, day=day)
        )
    return found


@basis("hub-default/identify", "beijing-2025-5/2.3")
def usable(filings: Iterable[Filing], region: str, day: date) -> list[Filing]:
    """Return the filings under which the worker could be admitted here on this day."""
    return [
        filing
        for filing in filings
        if any(not uncovered(filing, region, kind, day) for kind in filing.cost_kinds)
    ]


def _not_serving(filing: Filing) -> Refusal:
    if filing.state in ENDED:
        return FilingTerminated(filing=filing.number, state=filing.state, ended_on=filing.ended_on)
    return FilingNotApproved(filing=filing.number)
