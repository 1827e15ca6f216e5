"""The window that speaks REST."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from app.conformance.desk import Charge, Desk, Person, Said, Stay
from app.conformance.wire import Reply

ITEM = "D010001"
ITEM_NAME = "注射用头孢唑林钠"


def said(reply: Reply) -> Said:
    """Read an answer of REST."""
    told = reply.json
    done = 200 <= reply.status < 300  # noqa: PLR2004 -- HTTP's own
    names = [told.get("code"), *(each.get("code") for each in told.get("also", []) if not done)]
    facts = {name: str(value) for name, value in told.items() if isinstance(value, str | int)}
    return Said(
        done=done,
        status=reply.status,
        codes=() if done else tuple(str(name) for name in names if name),
        facts=facts,
        replayed=reply.is_replay,
        text=reply.body.decode("utf-8", "replace"),
    )


def admission(person: Person, at: datetime) -> dict[str, Any]:
    """Write an admission."""
    return {
        "kind": "inpatient",
        "cost_kind": "medical",
        "worker": {
            "certificate_number": person.certificate,
            "name": person.name,
            "card_kind": "physical",
            "card": person.card,
        },
        "admitted_at": at.isoformat(),
        "admission_no": f"ZY{person.worker[-7:]}",
        "department": "骨科",
        "physician": "示例医师",
        "diagnoses": [{"code": "S82.201", "name": "胫骨干骨折", "main": True}],
    }


def line(charge: Charge, at: datetime) -> dict[str, Any]:
    """Write a fee line."""
    written: dict[str, Any] = {
        "serial": charge.serial,
        "category": "drug",
        "item_code": ITEM,
        "item_name": ITEM_NAME,
        "quantity": str(charge.quantity),
        "unit_price": str(charge.unit_price),
        "amount": str(charge.amount),
        "occurred_at": at.isoformat(),
        "injury_related": charge.for_injury,
    }
    return written | ({"refund_of": charge.refund_of} if charge.refund_of else {})


class RestDesk(Desk):
    """Speaks REST."""

    face: ClassVar = "rest"

    async def admit(self, person: Person, at: datetime, key: str) -> Said:
        """Admit a worker."""
        told = said(await self.line.send("POST", "/v1/visits", admission(person, at), key=key))
        return _as_visit(told)

    async def upload(self, stay: Stay, charges: Sequence[Charge], key: str) -> Said:
        """Upload fee lines."""
        body = {"lines": [line(charge, stay.at) for charge in charges]}
        return said(await self.line.send("POST", f"{_at(stay)}/lines", body, key=key))

    async def remove_lines(self, stay: Stay, key: str) -> Said:
        """Remove all fee lines."""
        return said(await self.line.send("DELETE", f"{_at(stay)}/lines", key=key))

    async def discharge(self, stay: Stay, at: datetime, key: str) -> Said:
        """Discharge."""
        body = {"discharged_at": at.isoformat(), "way": "advised"}
        return _as_visit(
            said(await self.line.send("POST", f"{_at(stay)}/discharge", body, key=key))
        )

    async def undo_discharge(self, stay: Stay, key: str) -> Said:
        """Undo the discharge."""
        return _as_visit(said(await self.line.send("POST", f"{_at(stay)}/discharge/undo", key=key)))

    async def cancel_visit(self, stay: Stay, key: str) -> Said:
        """Cancel the admission."""
        return _as_visit(said(await self.line.send("POST", f"{_at(stay)}/cancel", key=key)))

    async def preview(self, stay: Stay, total: Decimal, key: str) -> Said:  # noqa: ARG002 -- neither is asked here
        """Preview."""
        return said(await self.line.send("POST", f"{_at(stay)}/preview"))

    async def settle(self, stay: Stay, total: Decimal, key: str) -> Said:
        """Settle."""
        body = {"total": str(total)}
        return _as_bill(said(await self.line.send("POST", f"{_at(stay)}/settle", body, key=key)))

    async def cancel(self, stay: Stay, settlement: str, key: str) -> Said:  # noqa: ARG002 -- the number says it all
        """Cancel a settlement."""
        path = f"/v1/settlements/{settlement}/cancel"
        body = {"reason": "符合性测试"}
        return _as_bill(said(await self.line.send("POST", path, body, key=key)))

    async def reverse(self, message: str, kind: str, key: str) -> Said:  # noqa: ARG002 -- the id says it all
        """Reverse a message."""
        return said(await self.line.send("POST", "/v1/reversals", {"message": message}, key=key))


def _at(stay: Stay) -> str:
    return f"/v1/visits/{stay.visit}"


def _as_visit(told: Said) -> Said:
    return _named(told, "visit")


def _as_bill(told: Said) -> Said:
    return _named(told, "settlement")


def _named(told: Said, name: str) -> Said:
    facts = {**told.facts, name: told.facts.get("number", "")}
    return Said(
        done=told.done,
        status=told.status,
        codes=told.codes,
        facts=facts,
        replayed=told.replayed,
        text=told.text,
    )
