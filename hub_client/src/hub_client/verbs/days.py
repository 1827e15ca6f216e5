"""The day's end (日对账): nothing in doubt, totals, rows where they differ, and every repair."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from hub_client.acts import act, everything, show
from hub_client.answers import Difference, Reconciliation, Settlement, Standing
from hub_client.delivery import recover
from hub_client.desk import Desk
from hub_client.journal import Entry, State
from hub_client.orders import Comparing, DayRow, Repair, Repairing
from hub_client.problems import OutcomeUnknownError
from hub_client.shapes import read_as
from hub_client.talk import segment
from hub_client.wire import Plan, keep

Decide: TypeAlias = Callable[[Difference], Repair | None]
PATH = "/v1/reconciliations"
NOUGHT = Decimal(0)


def adopt_the_hubs(difference: Difference) -> Repair | None:
    """Decide as most hospitals do: the hub's books count, and ours follow."""
    return Repair(act="adopt") if difference.state != "repaired" else None


def reconcile_day(
    desk: Desk, day: date, rows: Sequence[DayRow], decide: Decide | None = None
) -> Plan[Reconciliation]:
    """Compare a day of the institution's own books with the hub's (日对账).

    What is in doubt is settled first. Totals are sent, and the rows when they differ; `decide` says
    what to do about each difference, and what it leaves (None) stays open. Cancelled settlements
    and their negative twins are rows of their own.
    """
    yield from recover(desk)
    waiting = yield from keep(desk.journal.unsettled)
    if waiting:
        raise OutcomeUnknownError(waiting[0].id)
    compared = yield from _compare(desk, day, rows, with_rows=False)
    if compared.is_clean:
        return compared
    compared = yield from _compare(desk, day, rows, with_rows=True)
    if decide is None or compared.is_clean:
        return compared
    at = f"{PATH}/{segment(compared.number)}"
    for difference in (yield from everything(desk, Difference, f"{at}/differences")):
        decided = None if difference.state == "repaired" else decide(difference)
        if decided is not None:
            order = Repairing(
                row=difference.row, act=decided.act, message=decided.message, note=decided.note
            )
            yield from act(desk, Difference, "repair", f"{at}/repairs", order)
    return (yield from show(desk, Reconciliation, at))


def _compare(
    desk: Desk, day: date, rows: Sequence[DayRow], *, with_rows: bool
) -> Plan[Reconciliation]:
    order = Comparing(
        day=day,
        count=len(rows),
        total=sum((row.total for row in rows), NOUGHT),
        fund=sum((row.fund for row in rows), NOUGHT),
        rows=tuple(rows) if with_rows else None,
    )
    return (yield from act(desk, Reconciliation, "reconcile", PATH, order))


def differences(desk: Desk, reconciliation: str) -> Plan[list[Difference]]:
    """List what differs in a reconciliation, as it stands."""
    path = f"{PATH}/{segment(reconciliation)}/differences"
    return (yield from everything(desk, Difference, path))


def am_i_clean(desk: Desk, since: date | None = None) -> Plan[Standing]:
    """Ask what is open: reconciliations with differences, days not compared (对账待办)."""
    asked = {"since": None if since is None else since.isoformat()}
    return (yield from show(desk, Standing, f"{PATH}/open", asked))


def journal_rows(desk: Desk, day: date) -> Plan[list[DayRow]]:
    """Return the settlements and cancellations of a business day that this journal knows of.

    For a desk whose journal is its only book; what other windows settled, or a reversal booked,
    stands in their journals or in the hub alone.
    """
    entries = yield from keep(lambda: desk.journal.meant_on(day.isoformat()))
    settled = [_settlement(entry) for entry in entries if _books(entry)]
    return [DayRow(it.number, it.total, it.fund) for it in settled if it.business_day == day]


def _books(entry: Entry) -> bool:
    verbs = ("settle", "cancel_settlement")
    return entry.intent.verb in verbs and entry.state in (State.APPLIED, State.REVERSED)


def _settlement(entry: Entry) -> Settlement:
    return read_as(Settlement, json.loads(entry.answer or b"null"))
