"""The one door. Every write passes here; nothing else in the hub opens a transaction.

Claim the message id, run the use case, write the trail and the answer, do the last acts, commit.
Only then is there anything to send, so a caller never holds a receipt for work that was lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

import asyncpg
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.kernel.refusal import Kind, Refusal
from app.runtime import claims, looks, messages, walls
from app.runtime.auth import Caller
from app.runtime.claims import Claim
from app.runtime.db import Rx, Tx
from app.runtime.messages import KeptState, Stamp
from app.runtime.problems import Answer, Malformed, problem_of
from app.runtime.work import Law, Reading, Work

T = TypeVar("T")
RETRYABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock
LOCK_NOT_AVAILABLE = "55P03"
UNSTORABLE_TEXT = frozenset({"22021", "22P05"})  # a NUL character, which Postgres does not keep
# What comes through unwrapped when the connection itself breaks.
UNREACHABLE = (PoolTimeout, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
NATIONAL_ID = re.compile(r"[A-Z]\d{29}")  # institution code 12 + yyyyMMddHHmmss + 4 digits
KEY = re.compile(r"[!-~]{1,64}")  # visible ASCII


class MessageIdMissing(Refusal):
    """A write came without an Idempotency-Key."""

    kind: ClassVar = Kind.KEY_MISSING
    code: ClassVar = "message-id-missing"
    title: ClassVar = "Every write needs an Idempotency-Key header"
    title_zh: ClassVar = "写操作必须携带 Idempotency-Key（报文编号）"
    remedy: ClassVar = "Send a new id per business action and the same id on every retry of it."
    remedy_zh: ClassVar = "每笔业务使用新的编号；重发同一笔业务时使用同一编号。"


class MessageIdFormat(Refusal):
    """The id is not 1 to 64 visible ASCII characters."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "message-id-format"
    title: ClassVar = "An Idempotency-Key is 1 to 64 visible ASCII characters"
    title_zh: ClassVar = "报文编号应为 1 至 64 个可见 ASCII 字符"


class MessageIdPrefix(Refusal):
    """A national message id begins with another institution's code."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "message-id-prefix"
    title: ClassVar = "The message id begins with another institution's code"
    title_zh: ClassVar = "报文编号的机构编码前缀与发送方不一致"


class MessageIdReused(Refusal):
    """The id already belongs to a different request."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "message-id-reused"
    title: ClassVar = "This Idempotency-Key was used for a different request"
    title_zh: ClassVar = "该报文编号已用于其他请求"
    remedy: ClassVar = "Ask GET /v1/messages/{id} what became of it; use a new id for new business."
    remedy_zh: ClassVar = "可通过 GET /v1/messages/{id} 查询其结果；新业务请使用新编号。"


class Busy(Refusal):
    """The hub could not get to it in time; nothing was done, or it can be asked by its id."""

    kind: ClassVar = Kind.BUSY
    code: ClassVar = "busy"
    title: ClassVar = "The hub is busy; send the same message again"
    title_zh: ClassVar = "系统繁忙，请以同一报文编号重发"


class MessageFenced(Refusal):
    """The id was shut out before the message took effect: it has not happened and never will."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "message-fenced"
    title: ClassVar = "This message was shut out before it took effect"
    title_zh: ClassVar = "该报文编号已封存，迟到的报文不予受理"
    remedy: ClassVar = "Nothing was done. If the business is still meant, send it with a new id."
    remedy_zh: ClassVar = "该笔业务未生效；如仍需办理，请使用新的报文编号。"


class MessageReversed(Refusal):
    """What the message did was undone by a reversal; it cannot be had again under its id."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "message-reversed"
    title: ClassVar = "What this message did was reversed"
    title_zh: ClassVar = "该报文已冲正"
    says: ClassVar = "Reversed by message {reversed_by}."
    says_zh: ClassVar = "由报文 {reversed_by} 冲正。"
    remedy: ClassVar = "If the business is meant again, send it with a new id."
    remedy_zh: ClassVar = "如需重新办理，请使用新的报文编号。"


class MessageOwn(Refusal):
    """A message cannot be about itself."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "message-own"
    title: ClassVar = "A message cannot fence or reverse itself"
    title_zh: ClassVar = "报文不能封存或冲正自身"
    remedy: ClassVar = "Send the fence or the reversal under an id of its own."
    remedy_zh: ClassVar = "请为封存或冲正使用单独的报文编号。"


class MessageRunning(Refusal):
    """The message with this id is still being worked on; ask again for its answer."""

    kind: ClassVar = Kind.RUNNING
    code: ClassVar = "message-running"
    title: ClassVar = "The message is still being worked on; send it again for its answer"
    title_zh: ClassVar = "该报文正在处理中，请稍后以同一编号重发以取得结果"


# The id's own state; nothing to remember as the outcome of an attempt.
OF_THE_ID = (MessageIdReused, MessageFenced, MessageReversed, MessageOwn)
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.02, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What every request shares: the pool, the law, the clock, the number of attempts."""

    engine: AsyncEngine
    reading_engine: AsyncEngine  # the same pool, autocommitting
    law: Law
    clock: Callable[[], datetime]
    attempts_max: int
    running_wait_seconds: float = 2.0  # how long a message waits for its twin under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One caller's one request to change something."""

    hub: Hub
    caller: Caller
    key: str
    fingerprint: bytes
    action: str
    request: str

    async def write(
        self,
        use_case: Callable[[Work], Awaitable[T]],
        *,
        show: Callable[[T], BaseModel],
        status: int = 201,
    ) -> Answer:
        """Run `use_case` once and only once for this id; answer with its stored bytes."""
        check_key(self.key, self.caller.party)
        for pause in _pauses(self.hub.running_wait_seconds):
            try:
                return await self._carry_out(use_case, show, status)
            except MessageRunning:
                await asyncio.sleep(pause)  # without a connection: others may need it
        return await self._carry_out(use_case, show, status)

    async def _carry_out(
        self,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], BaseModel],
        status: int,
    ) -> Answer:
        """Try until it is done, refused, or has failed too often."""
        for attempt in range(1, self.hub.attempts_max + 1):
            stamp = self._stamp()
            try:
                return await self._attempt(stamp, use_case, show, status)
            except Refusal as refusal:
                passing = refusal.kind in (Kind.BUSY, Kind.RUNNING)
                if not passing and not isinstance(refusal, OF_THE_ID):
                    await self._note(stamp, refusal)
                raise
            except DBAPIError as error:
                if not _worth_retrying(error) or attempt == self.hub.attempts_max:
                    raise_refusal(error)
                    raise
            except UNREACHABLE as error:
                if attempt == self.hub.attempts_max:
                    raise Busy from error
            await asyncio.sleep(0.01 * attempt)
        raise AssertionError("unreachable")

    async def _attempt(
        self,
        stamp: Stamp,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], BaseModel],
        status: int,
    ) -> Answer:
        async with _connected(self.hub.engine) as connection, connection.begin():
            tx = Tx(connection)
            work = Work(tx=tx, caller=self.caller, now=stamp.at, law=self.hub.law, message=self.key)
            claimed = await self._claim(tx, stamp)
            if claimed is Claim.RUNNING:
                raise MessageRunning(message=self.key)
            if claimed is Claim.KNOWN:
                return await self._replay(tx)
            body = show(await use_case(work)).model_dump_json().encode()
            assert work.journal, "a write that leaves no trace in the audit trail is a bug"
            await messages.finish(tx, stamp, (status, body), work.journal, work.announcements)
            for act in work.last_acts:
                await act()
        return Answer(status=status, body=body)

    async def _claim(self, tx: Tx, stamp: Stamp) -> Claim:
        try:
            return await claims.claim(tx, self.caller, stamp)
        except DBAPIError as error:
            if _state(error) == LOCK_NOT_AVAILABLE:
                raise MessageRunning(message=self.key) from error
            raise

    async def _replay(self, tx: Tx) -> Answer:
        kept = await messages.find(tx, self.caller.party, self.key)
        assert kept is not None, "the claim met a row, and rows are never deleted"
        if kept.state is KeptState.FENCED:
            raise MessageFenced(message=self.key)
        if kept.fingerprint != self.fingerprint:
            raise MessageIdReused(message=self.key)
        if kept.state is KeptState.REVERSED:
            raise MessageReversed(message=self.key, reversed_by=kept.reversed_by)
        assert kept.state is KeptState.APPLIED, "a refused message is claimed anew"
        return Answer(status=kept.status, body=kept.body, replayed=True)

    async def _note(self, stamp: Stamp, refusal: Refusal) -> None:
        """Remember the refusal; if even that fails, the refusal itself still stands."""
        answer = problem_of(refusal, self.request)
        try:
            async with _connected(self.hub.engine) as connection, connection.begin():
                kept = (answer.status, answer.body)
                await claims.note_refusal(Tx(connection), self.caller, stamp, kept)
        except (Busy, DBAPIError, *UNREACHABLE):
            return

    def _stamp(self) -> Stamp:
        return Stamp(
            party=self.caller.party,
            client=self.caller.client,
            key=self.key,
            fingerprint=self.fingerprint,
            action=self.action,
            request=self.request,
            at=self.hub.clock(),
        )


def check_key(key: str, party: str) -> None:
    """Refuse an id that is none, or is somebody else's."""
    if not KEY.fullmatch(key):
        raise MessageIdFormat
    if NATIONAL_ID.fullmatch(key) and not key.startswith(party):
        raise MessageIdPrefix(message=key)


def _pauses(seconds: float) -> Iterator[float]:
    """Yield growing pauses until the time is up."""
    clock = asyncio.get_running_loop().time
    until, pause = clock() + seconds, PAUSE_SECONDS
    while clock() < until:
        yield pause
        pause = min(1.5 * pause, PAUSE_SECONDS_MAX)


@asynccontextmanager
async def undoing(work: Work) -> AsyncIterator[None]:
    """Let a refusal of what is done inside undo that alone; the refusal itself goes on."""
    records, told, acts = len(work.journal), len(work.announcements), len(work.last_acts)
    try:
        async with work.tx.begin_nested():
            yield
    except Refusal:
        del work.journal[records:], work.announcements[told:], work.last_acts[acts:]
        raise


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """Digest what makes two requests the same request."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def raise_refusal(error: DBAPIError) -> None:
    """Refuse when the fault is the database's and a retry can help, or lies in the text sent."""
    state = _state(error)
    if state in UNSTORABLE_TEXT:
        fault = {"in": "request", "pointer": "", "code": "nul", "detail": "a NUL character"}
        raise Malformed(errors=[fault]) from error
    lost = error.connection_invalidated or state[:2] in ("08", "53", "57")
    if lost or state == LOCK_NOT_AVAILABLE or state in RETRYABLE:
        raise Busy from error


def _worth_retrying(error: DBAPIError) -> bool:
    """Say whether the attempt may be made again at once.

    Also when the connection was lost, even in the commit: the claim tells whether it counted.
    """
    return _state(error) in RETRYABLE or error.connection_invalidated


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Take a connection, and give it back also when the caller has gone away."""
    connection = await _connect(engine)
    try:
        yield connection
    finally:
        await asyncio.shield(connection.close())


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    """Take a connection; whatever keeps it from being had, the hub is busy, not broken."""
    try:
        return await engine.connect()
    except (DBAPIError, *UNREACHABLE) as error:
        raise Busy from error


@asynccontextmanager
async def lend(hub: Hub) -> AsyncIterator[Rx]:
    """Lend an autocommitting connection that works for nobody: it sees what is open to all."""
    async with lent(hub) as rx:
        await walls.leave(rx)
        yield rx


@asynccontextmanager
async def lent(hub: Hub) -> AsyncIterator[Rx]:
    """Lend an autocommitting connection as the last one left it; faults become refusals."""
    try:
        connection = await _connect(hub.reading_engine)
        try:
            yield Rx(connection)
        finally:
            await connection.close()  # nothing is begun, so that it is back without waiting
    except DBAPIError as error:
        raise_refusal(error)
        raise
    except UNREACHABLE as error:
        raise Busy from error


@asynccontextmanager
async def reading(hub: Hub, caller: Caller, request: str) -> AsyncIterator[Reading]:
    """Lend a caller a reading, walled in; looks are kept before the answer, also a no."""
    async with lent(hub) as rx:
        open_reading = Reading(rx=rx, caller=caller, now=hub.clock(), law=hub.law)
        await walls.enter(rx, caller, open_reading.now)
        try:
            yield open_reading
        except Refusal:
            await looks.keep(open_reading, request)
            raise
        await looks.keep(open_reading, request)
