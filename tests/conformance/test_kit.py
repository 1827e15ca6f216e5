"""The conformance kit against this hub: every case passes, and a hub that errs is caught."""

from __future__ import annotations

import itertools

import httpx
import pytest_asyncio

from app.cli.credentials import give_client
from app.conformance.cases import CASES
from app.conformance.evidence import Result, Verdict
from app.conformance.runner import Run, passed, play
from app.conformance.wire import Credential
from tests.support.catalogues import load_made_up
from tests.support.institutions import JINAN, JINAN_DEVICES, seeded_institutions
from tests.support.parties import as_operator
from tests.support.world import World

SEEDS = itertools.count(1)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def clients(world: World) -> tuple[Credential, ...]:
    await seeded_institutions(world)
    for place in ("110000", "370000"):
        await load_made_up(world, place)
    made = [
        await as_operator(world, lambda work, p=party: give_client(work, p))  # type: ignore[misc]  # p is bound at once
        for party in (JINAN, "110000", JINAN_DEVICES)
    ]
    return tuple(Credential(it.id, it.secret) for it in made)


async def played(
    world: World,
    clients: tuple[Credential, ...],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    only: str = "",
    faces: tuple[str, ...] = ("rest", "gateway"),
) -> list[Result]:
    hub = transport or httpx.ASGITransport(world.app, raise_app_exceptions=False)
    run = Run(
        base_url="http://hub",
        credentials=clients,
        seed=next(SEEDS),
        transport=hub,
        only=only,
        faces=faces,
    )
    return [result async for result in play(run, CASES)]


async def test_every_case_passes_through_both_faces(
    world: World, clients: tuple[Credential, ...]
) -> None:
    results = await played(world, clients)
    wrong = [f"{it.family}/{it.name} ({it.face}): {it.why}" for it in results if it.why]
    assert not wrong, "\n".join(wrong)
    assert len(results) >= 40
    assert {it.face for it in results} == {"rest", "gateway"}
    assert passed(results)
    assert all(it.verdict is Verdict.PASSED for it in results)
