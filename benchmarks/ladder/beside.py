"""The rungs beside the ladder: other things a hub does all day, each with requests of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from app.kernel.parties import PartyKind
from app.sandbox.people import SyntheticPerson, person
from benchmarks.ladder.client import Target, post
from benchmarks.ladder.place import Place, gate
from benchmarks.ladder.scores import Score, Taken
from benchmarks.ladder.stock import IDS, Stock, new_key

ROWS = 100  # of a call, of fee lines and of filings
CALLS_OF_A_VISIT = 50  # as many lines as a visit may have
PEOPLE = 62
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
    "digest",
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
    rest = (True, False, bytes(32), now)

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
    """Workers waiting to be filed, by the region that insures them."""

    waiting: list[tuple[str, list[str]]] = field(default_factory=list)  # region, numbers
    handed: int = 0

    @classmethod
    async def of(cls, place: Place) -> Batches:
        """Take the workers of the stock, whose filings cover nothing."""
        async with place.owner() as connection:
            found = await connection.fetch(
                "SELECT insured_region AS region, array_agg(number ORDER BY id) AS numbers "
                "FROM worker WHERE id > $1 GROUP BY 1 ORDER BY 1",
                IDS,
            )
        calls = [
            (it["region"], it["numbers"][first : first + ROWS])
            for it in found
            for first in range(0, len(it["numbers"]), ROWS)
        ]
        calls.sort(key=lambda call: call[1][0][-7:])  # regions in turn
        return cls(calls)

    def requests(self) -> Iterator[bytes]:
        """Write batches of up to a hundred filings; the same worker never twice."""
        while self.handed < len(self.waiting):
            region, numbers = self.waiting[self.handed]
            self.handed += 1
            wish = {
                "kind": "residence",
                "treatment_region": "370100" if region != "370000" else "110000",
                "cost_kinds": ["medical"],
            }
            body = json.dumps({"rows": [{"worker": number} | wish for number in numbers]}).encode()
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


async def registered(target: Target, places: Sequence[str]) -> list[tuple[SyntheticPerson, str]]:
    """Register people with a determination and a filing each; return who asks where for care."""
    people = [person(index, places[index % len(places)]) for index in range(PEOPLE)]
    elsewhere = [places[(index + 1) % len(places)] for index in range(PEOPLE)]
    made = await _all(
        target,
        [
            _written(
                "/v1/workers",
                it.region,
                {
                    "certificate_number": it.number,
                    "name": it.name,
                    "insured_region": it.region,
                    "employer": "示例用人单位",
                    "card_number": it.card_number,
                },
            )
            for it in people
        ],
    )
    numbers = [json.loads(body)["number"] for body in made]
    decided = (date.today() - timedelta(days=90)).isoformat()  # noqa: DTZ011 -- any day will do
    await _all(
        target,
        [
            _written(
                "/v1/determinations",
                it.region,
                {
                    "worker": number,
                    "kind": "injury",
                    "document_number": f"示例认字{index}号",
                    "decided_on": decided,
                    "injured_parts": ["左小腿"],
                    "diagnoses": ["S82.2 胫骨骨折"],
                    "third_party": False,
                },
            )
            for index, (it, number) in enumerate(zip(people, numbers, strict=True))
        ],
    )
    await _all(
        target,
        [
            _written(
                "/v1/filings",
                it.region,
                {
                    "worker": number,
                    "kind": "residence",
                    "treatment_region": place,
                    "cost_kinds": ["medical"],
                },
            )
            for it, number, place in zip(people, numbers, elsewhere, strict=True)
        ],
    )
    return list(zip(people, elsewhere, strict=True))


def identifications(people: Sequence[tuple[SyntheticPerson, str]]) -> Iterator[bytes]:
    """Write what a desk asks when somebody stands before it, over and over."""
    asked = [
        post(
            "/v1/workers/identify",
            json.dumps(
                {
                    "certificate_number": it.number,
                    "name": it.name,
                    "card_kind": "physical",
                    "card": it.card_number,
                }
            ).encode(),
            gate(f"H{place}90001"),
        )
        for it, place in people
    ]
    return itertools.cycle(asked)


def _written(path: str, region: str, body: dict[str, object]) -> bytes:
    sender = gate(region, PartyKind.AGENCY)
    return post(path, json.dumps(body).encode(), sender, new_key())


async def _all(target: Target, requests: Sequence[bytes]) -> list[bytes]:
    """Send one after the other; each must be taken."""
    taken = await target.closed(1, 600, iter(requests))
    if taken.accepted != len(requests):
        raise RuntimeError(f"people could not be registered: {dict(taken.refused)}")
    return taken.bodies
