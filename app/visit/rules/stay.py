"""When a visit may be discharged, cancelled, and changed."""

from __future__ import annotations

from datetime import datetime

from app.kernel.basis import basis
from app.kernel.calendar import business_day
from app.visit.errors import DischargeOutOfOrder, LinesClosed, LinesRemain
from app.visit.model import OPEN_STATES, Stay, Visit, VisitEvent, VisitState


@basis("hub-default/visit-lifecycle")
def discharged(
    visit: Visit, at: datetime, last_charge: datetime | None, now: datetime
) -> VisitState:
    """A discharge comes after the admission and the last charge, not after now.

    Nor after the admission of the visit that continues this one (转院).
    """
    state = visit.life.after(visit.state, VisitEvent.DISCHARGE)
    latest = min(now, visit.continued_at or now)
    earliest = visit.admission_day
    if last_charge is not None:
        earliest = max(earliest, business_day(last_charge))
    if not visit.admitted_at <= at <= latest or business_day(at) < earliest:
        raise DischargeOutOfOrder(
            discharged_at=at.isoformat(), earliest=earliest, latest=latest.isoformat()
        )
    return state


@basis("hub-default/visit-lifecycle")
def cancelled(visit: Visit) -> VisitState:
    """A visit is cancelled while admitted and empty of lines (就诊撤销)."""
    state = visit.life.after(visit.state, VisitEvent.CANCEL)
    if visit.line_count:
        raise LinesRemain(line_count=visit.line_count)
    return state


@basis("hub-default/fee-line-removal", "hub-default/visit-lifecycle")
def require_open(visit: Stay) -> None:
    """Lines and particulars change until the visit is settled, and not after a cancellation."""
    if visit.state not in OPEN_STATES:
        raise LinesClosed(state=visit.state.value)
