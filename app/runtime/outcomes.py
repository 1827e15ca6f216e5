"""How a sender that lost an answer finds certainty: what became of a message, or its end."""

from __future__ import annotations

import json

from app.runtime import messages
from app.runtime.door import KEY, MessageFenced, MessageIdFormat, MessageOwn, MessageRunning
from app.runtime.messages import Kept, KeptState, Outcome, Stamp, Told
from app.runtime.problems import STATUS, body_of
from app.runtime.work import Reading, Work


async def ask(reading: Reading, key: str) -> Told:
    """Tell what became of one of the caller's own messages (报文结果查询)."""
    return await messages.tell(reading.rx, reading.caller.party, key)


async def fence(work: Work, key: str) -> Told:
    """Shut out a message that never took effect, and tell what became of it (封存)."""
    kept = await settled(work, key)
    if kept.state is KeptState.FENCED:
        work.record("message.fence", key)
    else:
        work.record("message.look", key, outcome=kept.state)
    return Told(Outcome(kept.state.value), kept)


async def settled(work: Work, key: str) -> Kept:
    """Bring an id to its end: what took effect is found, what did not is shut out.

    Held against a late original until this commits; refuses while one is under way.
    """
    if not KEY.fullmatch(key):
        raise MessageIdFormat
    if key == work.message:
        raise MessageOwn(message=key)
    party = work.caller.party
    if not await messages.hold(work.tx, party, key):
        raise MessageRunning(message=key)
    refusal = MessageFenced(message=key)
    body = json.dumps(body_of(refusal, work.message), ensure_ascii=False).encode()
    stamp = Stamp(
        party=party,
        client=work.caller.client,
        key=key,
        fingerprint=b"",
        action="fence",
        request=work.message,
        at=work.now,
    )
    await messages.fence(work.tx, stamp, (STATUS[refusal.kind], body))
    kept = await messages.find(work.tx, party, key)
    assert kept is not None, "it was there or has just been shut out"
    return kept
