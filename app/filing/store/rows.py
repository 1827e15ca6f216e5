"""How a row of `filing` is read, and how it becomes a filing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.entitlement.tables import worker
from app.filing.model import Filing, FilingKind, FilingState, Referral, Term
from app.filing.tables import filing
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.fetching import rows_in

OLD, NEW = filing.alias("old"), filing.alias("new")
FILINGS = (
    sa.select(
        filing,
        worker.c.number.label("worker"),
        OLD.c.number.label("replaces_number"),
        NEW.c.number.label("replaced_by_number"),
    )
    .join(worker, worker.c.id == filing.c.worker_id)
    .outerjoin(OLD, OLD.c.id == filing.c.replaces)
    .outerjoin(NEW, NEW.c.id == filing.c.replaced_by)
)
IDS = sa.bindparam("ids", type_=ARRAY(sa.BigInteger))


def filing_of(row: sa.Row[Any]) -> Filing:
    """Read a filing out of its row."""
    return Filing(
        id=row.id,
        number=row.number,
        worker_id=row.worker_id,
        worker=row.worker,
        kind=FilingKind(row.kind),
        insured_region=row.insured_region,
        treatment_region=row.treatment_region,
        scheme=Scheme(row.scheme),
        cost_kinds=frozenset(map(CostKind, row.cost_kinds)),
        asked_first_day=row.asked_first_day,
        term=Term(row.first_day, row.last_day),
        ended_on=row.ended_on,
        admission_deadline=row.admission_deadline,
        state=FilingState(row.state),
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
        referral=None if row.referral is None else _referral(row.referral),
        replaces=row.replaces_number,
        replaced_by=row.replaced_by_number,
        open_visits=row.open_visits,
        admitted_once=row.admitted_once,
        policy_version=row.policy_version,
        revision=row.revision,
    )


def filings_in(told: Sequence[Mapping[str, Any]] | None, worker_number: str) -> list[Filing]:
    """Read a worker's filings as the database told them in JSON, oldest first."""
    of = {"worker": worker_number}
    return [filing_of(row) for row in rows_in([{**each, **of} for each in told or ()], filing)]


def _referral(kept: dict[str, str]) -> Referral:
    return Referral(
        diagnosis_code=kept["diagnosis_code"],
        diagnosis=kept["diagnosis"],
        institution=kept["institution"],
        reason=kept["reason"],
        referred_on=date.fromisoformat(kept["referred_on"]),
    )
