"""The rungs beside the ladder: other things a hub does all day, each with requests of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.kernel.parties import PartyKind
from benchmarks.ladder.client import Target, post
from benchmarks.ladder.people import identify_stock
from benchmarks.ladder.place import Place, gate
from benchmarks.ladder.scores import Score, Taken
from benchmarks.ladder.stock import IDS, Stock, new_key

ROWS = 100  # of a call, of fee lines and of filings
ELSEWHERE = ("110000", "310000", "370000")
WORKERS_MAX = 60_000  # filed in batches at most
CALLS_OF_A_VISIT = 50  # as many lines as a visit may have
COLUMNS = (
    "visit_id",
    "serial",
    "position",
    "category",
    "item_code",
    "item_name",
    "unit",
    "quantity",
    "unit_price",
    "amount_fen",
    "occurred_at",
    "injury_related",
    "restricted_approved",
    "uploaded_at",
)


def uploads(stock: Stock) -> Iterator[bytes]:
    """Write calls of a hundred fee lines, in turn for every visit that is open."""
    bodies = [_lines_body(call) for call in range(CALLS_OF_A_VISIT)]
    for body in bodies:
        for visit, institution in stock.admitted:
            yield post(f"/v1/visits/{visit}/lines", body, gate(institution), new_key())


def _lines_body(call: int) -> bytes:
    when = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="seconds")
    line = {
        "category": "drug",
        "item_code": "D010001",
        "item_name": "注射用头孢唑林钠",
        "unit": "支",
        "quantity": "6",
        "unit_price": "3.20",
        "amount": "19.20",
        "occurred_at": when,
        "injury_related": True,
    }
    lines = [{"serial": f"{call:02d}-{number:03d}"} | line for number in range(ROWS)]
    return json.dumps({"lines": lines}).encode()


async def copied(place: Place, clients: int, seconds: float, calls: Iterator[int]) -> Score:
    """Write the same rows by COPY into a table like the hub's own, each call its own commit."""
    taken = Taken()
    until = time.perf_counter() + seconds
    now = datetime.now(UTC)
    said = ("drug", "D010001", "注射用头孢唑林钠", "支", Decimal(6), Decimal("3.20"), 1920, now)
    rest = (True, False, now)

    async def send() -> None:
        connection = await place.connect()
        while (since := time.perf_counter()) < until:
            visit = next(calls)
            rows = [(visit, f"00-{number:03d}", number, *said, *rest) for number in range(ROWS)]
            await connection.copy_records_to_table(
                "fee_line", schema_name="ceiling", records=rows, columns=COLUMNS
            )
            taken.accept(b"", since)
        await connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(clients)))
    taken.seconds = time.perf_counter() - begun
    return Score.of(taken, units=ROWS)


@dataclass(slots=True)
class Batches:
    """Workers waiting to be filed, batch by batch: who insures them, and where each goes."""

    waiting: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    handed: int = 0

    @classmethod
    async def of(cls, place: Place) -> Batches:
        """Take the first workers of the stock, and say who they are.

        Each is filed for a province the filing of the stock does not name.
        """
        async with place.owner() as connection:
            await identify_stock(connection, WORKERS_MAX)
            found = await connection.fetch(
                "SELECT w.number, f.insured_region, f.treatment_region FROM worker w "
                "JOIN filing f ON f.worker_id = w.id "
                "WHERE w.id BETWEEN $1 + 1 AND $1 + $2 ORDER BY w.id",
                *(IDS, WORKERS_MAX),
            )
        insured: dict[str, list[tuple[str, str]]] = {}
        for it in found:
            taken = (it["insured_region"], it["treatment_region"])
            elsewhere = next(each for each in ELSEWHERE if each not in taken)
            insured.setdefault(taken[0], []).append((it["number"], elsewhere))
        rounds = range(0, max(map(len, insured.values()), default=0), ROWS)
        calls = [
            (region, insured[region][first : first + ROWS])
            for first in rounds
            for region in insured
        ]
        return cls([call for call in calls if call[1]])

    def requests(self) -> Iterator[bytes]:
        """Write batches of up to a hundred filings; the same worker never twice."""
        while self.handed < len(self.waiting):
            region, workers = self.waiting[self.handed]
            self.handed += 1
            rows = [
                {
                    "worker": number,
                    "kind": "residence",
                    "treatment_region": elsewhere,
                    "cost_kinds": ["medical"],
                }
                for number, elsewhere in workers
            ]
            body = json.dumps({"rows": rows}).encode()
            yield post("/v1/filings/batch", body, gate(region, PartyKind.AGENCY), new_key())

    async def play(self, target: Target, clients: int, seconds: float) -> Score:
        """File for so long; every row must have been taken."""
        taken = await target.closed(clients, seconds, self.requests())
        rows = 0
        for body in taken.bodies:
            told = json.loads(body)
            if told["refused"]:
                raise RuntimeError(f"a filing of a batch was refused: {told['refused'][0]}")
            rows += len(told["accepted"])
        return Score.of(taken, units=round(rows / max(1, taken.accepted)))
