"""The desk's verbs up to discharge: identify, admit, upload lines, discharge, and their undoing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from hub_client.acts import act, chunks, everything, look, remove, show
from hub_client.answers import Identification, Institution, LinesRemoved, LinesTaken, Visit
from hub_client.desk import Desk
from hub_client.orders import Admission, Discharge, FeeLine, Identity
from hub_client.problems import LinesMissingError, TotalsDifferError
from hub_client.talk import segment
from hub_client.wire import Plan

LINES_PER_CALL = 100


def identify(desk: Desk, worker: Identity) -> Plan[Identification]:
    """Who is at the desk, and which determinations and filings are usable here today (身份识别)."""
    return (yield from look(desk, Identification, "/v1/workers/identify", worker))


def institutions(  # noqa: PLR0913 -- one argument per filter
    desk: Desk,
    *,
    place: str | None = None,
    kind: str | None = None,
    scheme: str | None = None,
    cost_kind: str | None = None,
    words: str | None = None,
    on: date | None = None,
) -> Plan[list[Institution]]:
    """Search the agreement institutions (查询协议机构), all pages."""
    asked = {
        "place": place,
        "type": kind,
        "scheme": scheme,
        "cost_kind": cost_kind,
        "q": words,
        "on": None if on is None else on.isoformat(),
    }
    return (yield from everything(desk, Institution, "/v1/institutions", asked))


def admit(desk: Desk, admission: Admission) -> Plan[Visit]:
    """Admit a worker (入院登记); every failed check comes in the exception's `also`."""
    return (yield from act(desk, Visit, "admit", "/v1/visits", admission))


def fit(desk: Desk, fitting: Admission) -> Plan[Visit]:
    """Begin the fitting of a device (辅助器具配置); it has no discharge."""
    order = replace(fitting, kind="fitting", cost_kind="device")
    return (yield from act(desk, Visit, "fit", "/v1/visits", order))


def cancel_visit(desk: Desk, visit: str) -> Plan[Visit]:
    """Cancel an admission that has no lines (撤销入院登记)."""
    return (yield from act(desk, Visit, "cancel_visit", f"{_at(visit)}/cancel"))


def visit(desk: Desk, number: str) -> Plan[Visit]:
    """Look a visit up; the hub keeps a trace, as the answer names the worker."""
    return (yield from show(desk, Visit, _at(number)))


def discharge(desk: Desk, visit: str, discharged_at: datetime, way: str = "advised") -> Plan[Visit]:
    """Discharge (出院登记)."""
    order = Discharge(discharged_at=discharged_at, way=way)
    return (yield from act(desk, Visit, "discharge", f"{_at(visit)}/discharge", order))


def undo_discharge(desk: Desk, visit: str) -> Plan[Visit]:
    """Undo the discharge (撤销出院登记)."""
    return (yield from act(desk, Visit, "undo_discharge", f"{_at(visit)}/discharge/undo"))


@dataclass(frozen=True, slots=True)
class LinesCall:
    """One call of at most a hundred lines."""

    lines: tuple[FeeLine, ...]


def upload_lines(desk: Desk, visit: str, lines: Sequence[FeeLine]) -> Plan[LinesTaken]:
    """Upload fee lines (费用明细上传), a hundred a call, checking the hub's totals after each.

    Safe to repeat as a whole: lines that are there are told as replayed. An empty batch is the
    caller's mistake and never sent.
    """
    if not lines:
        raise ValueError("no lines to upload")
    before = yield from show(desk, Visit, _at(visit))
    count, total, accepted, replayed = before.line_count, before.total, 0, 0
    for chunk in chunks(lines, LINES_PER_CALL):
        taken = yield from act(
            desk, LinesTaken, "upload_lines", f"{_at(visit)}/lines", LinesCall(tuple(chunk))
        )
        count += taken.accepted
        total = yield from _total_after(desk, visit, chunk, taken, total)
        ours, hub = (count, total), (taken.line_count, taken.total)
        if ours != hub:
            raise TotalsDifferError(visit, ours=ours, hub=hub)
        accepted, replayed = accepted + taken.accepted, replayed + taken.replayed
    return replace(taken, accepted=accepted, replayed=replayed)


@dataclass(frozen=True, slots=True)
class _Kept:
    serial: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _KeptLines:
    items: tuple[_Kept, ...]


def _total_after(
    desk: Desk, visit: str, chunk: list[FeeLine], taken: LinesTaken, before: Decimal
) -> Plan[Decimal]:
    """Return what the total must be after a call; which lines were new is asked if need be."""
    whole = taken.accepted + taken.replayed == len(chunk)
    if whole and not taken.replayed:
        return before + sum((line.amount for line in chunk), Decimal(0))
    if whole and not taken.accepted:
        return before
    kept = yield from show(desk, _KeptLines, f"{_at(visit)}/lines")
    there = {line.serial: line.amount for line in kept.items}
    missing = [line.serial for line in chunk if there.get(line.serial) != line.amount]
    if missing:
        raise LinesMissingError(visit, tuple(missing))
    return sum(there.values(), Decimal(0))


def remove_lines(desk: Desk, visit: str) -> Plan[LinesRemoved]:
    """Remove all fee lines of a visit that is not settled (删除全部费用明细)."""
    return (yield from remove(desk, LinesRemoved, "remove_lines", f"{_at(visit)}/lines"))


def remove_line(desk: Desk, visit: str, serial: str) -> Plan[LinesRemoved]:
    """Remove one fee line (删除单条费用明细)."""
    path = f"{_at(visit)}/lines/{segment(serial)}"
    return (yield from remove(desk, LinesRemoved, "remove_line", path))


def _at(visit: str) -> str:
    return f"/v1/visits/{segment(visit)}"
