"""How a seal follows another, and when sealing is late."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from app.kernel.basis import basis
from app.proof.model.seals import FIRST_LINK, Backlog, Block, Head, Journal, Progress, Seal

# Yesterday is sealed in the course of today; what is older than that should have been.
ALARMING_DAYS = 2


@basis("hub-default/seals")
def chain_of(seal: Seal) -> bytes:
    """A link digests what it seals, its place in the chain and the link before it."""
    parts = (
        seal.journal.value,
        seal.participant,
        str(seal.number),
        seal.day.isoformat(),
        str(seal.lines),
        seal.root.hex(),
        seal.previous.hex(),
    )
    return hashlib.sha256(" ".join(parts).encode()).digest()


@basis("hub-default/seals")
def linked(
    journal: Journal, blocks: Iterable[Block], heads: Mapping[str, Head], sealed_at: datetime
) -> list[Seal]:
    """Each block follows its participant's last, in the order of days; numbers have no gap."""
    ends = dict(heads)
    seals: list[Seal] = []
    for block in sorted(blocks, key=lambda it: (it.participant, it.through_id)):
        end = ends.get(block.participant, Head(number=0, chain=FIRST_LINK, through_id=0))
        seal = Seal(
            journal=journal,
            participant=block.participant,
            number=end.number + 1,
            day=block.day,
            after_id=end.through_id,
            through_id=block.through_id,
            lines=block.lines,
            root=block.root,
            previous=end.chain,
            chain=b"",
            sealed_at=sealed_at,
        )
        chain = chain_of(seal)
        seals.append(replace(seal, chain=chain))
        ends[block.participant] = Head(number=seal.number, chain=chain, through_id=block.through_id)
    return seals


@basis("hub-default/seals")
def last_due(today: date) -> date:
    """A day is sealed once it is over."""
    return today - timedelta(days=1)


@basis("hub-default/seals")
def backlog(progress: Progress, today: date) -> Backlog:
    """What is not sealed on the day after it was written is late; a day later it alarms."""
    oldest = progress.oldest_open
    days = 0 if oldest is None else max(0, (today - oldest).days)
    return Backlog(
        journal=progress.journal,
        oldest_open=oldest,
        days=days,
        alarming=days >= ALARMING_DAYS,
    )
