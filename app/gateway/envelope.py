"""The envelope (报文信封): its header is read and checked here, its answer is written here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.gateway.codes import errors_of
from app.gateway.errors import (
    ClockSkew,
    FieldsRefused,
    NationalIdFormat,
    ReversalNotAllowed,
    SenderMismatch,
    TransactionMismatch,
    TransactionNotAllowed,
    TransactionUnsupported,
)
from app.gateway.inputs import FieldFault, Json, Row, UnreadableError, missing, read_value
from app.gateway.mapping import Transaction, transactions
from app.gateway.mapping import envelope as header
from app.gateway.outputs import instant
from app.kernel.calendar import CHINA
from app.kernel.refusal import Refusal, refuse_all
from app.runtime.auth import Caller
from app.runtime.door import MessageIdPrefix

SENDER_LENGTH = 12
HUB_REGION = "000000"
NATIONAL_ID = re.compile(r"[A-Z0-9]{12}[0-9]{18}")
SERIAL_DIGITS = 10
WORKER_FIELD = "psn_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message whose header has been read and found in order."""

    transaction: Transaction
    message: str
    treatment_region: str
    insured_region: str | None
    operator: str
    sent_at: datetime
    session: str | None
    input: Json

    @property
    def fingerprint(self) -> bytes:
        """Digest what makes two messages the same: number and input.

        Not the time, the operator or the session: a retry after a new sign-in is the same message.
        """
        text = _canonical([self.transaction.number, self.input])
        return hashlib.sha256(b"gateway\0" + text.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the hub calls a message it received, and when that was."""

    message: str
    received_at: datetime

    @property
    def number(self) -> str:
        """Return the receiver's message id: division 6, time 14, serial 10.

        The serial is drawn from sender's id and instant, so that no counter is shared.
        """
        stamp = self.received_at.astimezone(CHINA)
        # An id with half a character in it is refused, and the refusal has a number as well.
        seed = f"{self.message}\0{self.received_at.isoformat()}".encode(errors="replace")
        serial = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") % 10**SERIAL_DIGITS
        return f"{HUB_REGION}{stamp:%Y%m%d%H%M%S}{serial:0{SERIAL_DIGITS}d}"


def read_json(raw: bytes) -> Mapping[str, Json] | None:
    """Read a message; None when it is not one JSON object."""
    try:
        found = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def open_envelope(sent: Mapping[str, Json], caller: Caller, path_number: str | None) -> Envelope:
    """Read the header, or refuse with everything that is wrong with it."""
    row, faults = _header(sent)
    number, message = row.text_or("infno"), row.text_or("msgid")
    refusals: list[Refusal] = []
    if faults:
        refusals.append(FieldsRefused(fields=[fault.told() for fault in faults]))
    transaction = transactions().get(number or "")
    if number is not None and transaction is None:
        refusals.append(TransactionUnsupported(supported=list(transactions())))
    if path_number is not None and number is not None and path_number != number:
        refusals.append(TransactionMismatch())
    if message is not None:
        refusals += _message_faults(message, caller)
    sender = row.text_or("fixmedins_code")
    if sender is not None and sender not in (caller.party, sender_code(caller.party)):
        refusals.append(SenderMismatch())
    if transaction is not None and caller.kind not in transaction.callers:
        allowed = [kind.value for kind in transaction.callers]
        refusals.append(
            TransactionNotAllowed(
                transaction=transaction.number, allowed=allowed, caller=caller.kind.value
            )
        )
    refuse_all(refusals)
    assert transaction is not None, "an unknown number has been refused"
    return Envelope(
        transaction=transaction,
        message=row.text("msgid"),
        treatment_region=row.text("mdtrtarea_admvs"),
        insured_region=row.text_or("insuplc_admdvs"),
        operator=row.text("opter"),
        sent_at=row.instant("inf_time"),
        session=row.text_or("sign_no"),
        input=sent.get("input"),
    )


def sender_code(party: str) -> str:
    """Return the twelve characters a sender's message ids begin with."""
    return party.ljust(SENDER_LENGTH, "0")


def skew_fault(sent_at: datetime, now: datetime, minutes_max: int) -> ClockSkew | None:
    """Say when the sender's clock is too far from the hub's; 0 minutes: it does not matter."""
    if not minutes_max or abs(sent_at - now) <= timedelta(minutes=minutes_max):
        return None
    return ClockSkew(minutes_max=minutes_max, now=instant(now))


def place_fault(it: Envelope) -> FieldFault | None:
    """Say when a worker is named without the place of insurance (the strict profile asks)."""
    if it.insured_region is not None or f'"{WORKER_FIELD}"' not in _canonical(it.input):
        return None
    return missing("", "insuplc_admdvs", "参保地区划")


def answer(reference: Reference, output: Mapping[str, object], now: datetime) -> dict[str, object]:
    """Write the answer of a transaction that succeeded."""
    return _answer(reference, now, 0, "", output)


def refusal_answer(reference: Reference, refusal: Refusal, now: datetime) -> dict[str, object]:
    """Write the answer of one that was refused, with the whole list."""
    errors = errors_of(refusal)
    output: dict[str, object] = {"errors": [error.told() for error in errors]}
    if isinstance(refusal, TransactionUnsupported):
        output["supported"] = refusal.facts["supported"]
    if isinstance(refusal, ReversalNotAllowed):
        output["result"] = refusal.facts
    return _answer(reference, now, -1, errors[0].brief, output)


def _answer(
    reference: Reference, now: datetime, code: int, said: str, output: Mapping[str, object]
) -> dict[str, object]:
    return {
        "infcode": code,
        "inf_refmsgid": reference.number,
        "refmsg_time": _millis(reference.received_at),
        "respond_time": _millis(now),
        "enctype": "",
        "signtype": "",
        "cainfo": "",
        "err_msg": said,
        "output": output,
    }


def _header(sent: Mapping[str, Json]) -> tuple[Row, list[FieldFault]]:
    values, faults = {}, []
    for it in header().fields:
        try:
            value = read_value(it, sent.get(it.name))
        except UnreadableError as fault:
            zh, en = fault.said
            faults.append(
                FieldFault(code=fault.code, node="", field=it.name, index=None, zh=zh, en=en)
            )
            continue
        if value is not None:
            values[it.name] = value
        elif it.required:
            faults.append(missing("", it.name, it.zh))
    if sent.get("input") is None:
        faults.append(missing("", "input", "交易输入"))
    return Row(values), faults


def _message_faults(message: str, caller: Caller) -> list[Refusal]:
    if not NATIONAL_ID.fullmatch(message):
        return [NationalIdFormat()]
    if not message.startswith(sender_code(caller.party)):
        return [MessageIdPrefix(message=message)]
    return []


def _millis(moment: datetime) -> str:
    there = moment.astimezone(CHINA)
    return f"{there:%Y%m%d%H%M%S}{there.microsecond // 1000:03d}"


def _canonical(value: Json) -> str:
    """Write a message so that the same one is the same text, whatever its spacing and order."""
    try:
        return json.dumps(value, ensure_ascii=True, sort_keys=True, default=_exact)
    except RecursionError:
        fault = FieldFault(
            code="FIELD_FORMAT",
            node="input",
            field="",
            index=None,
            zh="嵌套过深",
            en="Nested too deeply",
        )
        raise FieldsRefused(fields=[fault.told()]) from None


def _exact(value: object) -> str:
    assert isinstance(value, Decimal), "everything else is JSON already"
    return str(value)


def _no_constant(name: str) -> Json:
    raise ValueError(name)
