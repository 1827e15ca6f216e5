"""The rungs below the hub: the database alone, by its own load generator and by the driver."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
import uuid
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benchmarks.ladder.manner import CEILING_A_SECOND
from benchmarks.ladder.place import FOLDER, Place
from benchmarks.ladder.scores import Score, Taken, milliseconds

TPS = re.compile(r"tps = ([0-9.]+) \(without")
LATENCY = re.compile(r"^\d+ \d+ (\d+) ", re.MULTILINE)

ONE_CALL = "SELECT ceiling.settle($1, $2, $3)"
ANSWER = b"x" * 640  # as long as the hub's own
IDS = 1_000_000_000
SCRIPTS = {
    "L0": "commit.sql",
    "L1": "one_call.sql",
    "L1a": "small_call.sql",
    "L1b": "many_calls.sql",
}


@dataclass(slots=True, kw_only=True)
class Ceiling:
    """The ceiling's own tables, and which of their visits are settled already."""

    place: Place
    visits: int
    clients: int
    used: int = 0
    used_small: int = 0
    settled: int = 0  # by L1, L1b and L2
    settled_small: int = 0  # by L1a

    async def lay_in(self) -> None:
        """Make the tables from the hub's, with visits of their own."""
        async with self.place.owner() as connection:
            said = (FOLDER / "ceiling.sql").read_text("utf-8")
            await connection.execute(said.format(first=1, last=self.visits))
        async with self.place.owner() as connection:
            said = (FOLDER / "ceiling_small.sql").read_text("utf-8")
            await connection.execute(said.format(count=self.visits))
            await connection.execute("VACUUM ANALYZE")

    async def play(self, rung: str, seconds: float, playings: int) -> Score:
        """Play one rung, with this playing's part of the visits that are left."""
        small = rung in {"L0", "L1a"}
        used = self.used_small if small else self.used
        visits = max(self.clients, (self.visits - used) // max(1, playings))
        first = used + 1
        if rung == "L2":
            score, last = await self._driver(first, visits, seconds)
        else:
            score = await self._pgbench(SCRIPTS[rung], first, visits, seconds)
            last = await self._last(small=small)
        if small:
            self.used_small = max(last, used)
            self.settled_small += score.accepted if rung == "L1a" else 0
        else:
            self.used = max(last, used)
            self.settled += score.accepted
        return score

    async def valid(self) -> list[str]:
        """Say what the ceiling did not keep of what it was said to have settled."""
        async with self.place.owner() as connection:
            kept = await connection.fetchrow(
                """
                SELECT (SELECT count(*) FROM ceiling.settlement) AS settlements,
                       (SELECT count(*) FROM ceiling.settlement_line) / 6 AS lines,
                       (SELECT count(*) FROM ceiling.message) AS messages,
                       (SELECT count(*) FROM ceiling.posting) AS postings,
                       (SELECT coalesce(sum(version), 0)::bigint FROM ceiling.account
                         WHERE kind = 'uncleared') AS versions
                """
            )
            small = await connection.fetchval("SELECT count(*) FROM ceiling_small.posting")
        wrong = [
            f"L1, L1b and L2 settled {self.settled}, and {count} {name} were kept"
            for name, count in kept.items()
            if count != self.settled
        ]
        if small != self.settled_small:
            wrong.append(f"L1a settled {self.settled_small}, and {small} were kept")
        return wrong

    async def _last(self, *, small: bool) -> int:
        table = "ceiling_small.settlement" if small else "ceiling.settlement"
        async with self.place.owner() as connection:
            found = await connection.fetchval(f"SELECT coalesce(max(visit_id), 0) FROM {table}")  # noqa: S608 -- of two
            return int(found) % IDS

    async def _pgbench(self, script: str, first: int, visits: int, seconds: float) -> Score:
        whole = ceil(seconds)  # pgbench knows no parts of one
        by_time = visits >= CEILING_A_SECOND * whole or script == SCRIPTS["L0"]
        until = ("-T", str(whole)) if by_time else ("-t", str(visits // self.clients))
        with tempfile.TemporaryDirectory(prefix="hub-bench-log-") as folder:
            defined = {"n": 0, "first": first, "clients": self.clients}
            process = await asyncio.create_subprocess_exec(
                str(self.place.programs / "pgbench"),
                *("-n", "-M", "prepared", "-c", str(self.clients), "-j", "2", *until),
                *(word for name, value in defined.items() for word in ("-D", f"{name}={value}")),
                *("--log", f"--log-prefix={folder}/log", "-f", str(FOLDER / script)),
                env=self.place.environment(),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            said, complaint = await process.communicate()
            found = TPS.search(said.decode())
            if b"returned no rows" in complaint:
                raise RuntimeError("the ceiling's visits were used up: --stock lays in more")
            if process.returncode or found is None:
                raise RuntimeError(f"pgbench did not run to its end: {complaint.decode()[-2_000:]}")
            logs = _texts(Path(folder))
        latencies = sorted(int(each) / 1_000_000 for each in LATENCY.findall(logs))
        return Score(
            rate=float(found[1]),
            p50_ms=milliseconds(latencies, 0.5),
            p99_ms=milliseconds(latencies, 0.99),
            worst_ms=milliseconds(latencies, 1.0),
            accepted=len(latencies),
        )

    async def _driver(self, first: int, visits: int, seconds: float) -> tuple[Score, int]:
        """Call the function by the driver, each connection its own prepared statement."""
        taken = Taken()
        waiting = iter(range(IDS + first, IDS + first + visits))
        until = time.perf_counter() + seconds
        last = IDS

        async def send() -> None:
            nonlocal last
            connection = await self.place.connect()
            statement = await connection.prepare(ONE_CALL)
            while (since := time.perf_counter()) < until:
                visit = next(waiting, None)
                if visit is None:
                    break
                last = max(last, visit)
                await statement.fetchval(visit, uuid.uuid4().hex, ANSWER)
                taken.accept(b"", since)
            await connection.close()

        begun = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(self.clients)))
        taken.seconds = time.perf_counter() - begun
        return Score.of(taken), last - IDS


def _texts(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.iterdir())
