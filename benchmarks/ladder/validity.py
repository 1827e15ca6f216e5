"""What voids a run: what was accepted must be journalled, told and booked, and come back."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.ladder.client import Target, get
from benchmarks.ladder.place import REGION, Place, gate
from benchmarks.ladder.scores import Taken

SAMPLE = 200
CHUNK = 50_000
BEGINS = b'{"number":"'
NUMBER = slice(len(BEGINS), len(BEGINS) + 20)
# Everything a settlement leaves behind, counted apart from everything else.
_KEPT = """
SELECT (SELECT count(*) FROM settlement) AS settlements,
       (SELECT count(*) FROM message
         WHERE state = 'applied' AND deed = 'settlement.settle') AS messages,
       (SELECT count(*) FROM entry WHERE event = 'settlement_booked') AS entries,
       (SELECT count(*) FROM announcement WHERE topic = 'settlement.settled') AS announcements,
       (SELECT count(*) FROM audit_trail
         WHERE action = 'settlement.settle') AS "lines of the trail",
       (SELECT count(*) FROM visit WHERE state = 'settled')
       + (SELECT count(*) FROM settlement WHERE message_key LIKE 'history-%') AS "visits settled"
"""
_SUMS = """
SELECT (SELECT coalesce(sum(fund_fen), 0)::bigint FROM settlement) AS settled,
       (SELECT coalesce(sum(fen), 0)::bigint FROM posting) AS posted,
       (SELECT coalesce(sum(balance_fen), 0)::bigint FROM account WHERE kind = 'uncleared') AS owed,
       (SELECT coalesce(sum(-balance_fen), 0)::bigint FROM account WHERE kind = 'payable') AS owing
"""


class VoidError(Exception):
    """The run does not count; says why."""


@dataclass(slots=True)
class Accepted:
    """The settlements a database's hubs said they had booked, by number."""

    place: Place
    before: int = 0  # how many were there already
    numbers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """Note what is there before anybody sends."""
        async with self.place.owner() as connection:
            self.before = await connection.fetchval("SELECT count(*) FROM settlement")

    def note(self, taken: Taken) -> None:
        """Note every settlement that was answered for."""
        for body in taken.bodies:
            if not body.startswith(BEGINS):
                self.problems.append("an answer was accepted that names no settlement")
                return
            self.numbers.append(body[NUMBER].decode())

    async def faults(self, target: Target) -> list[str]:
        """Say what differs between what was answered, what is kept and what is read back."""
        found = list(self.problems)
        if len(set(self.numbers)) != len(self.numbers):
            found.append("two answers named one settlement")
        async with self.place.owner() as connection:
            kept = await connection.fetchrow(_KEPT)
            sums = await connection.fetchrow(_SUMS)
            back = 0
            for first in range(0, len(self.numbers), CHUNK):
                back += await connection.fetchval(
                    "SELECT count(*) FROM settlement WHERE number = ANY ($1)",
                    self.numbers[first : first + CHUNK],
                )
        expected = self.before + len(self.numbers)
        found += [
            f"{len(self.numbers)} were accepted after {self.before}, and {count} {name} are kept"
            for name, count in kept.items()
            if count != expected
        ]
        if back != len(self.numbers):
            found.append(f"{len(self.numbers)} were accepted and {back} can be found")
        if len(set(sums.values())) != 1:
            found.append(f"the books do not agree: {dict(sums)}")
        return found + await self._read_back(target)

    async def _read_back(self, target: Target) -> list[str]:
        """Ask the hub itself for some of them."""
        asked: Sequence[str] = random.sample(self.numbers, min(SAMPLE, len(self.numbers)))
        institutions = [f"H{number[REGION]}90001" for number in asked]
        requests = [
            get(f"/v1/settlements/{number}", gate(institution))
            for number, institution in zip(asked, institutions, strict=True)
        ]
        if not requests:
            return []
        taken = await target.closed(1, 600, iter(requests))
        told = {json.loads(body)["number"] for body in taken.bodies}
        if told != set(asked):
            return [f"of {len(asked)} settlements asked for again {len(told)} came back"]
        return []
