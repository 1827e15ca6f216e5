"""The visits waiting to be settled and the messages that ask for it; none is handed out twice."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.ladder.client import get, post
from benchmarks.ladder.place import FOLDER, Place, gate

SETTLE_BODY = b'{"total": "60.00", "line_count": 6}'
IDS = 1_000_000_000  # far above what a hub hands out
LINES = 6  # of a visit
CHUNK = 50_000
ADMITTED_OF = 50  # to so many visits one more that is still open, for fee lines
_KEYS = itertools.count(1)
_RUN = secrets.token_hex(8)
_SEARCHES = (
    "q=%E5%8C%BB%E9%99%A2&place=370000",
    "place=210000&type=medical",
    "place=110000",
    "q=%E7%A4%BA%E4%BE%8B",
)


def new_key() -> str:
    """Return an id no other message has."""
    return f"{_RUN}-{next(_KEYS)}"


@dataclass(slots=True)
class Stock:
    """The visits of one database: (number, institution), in the order they are handed out."""

    visits: list[tuple[str, str]] = field(default_factory=list)
    admitted: list[tuple[str, str]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    handed: int = 0

    @property
    def left(self) -> int:
        """How many are not handed out yet."""
        return len(self.visits) - self.handed

    def settles(self, *, guarded: bool = True) -> Iterator[bytes]:
        """Write the settlement of one visit after the other, until there are no more."""
        while self.left:
            visit, institution = self.visits[self.handed]
            self.handed += 1
            sender = gate(institution) if guarded else _word(institution)
            yield post(f"/v1/visits/{visit}/settle", SETTLE_BODY, sender, new_key())

    def previews(self) -> Iterator[bytes]:
        """Write previews of the visits that are handed out last, over and over."""
        waiting = self.visits[-min(1_000, len(self.visits)) :]
        for visit, institution in itertools.cycle(waiting):
            yield post(f"/v1/visits/{visit}/preview", b"", gate(institution))

    def searches(self) -> Iterator[bytes]:
        """Write look-ups of institutions by a piece of their name, by place and by type."""
        senders = itertools.cycle(self.places)  # each has a limit of requests a minute
        for asked, place in zip(itertools.cycle(_SEARCHES), senders, strict=False):
            yield get(f"/v1/institutions?{asked}", gate(f"H{place}90001"))


def _word(institution: str) -> bytes:
    """Write the header of somebody who is believed."""
    return f"Authorization: Bearer {institution}\r\n".encode()


async def lay_in(place: Place, visits: int) -> Stock:
    """Write visits ready to be settled, straight into the hub's tables, and some still open."""
    statement = (FOLDER / "stock.sql").read_text("utf-8")
    all_ = visits + max(1, visits // ADMITTED_OF)
    async with place.owner() as connection:
        for first in range(1, all_ + 1, CHUNK):
            last = min(all_, first + CHUNK - 1)
            said = statement.format(first=first, last=last, ready=visits)
            async with connection.transaction():
                # Every row points to one made beside it: nothing to look up row by row.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(said)
        await connection.execute("VACUUM ANALYZE")
        found = await connection.fetch(
            "SELECT number, institution, state FROM visit WHERE id > $1 ORDER BY id", IDS
        )
        places = await connection.fetch(
            "SELECT code FROM region WHERE level = 'province' AND code < '660000' ORDER BY code"
        )
    ready = {
        state: [(it["number"], it["institution"]) for it in found if it["state"] == state]
        for state in ("discharged", "admitted")
    }
    return Stock(
        visits=ready["discharged"],
        admitted=ready["admitted"],
        places=[each["code"] for each in places],
    )
