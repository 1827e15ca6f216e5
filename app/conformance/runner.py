"""Plays the cases one after another against a hub, and gathers what they leave behind."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import httpx

from app.conformance.bench import Bench, ClientMissingError, Keys, Lines, People, hub_now
from app.conformance.case import GATEWAY, Case
from app.conformance.desk import Desk
from app.conformance.evidence import DeviationError, Result, Verdict
from app.conformance.gateway import GatewayDesk
from app.conformance.rest import RestDesk
from app.conformance.wire import Credential, Line
from app.runtime.hub import wall_clock

CASE_SECONDS_MAX = 60.0
TIMEOUT = httpx.Timeout(20.0)


class ClientsError(Exception):
    """The clients that were given are not enough for any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is played: the hub, the clients, the seed, and which cases."""

    base_url: str
    credentials: tuple[Credential, ...]
    seed: int
    faces: tuple[str, ...] = ("rest", "gateway")
    only: str = ""  # a part of a case's name or its family
    transport: httpx.AsyncBaseTransport | None = None


async def play(run: Run, cases: Iterable[Case]) -> AsyncIterator[Result]:
    """Play the cases, each on every face it is about."""
    dice = random.Random(run.seed)  # noqa: S311 -- the same seed, the same people
    keys = Keys(started=wall_clock())
    http = httpx.AsyncClient(base_url=run.base_url, timeout=TIMEOUT, transport=run.transport)
    async with http:
        lines = await _signed_in(http, run.credentials)
        for case in cases:
            for face in case.faces:
                if face in run.faces and run.only in f"{case.family}/{case.name}":
                    yield await _play(case, face, await _bench(lines, face, dice, keys))


async def _signed_in(http: httpx.AsyncClient, credentials: tuple[Credential, ...]) -> Lines:
    """Sign every client in and give each its part."""
    found = [Line(http=http, credential=each) for each in credentials]
    for line in found:
        await line.sign_in()
    hospitals = [it for it in found if it.kind == "institution" and it.party.startswith("H")]
    firms = [it for it in found if it.kind == "institution" and not it.party.startswith("H")]
    there = {it.region[:2] for it in hospitals}
    agencies = [it for it in found if it.kind == "agency" and it.region[:2] not in there]
    if not hospitals or not agencies:
        raise ClientsError("a hospital's client and one of an agency elsewhere are needed")
    others = [*hospitals[1:], *firms]
    return Lines(institution=hospitals[0], agency=agencies[0], other=others[0] if others else None)


async def _bench(lines: Lines, face: str, dice: random.Random, keys: Keys) -> Bench:
    now = await hub_now(lines.agency)
    own = lines.institution
    desk: Desk = GatewayDesk(own, now) if face == GATEWAY else RestDesk(own)
    return Bench(desk=desk, lines=lines, people=People(dice=dice), keys=keys, now=now)


async def _play(case: Case, face: str, at: Bench) -> Result:
    result = Result(
        family=case.family,
        name=case.name,
        face=face,
        says=case.says,
        says_zh=case.says_zh,
        verdict=Verdict.PASSED,
    )
    lines = [it for it in (at.lines.institution, at.lines.agency, at.lines.other) if it]
    for line in lines:
        line.exchanges.clear()
    began = time.perf_counter()
    try:
        async with asyncio.timeout(CASE_SECONDS_MAX):
            await case.play(at)
    except DeviationError as deviation:
        result.verdict, result.why = Verdict.FAILED, str(deviation)
    except ClientMissingError as missing:
        result.verdict, result.why = Verdict.SKIPPED, f"needs {missing}"
    except (httpx.HTTPError, TimeoutError, KeyError, ArithmeticError, ValueError) as error:
        result.verdict, result.why = Verdict.ERROR, f"{type(error).__name__}: {error}"
    result.seconds = time.perf_counter() - began
    result.exchanges = [exchange for line in lines for exchange in line.exchanges]
    return result


def passed(results: Iterable[Result]) -> bool:
    """Say whether all cases passed; a skipped one did not, and none at all did not either."""
    verdicts = [result.verdict for result in results]
    return bool(verdicts) and all(verdict is Verdict.PASSED for verdict in verdicts)
