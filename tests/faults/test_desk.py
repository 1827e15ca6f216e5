"""Every round trip of an identification is cut: nobody is told anything without a trace of it."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest_asyncio

from tests.faults.ground import Ground, laid_out
from tests.faults.knife import Fault
from tests.faults.sender import Message, check, is_definite, send_once
from tests.support.desk import IDENTIFY, traces
from tests.support.institutions import JINAN

TRIES_MAX = 60
AT_THE_DOOR = 2  # round trips there, after those of the lane
NUMBERS = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ground(database_server: tuple[str, str], database_url: str) -> AsyncIterator[Ground]:
    """A hub under the knife, on a database of its own."""
    async with laid_out(database_server[0], database_url) as it, it.walking():
        yield it


def message(ground: Ground, request: str) -> Message:
    """Ask who stands at the desk."""
    return Message(
        sender=ground.world.institution(JINAN),
        path=IDENTIFY,
        body=ground.worker.claim(),
        headers={"X-Request-Id": request},
        status=200,
    )


async def asked(ground: Ground, cuts: dict[int, Fault]) -> tuple[httpx.Response, str]:
    """Ask until there is an answer, with cuts on the way."""
    request = f"cut-{next(NUMBERS):05d}"
    with ground.knife.cutting(cuts):
        for _ in range(TRIES_MAX):
            answer = await send_once(message(ground, request))
            if answer is not None and is_definite(answer):
                return answer, request
            if answer is not None:
                check(answer)
            await asyncio.sleep(0.01)
    raise AssertionError("no definite answer")


def cut_once(crossings: int) -> Iterator[dict[int, Fault]]:
    for number, fault in itertools.product(range(crossings), Fault):
        yield {number: fault}


def cut_twice(crossings: int) -> Iterator[dict[int, Fault]]:
    dice = random.Random(1)  # noqa: S311 -- a scattering, not a secret
    for first, second in itertools.combinations(range(crossings + AT_THE_DOOR), 2):
        for _ in range(3 if first < crossings else 0):  # none gets to the door undisturbed
            yield {first: dice.choice(tuple(Fault)), second: dice.choice(tuple(Fault))}


async def test_an_identification_that_is_cut_is_answered_with_its_trace_or_not_at_all(
    ground: Ground,
) -> None:
    await asked(ground, {})  # connects
    told, _ = await asked(ground, {})
    assert told.status_code == 200, told.text
    crossed = [str(it) for it in ground.knife.crossed]
    assert crossed == ["run SELECT desk_look", "run SELECT desk_keep"]
    for cuts in itertools.chain(cut_once(len(crossed)), cut_twice(len(crossed))):
        answer, request = await asked(ground, cuts)
        assert ground.knife.made, "nothing was cut"
        made = "; ".join(ground.knife.made)
        assert (answer.status_code, answer.content) == (200, told.content), made
        kept = await traces(ground.world, request)
        assert kept, f"told without a trace: {made}"
        assert {(it["action"], it["subject"]) for it in kept} == {
            ("worker.look", ground.worker.number)
        }, made
    answer, _ = await asked(ground, {})
    assert answer.content == told.content, "the hub is whole"
