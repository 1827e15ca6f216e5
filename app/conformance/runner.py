"""Plays the cases one after another against a hub, and gathers what they leave behind."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
    operator: Credential | None = None  # given: the sandbox's clock may be set forward
    seed: int
    faces: tuple[str, ...] = ("rest", "gateway")
    only: str = ""  # a part of a case's name or its family
    transport: httpx.AsyncBaseTransport | None = None


async def play(run: Run, cases: Iterable[Case]) -> AsyncIterator[Result]:
    """Play the cases, each on every face it is about."""
    http = httpx.AsyncClient(base_url=run.base_url, timeout=TIMEOUT, transport=run.transport)
    with TemporaryDirectory(prefix="hub-kit-") as folder:
        async with http:
            setting = _Setting(
                lines=await _signed_in(http, run),
                dice=random.Random(run.seed),  # noqa: S311 -- the same seed, the same people
                keys=Keys(started=wall_clock()),
                journal=Path(folder) / "window",
            )
            for case in cases:
                for face in case.faces:
                    if face in run.faces and run.only in f"{case.family}/{case.name}":
                        yield await _play(case, face, await setting.bench(face))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What the cases of a run share."""

    lines: Lines
    dice: random.Random
    keys: Keys
    journal: Path

    async def bench(self, face: str) -> Bench:
        """Set up for one case."""
        now, own = await hub_now(self.lines.agency), self.lines.institution
        desk: Desk = GatewayDesk(own, now) if face == GATEWAY else RestDesk(own)
        return Bench(
            desk=desk,
            lines=self.lines,
            people=People(dice=self.dice),
            keys=self.keys,
            journal=self.journal,
            now=now,
        )


async def _signed_in(http: httpx.AsyncClient, run: Run) -> Lines:
    """Sign every client in and give each its part."""
    found = [await _line(http, each) for each in run.credentials]
    operator = None if run.operator is None else await _line(http, run.operator)
    if operator is not None and operator.kind != "operator":
        raise ClientsError(f"{operator.credential.client_id} is not the operator's client")
    hospitals = [it for it in found if it.kind == "institution" and it.party.startswith("H")]
    firms = [it for it in found if it.kind == "institution" and not it.party.startswith("H")]
    there = {it.region[:2] for it in hospitals}
    agencies = [it for it in found if it.kind == "agency" and it.region[:2] not in there]
    if not hospitals or not agencies:
        raise ClientsError("a hospital's client and one of an agency elsewhere are needed")
    others = [*hospitals[1:], *firms]
    return Lines(
        institution=hospitals[0],
        agency=agencies[0],
        other=others[0] if others else None,
        operator=operator,
    )


async def _line(http: httpx.AsyncClient, credential: Credential) -> Line:
    line = Line(http=http, credential=credential)
    await line.sign_in()
    return line


async def _play(case: Case, face: str, at: Bench) -> Result:
    result = Result(
        family=case.family,
        name=case.name,
        face=face,
        says=case.says,
        says_zh=case.says_zh,
        verdict=Verdict.PASSED,
        optional=case.optional,
    )
    lines = at.lines.given
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
    """Say whether all cases passed; none at all did not, and a skipped one only if it may be."""
    played = [it for it in results if not (it.optional and it.verdict is Verdict.SKIPPED)]
    return bool(played) and all(it.verdict is Verdict.PASSED for it in played)
