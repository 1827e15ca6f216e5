"""Drives a request from one await to the next, and lets its sender go away at one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

Given = TypeVar("Given")
APP = Path(__file__).parents[2] / "app"
LINKS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))


@dataclass(slots=True)
class Watched(Generic[Given]):
    """Awaits what it is given, counts how often that waits, and goes away at one number."""

    waited_for: Coroutine[Any, Any, Given]
    gone_at: int
    awaits: int = 0
    place: str = ""  # of the hub, where it waited when the sender went

    @property
    def is_gone(self) -> bool:
        """Whether the await at which the sender goes was reached."""
        return self.awaits > self.gone_at

    def __await__(self) -> Generator[Any, Any, Given]:
        """Hand every wait on to the loop, as `await` itself does."""
        steps = self.waited_for.__await__()
        task = asyncio.current_task()
        assert task is not None
        try:
            waiting = next(steps)
            while True:
                if self.awaits == self.gone_at:
                    self.place = place_of(self.waited_for)
                    task.cancel()
                self.awaits += 1
                try:
                    told = yield waiting
                except BaseException as failure:  # noqa: BLE001 -- whatever it is, it is theirs
                    waiting = steps.throw(failure)
                else:
                    waiting = steps.send(told)
        except StopIteration as end:
            given: Given = end.value
            return given


def place_of(waiting: object) -> str:
    """Name the innermost function of the hub that waits; empty where none of it does."""
    ours = [it.f_code for it in frames(waiting) if Path(it.f_code.co_filename).is_relative_to(APP)]
    if not ours:
        return ""
    return f"{Path(ours[-1].co_filename).relative_to(APP.parent)} {ours[-1].co_qualname}"


def frames(waiting: object) -> Iterator[FrameType]:
    """Go down from who waits to who is waited for."""
    while waiting is not None:
        for frame, following in LINKS:
            if hasattr(waiting, frame):
                if (found := getattr(waiting, frame)) is not None:
                    yield found
                waiting = getattr(waiting, following)
                break
        else:
            return
