"""Every SQL statement about determinations and losses of entitlement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.entitlement.model import (
    Determination,
    DeterminationKind,
    DeterminationState,
    EntitlementLoss,
    LossKind,
    Worker,
)
from app.entitlement.tables import (
    determination,
    determination_serial,
    entitlement_loss,
    loss_serial,
    worker,
)
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.fetching import fetch, rows_in
from app.runtime.numbers import next_number

SEEN = visible(regions=(worker.c.insured_region,))
_DETERMINATIONS = sa.select(determination, worker.c.number.label("worker")).join(
    worker, worker.c.id == determination.c.worker_id
)
_OF_WORKERS = _DETERMINATIONS.where(
    determination.c.worker_id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.BigInteger)))
).order_by(determination.c.decided_on, determination.c.id)
_DETERMINATION = _DETERMINATIONS.where(determination.c.number == sa.bindparam("number"), SEEN)
_DETERMINATION_LOCKED = _DETERMINATION.with_for_update(of=determination)
_DETERMINATION_PAGE = (
    _DETERMINATIONS.where(
        worker.c.number == sa.bindparam("worker"),
        determination.c.id > sa.bindparam("after"),
        SEEN,
    )
    .order_by(determination.c.id)
    .limit(sa.bindparam("rows"))
)
_SAME_DOCUMENT = sa.select(determination.c.number).where(
    determination.c.worker_id == sa.bindparam("of_worker"),
    determination.c.kind == sa.bindparam("kind"),
    determination.c.document_number == sa.bindparam("document_number"),
)
_ADD_DETERMINATION = (
    upsert(determination)
    .values(
        number=next_number("D", determination_serial),
        worker_id=sa.bindparam("of_worker"),
        **{
            name: sa.bindparam(name)
            for name in (
                "kind",
                "document_number",
                "decided_on",
                "last_day",
                "injured_parts",
                "diagnoses",
                "third_party",
                "state",
                "registered_by",
                "created_at",
            )
        },
    )
    .on_conflict_do_nothing()
    .returning(determination)
)
_WITHDRAW = (
    determination.update()
    .where(
        determination.c.id == sa.bindparam("of"),
        determination.c.state == DeterminationState.ACTIVE.value,
    )
    .values(
        state=DeterminationState.WITHDRAWN.value,
        withdrawn_at=sa.bindparam("at"),
        withdrawal_reason=sa.bindparam("why"),
    )
)
_LOSSES = sa.select(entitlement_loss, worker.c.number.label("worker")).join(
    worker, worker.c.id == entitlement_loss.c.worker_id
)
_LOSS_OF = _LOSSES.where(entitlement_loss.c.worker_id == sa.bindparam("of_worker"))
_LOSS = _LOSSES.where(entitlement_loss.c.number == sa.bindparam("number"), SEEN)
_ADD_LOSS = (
    entitlement_loss.insert()
    .values(
        number=next_number("L", loss_serial),
        worker_id=sa.bindparam("of_worker"),
        kind=sa.bindparam("kind"),
        lost_on=sa.bindparam("lost_on"),
        reason=sa.bindparam("reason"),
        recorded_by=sa.bindparam("recorded_by"),
        recorded_at=sa.bindparam("recorded_at"),
    )
    .returning(entitlement_loss)
)


async def determinations(
    conn: Conn, worker_ids: Collection[int]
) -> Mapping[int, list[Determination]]:
    """Read the determinations of workers, earliest first."""
    found: dict[int, list[Determination]] = {worker_id: [] for worker_id in worker_ids}
    for row in await fetch(conn, _OF_WORKERS, {"ids": list(worker_ids)}):
        found[row.worker_id].append(_determination(row, row.worker))
    return found


def determinations_in(told: Sequence[Mapping[str, Any]] | None, of: str) -> list[Determination]:
    """Read a worker's determinations as the database told them in JSON, earliest first."""
    return [_determination(row, of) for row in rows_in(told, determination)]


async def determination_by_number(
    conn: Conn, scope: Scope, number: str, *, lock: bool = False
) -> Determination | None:
    """Read one determination."""
    statement = _DETERMINATION_LOCKED if lock else _DETERMINATION
    row = (await conn.execute(statement, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else _determination(row, row.worker)


async def determination_page(
    conn: Conn, scope: Scope, number: str, *, after: int, rows: int
) -> list[Determination]:
    """Read the determinations of a worker after a cursor."""
    asked = {"worker": number, "after": after, "rows": rows, **scope.binds()}
    found = await conn.execute(_DETERMINATION_PAGE, asked)
    return [_determination(row, row.worker) for row in found]


async def add_determination(
    tx: Tx, of: Worker, day: date, row: Mapping[str, object]
) -> Determination | None:
    """Keep a new determination; None when the document is on record already."""
    asked = {**row, "of_worker": of.id, "number_region": of.insured_region, "number_day": day}
    made = (await tx.execute(_ADD_DETERMINATION, asked)).one_or_none()
    return None if made is None else _determination(made, of.number)


async def same_document(
    tx: Tx, worker_id: int, kind: DeterminationKind, document_number: str
) -> str:
    """Return the number under which a document is on record."""
    asked = {"of_worker": worker_id, "kind": kind, "document_number": document_number}
    return str((await tx.execute(_SAME_DOCUMENT, asked)).scalar_one())


async def withdraw(tx: Tx, determination_id: int, at: datetime, why: str) -> None:
    """Let a determination stand no longer."""
    asked = {"of": determination_id, "at": at, "why": why}
    changed = (await tx.execute(_WITHDRAW, asked)).rowcount
    assert changed == 1, "the row was locked, so its state cannot have moved"


async def loss_of(conn: Conn, worker_id: int) -> EntitlementLoss | None:
    """Read what ended a worker's entitlement, if anything did."""
    row = (await conn.execute(_LOSS_OF, {"of_worker": worker_id})).one_or_none()
    return None if row is None else _loss(row, row.worker)


async def loss_by_number(conn: Conn, scope: Scope, number: str) -> EntitlementLoss | None:
    """Read one loss of entitlement."""
    row = (await conn.execute(_LOSS, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else _loss(row, row.worker)


async def add_loss(tx: Tx, of: Worker, day: date, row: Mapping[str, object]) -> EntitlementLoss:
    """Keep a loss of entitlement; the worker is locked and has none."""
    asked = {**row, "of_worker": of.id, "number_region": of.insured_region, "number_day": day}
    return _loss((await tx.execute(_ADD_LOSS, asked)).one(), of.number)


def _determination(row: sa.Row[Any], of: str) -> Determination:
    return Determination(
        id=row.id,
        number=row.number,
        worker_id=row.worker_id,
        worker=of,
        kind=DeterminationKind(row.kind),
        document_number=row.document_number,
        decided_on=row.decided_on,
        last_day=row.last_day,
        injured_parts=tuple(row.injured_parts),
        diagnoses=tuple(row.diagnoses),
        third_party=row.third_party,
        state=DeterminationState(row.state),
        registered_by=row.registered_by,
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
    )


def _loss(row: sa.Row[Any], of: str) -> EntitlementLoss:
    return EntitlementLoss(
        id=row.id,
        number=row.number,
        worker_id=row.worker_id,
        worker=of,
        kind=LossKind(row.kind),
        lost_on=row.lost_on,
        reason=row.reason,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
