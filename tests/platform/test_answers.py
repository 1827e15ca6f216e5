"""An answer leaves in as few pieces as it can, and none of it is ever held back for good."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import uvicorn

from app.cli.answers import JOINED_MAX, AnswerProtocol
from app.runtime.telemetry import IS_WHOLE, App, Message, Receive, Send

SECONDS_MAX = 60  # nothing is timed: what never ends, ends here
ASKED = b"POST /said HTTP/1.1\r\nHost: hub\r\nContent-Length: 4\r\n\r\nbody"


class Wire(asyncio.Transport):
    """The other end, which keeps every piece as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.pieces.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""


async def answering(app: App, *sent: bytes) -> Wire:
    """Let an application answer what is sent, piece by piece."""
    config = uvicorn.Config(app, ws="none", lifespan="off")
    config.load()
    state = uvicorn.server.ServerState()
    it = AnswerProtocol(config, state, {}, asyncio.get_running_loop())
    wire = Wire()
    it.connection_made(wire)
    for piece in sent:
        it.data_received(piece)
        await asyncio.sleep(0)
    async with asyncio.timeout(SECONDS_MAX):
        while state.tasks:
            await asyncio.wait(state.tasks)
    it.connection_lost(None)
    return wire


def saying(*bodies: bytes, length: int | None = None) -> App:
    """Build an application that says so much, in so many messages."""
    said = sum(map(len, bodies)) if length is None else length

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        headers = [(b"content-length", str(said).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, body in enumerate(bodies, 1):
            more = number < len(bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})

    return app


async def test_a_short_answer_leaves_in_one_piece() -> None:
    (piece,) = (await answering(saying(b"said"), ASKED)).pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b"\r\n\r\nsaid")


async def test_a_long_answer_leaves_with_its_head_and_is_not_copied_for_it() -> None:
    long = b"a" * (JOINED_MAX + 1)
    (piece,) = (await answering(saying(long), ASKED)).pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b"\r\n\r\n" + long)


async def test_what_follows_the_first_of_a_body_leaves_as_it_comes() -> None:
    first, second, third = (await answering(saying(b"one", b"two", b"three"), ASKED)).pieces
    assert first.endswith(b"\r\n\r\none")
    assert (second, third) == (b"two", b"three")


async def test_an_answer_without_a_body_leaves() -> None:
    (piece,) = (await answering(saying(b""), ASKED)).pieces
    assert piece.endswith(b"\r\n\r\n")


async def test_who_asks_for_the_head_alone_gets_it() -> None:
    asked = b"HEAD /said HTTP/1.1\r\nHost: hub\r\n\r\n"
    (piece,) = (await answering(saying(b"said"), asked)).pieces
    assert b"content-length: 4\r\n" in piece
    assert piece.endswith(b"\r\n\r\n")


async def test_who_waits_to_be_told_to_go_on_is_told_before_there_is_an_answer() -> None:
    head, body = ASKED.split(b"\r\n\r\n")
    waits = head + b"\r\nExpect: 100-continue\r\n\r\n"
    go_on, *rest = (await answering(saying(b"said"), waits, body)).pieces
    assert go_on == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"".join(rest).endswith(b"\r\n\r\nsaid")


async def test_of_an_answer_that_breaks_off_the_head_leaves_before_the_connection_ends() -> None:
    wire = await answering(saying(length=4), ASKED)
    (piece,) = wire.pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wire.is_closed


async def test_requests_sent_together_are_answered_in_turn_each_in_one_piece() -> None:
    async def echo(_: Message, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    wire = await answering(echo, ASKED + ASKED.replace(b"body", b"more"))
    first, second = wire.pieces
    assert first.endswith(b"\r\n\r\nbody")
    assert second.endswith(b"\r\n\r\nmore")


async def test_a_request_is_called_whole_once_all_of_it_is_there() -> None:
    seen: list[bool] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        more = True
        while more:
            seen.append(IS_WHOLE in scope)
            more = (await receive())["more_body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    await answering(app, ASKED)
    assert seen == [True]
    seen.clear()
    await answering(app, ASKED[:-2], ASKED[-2:])
    assert seen[0] is False
