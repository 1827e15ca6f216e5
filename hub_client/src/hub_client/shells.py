"""Two ways to drive the same plans: a blocking client and an asynchronous one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import httpx

from hub_client.delivery import recover
from hub_client.desk import Credentials, Desk, Unseen
from hub_client.ids import CHINA
from hub_client.journal import Journal
from hub_client.pacing import Pacing
from hub_client.wire import Effect, Event, Keep, Lost, Plan, Reply, Request, Send, Wait

P = ParamSpec("P")
T = TypeVar("T")
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # the hub promises an answer within fifteen seconds


def open_desk(  # noqa: PLR0913 -- keywords, each one decision of the institution's
    *,
    party: str,
    client_id: str,
    secret: str,
    journal: Path | str,
    window: int = 0,
    pacing: Pacing | None = None,
    when_unseen: Unseen = Unseen.RESEND,
    clock: Callable[[], datetime] = lambda: datetime.now(CHINA),
) -> Desk:
    """Open the journal and put beside it what a client needs.

    `party` is the institution's twelve-character code, or an agency's region.
    """
    return Desk(
        journal=Journal(journal, party=party, window=window, clock=clock),
        credentials=Credentials(client_id, secret),
        pacing=pacing or Pacing(),
        when_unseen=when_unseen,
    )


class Blocking:
    """Drives plans in the caller's thread; may be shared by threads."""

    def __init__(
        self,
        base_url: str,
        desk: Desk,
        *,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.desk = desk
        self._sleep = sleep
        self._http = httpx.Client(base_url=base_url, timeout=timeout, transport=transport)

    def run(self, plan: Plan[T]) -> T:
        """Carry a plan out."""
        event: Event = None
        try:
            while True:
                event = self._perform(plan.send(event))
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            plan.close()

    def _perform(self, effect: Effect) -> Event:
        match effect:
            case Send(request):
                return self._exchange(request)
            case Wait(seconds):
                self._sleep(seconds)
            case Keep(act):
                act()
        return None

    def _exchange(self, request: Request) -> Reply | Lost:
        try:
            return _reply(self._http.request(**_arguments(request)))
        except httpx.RequestError as error:
            return Lost(repr(error))

    def close(self) -> None:
        """Close the connections and the journal."""
        self._http.close()
        self.desk.journal.close()

    def __enter__(self) -> Self:
        """Settle what an earlier run left open, as far as the hub can be reached."""
        self.run(recover(self.desk))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Concurrent:
    """Drives plans on the event loop; the disk is touched in a thread."""

    def __init__(
        self,
        base_url: str,
        desk: Desk,
        *,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.desk = desk
        self._sleep = sleep
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)

    async def run(self, plan: Plan[T]) -> T:
        """Carry a plan out."""
        event: Event = None
        try:
            while True:
                event = await self._perform(plan.send(event))
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            plan.close()

    async def _perform(self, effect: Effect) -> Event:
        match effect:
            case Send(request):
                return await self._exchange(request)
            case Wait(seconds):
                await self._sleep(seconds)
            case Keep(act):
                await asyncio.to_thread(act)
        return None

    async def _exchange(self, request: Request) -> Reply | Lost:
        try:
            return _reply(await self._http.request(**_arguments(request)))
        except httpx.RequestError as error:
            return Lost(repr(error))

    async def close(self) -> None:
        """Close the connections and the journal."""
        await self._http.aclose()
        await asyncio.to_thread(self.desk.journal.close)

    async def __aenter__(self) -> Self:
        """Settle what an earlier run left open, as far as the hub can be reached."""
        await self.run(recover(self.desk))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


# httpx takes these by keyword, each of a type of its own.
def _arguments(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.params) or None,
        "headers": dict(request.headers),
        "content": request.body,
    }


def _reply(response: httpx.Response) -> Reply:
    return Reply(status=response.status_code, headers=dict(response.headers), body=response.content)


class Verb(Generic[P, T]):
    """One act, written once as a plan, offered by both clients with its own signature."""

    def __init__(self, plan: Callable[Concatenate[Desk, P], Plan[T]]) -> None:
        self.plan = plan
        self.__doc__ = plan.__doc__

    @overload
    def __get__(self, shell: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, shell: Blocking, owner: type[object]) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, shell: Concurrent, owner: type[object]
    ) -> Callable[P, Coroutine[object, object, T]]: ...
    def __get__(
        self, shell: Blocking | Concurrent | None, owner: type[object]
    ) -> Self | Callable[P, T] | Callable[P, Coroutine[object, object, T]]:
        """Bind the plan to the client it is asked of."""
        if shell is None:
            return self

        @wraps(self.plan)
        def call(*args: P.args, **kwargs: P.kwargs) -> T | Coroutine[object, object, T]:
            return shell.run(self.plan(shell.desk, *args, **kwargs))

        return call  # type: ignore[return-value]  # which of the two follows from the shell
