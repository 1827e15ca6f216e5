"""Where one message ends and the next begins, whatever a sender puts between them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httptools
import pytest
import pytest_asyncio
import uvicorn

from app.cli.heads import HeadProtocol
from app.cli.serving import listening, server_of
from app.runtime.turns import Turns
from tests.support.world import World, open_world

SECONDS_MAX = 60  # nothing is timed: what never ends, ends here
LIVE = b"GET /v1/health/live HTTP/1.1\r\nHost: hub\r\n\r\n"
LAST = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
POST = b"POST /v1/filings HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
TOKEN = CHUNKED.replace(b"/v1/filings", b"/oauth/token").replace(
    b"application/json", b"application/x-www-form-urlencoded"
)
FORM = b"grant_type=client_credentials&client_id=nobody&client_secret=guessed"


class Served:
    """A hub on a real socket, and what stands at its ends of the connections."""

    def __init__(self, world: World, server: uvicorn.Server, port: int) -> None:
        self.world, self.server, self.port = world, server, port

    async def asked(self, *pieces: bytes) -> bytes:
        """Send pieces, each once the one before is read, and read until the hub hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)  # so that they nearly always come apart; it holds anyhow
        async with asyncio.timeout(SECONDS_MAX):
            told = await reader.read()
        writer.close()
        return told

    async def end(self) -> HeadProtocol:
        """Return the hub's end of the connection, once it is the only one."""
        connections = self.server.server_state.connections
        async with asyncio.timeout(SECONDS_MAX):
            while len(connections) != 1:  # noqa: ASYNC110 -- a figure
                await asyncio.sleep(0.01)
        (found,) = connections
        assert isinstance(found, HeadProtocol)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(database_url: str) -> AsyncIterator[Served]:
    """A hub behind a proxy of this machine, whose word on addresses it takes."""
    settings = {"trusted_proxies": ("127.0.0.1/32",), "body_wait_seconds": 2, "tick_seconds": 0}
    settings |= {
        "header_bytes_max": 8_192,
        "working_max": 1,
        "waiting_max": 1,
        "turn_wait_seconds": 600,
    }
    async with open_world(database_url, **settings) as world:
        with listening("127.0.0.1", 0) as taken:
            server = server_of(world.app)
            running = asyncio.create_task(server.serve(sockets=[taken]))
            while not server.started:  # noqa: ASYNC110 -- uvicorn tells by a flag
                await asyncio.sleep(0.01)
            yield Served(world, server, int(taken.getsockname()[1]))
            server.should_exit = True
            await running


def statuses(told: bytes) -> list[int]:
    """Read the statuses of what was answered."""
    return [int(each[:3]) for each in told.split(b"HTTP/1.1 ")[1:]]


async def test_what_follows_a_body_is_no_header(served: Served) -> None:
    """A proxy that wrote where a request comes from did not look behind the body."""
    buckets = served.world.app.state.limits.buckets
    chunk = b"%x\r\n%b\r\n0\r\n" % (len(FORM), FORM)
    trailers = b"X-Forwarded-For: 203.0.113.9\r\nIdempotency-Key: 0001-0002\r\n\r\n"
    told = await served.asked(TOKEN, chunk + trailers + LAST)
    assert statuses(told) == [401, 200]
    assert not [key for key in buckets.full_at if "203.0.113.9" in key]


async def test_fields_behind_a_body_that_never_end_do_not_fill_the_memory(served: Served) -> None:
    assert await sent_until_refused(served, CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: bbbb\r\n" * 90)


async def test_one_field_behind_a_body_that_never_ends_does_not_fill_it_either(
    served: Served,
) -> None:
    assert await sent_until_refused(served, CHUNKED + b"2\r\n{}\r\n0\r\nX-A: ", b"b" * 1_000)


async def test_what_describes_a_chunk_does_not_go_on_for_ever(served: Served) -> None:
    assert await sent_until_refused(served, CHUNKED + b"2;a=", b"b" * 1_000)


async def sent_until_refused(served: Served, first: bytes, piece: bytes) -> bool:
    """Say whether the hub hung up before much was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(first)
    ended = asyncio.create_task(reader.read())
    sent = 0
    while not ended.done() and sent < 4_000_000:
        writer.write(piece)
        sent += len(piece)
        await asyncio.sleep(0)
    writer.close()
    await asyncio.wait([ended])
    ended.exception()  # the hub may have hung up in the middle
    return sent < 4_000_000


async def test_a_connection_that_sends_nothing_but_line_ends_is_given_up(served: Served) -> None:
    """They are no request, and must not stop the clock of silence for good."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(LIVE)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
    writer.write(b"\r\n")
    async with asyncio.timeout(SECONDS_MAX):
        assert await reader.read() == b""
    writer.close()


async def test_the_head_after_a_long_body_may_begin_in_the_same_piece(served: Served) -> None:
    body = b'{"a": "' + b"x" * 40_000 + b'"}'
    first = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert statuses(await served.asked(first + LAST[:20], LAST[20:])) == [401, 200]


async def test_who_would_be_upgraded_is_answered_and_so_is_the_next(served: Served) -> None:
    """What stands behind such a request is not thrown away: its end would pass for another."""
    upgraded = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert statuses(await served.asked(upgraded * 3 + LAST)) == [200] * 4
    split = POST + b"Content-Length: %d\r\n\r\n" % len(LIVE)
    told = await served.asked(upgraded + split, LIVE + LAST)
    assert statuses(told) == [200, 400, 200]


@pytest.mark.parametrize("zeros", [30, 5_000])
async def test_a_length_with_many_zeros_is_no_fault_of_the_hub(served: Served, zeros: int) -> None:
    length = b"Content-Length: %b2\r\nConnection: close\r\n\r\n{}" % (b"0" * zeros)
    assert statuses(await served.asked(POST + length)) == [413]


async def test_a_refusal_never_stands_in_for_an_answer_that_is_owed(served: Served) -> None:
    """What was done for the first request is not told as "this is no request"."""
    turns: Turns = served.world.app.state.turns
    await turns.take()
    try:
        broken = b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
        regions = b"GET /v1/regions HTTP/1.1\r\nHost: hub\r\n\r\n"
        assert await served.asked(regions, broken) == b""
    finally:
        turns.give_back()


async def test_a_body_that_is_none_is_refused_while_nothing_was_answered(served: Served) -> None:
    assert statuses(await served.asked(CHUNKED, b"no length\r\n")) == [400]


async def test_who_is_sent_away_and_reads_nothing_is_read_no_further(served: Served) -> None:
    """Answers are longer than requests: they would be kept without end for who does not come."""
    turns: Turns = served.world.app.state.turns
    await turns.take()
    waiting = asyncio.create_task(turns.take())
    loop = asyncio.get_running_loop()
    short = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"
    try:
        with socket.socket() as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            wire.settimeout(0)
            await loop.sock_connect(wire, ("127.0.0.1", served.port))
            sending = asyncio.create_task(loop.sock_sendall(wire, short * 300_000))
            end = await served.end()
            async with asyncio.timeout(SECONDS_MAX):
                while not end.flow.read_paused and not sending.done():  # noqa: ASYNC110 -- a flag
                    await asyncio.sleep(0.01)
            assert end.flow.read_paused
            assert end.transport.get_write_buffer_size() < 4_000_000
            sending.cancel()
    finally:
        turns.give_back()
        await waiting
        turns.give_back()


def test_the_servers_reader_says_where_an_upgrade_ends() -> None:
    """What is behind it is found by that."""
    with pytest.raises(httptools.HttpParserUpgrade) as told:
        httptools.HttpRequestParser(object()).feed_data(
            b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nrest"
        )
    assert told.value.args == (51,)
