"""The decision about a visit, with nothing read and nothing written: one way for every caller.

A preview, a settlement at the door and a settlement in the lane come through here, so that none of
them can decide otherwise than the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.catalogues.model import Found, Wanted
from app.kernel.calendar import Month
from app.kernel.money import ZERO
from app.ledger.entries import Entry, deduction_made, settlement_booked
from app.policy.book import PolicyBook
from app.runtime.work import Announcement, Record
from app.settlement import rules
from app.settlement.model import Bill, Circumstances, SettleAsked, Settlement, SettlementKind
from app.settlement.store.grounds import Grounds
from app.visit.model import ChargedItem, Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """When something is booked, in which month it counts, and by which edition of the law.

    `number` is empty where the database gives it as it keeps the settlement.
    """

    at: datetime
    day: date
    month: Month
    policy_version: str
    number: str = ""


def circumstances_of(visit: Course, grounds: Grounds, *, may_settle: bool) -> Circumstances:
    """Look at the grounds of a visit again, and say what is true of all of it."""
    standing = rules.Standing(
        lost_on=grounds.lost_on,
        determination_state=grounds.determination_state,
        third_party=grounds.third_party,
        institution_may_settle=may_settle,
    )
    rules.require_grounds(visit, standing)
    return Circumstances(
        cost_kind=visit.cost_kind,
        scheme=visit.scheme,
        insured_region=visit.insured_region,
        treatment_region=visit.treatment_region,
        entitlement_lost_on=grounds.lost_on,
        confirmed_on=grounds.confirmed_on,
    )


def bill_of(
    charged: Sequence[ChargedItem],
    at: Circumstances,
    book: PolicyBook,
    asked: Mapping[str, Wanted],
    found: Mapping[str, Found],
    fitted: Mapping[str, date],
) -> Bill:
    """Decide every line by what the lists say of it."""
    rules.require_lists(charged, asked, found)
    bill = rules.adjudicate(rules.charges(charged, found, fitted), at, book)
    rules.require_sums(bill)
    return bill


def settlement_of(
    visit: Course, bill: Bill, at: Circumstances, asked: SettleAsked, booked: Booked
) -> Settlement:
    """Put together what is to be kept; its id is the database's to give."""
    scheme = visit.scheme
    return Settlement(
        id=0,
        number=booked.number,
        kind=SettlementKind.SETTLEMENT,
        visit_id=visit.id,
        visit_number=visit.number,
        cancels_id=None,
        cancels=None,
        cancelled_by=None,
        settled_at=booked.at,
        business_day=booked.day,
        month=booked.month,
        institution=visit.institution,
        worker_id=visit.worker_id,
        worker_number=visit.worker_number,
        filing_id=visit.filing_id,
        filing_number=visit.filing_number,
        circumstances=at,
        insured_place=rules.paying_place(visit.insured_region, scheme),
        treatment_place=rules.paying_place(visit.treatment_region, scheme),
        line_count=len(bill.lines),
        total=bill.total,
        fund=bill.fund,
        own=bill.own,
        policy_version=booked.policy_version,
        invoice_no=asked.invoice_no,
        adjustment=False,
        reason=None,
        conceded=ZERO,
        conceded_before=ZERO,
        clearing=None,
    )


def entry_of(it: Settlement) -> Entry:
    """Return what a settlement books, on the day it was settled."""
    return settlement_booked(
        it.number, it.business_day, it.insured_place, it.treatment_place, it.institution, it.fund
    )


def conceded_of(it: Settlement) -> list[Entry]:
    """Return what a twin gives back of what contests took off, and a restored one takes again."""
    taken = it.conceded_before
    if not taken.fen:
        return []
    pair = (it.insured_place, it.treatment_place)
    return [deduction_made(it.number, it.business_day, *pair, it.institution, taken)]


def record_of(it: Settlement) -> Record:
    """Return the line that a settlement leaves on the trail."""
    facts = {"visit": it.visit_number, "fund": it.fund}
    return Record(action="settlement.settle", subject=it.number, facts=facts)


def announcement_of(topic: str, it: Settlement) -> Announcement:
    """Return what both places and the institution are told."""
    body = {
        "settlement": it.number,
        "cancels": it.cancels,
        "visit": it.visit_number,
        "month": it.month,
        "total": it.total,
        "fund": it.fund,
    }
    parties = (it.insured_place, it.treatment_place, it.institution)
    return Announcement(topic=topic, subject=it.number, parties=parties, body=body)
