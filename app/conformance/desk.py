"""What a cashier's window says to the hub, whatever the face: REST or the gateway."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from app.conformance.evidence import DeviationError
from app.conformance.wire import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A worker who does not exist, registered with the hub."""

    worker: str
    certificate: str
    name: str
    card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee line as a case thinks of it."""

    serial: str
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(2)
    amount: Decimal = Decimal(2)
    refund_of: str | None = None
    for_injury: bool = True

    def but(self, **other: object) -> Charge:
        """Return the charge with something else about it."""
        return replace(self, **other)  # type: ignore[arg-type]  # checked by the dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A visit at the desk."""

    visit: str
    person: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the hub said, the same for both faces.

    `facts` use REST's names: visit, state, accepted, replayed, line_count, total, settlement,
    fund, own.
    """

    done: bool
    status: int
    codes: tuple[str, ...] = ()  # as the face writes them, the first is the answer's own
    facts: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False
    text: str = ""

    def must(self) -> Said:
        """Insist that it was done."""
        if not self.done:
            raise DeviationError(f"expected success, got {self.status} {list(self.codes)}")
        return self

    def must_refuse(self, *codes: str) -> Said:
        """Insist on a refusal for one of these reasons, named as REST names them."""
        if self.done:
            raise DeviationError(f"expected a refusal ({' or '.join(codes)}), but it was done")
        wanted = {spelling for code in codes for spelling in spellings(code)}
        if codes and not wanted & set(self.codes):
            raise DeviationError(f"expected {' or '.join(codes)}, got {list(self.codes)}")
        return self


# The gateway's words for what REST calls otherwise; a code not listed is the same in capitals.
OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "message-id-prefix": ("MSGID_PREFIX_MISMATCH",),
    "message-id-reused": ("MSGID_REUSED",),
    "message-id-format": ("MSGID_FORMAT",),
    "message-fenced": ("MSGID_FENCED",),
    "message-reversed": ("MSGID_REVERSED",),
    "malformed": ("FIELD_FORMAT",),
    "no-such-move": ("VISIT_STATE",),
    "lines-closed": ("VISIT_STATE",),
    "lines-remain": ("VISIT_HAS_LINES",),
    "lines-refused": ("LINE_AMOUNT", "LINE_DUPLICATE", "LINE_REFUND_ORIGINAL"),
    "visit-open": ("VISIT_ALREADY_OPEN",),
    "settlement-not-cancellable": ("SETTLEMENT_CANCELLED",),
    "worker-unknown": ("PERSON_NOT_FOUND",),
}


def spellings(code: str) -> tuple[str, ...]:
    """Return how REST and how the gateway write a code."""
    return code, *OTHERWISE.get(code, (code.upper().replace("-", "_"),))


class Desk(ABC):
    """One window of an institution."""

    face: ClassVar[str]

    def __init__(self, line: Line) -> None:
        self.line = line

    def come_to(self, now: datetime) -> None:  # noqa: B027 -- REST's messages bear no time
        """Go by another time from here on."""

    @abstractmethod
    async def admit(self, person: Person, at: datetime, key: str) -> Said:
        """Admit a worker 入院登记."""

    @abstractmethod
    async def upload(self, stay: Stay, charges: Sequence[Charge], key: str) -> Said:
        """Upload fee lines 明细上传."""

    @abstractmethod
    async def remove_lines(self, stay: Stay, key: str) -> Said:
        """Remove all fee lines 明细撤销."""

    @abstractmethod
    async def discharge(self, stay: Stay, at: datetime, key: str) -> Said:
        """Discharge 出院."""

    @abstractmethod
    async def undo_discharge(self, stay: Stay, key: str) -> Said:
        """Undo the discharge 撤销出院."""

    @abstractmethod
    async def cancel_visit(self, stay: Stay, key: str) -> Said:
        """Cancel the admission 撤销入院."""

    @abstractmethod
    async def preview(self, stay: Stay, total: Decimal, key: str) -> Said:
        """Preview 预结算."""

    @abstractmethod
    async def settle(self, stay: Stay, total: Decimal, key: str) -> Said:
        """Settle 结算."""

    @abstractmethod
    async def cancel(self, stay: Stay, settlement: str, key: str) -> Said:
        """Cancel a settlement 撤销结算."""

    @abstractmethod
    async def reverse(self, message: str, kind: str, key: str) -> Said:
        """Reverse a message 冲正; `kind` is the act it asked for."""
