"""What can be done about a day: compare it, repair what differs, ask what is open, have its file.

Load, decide, keep, record: in that order.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta

from app.kernel.parties import PartyKind
from app.reversal import service as reversals
from app.review import rules
from app.review.errors import (
    DifferenceUnknown,
    InstitutionMissing,
    ReconciliationForeign,
    ReconciliationReplaced,
    ReconciliationUnknown,
)
from app.review.model import (
    SHOWN_MAX,
    DayAsked,
    DayRow,
    Difference,
    DifferenceKind,
    DifferenceState,
    HubDay,
    KeptDifference,
    OpenMessage,
    Reconciled,
    Reconciliation,
    ReconciliationAsked,
    ReconciliationState,
    RepairAct,
    RepairAsked,
    SenderRow,
    Side,
    Standing,
)
from app.review.store import days, differences
from app.review.store import reconciliations as store
from app.review.store.reconciliations import NewReconciliation
from app.runtime import messages
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.messages import Outcome
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements
from app.settlement.model import CancelAsked, SettlementKind

DAY_ROWS_MAX = 100_000
UNENDED = (Outcome.NEVER_SEEN, Outcome.RUNNING)


async def reconcile(work: Work, asked: ReconciliationAsked) -> Reconciled:
    """Compare a sender's day with the hub's, and keep what differs (日对账)."""
    side = rules.side_of(work.caller.kind, asked.side)
    rules.require_comparable(asked, work.today)
    day = DayAsked(
        day=asked.day,
        side=side,
        institution=None if side is Side.OWN else asked.institution,
        with_cancelled=asked.with_cancelled,
    )
    hub = await day_totals(work.tx, work.caller.scope, day)
    found: Sequence[Difference] = ()
    if asked.rows is not None:
        found = await compare_rows(work.tx, work.caller.scope, day, asked.rows)
    made = NewReconciliation(
        asked=day,
        sender=asked.totals,
        hub=hub,
        result=rules.result_of(asked.totals, hub.totals, len(found)),
        rows_sent=asked.rows is not None,
        party=work.caller.party,
        region=work.caller.region,
        client=work.caller.client,
        at=work.now,
        today=work.today,
    )
    kept_id, number = await store.keep(work.tx, made)
    if found:
        await differences.keep(work.tx, kept_id, found)
    work.record(
        "reconciliation.make", number, day=day.day, result=made.result, differences=len(found)
    )
    return await _reconciled(work.tx, work.caller.scope, number)


async def repair(work: Work, number: str, asked: RepairAsked) -> KeptDifference:
    """Settle one difference: adopt it, have the hub reverse it, or announce it will be sent."""
    await store.hold(work.tx, number)
    found = await _seen(work.tx, work.caller.scope, number)
    if found.party != work.caller.party:
        raise ReconciliationForeign(reconciliation=number)
    if found.state is ReconciliationState.REPLACED:
        raise ReconciliationReplaced(reconciliation=number)
    difference = await _difference(work.tx, found.id, asked.row)
    rules.require_repairable(difference, asked)
    undone_by: str | None = None
    if asked.act is RepairAct.REVERSE:
        undone_by = await _undo(work, difference)
    by = (work.caller.client, work.now)
    await differences.add_repair(work.tx, found.id, asked, undone_by, by)
    work.record("reconciliation.repair", number, row=asked.row, act=asked.act, undone_by=undone_by)
    return await _difference(work.tx, found.id, asked.row)


async def find(reading: Reading, number: str) -> Reconciled:
    """Show a reconciliation as it stands, with the first differences of each kind."""
    return await _reconciled(reading.rx, reading.caller.scope, number)


async def reconciliations(
    reading: Reading, day: date | None, state: ReconciliationState | None, wanted: PageAsked
) -> Page[Reconciliation]:
    """List the reconciliations the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, day, state, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def differences_of(
    reading: Reading,
    number: str,
    kind: DifferenceKind | None,
    state: DifferenceState | None,
    wanted: PageAsked,
) -> Page[KeptDifference]:
    """List the differences of a reconciliation as they stand."""
    header = await _seen(reading.rx, reading.caller.scope, number)
    found = await differences.page(
        reading.rx, header.id, kind, state, wanted.after_id, wanted.rows + 1
    )
    return Page.of(found, wanted, lambda it: it.difference.row)


async def standing(reading: Reading, since: date | None, asked: Sequence[str]) -> Standing:
    """Tell a party whether it is clean (对平), and what is open if not.

    Past days count from `since`, a month back unless told; messages are those it asks about.
    """
    scope, until = reading.caller.scope, reading.today - timedelta(days=1)
    first = max(since or until - timedelta(days=31), until - timedelta(days=366))
    sides = (
        (Side.OWN,)
        if reading.caller.kind is PartyKind.INSTITUTION
        else (Side.TREATMENT, Side.INSURED)
    )
    past = [
        day
        for side in sides
        for day in await store.unreconciled(reading.rx, scope, side, first, until)
    ]
    told = await messages.tell_all(reading.rx, scope.party, asked) if asked else {}
    return Standing(
        reconciliations=await store.open_ones(reading.rx, scope, SHOWN_MAX),
        days=past,
        messages=[OpenMessage(key, outcome) for key, outcome in told.items() if outcome in UNENDED],
    )


# ── also for other faces ──


async def day_totals(conn: Conn, scope: Scope, asked: DayAsked) -> HubDay:
    """Add a day of the caller's up."""
    return await days.totals(conn, scope, asked)


def side_of(reading: Reading, asked: Side | None) -> Side:
    """Return the side the caller looks from."""
    return rules.side_of(reading.caller.kind, asked)


async def day_rows(reading: Reading, asked: DayAsked, wanted: PageAsked) -> Page[DayRow]:
    """List the settlements and cancellations of a day of the caller's."""
    found = await days.rows(
        reading.rx, reading.caller.scope, asked, wanted.after_id, wanted.rows + 1
    )
    return Page.of(found, wanted, lambda it: it.id)


async def compare_rows(
    conn: Conn, scope: Scope, asked: DayAsked, said: Sequence[SenderRow]
) -> list[Difference]:
    """Compare a day of the caller's with its rows; nothing is kept."""
    return await days.differences(conn, scope, asked, said)


async def whole_day(reading: Reading, day: date, institution: str | None) -> list[DayRow]:
    """Return every row of an institution's day, for its file."""
    kind = reading.caller.kind
    code = reading.caller.party if kind is PartyKind.INSTITUTION else institution
    if code is None:
        raise InstitutionMissing
    asked = DayAsked(day=day, side=rules.side_of(kind, None), institution=code)
    return await days.rows(reading.rx, reading.caller.scope, asked, 0, DAY_ROWS_MAX)


async def day_file(reading: Reading, day: date, institution: str | None) -> tuple[str, bytes]:
    """Return name and content of the zip that holds an institution's day (对账文件)."""
    rows = await whole_day(reading, day, institution)
    return packed(f"{institution or reading.caller.party}_{day:%Y%m%d}", rules.day_text(rows))


def packed(name: str, text: str) -> tuple[str, bytes]:
    """Zip a day's text; the same text makes the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{name}.txt")
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, text.encode())
    return f"{name}.zip", out.getvalue()


def rows_said(text: str) -> tuple[SenderRow, ...]:
    """Read a sender's day from the text of its file."""
    return rules.read_day_text(text)


# ── inside ──


async def _seen(conn: Conn, scope: Scope, number: str) -> Reconciliation:
    found = await store.find(conn, scope, number)
    if found is None:
        raise ReconciliationUnknown
    return found


async def _reconciled(conn: Conn, scope: Scope, number: str) -> Reconciled:
    found = await _seen(conn, scope, number)
    shown = [
        each
        for kind in DifferenceKind
        if found.counts[kind]
        for each in await differences.page(conn, found.id, kind, None, 0, SHOWN_MAX)
    ]
    return Reconciled(found, shown)


async def _difference(conn: Conn, reconciliation_id: int, row: int) -> KeptDifference:
    found = await differences.page(conn, reconciliation_id, None, None, row - 1, 1)
    if not found or found[0].difference.row != row:
        raise DifferenceUnknown(row=row)
    return found[0]


async def _undo(work: Work, it: KeptDifference) -> str | None:
    """Undo what only the hub has: by the sender's own message if it has one, else by its number."""
    if it.difference.message is not None:
        undone = await reversals.reverse(work, it.difference.message)
        if undone.why is not None:
            raise undone.why
        return undone.undone_by
    number, reason = it.difference.settlement, "日对账冲正"
    if it.hub_kind is SettlementKind.CANCELLATION:
        return (await settlements.restore(work, number, reason)).number
    asked = CancelAsked(adjustment=False, reason=reason)
    return (await settlements.cancel(work, number, asked)).number
