"""The rungs: what each measures, and how it is played once."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import asyncpg

from benchmarks.ladder.client import Taken, Target, get, post
from benchmarks.ladder.place import FOLDER, Place, token

Requests = Callable[[], Iterator[bytes]]
SETTLE_BODY = b'{"total": "60.00", "line_count": 6}'
TPS = re.compile(r"tps = ([0-9.]+) \(without")
LATENCY = re.compile(r"^\d+ \d+ (\d+) ", re.MULTILINE)
RESET = (FOLDER / "ceiling.sql").read_text()
ONE_CALL = "SELECT ceiling.settle($1, $2, $3)"


@dataclass(slots=True, kw_only=True)
class Score:
    """One playing of one rung."""

    rate: float
    p50_ms: float
    p99_ms: float
    refused: int = 0
    accepted: int = 0

    @classmethod
    def of(cls, taken: Taken) -> Score:
        """Score what a target answered."""
        return cls(
            rate=taken.rate,
            p50_ms=taken.milliseconds(0.5),
            p99_ms=taken.milliseconds(0.99),
            refused=sum(taken.refused.values()),
            accepted=taken.accepted,
        )


@dataclass(slots=True)
class Stock:
    """The visits waiting to be settled, each handed out once."""

    last: int = 0
    handed: int = 0
    institutions: dict[int, tuple[str, str]] = field(default_factory=dict)  # number, institution

    async def add(self, place: Place, visits: int) -> None:
        """Lay in so many more visits."""
        first, self.last = self.last + 1, self.last + visits
        connection = await place.connect()
        try:
            async with connection.transaction():
                said = (FOLDER / "stock.sql").read_text().format(first=first, last=self.last)
                await connection.execute(said)
            await connection.execute("ANALYZE")
            found = await connection.fetch(
                "SELECT id - 1000000000 AS i, number, institution FROM visit WHERE id > $1",
                1_000_000_000 + first - 1,
            )
            self.institutions |= {row["i"]: (row["number"], row["institution"]) for row in found}
        finally:
            await connection.close()

    def settles(self, *, guarded: bool) -> Iterator[bytes]:
        """Write the settlement of one visit after the other; the same visit never twice."""
        tokens: dict[str, str] = {}
        while self.handed < self.last:
            self.handed += 1
            visit, institution = self.institutions[self.handed]
            if guarded:
                if institution not in tokens:
                    tokens[institution] = token(institution)
                gate = {"Authorization": f"Bearer {tokens[institution]}"}
            else:
                gate = {"X-Institution": institution}
            headers = gate | {"Idempotency-Key": uuid.uuid4().hex}
            yield post(f"/v1/visits/{visit}/settle", SETTLE_BODY, headers)
        raise RuntimeError("the stock of visits is used up: lay in more of them")

    def previews(self) -> Iterator[bytes]:
        """Write previews of visits that are not settled yet, over and over."""
        tokens: dict[str, str] = {}
        waiting = range(self.handed + 1, self.last + 1)
        while True:
            visit, institution = self.institutions[random.choice(waiting)]  # noqa: S311 -- a load
            if institution not in tokens:
                tokens[institution] = token(institution)
            gate = {"Authorization": f"Bearer {tokens[institution]}"}
            yield post(f"/v1/visits/{visit}/preview", b"", gate)


def searches() -> Iterator[bytes]:
    """Write look-ups of institutions by a piece of their name, and by place."""
    gate = {"Authorization": f"Bearer {token('H37000090001')}"}
    asked = ("name=%E5%8C%BB%E9%99%A2&place=370000", "place=210000&type=medical", "place=110000")
    while True:
        yield get(f"/v1/institutions?{random.choice(asked)}", gate)  # noqa: S311 -- a load


async def reset(place: Place) -> None:
    """Make the ceiling's tables anew and check that they are empty."""
    connection = await place.connect()
    try:
        await connection.execute(RESET)
        assert await connection.fetchval("SELECT count(*) FROM ceiling.settlement") == 0
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def pgbench(place: Place, script: str, clients: int, seconds: int) -> Score:
    """Play a script by the database's own load generator."""
    await reset(place)
    log = FOLDER / "pgbench"  # a prefix that pgbench ends with its process id
    words = ("-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-D", "n=0")
    process = await asyncio.create_subprocess_exec(
        str(place.programs / "pgbench"),
        *words,
        "--log",
        f"--log-prefix={log}",
        "-f",
        str(FOLDER / script),
        env=place.environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    found = TPS.search(said.decode())
    latencies: list[float] = []
    for file in FOLDER.glob("pgbench.*"):
        latencies += [int(each) / 1_000 for each in LATENCY.findall(file.read_text())]
        file.unlink()
    assert process.returncode == 0, "pgbench did not run to its end"
    assert found is not None, "pgbench did not say how fast it was"
    latencies.sort()
    return Score(
        rate=float(found[1]),
        p50_ms=latencies[len(latencies) // 2],
        p99_ms=latencies[int(0.99 * len(latencies))],
        accepted=len(latencies),
    )


async def driver(place: Place, clients: int, seconds: int) -> Score:
    """Call the ceiling's function by the driver, each connection its own prepared statement."""
    await reset(place)
    taken = Taken()
    until = time.perf_counter() + seconds
    body = b"x" * 1_500

    async def send(number: int) -> None:
        connection: asyncpg.Connection = await place.connect()
        statement = await connection.prepare(ONE_CALL)
        visit = number * 37_500
        while (since := time.perf_counter()) < until:
            visit += 1
            await statement.fetchval(visit, uuid.uuid4().hex, body)
            taken.latencies.append(time.perf_counter() - since)
        await connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(send(number) for number in range(clients)))
    taken.seconds = time.perf_counter() - begun
    return Score.of(taken)


async def settle(target: Target, requests: Iterator[bytes], clients: int, seconds: int) -> Score:
    """Settle at a served hub."""
    taken = await target.closed(clients, seconds, requests)
    settled = [json.loads(body)["number"] for body in taken.bodies]
    assert len(set(settled)) == taken.accepted, "two answers named one settlement"
    return Score.of(taken)


async def valid(place: Place, accepted: int) -> None:
    """Void the run unless what was accepted is what was kept, in every book there is."""
    connection = await place.connect()
    try:
        counted: Sequence[int] = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM settlement),
                   (SELECT count(*) FROM message
                     WHERE state = 'applied' AND deed = 'settlement.settle'),
                   (SELECT count(*) FROM entry WHERE event = 'settlement_booked'),
                   (SELECT count(*) FROM announcement WHERE topic = 'settlement.settled'),
                   (SELECT count(*) FROM audit_trail WHERE action = 'settlement.settle')
            """
        )
        sums = await connection.fetchrow(
            """
            SELECT (SELECT coalesce(sum(fund_fen), 0) FROM settlement),
                   (SELECT coalesce(sum(fen), 0) FROM posting),
                   (SELECT coalesce(sum(balance_fen), 0) FROM account WHERE kind = 'uncleared')
            """
        )
    finally:
        await connection.close()
    assert set(counted) == {accepted}, f"accepted {accepted}, kept {tuple(counted)}: void"
    assert len(set(sums)) == 1, f"the books do not agree, {tuple(sums)}: void"
