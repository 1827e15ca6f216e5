"""The ladder climbs and says what it measured; how long anything took is looked at by people."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from app.runtime import migrate
from benchmarks import __main__ as bench
from benchmarks.ladder import plots
from benchmarks.ladder.client import Target, get, post
from benchmarks.ladder.climb import Climb
from benchmarks.ladder.hubs import Shape
from benchmarks.ladder.manner import ALL, GROWN, LOW, Manner, visits_for
from benchmarks.ladder.place import open_place
from benchmarks.ladder.scores import Score, Taken
from benchmarks.ladder.validity import Accepted

ROOT = Path(__file__).parents[2]
# Fewer visits than pgbench is given a second for: it plays them by number, and never uses them up.
TINY = ("--seconds", "0.2", "--rounds", "1", "--stock", "3900", "--settlements", "2000")
RUNGS = (*LOW, "preview", "identify", "search", "lines", "copy", "batch", *GROWN, "L7", "idle")


class Hub(asyncio.Protocol):
    """Answers, hangs up or refuses, as the number of a request says."""

    seen: list[bytes] = []  # noqa: RUF012 -- each test makes a hub of its own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        key = data.partition(b"Idempotency-Key: ")[2].partition(b"\r\n")[0]
        first = key not in self.seen
        self.seen.append(key)
        if data.startswith(b"GET"):
            self.transport.write(b"HTTP/1.1 404 Unknown\r\ncontent-length: 0\r\n\r\n")
        elif first and key.endswith(b"3"):
            self.transport.close()
        elif first and key.endswith(b"5"):
            self.transport.write(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n")
        elif key.endswith(b"7"):
            self.transport.write(b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\nno")
        else:
            self.transport.write(
                b"HTTP/1.1 201 Made\r\nContent-Type: x\r\nContent-Length: %d\r\n\r\n" % len(key)
            )
            self.transport.write(key)


@pytest.fixture
def hub() -> type[Hub]:
    return type("OneHub", (Hub,), {"seen": []})


async def sent(hub: type[Hub], requests: Iterator[bytes], *, openly: bool = False) -> Taken:
    """Send requests, with patience, to a hub of this test's own."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(hub, "127.0.0.1", 0)
    async with server:
        target = Target((server.sockets[0].getsockname()[:2],))
        if openly:
            return await target.open(10_000, 0.01, requests, patient=True)
        return await target.closed(3, 60, requests, patient=True)


def messages(number: int) -> Iterator[bytes]:
    return (post("/x", b"{}", b"A: b\r\n", f"k{each}") for each in range(1, number + 1))


@pytest.mark.parametrize("openly", [False, True])
async def test_the_sender_repeats_what_has_no_answer_under_its_id_until_it_has_one(
    hub: type[Hub], *, openly: bool
) -> None:
    taken = await sent(hub, messages(100), openly=openly)
    answered = {f"k{each}".encode() for each in range(1, 101) if each % 10 != 7}
    assert set(taken.bodies) == answered
    assert len(taken.bodies) == taken.accepted == 90
    assert taken.refused == {422: 10}
    assert taken.resent == 20
    assert len(hub.seen) == 120


async def test_a_crowd_is_sent_whole_and_who_was_sent_away_can_come_another_time(
    hub: type[Hub],
) -> None:
    requests, sent_away = list(messages(1_000)), list[bytes]()
    server = await asyncio.get_running_loop().create_server(hub, "127.0.0.1", 0)
    async with server:
        target = Target((server.sockets[0].getsockname()[:2],))
        taken = await target.crowd(100_000, requests, sent_away)
    assert (taken.accepted, taken.refused) == (700, {0: 100, 422: 100, 503: 100})
    assert set(sent_away) == {
        it for it in requests if it.partition(b"\r\nContent-L")[0][-1:] in b"357"
    }
    assert len(sent_away) == 300


async def test_an_answer_in_pieces_is_one_answer() -> None:
    class Slow(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)

        def data_received(self, _: bytes) -> None:
            loop = asyncio.get_running_loop()
            pieces = (b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\n\r\nwh", b"le")
            for number, piece in enumerate(pieces):
                loop.call_later(number / 100, self.transport.write, piece)

    loop = asyncio.get_running_loop()
    async with await loop.create_server(Slow, "127.0.0.1", 0) as server:
        target = Target((server.sockets[0].getsockname()[:2],))
        taken = await target.closed(1, 60, iter([get("/x", b"")] * 2))
    assert taken.bodies == [b"whle", b"whle"]


async def test_what_is_answered_for_and_not_kept_voids_a_run(hub: type[Hub]) -> None:
    with open_place() as place:
        migrate.upgrade(place.url)
        accepted = Accepted(place)
        await accepted.begin()
        target = Target((("127.0.0.1", 9),))
        assert await accepted.faults(target) == []
        taken = Taken()
        taken.accept(b'{"number":"A1300002611220000001","kind":"settlement"}', 0.0)
        accepted.note(taken)
        server = await asyncio.get_running_loop().create_server(hub, "127.0.0.1", 0)
        async with server:
            faults = await accepted.faults(Target((server.sockets[0].getsockname()[:2],)))
    assert "1 were accepted after 0, and 0 settlements are kept" in faults
    assert "1 were accepted after 0, and 0 messages are kept" in faults
    assert "1 were accepted after 0, and 0 announcements are kept" in faults
    assert "1 were accepted and 0 can be found" in faults
    assert "of 1 settlements asked for again 0 came back" in faults


def test_the_whole_ladder_is_climbed_and_is_valid(tmp_path: Path) -> None:
    asked = ("--json", "--write", "--results", str(tmp_path), "--only", ",".join(RUNGS))
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-m", "benchmarks", *TINY, *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert list(said)[:4] == ["L4/L1", "L1", "L4", "p99_ms"]
    assert said["valid"]
    played = {"L4b", *RUNGS} - {"idle"}
    assert set(said["medians"]) == played
    assert all(each["rate"] > 0 for each in said["medians"].values())
    assert said["facts"]["fsync"] == said["facts"]["synchronous_commit"] == "on"
    assert said["figures"]["months_closed"] > 0
    assert json.loads((tmp_path / "ladder.json").read_text("utf-8")) == said
    told = (tmp_path / "ladder.md").read_text("utf-8")
    assert "| goal | measured | reached | not reached |" in told
    for picture in tmp_path.glob("*.svg"):
        assert picture.name in told
        ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 -- our own


def test_a_rung_nobody_knows_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "L1,L99"])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    assert "no such rung: L99" in capsys.readouterr().err


def manner(within_seconds: float | None) -> Manner:
    return Manner(
        rungs=("L4",),
        rounds=3,
        seconds=1,
        clients=1,
        senders=1,
        visits=1,
        settlements=1,
        cleared=1,
        shape=Shape(workers=1, pool=1),
        within_seconds=within_seconds,
    )


@pytest.mark.parametrize(("within", "rounds"), [(None, 3), (0.0, 1)])
async def test_a_run_that_has_no_time_left_begins_no_further_round(
    within: float | None, rounds: int
) -> None:
    told: list[str] = []
    done = Climb(manner(within), told.append)

    async def play() -> Score:
        return Score.of(Taken())

    await done.play({"L4": play}, 3)
    assert len(done.scores["L4"]) == rounds
    assert ("no time is left for round 2 of 3" in told) is (rounds == 1)


def test_more_rounds_want_more_visits() -> None:
    assert visits_for(ALL, 5, 10) > visits_for(ALL, 3, 4) > visits_for(("preview",), 1, 0.1) > 0


def test_a_bar_is_as_long_as_its_value_and_its_whisker_reaches_the_most() -> None:
    drawn = plots.bars("A & B", [plots.Bar("one <1>", 50, 40, 100), plots.Bar("two", 25, 25, 25)])
    picture = ET.fromstring(drawn)  # noqa: S314 -- our own
    bars = [each for each in picture.iter() if each.get("fill") == "#3b7dd8"]
    one, two = (float(str(bar.get("width"))) for bar in bars)
    assert one == pytest.approx(2 * two, abs=0.1)
    assert "one <1>" in "".join(picture.itertext())
