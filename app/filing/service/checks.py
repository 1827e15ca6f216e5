"""What every way of filing shares: the checks in their order, the mark, the news."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.entitlement import service as entitlement
from app.entitlement.model import Determination, Registered
from app.filing import rules
from app.filing.model import Cover, Filing, FilingAsked, FilingState, NewFiling
from app.filing.store import Mark
from app.kernel.refusal import Refusal
from app.runtime.work import Work


def faults_of(
    work: Work,
    asked: FilingAsked,
    known: Registered,
    determinations: list[Determination],
    places: Collection[str],
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
    """Announce what became of a filing to both places, and to the channel it came through."""
    told = (filing.insured_region, filing.treatment_region, filing.submitted_by)
    parties = tuple(dict.fromkeys(told))
    body = {
        "kind": filing.kind,
        "state": filing.state,
        "treatment_region": filing.treatment_region,
        "cost_kinds": sorted(filing.cost_kinds),
        "first_day": filing.term.first,
        "last_day": filing.term.last,
    }
    work.announce(f"filing.{filing.state}", filing.number, parties, body)


def covers_of(filings: Iterable[Filing], *, but: int | None = None) -> list[Cover]:
    """Return what the approved ones cover."""
    return [it.cover for it in filings if it.state is FilingState.APPROVED and it.id != but]
