"""The agencies' and channels' verbs: filings (备案), singly and in batches of any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from hub_client.acts import act, act_with, chunks, everything, show
from hub_client.answers import AcceptedRow, BatchResult, Filing, RefusedRow
from hub_client.desk import Desk
from hub_client.orders import BatchRow, NewFiling
from hub_client.talk import segment
from hub_client.wire import Json, Plan

ROWS_PER_CALL = 1_000


def submit_filing(desk: Desk, filing: NewFiling) -> Plan[Filing]:
    """Submit a filing (提交备案); an agency's own is approved at once."""
    return (yield from act(desk, Filing, "submit_filing", "/v1/filings", filing))


def filing(desk: Desk, number: str) -> Plan[Filing]:
    """Look a filing up."""
    return (yield from show(desk, Filing, f"/v1/filings/{segment(number)}"))


def filings(
    desk: Desk, *, worker: str | None = None, state: str | None = None, on: date | None = None
) -> Plan[list[Filing]]:
    """List filings within the caller's scope, all pages."""
    asked = {"worker": worker, "state": state, "on": None if on is None else on.isoformat()}
    return (yield from everything(desk, Filing, "/v1/filings", asked))


def approve_filing(desk: Desk, number: str, first_day: date | None = None) -> Plan[Filing]:
    """Approve a filing (审核通过)."""
    order: dict[str, Json] = {} if first_day is None else {"first_day": first_day.isoformat()}
    return (yield from act_with(desk, Filing, "approve_filing", _to(number, "approve"), order))


def reject_filing(desk: Desk, number: str, reason: str) -> Plan[Filing]:
    """Reject a filing with a reason (不予通过)."""
    order: dict[str, Json] = {"reason": reason}
    return (yield from act_with(desk, Filing, "reject_filing", _to(number, "reject"), order))


def cancel_filing(desk: Desk, number: str, reason: str, *, override: bool = False) -> Plan[Filing]:
    """Cancel a filing (取消备案); `override` passes the lock-in, on record."""
    order: dict[str, Json] = {"reason": reason, "override": override}
    return (yield from act_with(desk, Filing, "cancel_filing", _to(number, "cancel"), order))


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: tuple[BatchRow, ...]


def file_batch(desk: Desk, rows: Sequence[BatchRow]) -> Plan[BatchResult]:
    """Take offline filings in (批量备案), a thousand a call; rows are numbered over all calls."""
    if not rows:
        raise ValueError("no rows to file")
    accepted: list[AcceptedRow] = []
    refused: list[RefusedRow] = []
    for call, chunk in enumerate(chunks(rows, ROWS_PER_CALL)):
        done = yield from act(
            desk, BatchResult, "file_batch", "/v1/filings/batch", _Batch(tuple(chunk))
        )
        before = call * ROWS_PER_CALL
        accepted += [replace(row, row=row.row + before) for row in done.accepted]
        refused += [replace(row, row=row.row + before) for row in done.refused]
    return BatchResult(accepted=tuple(accepted), refused=tuple(refused))


def _to(number: str, step: str) -> str:
    return f"/v1/filings/{segment(number)}/{step}"
