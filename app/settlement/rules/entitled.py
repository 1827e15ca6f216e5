"""Whether a visit may be settled, looked at again on the day it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.entitlement.errors import EntitlementLost
from app.entitlement.model import DeterminationState
from app.kernel.basis import basis
from app.kernel.lifecycle import NoSuchMove
from app.kernel.money import Money
from app.kernel.refusal import Refusal, refuse_all
from app.settlement.errors import (
    DeterminationWithdrawn,
    NothingToSettle,
    SettleWindowClosed,
    TotalMismatch,
)
from app.visit.errors import ThirdPartyLiable
from app.visit.model import OPEN_STATES, Course, VisitEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has become of the visit's grounds since the admission."""

    lost_on: date | None
    determination_state: DeterminationState
    third_party: bool
    institution_may_settle: bool


@basis("hub-default/visit-lifecycle")
def require_settleable(visit: Course) -> None:
    """A stay is settled once discharged, a fitting or outpatient visit at once."""
    visit.life.after(visit.state, VisitEvent.SETTLE)


@basis("hub-default/preview")
def require_previewable(visit: Course) -> None:
    """A visit is previewed as long as it is open, before its discharge too (预结算)."""
    if visit.state not in OPEN_STATES:
        raise NoSuchMove(of=visit.life.name, state=visit.state, event="preview")


@basis(
    "hub-default/entitled",
    "beijing-2025-5/2.2-loss",
    "beijing-2025-5/2.3-third-party",
    "hub-default/institution-offline",
)
def require_grounds(visit: Course, standing: Standing) -> None:
    """The grounds of the admission must still stand; all that do not are told at once.

    A filing that ended meanwhile does not matter: an open visit keeps it. Entitlement lost during
    the stay divides the bill; lost before it, there is nothing to settle.
    """
    faults: list[Refusal] = []
    if standing.lost_on is not None and standing.lost_on < visit.admission_day:
        faults.append(EntitlementLost(lost_on=standing.lost_on, day=visit.admission_day))
    if standing.determination_state is DeterminationState.WITHDRAWN:
        faults.append(DeterminationWithdrawn(determination=visit.determination_number))
    if standing.third_party:
        faults.append(ThirdPartyLiable(determination=visit.determination_number))
    if not standing.institution_may_settle:
        faults.append(SettleWindowClosed(institution=visit.institution))
    if not visit.line_count:
        faults.append(NothingToSettle())
    refuse_all(faults)


@basis("hub-default/total-agrees")
def require_total(visit: Course, total: Money, line_count: int | None) -> None:
    """The institution's total, and its count where it tells one, are the hub's (总额核对)."""
    counts = line_count is None or line_count == visit.line_count
    if total != visit.total or not counts:
        raise TotalMismatch(
            yours=str(total),
            hub=str(visit.total),
            your_lines=line_count,
            hub_lines=visit.line_count,
        )
