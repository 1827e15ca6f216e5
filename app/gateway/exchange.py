"""One message in, one answer out: through the same door, with the same message log as REST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.gateway import sessions
from app.gateway.deeds import FETCHES, READS, WRITES, Call, bills
from app.gateway.envelope import (
    Envelope,
    Reference,
    answer,
    open_envelope,
    place_fault,
    refusal_answer,
    skew_fault,
)
from app.gateway.inputs import Json, read_input, refuse_faults
from app.gateway.outputs import Told, show, write_json
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.runtime import messages, prose
from app.runtime.auth import Caller, Unauthenticated
from app.runtime.door import Door, Hub, reading
from app.runtime.lane import Lane
from app.runtime.messages import KeptState
from app.runtime.problems import Answer
from app.runtime.settings import Settings
from app.runtime.work import Work
from app.settlement import service as settlements
from app.settlement.model import SettlementWithLines
from app.visit.model import Course

SIGN_IN = "9001"
FILE_TYPE = "application/octet-stream"


class Written(BaseModel):
    """An answer as the door keeps it: the very text that is sent, numbers exact."""

    text: str

    def model_dump_json(self, **_: Any) -> str:  # noqa: ANN401 -- pydantic's own signature
        """Return the text as it is."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One caller's one message."""

    hub: Hub
    settings: Settings
    caller: Caller
    request: str
    reference: Reference
    lane: Lane[settlements.Asked, Answer] | None

    async def answer(self, sent: Mapping[str, Json], path_number: str | None) -> Answer:
        """Carry a message out; a refusal is an answer like any other, with HTTP 200."""
        try:
            return await self._carry_out(open_envelope(sent, self.caller, path_number))
        except Unauthenticated:  # revoked since the token was given: no outcome of the message
            raise
        except Refusal as refusal:
            body = refusal_answer(self.reference, refusal, self.hub.clock())
            return Answer(status=200, body=write_json(body).encode())

    async def _carry_out(self, it: Envelope) -> Answer:
        prose.check(it.input)
        call = Call(it, read_input(it.transaction, it.input), self.reference.number)
        try:
            await self._check_moment(it)
        except Refusal:
            if not await self._is_settled(it):
                raise
        if it.transaction.writes:
            return await self._write(call)
        async with reading(self.hub, self.caller, self.request) as lent:
            if it.transaction.act in FETCHES:
                content = await FETCHES[it.transaction.act](lent, call)
                return Answer(status=200, body=content, media_type=FILE_TYPE)
            told = await READS[it.transaction.act](lent, call)
        return Answer(status=200, body=self._written(call, told).text.encode())

    async def _write(self, call: Call) -> Answer:
        action = f"gateway {call.envelope.transaction.number}"
        carried = await self._settled(call, action)
        if carried is not None:
            return carried
        door = Door(
            hub=self.hub,
            caller=self.caller,
            key=call.envelope.message,
            fingerprint=call.envelope.fingerprint,
            action=action,
            request=self.request,
        )
        deed = WRITES[call.envelope.transaction.act]

        async def act(work: Work) -> Told:
            return await deed(work, call)

        return await door.write(act, show=lambda told: self._written(call, told), status=200)

    async def _settled(self, call: Call, action: str) -> Answer | None:
        """Settle what is plain in the lane; None leaves it to the door, like everything else."""
        if self.lane is None or call.envelope.transaction.act != bills.SETTLE:
            return None
        by_whom, row = self.caller, call.row()
        if by_whom.kind is not PartyKind.INSTITUTION or by_whom.terms.signature is not None:
            return None

        def show(made: SettlementWithLines, visit: Course) -> bytes:
            told = bills.settled(made, visit, call, self.hub.law.provisions)
            return self._written(call, told).text.encode()

        return await self.lane.take(
            settlements.Asked(
                action=action,
                status=200,
                caller=by_whom,
                key=call.envelope.message,
                fingerprint=call.envelope.fingerprint,
                request=self.request,
                visit=row.text("mdtrt_id"),
                worker=row.text("psn_no"),
                settle=bills.settle_asked(call),
                show=show,
            )
        )

    def _written(self, call: Call, told: Told) -> Written:
        output = show(call.envelope.transaction, told)
        if self.settings.gateway_strict and call.input.unknown:
            output["warnings"] = [f"unknown field 未知字段: {name}" for name in call.input.unknown]
        body = answer(self.reference, output, self.hub.clock())
        as_text = self.caller.party in self.settings.gateway_text_amounts
        return Written(text=write_json(body, as_text=as_text))

    async def _check_moment(self, it: Envelope) -> None:
        """Refuse what is wrong with this sending, and not with the message."""
        fault = skew_fault(it.sent_at, self.hub.clock(), self.settings.gateway_skew_minutes)
        if fault is not None:
            raise fault
        if not self.settings.gateway_strict:
            return
        place = place_fault(it)
        refuse_faults([] if place is None else [place])
        if it.transaction.number != SIGN_IN:
            async with reading(self.hub, self.caller, self.request) as lent:
                await sessions.require(lent, it.session)

    async def _is_settled(self, it: Envelope) -> bool:
        """Say whether the message's fate is known, however old it is now.

        Then the door tells it: that needs neither a session nor a clock that is right.
        """
        if not it.transaction.writes:
            return False
        async with reading(self.hub, self.caller, self.request) as lent:
            kept = await messages.find(lent.rx, self.caller.party, it.message)
        return kept is not None and kept.state is not KeptState.REFUSED
