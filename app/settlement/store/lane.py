"""The two calls of the lane: what many visits are settled on, and what was decided of them.

Both are functions of the database (migrations 0034 and 0035), called by the driver itself: here a
statement costs more in Python than in Postgres.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import asyncpg

from app.entitlement.model import DeterminationState
from app.institutions.model import InstitutionState, Standing
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.ledger import service as ledger
from app.ledger.entries import Entry
from app.runtime.auth import Caller
from app.runtime.lane import Wire
from app.runtime.work import Announcement, Record
from app.settlement.model import Bill, SettleAsked, Settlement, SettlementWithLines
from app.settlement.store.grounds import Grounds
from app.visit.model import ChargedItem, Course, FeeCategory, VisitKind, VisitState

# Classes of faults that one of a call brings and its neighbours do not: what it holds, what the
# books say to it, an advance that crosses a line (HAL01). All others would meet each of them.
ITS_OWN = frozenset({"22", "23", "HA", "P0"})
LOOK_ARGUMENTS, KEEP_ARGUMENTS, TRACE_ARGUMENTS = 7, 51, 7
_SUBJECTS = 5  # where the columns of the books say what entries are about


def _call(function: str, arguments: int) -> str:
    return f"{function}({', '.join(f'${n}' for n in range(1, arguments + 1))})"


_LOOK = f"SELECT * FROM {_call('settle_look', LOOK_ARGUMENTS)}"  # noqa: S608 -- constants only
_TRACE = f"SELECT {_call('preview_keep', TRACE_ARGUMENTS)}"
_KEEP = f"SELECT odd, numbers FROM {_call('settle_keep', KEEP_ARGUMENTS)}"  # noqa: S608 -- constants only


Show: TypeAlias = Callable[[SettlementWithLines, Course], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One message that asks for a visit to be settled, and how it is to be answered.

    `worker` is whom it says the visit is of, where it says so.
    """

    action: str
    status: int
    caller: Caller
    key: str
    fingerprint: bytes
    request: str
    visit: str
    worker: str | None
    settle: SettleAsked
    show: Show


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAsked:
    """One request for a preview of a visit; it is no message, so its key is none."""

    caller: Caller
    request: str
    visit: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a visit is settled on."""

    lists: str
    visit: Course
    grounds: Grounds
    standing: Standing | None
    region: str  # the institution's own
    charged: tuple[ChargedItem, ...]

    @property
    def has_devices(self) -> bool:
        """Whether a device was fitted."""
        return any(line.category is FeeCategory.DEVICE for line in self.charged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided of a visit, with all that is written of it.

    The number of the settlement, wherever it stands in this, is one that stands in for it.
    """

    asked: Asked
    visit: Course
    settlement: Settlement
    bill: Bill
    ended_at: datetime | None
    answer: bytes
    record: Record
    announcement: Announcement
    entry: Entry


async def look(
    wire: Wire, some: Sequence[Asked] | Sequence[PreviewAsked], now: datetime, today: date
) -> dict[int, Seen]:
    """Read what is asked about, by place (from 0); what is not plain is left out."""
    found = await wire.fetch(
        _LOOK,
        [it.caller.party for it in some],
        [it.caller.client for it in some],
        [it.caller.issued_at for it in some],
        [it.key for it in some],
        [it.visit for it in some],
        now,
        today,
    )
    return {row["n"] - 1: _seen(row, some[row["n"] - 1].visit) for row in found}


class NotKeptError(Exception):
    """Nobody is kept, for what one of them is."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The numbers of settlements that were kept, in order; or the places that are not plain."""

    numbers: tuple[str, ...]
    odd: frozenset[int] = frozenset()


async def keep(wire: Wire, some: Sequence[Decided]) -> Kept:
    """Keep what was decided of all of them, or of nobody where one (from 0) is not plain.

    All were decided at one instant, so they share day, month, law and the number that stands in.
    """
    first = some[0].settlement
    said: list[object] = [
        first.settled_at,
        first.business_day,
        str(first.month),
        first.policy_version,
        some[0].record.action,
        some[0].announcement.topic,
        first.number,
        *_message_columns(some),
        *_settlement_columns(some),
        *_line_columns(some),
        *_entry_columns(some),
    ]
    try:
        row = await wire.fetchrow(_KEEP, *said)
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "")[:2] in ITS_OWN:
            raise NotKeptError from error
        raise
    assert row is not None, "a function answers"
    if row["odd"] is not None:
        return Kept((), frozenset(place - 1 for place in row["odd"]))
    return Kept(tuple(row["numbers"]))


async def trace(wire: Wire, now: datetime, traces: Sequence[tuple[PreviewAsked, Record]]) -> None:
    """Put looks of one kind on record, all at once."""
    await wire.execute(
        _TRACE,
        now,
        traces[0][1].action,
        [asked.caller.party for asked, _ in traces],
        [asked.caller.client for asked, _ in traces],
        [asked.request for asked, _ in traces],
        [it.subject for _, it in traces],
        [_json(it.facts) for _, it in traces],
    )


def _message_columns(some: Sequence[Decided]) -> tuple[list[Any], ...]:
    return (
        [it.asked.action for it in some],
        [it.asked.status for it in some],
        [it.asked.caller.party for it in some],
        [it.asked.caller.client for it in some],
        [it.asked.key for it in some],
        [it.asked.fingerprint for it in some],
        [it.asked.request for it in some],
        [it.answer for it in some],
    )


def _settlement_columns(some: Sequence[Decided]) -> tuple[list[Any], ...]:
    return (
        [it.visit.id for it in some],
        [it.visit.revision for it in some],
        [it.ended_at for it in some],
        [it.settlement.insured_place for it in some],
        [it.settlement.treatment_place for it in some],
        [it.settlement.circumstances.entitlement_lost_on for it in some],
        [it.settlement.circumstances.confirmed_on for it in some],
        [it.settlement.fund.fen for it in some],
        [it.settlement.own.fen for it in some],
        [it.settlement.invoice_no for it in some],
        [_json(it.record.facts) for it in some],
        [" ".join(it.announcement.parties) for it in some],
        [_json(it.announcement.body) for it in some],
    )


def _line_columns(some: Sequence[Decided]) -> tuple[list[Any], ...]:
    """Write the decisions alone: what was charged is in the database already."""
    lines = [(place, line) for place, it in enumerate(some, 1) for line in it.bill.lines]
    listings = [line.charge.listing for _, line in lines]
    return (
        [place for place, _ in lines],
        [line.charge.position for _, line in lines],
        [line.charge.serial for _, line in lines],
        [None if it is None else it.version for it in listings],
        [it is not None and it.listed for it in listings],
        [None if it is None or it.cap is None else it.cap.fen for it in listings],
        [it is not None and it.restricted for it in listings],
        [None if it is None else it.minimum_life_months for it in listings],
        [line.fund.fen for _, line in lines],
        [line.own.fen for _, line in lines],
        [line.reason for _, line in lines],
        [line.clause for _, line in lines],
    )


def _entry_columns(some: Sequence[Decided]) -> list[list[Any]]:
    """Write an entry for each; what it is about is the number, which is drawn there."""
    columns = ledger.columns([it.entry for it in some])
    return [*columns[:_SUBJECTS], *columns[_SUBJECTS + 1 :]]


def _json(facts: Mapping[str, object]) -> str:
    """Write facts as `messages.plain` would: amounts, months and days as their text."""
    return json.dumps(facts, ensure_ascii=False, default=str)


def _seen(row: asyncpg.Record, number: str) -> Seen:
    since = row["standing_since"]
    return Seen(
        lists=row["lists"],
        visit=_course(row, number),
        grounds=Grounds(
            confirmed_on=row["decided_on"],
            determination_state=DeterminationState(row["determination_state"]),
            third_party=row["third_party"],
            lost_on=row["lost_on"],
        ),
        standing=None
        if since is None
        else Standing(first_day=since, state=InstitutionState(row["standing"]), reason=""),
        region=row["region"],
        charged=tuple(map(_charged, *(row[name] or () for name in _CHARGED))),
    )


def _course(row: asyncpg.Record, number: str) -> Course:
    return Course(
        id=row["id"],
        number=number,
        kind=VisitKind(row["kind"]),
        cost_kind=CostKind(row["cost_kind"]),
        scheme=Scheme(row["scheme"]),
        state=VisitState(row["state"]),
        worker_id=row["worker_id"],
        worker_number=row["worker_number"],
        determination_number=row["determination_number"],
        filing_id=row["filing_id"],
        filing_number=row["filing_number"],
        institution=row["institution"],
        insured_region=row["insured_region"],
        treatment_region=row["treatment_region"],
        admitted_at=row["admitted_at"],
        discharged_at=row["discharged_at"],
        line_count=row["line_count"],
        total=Money(row["total_fen"]),
        revision=row["revision"],
    )


_CHARGED = (
    "serials",
    "refunds_of",
    "categories",
    "item_codes",
    "item_names",
    "quantities",
    "unit_prices",
    "amounts",
    "occurred_at",
    "injury_related",
    "restricted_approved",
)


def _charged(  # noqa: PLR0913, PLR0917 -- one column each
    serial: str,
    refund_of: str | None,
    category: str,
    item_code: str | None,
    item_name: str,
    quantity: Decimal,
    unit_price: Decimal,
    fen: int,
    occurred_at: datetime,
    injury_related: bool,  # noqa: FBT001 -- a column
    restricted_approved: bool,  # noqa: FBT001 -- a column
) -> ChargedItem:
    return ChargedItem(
        serial=serial,
        refund_of=refund_of,
        category=FeeCategory(category),
        item_code=item_code,
        item_name=item_name,
        quantity=quantity,
        unit_price=unit_price,
        amount=Money(fen),
        occurred_at=occurred_at,
        injury_related=injury_related,
        restricted_approved=restricted_approved,
    )
