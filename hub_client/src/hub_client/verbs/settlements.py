"""The desk's verbs about money: preview, settle, cancel, and looking settlements up."""

from __future__ import annotations

from decimal import Decimal

from hub_client.acts import act, everything, look, show
from hub_client.answers import Preview, Settlement, Visit
from hub_client.desk import Desk
from hub_client.orders import Cancelling, Settling
from hub_client.problems import TotalsDifferError
from hub_client.talk import segment
from hub_client.wire import Plan


def preview(desk: Desk, visit: str) -> Plan[Preview]:
    """Compute the settlement without booking it (预结算): what the patient is shown."""
    return (yield from look(desk, Preview, f"/v1/visits/{segment(visit)}/preview"))


def settle(
    desk: Desk, visit: str, *, total: Decimal, line_count: int, invoice_no: str | None = None
) -> Plan[Settlement]:
    """Settle a visit (结算) whose lines are all with the hub.

    The institution's own figures are held against the hub's first; when they differ nothing is
    sent, and the lines can be uploaded again.
    """
    found = yield from show(desk, Visit, f"/v1/visits/{segment(visit)}")
    ours, hub = (line_count, total), (found.line_count, found.total)
    if ours != hub:
        raise TotalsDifferError(visit, ours=ours, hub=hub)
    order = Settling(total=total, line_count=line_count, invoice_no=invoice_no)
    return (
        yield from act(desk, Settlement, "settle", f"/v1/visits/{segment(visit)}/settle", order)
    )


def cancel_settlement(
    desk: Desk, number: str, *, reason: str | None = None, adjustment: bool = False
) -> Plan[Settlement]:
    """Cancel a settlement (结算撤销): books its negative twin and reopens the visit."""
    order = Cancelling(adjustment=adjustment, reason=reason)
    path = f"/v1/settlements/{segment(number)}/cancel"
    return (yield from act(desk, Settlement, "cancel_settlement", path, order))


def settlement(desk: Desk, number: str) -> Plan[Settlement]:
    """Look a settlement up, every line with its reason."""
    return (yield from show(desk, Settlement, f"/v1/settlements/{segment(number)}"))


def settlements(
    desk: Desk, *, month: str | None = None, visit: str | None = None, kind: str | None = None
) -> Plan[list[Settlement]]:
    """List settlements and cancellations within the caller's scope, all pages."""
    asked = {"month": month, "visit": visit, "kind": kind}
    return (yield from everything(desk, Settlement, "/v1/settlements", asked))
