"""Every SQL statement about visits themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from app.entitlement.model import CardKind
from app.entitlement.tables import determination, worker
from app.filing.tables import filing
from app.kernel.calendar import business_day
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing, id_of
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked
from app.visit.errors import TransferMismatch, VisitOpen
from app.visit.model import (
    OPEN_STATES,
    Diagnosis,
    DischargeWay,
    Visit,
    VisitKind,
    VisitsAsked,
    VisitState,
)
from app.visit.tables import visit, visit_serial

EXCLUSION_VIOLATION = "23P01"
UNIQUE_VIOLATION = "23505"

_before = visit.alias("before")
_SEEN = visible(
    regions=(visit.c.insured_region, visit.c.treatment_region), institution=visit.c.institution
)
_VISITS = (
    sa.select(
        visit,
        worker.c.number.label("worker_number"),
        determination.c.number.label("determination_number"),
        filing.c.number.label("filing_number"),
        # the other visit of a transfer may be behind the wall: no more of it is told than this
        sa.func.visit_number(visit.c.transfer_from).label("before_number"),
        sa.func.visit_continued_at(visit.c.id).label("continued_at"),
    )
    .join(worker, worker.c.id == visit.c.worker_id)
    .join(determination, determination.c.id == visit.c.determination_id)
    .join(filing, filing.c.id == visit.c.filing_id)
)
_NUMBER = visit.c.number == sa.bindparam("number", type_=sa.Text)
_BY_NUMBER = _VISITS.where(_NUMBER)
_SEEN_BY_NUMBER = _BY_NUMBER.where(_SEEN)
_LOCKED = _SEEN_BY_NUMBER.with_for_update(of=visit)
_OPEN_OF_WORKER = _VISITS.where(
    visit.c.worker_id == sa.bindparam("worker_id", type_=sa.BigInteger),
    visit.c.state.in_([state.value for state in OPEN_STATES]),
)
_LISTING = Listing(
    rows=_VISITS,
    of=visit,
    regions=("insured_region", "treatment_region"),
    institution="institution",
    filters={
        "state": visit.c.state == sa.bindparam("state", type_=sa.Text),
        "worker": visit.c.worker_id == id_of(worker, "worker"),
        "filing": visit.c.filing_id == id_of(filing, "filing"),
        "institution": visit.c.institution == sa.bindparam("institution", type_=sa.CHAR(12)),
    },
)
_TRANSFER = sa.bindparam("transfer_from", type_=sa.BigInteger)
_ADD = (
    sa.insert(visit)
    .values(
        number=next_number("S", visit_serial),
        transfer_from=_TRANSFER,
        journey=sa.func.coalesce(
            sa.select(_before.c.journey).where(_before.c.id == _TRANSFER).scalar_subquery(),
            sa.func.gen_random_uuid(),
        ),
        state=VisitState.ADMITTED.value,
        holds_filing=True,
        line_count=0,
        total_fen=0,
        revision=1,
    )
    .returning(visit.c.number)
)
_MOVE = (
    sa.update(visit)
    .where(
        visit.c.id == sa.bindparam("visit_id", type_=sa.BigInteger),
        visit.c.state == sa.bindparam("was", type_=sa.Text),
    )
    .values(
        state=sa.bindparam("now", type_=sa.Text),
        discharged_at=sa.bindparam("left_at", type_=sa.DateTime(timezone=True)),
        discharge_way=sa.bindparam("way", type_=sa.Text),
        holds_filing=sa.bindparam("holds", type_=sa.Boolean),
        revision=visit.c.revision + 1,
    )
)
_AMEND = (
    sa.update(visit)
    .where(visit.c.id == sa.bindparam("visit_id", type_=sa.BigInteger))
    .values(
        admission_no=sa.bindparam("new_admission_no", type_=sa.Text),
        department=sa.bindparam("new_department", type_=sa.Text),
        ward=sa.bindparam("new_ward", type_=sa.Text),
        bed=sa.bindparam("new_bed", type_=sa.Text),
        physician=sa.bindparam("new_physician", type_=sa.Text),
        diagnoses=sa.bindparam("new_diagnoses", type_=JSONB),
        memo=sa.bindparam("new_memo", type_=sa.Text),
        revision=visit.c.revision + 1,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVisit:
    """What an admission writes."""

    kind: VisitKind
    cost_kind: CostKind
    scheme: Scheme
    worker_id: int
    determination_id: int
    filing_id: int
    institution: str
    insured_region: str
    treatment_region: str
    admitted_at: datetime
    card_kind: CardKind
    admission_no: str
    department: str
    ward: str | None
    bed: str | None
    physician: str
    diagnoses: tuple[Diagnosis, ...]
    memo: str | None
    transfer_from: Visit | None
    policy_version: str
    now: datetime


async def add(tx: Tx, it: NewVisit) -> Visit:
    """Keep a new visit; the database itself refuses a second open one."""
    row: dict[str, object] = {
        name: getattr(it, name)
        for name in NewVisit.__dataclass_fields__
        if name not in ("diagnoses", "transfer_from", "now")
    }
    row |= {
        "diagnoses": _diagnoses(it.diagnoses),
        "transfer_from": None if it.transfer_from is None else it.transfer_from.id,
        "created_at": it.now,
        "number_region": it.treatment_region,
        "number_day": business_day(it.now),
    }
    try:
        number = (await tx.execute(_ADD, row)).scalar_one()
    except IntegrityError as error:
        _refuse_overlap(error, it.transfer_from)
        raise
    return _visit((await tx.execute(_BY_NUMBER, {"number": number})).one())


async def find(conn: Conn, scope: Scope, number: str) -> Visit | None:
    """Read a visit the caller may see."""
    row = (await conn.execute(_SEEN_BY_NUMBER, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _visit(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Visit | None:
    """Read a visit and hold it against other writers until the transaction ends."""
    row = (await tx.execute(_LOCKED, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _visit(row)


async def of_anybody(tx: Tx, number: str) -> Visit | None:
    """Read a visit of any institution: the one a transfer continues."""
    row = (await tx.execute(_BY_NUMBER, {"number": number})).one_or_none()
    return None if row is None else _visit(row)


async def open_visits(tx: Tx, worker_id: int) -> list[Visit]:
    """Read the open visits of a worker, wherever they are."""
    return [_visit(row) for row in await tx.execute(_OPEN_OF_WORKER, {"worker_id": worker_id})]


async def page(conn: Conn, scope: Scope, asked: VisitsAsked, wanted: PageAsked) -> list[Visit]:
    """Read a page of the visits the caller may see, and one more."""
    filters = {
        "state": asked.state,
        "worker": asked.worker,
        "filing": asked.filing,
        "institution": asked.institution,
    }
    return [_visit(found) for found in await _LISTING.read(conn, scope, wanted, filters)]


async def move(tx: Tx, was: Visit, now: Visit) -> None:
    """Change the state and what goes with it, provided it still is what the caller saw."""
    row = {
        "visit_id": was.id,
        "was": was.state,
        "now": now.state,
        "left_at": now.discharged_at,
        "way": now.discharge_way,
        "holds": now.holds_filing,
    }
    try:
        changed = (await tx.execute(_MOVE, row)).rowcount
    except IntegrityError as error:
        _refuse_overlap(error, None)
        raise
    assert changed == 1, "the row was locked, so its state cannot have moved"


async def amend(tx: Tx, it: Visit) -> None:
    """Keep a visit's particulars as they are in `it`."""
    row = {
        "visit_id": it.id,
        "new_admission_no": it.admission_no,
        "new_department": it.department,
        "new_ward": it.ward,
        "new_bed": it.bed,
        "new_physician": it.physician,
        "new_diagnoses": _diagnoses(it.diagnoses),
        "new_memo": it.memo,
    }
    await tx.execute(_AMEND, row)


def _refuse_overlap(error: IntegrityError, before: Visit | None) -> None:
    """Say in a refusal what the constraint of a rival's commit says."""
    state = getattr(error.orig, "sqlstate", None)
    if state == EXCLUSION_VIOLATION:
        raise VisitOpen from error
    if state == UNIQUE_VIOLATION and before is not None:
        raise TransferMismatch(
            transfer_from=before.number, why="continued by another visit"
        ) from error


def _diagnoses(found: tuple[Diagnosis, ...]) -> list[dict[str, object]]:
    return [{"code": each.code, "name": each.name, "main": each.main} for each in found]


def _visit(row: sa.Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        number=row.number,
        kind=VisitKind(row.kind),
        cost_kind=CostKind(row.cost_kind),
        scheme=Scheme(row.scheme),
        state=VisitState(row.state),
        worker_id=row.worker_id,
        worker_number=row.worker_number,
        determination_id=row.determination_id,
        determination_number=row.determination_number,
        filing_id=row.filing_id,
        filing_number=row.filing_number,
        institution=row.institution,
        insured_region=row.insured_region,
        treatment_region=row.treatment_region,
        admitted_at=row.admitted_at,
        discharged_at=row.discharged_at,
        card_kind=CardKind(row.card_kind),
        admission_no=row.admission_no,
        department=row.department,
        ward=row.ward,
        bed=row.bed,
        physician=row.physician,
        diagnoses=tuple(Diagnosis(**each) for each in row.diagnoses),
        discharge_way=row.discharge_way and DischargeWay(row.discharge_way),
        memo=row.memo,
        transfer_from=row.before_number,
        continued_at=row.continued_at,
        holds_filing=row.holds_filing,
        line_count=row.line_count,
        total=Money(row.total_fen),
        revision=row.revision,
        policy_version=row.policy_version,
        created_at=row.created_at,
    )
