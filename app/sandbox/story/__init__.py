"""The story `hub demo` plays over HTTP: one worker's case along the whole road, with its mishaps.

Every step says what it expects of the hub and holds it to that; what differs is a deviation.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

import httpx
from rich.console import Console

from app.kernel.calendar import QUARTER, Month, Quarter
from app.sandbox.clock import SandboxClock, in_china
from app.sandbox.story import closing, desks, fitting, refusal, stay
from app.sandbox.story.dates import FIRST_QUARTER, Dates
from app.sandbox.story.stage import (
    BEIJING,
    CHANNEL,
    FITTER,
    HOSPITAL,
    JINAN,
    OPERATOR,
    SHANDONG,
    Cast,
    Stage,
    Tick,
)
from app.sandbox.story.tale import Tale
from app.sandbox.story.telling import Teller
from app.sandbox.story.wire import Client, Credential, DeviationError
from hub_client import HubError

__all__ = ["FIRST_QUARTER", "Credential", "DeviationError", "Tale", "begin", "play"]

TIMEOUT_SECONDS = 60.0
DESKS = {"beijing": BEIJING, "channel": CHANNEL, "hospital": HOSPITAL, "fitter": FITTER}
SCENES: tuple[tuple[str, Callable[[Stage], Awaitable[None]]], ...] = (
    ("A stay of two weeks, settled at the desk 住院直接结算", stay.play),
    ("A prosthesis above Beijing's cap 辅助器具配置", fitting.play),
    ("An admission refused, every reason at once 一次告知", refusal.play),
    ("A settlement cancelled and made anew 撤销与重新结算", fitting.play_undone),
    ("The quarter is cleared 清算", closing.play),
)


def begin() -> SandboxClock:
    """Return the clock of a demo, set to the first day it can play on."""
    return SandboxClock(in_china(FIRST_QUARTER.first))


async def play(
    url: str,
    credentials: Mapping[str, Credential],
    clock: SandboxClock,
    console: Console,
    *,
    tick: Tick,
) -> Tale:
    """Play the whole story against the hub at `url`, whose clock and tick these are.

    What keeps it from going on is one deviation more, and the end of the story.
    """
    began, tale = time.monotonic(), Tale()
    async with (
        httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS) as http,
        desks.opened(url, credentials, DESKS) as opened,
    ):
        with Teller(console, len(SCENES)) as teller:
            try:
                await _play(_cast(http, credentials, opened), (clock, tick), teller, tale)
            except (DeviationError, HubError, httpx.HTTPError) as error:
                sentence = str(error) or f"The hub did not answer ({type(error).__name__})."
                tale.deviations.append(sentence)
                teller.deviates(sentence)
    tale.elapsed_seconds = time.monotonic() - began
    return tale


async def _play(cast: Cast, timed: tuple[SandboxClock, Tick], teller: Teller, tale: Tale) -> None:
    clock, tick = timed
    dates = Dates(await _free_quarter(cast.operator))
    clock.go_to(dates.quarter.first)
    teller.opening(dates.quarter)
    stage = Stage(cast=cast, clock=clock, tick=tick, dates=dates, teller=teller, tale=tale)
    for title, scene in SCENES:
        teller.scene(title)
        await scene(stage)
        teller.ends()


async def _free_quarter(operator: Client) -> Quarter:
    """Return the quarter after the last one cleared: months before it are closed."""
    cleared = await operator.all("/v1/clearings")
    ends = [_quarter(str(it["period"])) for it in cleared if it["scheme"] == closing.SCHEME]
    return max([FIRST_QUARTER, *(end.next() for end in ends)])


def _quarter(period: str) -> Quarter:
    return Quarter.parse(period) if QUARTER.fullmatch(period) else Month.parse(period).quarter


def _cast(
    http: httpx.AsyncClient, credentials: Mapping[str, Credential], opened: desks.Desks
) -> Cast:
    def client(party: str) -> Client:
        given = credentials[party]
        return Client(http=http, id=given.client_id, secret=given.client_secret, party=party)

    return Cast(
        operator=client(OPERATOR),
        beijing=client(BEIJING),
        shandong=client(SHANDONG),
        jinan=client(JINAN),
        hospital=client(HOSPITAL),
        fitter=client(FITTER),
        desks=opened,
    )
