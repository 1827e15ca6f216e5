"""The two calls of the lane for fee lines: what many visits hold, and what was decided of them.

Both are functions of the database (migration 0032), called by the driver itself. A column of lines
goes as one text: arrays of values cost more in Python than all else of a call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from app.kernel.money import Money
from app.runtime.auth import Caller
from app.runtime.lane import Wire
from app.runtime.work import Record
from app.visit.model import BETWEEN, Charges, Stay, VisitKind, VisitState

LOOK_ARGUMENTS, KEEP_ARGUMENTS = 6, 31


def _call(function: str, arguments: int) -> str:
    return f"{function}({', '.join(f'${n}' for n in range(1, arguments + 1))})"


_LOOK = f"SELECT * FROM {_call('lines_look', LOOK_ARGUMENTS)}"  # noqa: S608 -- constants only
_KEEP = f"SELECT {_call('lines_keep', KEEP_ARGUMENTS)}"
_SAID = {False: "f", True: "t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One message that brings a call of fee lines."""

    caller: Caller
    key: str
    fingerprint: bytes
    request: str
    visit: str
    charges: Charges


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided of a call, with all that is written of it."""

    asked: Asked
    stay: Stay  # as it was looked at
    total: Money  # of the call
    answer: bytes
    record: Record


async def look(wire: Wire, some: Sequence[Asked], now: datetime) -> dict[int, Stay]:
    """Read what is asked about, by place (from 0); what is not plain is left out."""
    found = await wire.fetch(
        _LOOK,
        [it.caller.party for it in some],
        [it.caller.client for it in some],
        [it.caller.issued_at for it in some],
        [it.key for it in some],
        [it.visit for it in some],
        now,
    )
    return {row["n"] - 1: _stay(row, some[row["n"] - 1].visit) for row in found}


async def keep(
    wire: Wire, now: datetime, action: str, status: int, some: Sequence[Decided]
) -> frozenset[int]:
    """Keep the lines of all of them, or of nobody: the places (from 0) that are not plain."""
    odd = await wire.fetchval(
        _KEEP,
        now,
        action,
        some[0].record.action,
        status,
        *_message_columns(some),
        [it.stay.id for it in some],
        [it.stay.revision for it in some],
        [it.stay.number for it in some],
        [len(it.asked.charges.serials) for it in some],
        [it.total.fen for it in some],
        *zip(*(_line_columns(it.asked.charges) for it in some), strict=True),
    )
    return frozenset(place - 1 for place in odd or ())


def _message_columns(some: Sequence[Decided]) -> tuple[list[Any], ...]:
    return (
        [it.asked.caller.party for it in some],
        [it.asked.caller.client for it in some],
        [it.asked.key for it in some],
        [it.asked.fingerprint for it in some],
        [it.asked.request for it in some],
        [it.answer for it in some],
        [json.dumps(it.record.facts) for it in some],
    )


def _line_columns(it: Charges) -> tuple[str, ...]:
    at = {moment: moment.isoformat() for moment in set(it.occurred_at)}
    return (
        BETWEEN.join(it.serials),
        BETWEEN.join(it.categories),
        _told(it.item_codes),
        BETWEEN.join(it.item_names),
        _told(it.institution_item_codes),
        _told(it.specifications),
        _told(it.units),
        BETWEEN.join(map(str, it.quantities)),
        BETWEEN.join(map(str, it.unit_prices)),
        BETWEEN.join([str(amount.fen) for amount in it.amounts]),
        BETWEEN.join([at[moment] for moment in it.occurred_at]),
        BETWEEN.join([_SAID[it] for it in it.injury_related]),
        BETWEEN.join([_SAID[it] for it in it.restricted_approved]),
        _told(it.departments),
        _told(it.physicians),
    )


def _told(column: Iterable[str | None]) -> str:
    """Write a column of which some lines say nothing."""
    return BETWEEN.join([text or "" for text in column])


def _stay(row: asyncpg.Record, number: str) -> Stay:
    return Stay(
        id=row["id"],
        number=number,
        kind=VisitKind(row["kind"]),
        state=VisitState(row["state"]),
        treatment_region=row["treatment_region"],
        admitted_at=row["admitted_at"],
        discharged_at=row["discharged_at"],
        line_count=row["line_count"],
        total=Money(row["total_fen"]),
        revision=row["revision"],
    )
