"""The conformance kit against this hub: every case passes, and a hub that errs is caught."""

from __future__ import annotations

import itertools

import httpx
import pytest
import pytest_asyncio

from app.cli.credentials import give_client
from app.conformance.cases import CASES
from app.conformance.evidence import Result, Verdict
from app.conformance.runner import ClientsError, Run, passed, play
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
    return tuple([await client_of(world, party) for party in (JINAN, "110000", JINAN_DEVICES)])


async def client_of(world: World, party: str) -> Credential:
    """Give a party a client."""
    made = await as_operator(world, lambda work: give_client(work, party))
    return Credential(made.id, made.secret)


async def played(
    world: World,
    clients: tuple[Credential, ...],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    only: str = "",
    operator: Credential | None = None,
    faces: tuple[str, ...] = ("rest", "gateway"),
) -> list[Result]:
    hub = transport or httpx.ASGITransport(world.app, raise_app_exceptions=False)
    run = Run(
        base_url="http://hub",
        credentials=clients,
        operator=operator,
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
    assert not wrong(results), "\n".join(wrong(results))
    assert len(results) >= 40
    assert {it.face for it in results} == {"rest", "gateway"}
    assert passed(results)
    assert {it.family for it in results if it.verdict is not Verdict.PASSED} == {"calendar"}


def wrong(results: list[Result]) -> list[str]:
    return [
        f"{it.family}/{it.name} ({it.face}): {it.why}"
        for it in results
        if it.why and not (it.optional and it.verdict is Verdict.SKIPPED)
    ]


async def test_what_needs_the_clock_is_skipped_without_blame_and_says_what_it_needs(
    world: World, clients: tuple[Credential, ...]
) -> None:
    results = await played(world, clients, only="calendar/")
    assert {it.verdict for it in results} == {Verdict.SKIPPED}
    assert all("the operator's client" in it.why for it in results)
    assert not passed(results), "nothing was played"
    operator = await client_of(world, "operator")
    results = await played(world, clients, only="calendar/", operator=operator)
    assert {it.why for it in results} == {"needs a sandbox: this hub has no clock that can be set"}


async def test_an_operators_client_that_is_none_is_no_operators(
    world: World, clients: tuple[Credential, ...]
) -> None:
    with pytest.raises(ClientsError, match="not the operator's client"):
        await played(world, clients, operator=clients[0])
