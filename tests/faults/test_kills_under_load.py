"""The hub and its Postgres are killed (kill -9) in turn while eight hospitals settle and cancel.

A few rounds in the usual run; `HUB_KILL_ROUNDS=20` for as many as wanted, and `HUB_KILL_LIST=write`
writes down what happened.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest_asyncio
import sqlalchemy as sa

from app.runtime import migrate
from app.runtime.embedded import EmbeddedPostgres
from tests.faults import books
from tests.faults.sender import Message, is_definite
from tests.support.institutions import JINAN
from tests.support.settlement import SETTLEMENTS, ready
from tests.support.visit import VISITS, road
from tests.support.world import DATA_KEY, INDEX_KEY, TOKEN_KEY, Client, World, open_world

ROOT = Path(__file__).parents[2]
LIST = ROOT / "benchmarks" / "results" / "kills.md"
ROUNDS = int(os.environ.get("HUB_KILL_ROUNDS", "2"))
LISTING = os.environ.get("HUB_KILL_LIST") == "write"
HOSPITALS, DEEDS = 8, 5  # deeds of each in a round
SECONDS_MAX = 180  # nothing is timed: whoever hangs, hangs here
PAUSE_SECONDS = 0.05
NOT_DEFINITE = {(503, "busy"), (503, "overloaded"), (409, "message-running")}

LISTED = """# Killed under load

Eight senders settle and cancel over HTTP; in each of {rounds} rounds the hub, or its Postgres (a
durable one of its own), gets SIGKILL in the middle and is started again. Senders resend under the
same id until the answer is definite. Written by
`HUB_KILL_ROUNDS=20 HUB_KILL_LIST=write pytest tests/faults/test_kills_under_load.py`.

{acknowledged} deeds were acknowledged, {replayed} of them by the stored answer, since the first had
been lost. After every round the settlements kept are exactly those acknowledged, every promise of
`tests/faults/books.py` holds, and each message of the round, sent again, is answered with the same
bytes. After the last, `hub verify` finds every law kept.

No round found a bug. What its neighbours found on the way, each held by its test since:

- A Postgres that falls silent held the lane's calls for ever, and no settlement went through after
  it came back: a call has a deadline, and the lane stands inside turns and deadlines
  (`tests/faults/test_silence.py`).
- A request to a silent or stopped Postgres was never answered: every request has a deadline
  (`tests/faults/test_silence.py`, `tests/flows/test_shedding.py`).
- A reader who asked and never read kept its answers in the hub's memory as long as it stayed
  (`tests/faults/test_slow_readers.py`).

| round | killed | after acknowledgements | acknowledged | by a stored answer | what else was met |
|---|---|---|---|---|---|"""


@dataclass(slots=True)
class Round:
    """What happened in one round."""

    victim: str
    kill_after: int  # acknowledgements
    acknowledged: int = 0
    replayed: int = 0  # of these, answers that had been lost
    met: Counter[str] = field(default_factory=Counter)  # what else the senders were told
    is_time: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def acknowledge(self, answer: httpx.Response) -> None:
        """Count a definite answer."""
        self.acknowledged += 1
        self.replayed += answer.headers.get("Idempotency-Replayed") == "true"
        if self.acknowledged >= self.kill_after:
            self.is_time.set()

    def row(self, number: int) -> str:
        """Write it down."""
        met = ", ".join(f"{name} {times}" for name, times in sorted(self.met.items())) or "–"
        figures = f"{self.kill_after} | {self.acknowledged} | {self.replayed} | {met}"
        return f"| {number} | {self.victim} | {figures} |"


@dataclass(slots=True)
class Hospital:
    """One sender with one stay, settled and cancelled in turn."""

    client: Client
    visit: str
    name: str
    settled: str | None = None  # the settlement that stands
    numbers: set[str] = field(default_factory=set)
    sent: list[tuple[Message, bytes]] = field(default_factory=list)

    def following(self) -> Message:
        """Return the next message: settle what is not, cancel what is settled."""
        key = f"{self.name}-{len(self.sent):05d}"
        if self.settled is None:
            path, body = f"{VISITS}/{self.visit}/settle", {"total": "10.00"}
        else:
            path, body = f"{SETTLEMENTS}/{self.settled}/cancel", {}
        return Message(sender=self.client, path=path, body=body, key=key)

    async def act(self, now: Round) -> None:
        """Send the next message until there is a definite answer."""
        message = self.following()
        answer = await deliver(message, now)
        assert answer.status_code == 201, answer.text
        now.acknowledge(answer)
        number = str(answer.json()["number"])
        assert number not in self.numbers, "two deeds, one number"
        self.settled = number if self.settled is None else None
        self.numbers.add(number)
        self.sent.append((message, answer.content))


async def deliver(message: Message, now: Round) -> httpx.Response:
    """Send under one id until the answer is definite, whatever happens to hub and database."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            try:
                answer = await message.sender.http.request(**message.request())
            except httpx.TransportError as lost:
                now.met[type(lost).__name__] += 1
            else:
                if is_definite(answer):
                    return answer
                told = (answer.status_code, answer.json()["code"])
                assert told in NOT_DEFINITE, answer.text
                assert int(answer.headers["Retry-After"]) >= 1
                now.met[f"{told[0]} {told[1]}"] += 1
            await asyncio.sleep(PAUSE_SECONDS)


@dataclass(slots=True)
class Ground:
    """A Postgres and a hub that are killed, and eyes on the books that are not."""

    server: EmbeddedPostgres
    port: int
    world: World
    hospitals: list[Hospital]
    hub: subprocess.Popen[bytes]

    async def kill(self, victim: str) -> None:
        """Kill it without a warning, and start it again."""
        if victim == "hub":
            self.hub.kill()
            await asyncio.to_thread(self.hub.wait)
            self.hub = start_hub(self.server, self.port)
            return
        pid = (self.server.home / "postgres" / "data" / "postmaster.pid").read_text()
        os.kill(int(pid.split("\n", 1)[0]), signal.SIGKILL)
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)
        await self.world.hub.engine.dispose()
        await self.world.owner.dispose()

    async def play(self, now: Round) -> None:
        """Let everybody send, and kill in the middle of it."""

        async def send(hospital: Hospital) -> None:
            for _ in range(DEEDS):
                await hospital.act(now)

        async with asyncio.TaskGroup() as group:
            for hospital in self.hospitals:
                group.create_task(send(hospital))
            await now.is_time.wait()
            await self.kill(now.victim)

    async def hold_to_everything(self) -> None:
        """Hold what is kept to what was acknowledged, and to every promise."""
        await books.still(self.world)
        assert await books.broken(self.world) == []
        async with self.world.tx() as tx:
            kept = list((await tx.execute(sa.text("SELECT number FROM settlement"))).scalars())
        acknowledged = [number for it in self.hospitals for number in it.numbers]
        assert sorted(kept) == sorted(acknowledged)

    async def say_again(self, since: list[int]) -> None:
        """Send the messages of the round again: the same bytes, and nothing happens."""
        for hospital, begin in zip(self.hospitals, since, strict=True):
            for message, said in hospital.sent[begin:]:
                again = await deliver(message, Round("nobody", 0))
                assert again.headers["Idempotency-Replayed"] == "true"
                assert again.content == said


def start_hub(server: EmbeddedPostgres, port: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.faults.served_hub", str(port), server.url()]
    return subprocess.Popen(words, cwd=ROOT)  # noqa: S603 -- this very interpreter


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ground(embedded_home: Path) -> AsyncIterator[Ground]:
    """Eight hospitals with a stay each, before a hub on a durable Postgres."""
    server = EmbeddedPostgres(embedded_home)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate.upgrade, server.url())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    async with (
        open_world(server.url()) as world,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS_MAX) as http,
    ):
        await road(world)
        hospitals = []
        for number in range(HOSPITALS):
            inside = world.institution(JINAN)
            client = Client(http, inside.signer, inside.caller, inside.clock, inside.keys)
            hospitals.append(Hospital(client, await ready(world), f"kill-{number}"))
        it = Ground(server, port, world, hospitals, start_hub(server, port))
        yield it
        it.hub.terminate()
        await asyncio.to_thread(it.hub.wait)
    await asyncio.to_thread(server.stop)


def command(server: EmbeddedPostgres, word: str) -> None:
    """Run a command of the hub, as an operator would."""
    keys = {
        "DATABASE_URL": server.url(),
        "HUB_TOKEN_KEY": TOKEN_KEY,
        "HUB_DATA_KEYS": DATA_KEY,
        "HUB_INDEX_KEY": INDEX_KEY,
    }
    done = subprocess.run(  # noqa: S603 -- this very interpreter
        [sys.executable, "-m", "app", word],
        cwd=ROOT,
        env=os.environ | keys,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_whoever_is_killed_under_load_nothing_acknowledged_is_lost_or_done_twice(
    ground: Ground,
) -> None:
    dice = random.Random(6)  # noqa: S311 -- a scattering, not a secret
    played = []
    for number in range(ROUNDS):
        victim = "Postgres" if number % 2 else "hub"
        # Not at the end: whoever is killed must be missed.
        now = Round(victim, dice.randrange(1, HOSPITALS * DEEDS // 2))
        since = [len(it.sent) for it in ground.hospitals]
        try:
            await ground.play(now)
            await ground.hold_to_everything()
            await ground.say_again(since)
        except BaseException as failure:
            failure.add_note(f"round {number}: {now}")
            raise
        assert now.acknowledged == HOSPITALS * DEEDS
        assert now.met, "nobody noticed the kill"
        played.append(now)
    for word in ("seal", "verify"):  # the tests' clock is long ago: too late to be sealed by itself
        await asyncio.to_thread(command, ground.server, word)
    if LISTING:
        LIST.write_text(listed(played), encoding="utf-8")


def listed(played: list[Round]) -> str:
    """Write down what happened."""
    said = LISTED.format(
        rounds=len(played),
        acknowledged=sum(it.acknowledged for it in played),
        replayed=sum(it.replayed for it in played),
    )
    return "\n".join([said, *(it.row(number) for number, it in enumerate(played, 1)), ""])
