"""Whether an institution may admit a worker, or still settle, on a day."""

from __future__ import annotations

from datetime import date, timedelta

from app.institutions.errors import (
    InstitutionNotOnline,
    InstitutionScopeMissing,
    InstitutionTypeMismatch,
)
from app.institutions.model import TYPE_NEEDED, Institution, InstitutionState, Standing
from app.kernel.basis import basis
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook


@basis(
    "hub-default/institution-scope",
    "hub-default/institution-types",
    "beijing-2025-5/2.3",
    "shandong-2024/1.6",
    "shandong-2024/2.4",
)
def not_open(
    institution: Institution, cost_kind: CostKind, scheme: Scheme, day: date
) -> Refusal | None:
    """An institution admits for the cost kinds and schemes it is online for on the day (已上线)."""
    if TYPE_NEEDED[cost_kind] not in institution.types:
        types = sorted(institution.types)
        return InstitutionTypeMismatch(
            institution=institution.code, types=types, cost_kind=cost_kind
        )
    state = institution.state_on(day)
    if state is not InstitutionState.ONLINE:
        return InstitutionNotOnline(institution=institution.code, state=state, day=day)
    offered = (
        scope.covers(day)
        for scope in institution.scopes
        if (scope.cost_kind, scope.scheme) == (cost_kind, scheme)
    )
    if any(offered):
        return None
    return InstitutionScopeMissing(
        institution=institution.code, cost_kind=cost_kind, scheme=scheme, day=day
    )


@basis("hub-default/institution-offline")
def may_settle(standing: Standing | None, region: str, day: date, book: PolicyBook) -> bool:
    """Open visits settle while an institution is online or suspended, and a while after (下线).

    `standing` is what it has been since a day, on `day`; None before it was ever online.
    """
    if standing is None:
        return False
    if standing.state is not InstitutionState.OFFLINE:
        return True
    days = book.whole("institution.offline_settle_days", standing.first_day, region)
    return day <= standing.first_day + timedelta(days=days)


@basis("hub-default/institution-offline")
def earliest_change(institution: Institution, today: date) -> date:
    """A change of state is told beforehand, and follows the one before it.

    A change on the very day of the one before takes its place: so a planned one is called off.
    """
    return max(institution.state_since, today)
