"""The core of writing: meant before it is sent, known after, asked for when it is not.

A message ends applied, refused, fenced or reversed; or it stays open in the journal until
`recover` has asked the hub. There is no fourth way, and never a second id for the same act.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass

from hub_client.desk import Desk, Unseen
from hub_client.journal import Entry, Intent, State
from hub_client.problems import (
    AnswerUnreadableError,
    FencedError,
    HubError,
    HubRefusedError,
    OutcomeUnknownError,
    Problem,
    ReversedError,
    UnreachableError,
    refused,
)
from hub_client.talk import persist, read, record, said, segment
from hub_client.wire import Json, Lost, Plan, Reply, Request, keep

REVERSE = "reverse"
# Refusals that tell what became of the id, not of the business.
OF_THE_ID = {"message-fenced": State.FENCED, "message-reversed": State.REVERSED}
HUB_FAILED = 500
NEW_IDS_MAX = 5


class Outcome(enum.StrEnum):
    """What the hub says became of a message."""

    APPLIED = "applied"
    REFUSED = "refused"
    REVERSED = "reversed"
    FENCED = "fenced"
    RUNNING = "running"
    NEVER_SEEN = "never_seen"


class Reversal(enum.StrEnum):
    """What a reversal (冲正) came to."""

    REVERSED = "reversed"
    NOTHING_TO_REVERSE = "nothing_to_reverse"
    ALREADY_REVERSED = "already_reversed"
    NOT_REVERSIBLE = "not_reversible"


ENDS = {
    Outcome.APPLIED: State.APPLIED,
    Outcome.REFUSED: State.REFUSED,
    Outcome.REVERSED: State.REVERSED,
    Outcome.FENCED: State.FENCED,
}
UNDONE = {
    Reversal.REVERSED: State.REVERSED,
    Reversal.ALREADY_REVERSED: State.REVERSED,
    Reversal.NOTHING_TO_REVERSE: State.FENCED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The hub's word on a message."""

    outcome: Outcome
    status: int | None
    answer: bytes | None

    @classmethod
    def read(cls, told: Json) -> Told:
        """Read the outcome of a message."""
        found = record(told)
        status, answer = found.get("status"), found.get("answer")
        try:
            outcome = Outcome(str(found.get("outcome")))
        except ValueError as error:
            raise AnswerUnreadableError(f"outcome {found.get('outcome')!r}") from error
        return cls(
            outcome=outcome,
            status=status if isinstance(status, int) else None,
            answer=None if answer is None else json.dumps(answer, ensure_ascii=False).encode(),
        )


def deliver(desk: Desk, intent: Intent) -> Plan[Entry]:
    """Carry an act to its outcome; what comes back open could not be learnt in time.

    An id that another journal of this party has spent (a lost disk, a window used twice) was
    never ours, so nothing was done under it: the act is meant anew.
    """
    for _ in range(NEW_IDS_MAX):
        entry = yield from _deliver_once(desk, intent)
        if not _was_spent(entry):
            break
    return entry


def _deliver_once(desk: Desk, intent: Intent) -> Plan[Entry]:
    entry = yield from keep(lambda: desk.journal.mean(intent))
    desk.under_way.add(entry.id)
    try:
        entry = yield from _carry(desk, entry)
    finally:
        desk.under_way.discard(entry.id)
    yield from _note_reversal(desk, entry)
    return entry


def _was_spent(entry: Entry) -> bool:
    if entry.state is not State.REFUSED:
        return False
    told = json.loads(entry.answer or b"null")
    return isinstance(told, dict) and told.get("code") == "message-id-reused"


def _carry(desk: Desk, entry: Entry) -> Plan[Entry]:
    for unseen in (desk.when_unseen, Unseen.FENCE):
        reply = yield from persist(
            desk,
            _request(entry),
            desk.pacing.deadline,
            lambda: desk.journal.repeat(entry.id),
        )
        if isinstance(reply, Reply) and (reply.is_applied or reply.is_refused):
            return (yield from _close(desk, entry, reply))
        yield from keep(lambda: desk.journal.doubt(entry.id))
        failed = isinstance(reply, Reply) and reply.status == HUB_FAILED
        choice = Unseen.FENCE if failed else unseen
        settled = yield from _learn(desk, entry, choice)
        if settled is not None:
            return settled
        yield from keep(lambda: desk.journal.repeat(entry.id))
    raise AssertionError("a fenced message is settled or unknown")


def _request(entry: Entry) -> Request:
    headers = {"idempotency-key": entry.id}
    if entry.intent.body is not None:
        headers["content-type"] = "application/json"
    return Request(
        method=entry.intent.method,
        path=entry.intent.path,
        headers=headers,
        body=entry.intent.body,
    )


def _close(desk: Desk, entry: Entry, reply: Reply) -> Plan[Entry]:
    """Keep the hub's own answer."""
    state = _state_of(reply)
    if state is State.REFUSED and desk.journal[entry.id].repeats:
        yield from keep(lambda: desk.journal.doubt(entry.id))
        return (yield from _refuse(desk, entry, (reply.status, reply.body)))
    return (yield from keep(lambda: desk.journal.settle(entry.id, state, reply.status, reply.body)))


def _refuse(desk: Desk, entry: Entry, answer: tuple[int | None, bytes | None]) -> Plan[Entry]:
    """Keep a refusal of which copies were lost.

    A copy may still arrive, when the cause of the refusal is mended: it is shut out first.
    """
    told = yield from _fence(desk, entry.id)
    if told is None or told.outcome is Outcome.RUNNING:
        return desk.journal[entry.id]
    if told.outcome in (Outcome.APPLIED, Outcome.REVERSED):
        return (yield from _settle(desk, entry, told))
    return (yield from keep(lambda: desk.journal.settle(entry.id, State.REFUSED, *answer)))


def _state_of(reply: Reply) -> State:
    if reply.is_applied:
        return State.APPLIED
    return OF_THE_ID.get(str((reply.problem or {}).get("code")), State.REFUSED)


def _learn(desk: Desk, entry: Entry, unseen: Unseen) -> Plan[Entry | None]:
    """Ask what became of it; None when it may be sent once more."""
    told = yield from _ask_quietly(desk, entry.id)
    if told is None:
        return desk.journal[entry.id]
    if told.outcome is Outcome.REFUSED:
        return (yield from _refuse(desk, entry, (told.status, told.answer)))
    if told.outcome in (Outcome.NEVER_SEEN, Outcome.RUNNING):
        if unseen is Unseen.RESEND:
            return None
        told = yield from _fence(desk, entry.id)
        if told is None or told.outcome not in ENDS:
            return desk.journal[entry.id]
    return (yield from _settle(desk, entry, told))


def _settle(desk: Desk, entry: Entry, told: Told) -> Plan[Entry]:
    state = ENDS[told.outcome]
    return (yield from keep(lambda: desk.journal.settle(entry.id, state, told.status, told.answer)))


def ask(desk: Desk, message: str, deadline: float | None = None) -> Plan[Told]:
    """Ask the hub what became of one of this party's messages."""
    return Told.read((yield from read(desk, f"/v1/messages/{segment(message)}", None, deadline)))


def _ask_quietly(desk: Desk, message: str) -> Plan[Told | None]:
    try:
        return (yield from ask(desk, message, desk.pacing.deadline / 4))
    except (UnreachableError, AnswerUnreadableError, HubRefusedError):
        return None


def fence(desk: Desk, message: str) -> Plan[Told]:
    """Shut a message out unless it has happened; harmless to repeat, so no intent of its own."""
    request = Request(
        method="POST",
        path=f"/v1/messages/{segment(message)}/fence",
        headers={"idempotency-key": f"f-{message}"},
    )
    reply: Reply | Lost = yield from persist(desk, request, desk.pacing.deadline / 4)
    return Told.read(said(reply))


def _fence(desk: Desk, message: str) -> Plan[Told | None]:
    try:
        return (yield from fence(desk, message))
    except (UnreachableError, AnswerUnreadableError, HubRefusedError):
        return None


def reverse(desk: Desk, message: str) -> Plan[Reversal]:
    """Undo a message whatever became of it (冲正); safe while it is still on its way."""
    body = json.dumps({"message": message}).encode()
    intent = Intent(verb=REVERSE, method="POST", path="/v1/reversals", body=body)
    return _reversal_of((yield from deliver(desk, intent)))


def _reversal_of(entry: Entry) -> Reversal:
    try:
        return Reversal(str(record(answer_of(entry)).get("outcome")))
    except ValueError as error:
        raise AnswerUnreadableError("the reversal's outcome") from error


def _note_reversal(desk: Desk, entry: Entry) -> Plan[None]:
    """Write down what a reversal did to the message it names."""
    if entry.intent.verb != REVERSE or entry.state is not State.APPLIED:
        return
    state = UNDONE.get(_reversal_of(entry))
    target = str(record(json.loads(entry.intent.body or b"{}")).get("message"))
    if state is not None and desk.journal.find(target) is not None:
        yield from keep(lambda: desk.journal.restate(target, state))


def recover(desk: Desk, unseen: Unseen = Unseen.FENCE) -> Plan[list[Entry]]:
    """Settle everything the journal left open, oldest first; return what was settled.

    What never reached the hub is fenced by default: the clerk who meant it is gone. Reversals are
    always carried on. Stops when the hub cannot be reached; call it again.
    """
    settled: list[Entry] = []
    for entry in (yield from keep(desk.journal.unsettled)):
        if entry.id in desk.under_way:
            continue
        desk.under_way.add(entry.id)
        try:
            carried = yield from _recover_one(desk, entry, unseen)
        finally:
            desk.under_way.discard(entry.id)
        if carried.is_open:
            break
        yield from _note_reversal(desk, carried)
        settled.append(carried)
    return settled


def _recover_one(desk: Desk, entry: Entry, unseen: Unseen) -> Plan[Entry]:
    learnt = None
    if entry.intent.verb != REVERSE:
        learnt = yield from _learn(desk, entry, unseen)
    if learnt is not None:
        return learnt
    yield from keep(lambda: desk.journal.repeat(entry.id))
    return (yield from _carry(desk, entry))


def answer_of(entry: Entry) -> Json:
    """Return the answer of an applied message, or raise what became of it instead."""
    if entry.state is State.APPLIED:
        try:
            answer: Json = json.loads(entry.answer) if entry.answer else None
        except ValueError as error:
            raise AnswerUnreadableError(entry.id) from error
        return answer
    raise _error_of(entry)


def _error_of(entry: Entry) -> HubError:
    if entry.state is State.REFUSED:
        told = record(json.loads(entry.answer or b"{}"))
        return refused(Problem.read(told, entry.status or 0), entry.id)
    if entry.state is State.FENCED:
        return FencedError(entry.id)
    if entry.state is State.REVERSED:
        return ReversedError(entry.id)
    return OutcomeUnknownError(entry.id)
