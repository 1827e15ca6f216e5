"""Guessing from many addresses brings no further than from one, and locks no office out."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
import sqlalchemy as sa

from app.runtime.limits import Limits
from tests.support.parties import ask_with, made_client, seeded
from tests.support.persons import PASSWORD, Staff, enrolled
from tests.support.world import World

SESSIONS = "/oauth/sessions"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


async def at(world: World, address: str, path: str, **body: object) -> httpx.Response:
    """Send something from an address."""
    transport = httpx.ASGITransport(world.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        return await http.post(path, **body)  # type: ignore[arg-type]  # named by the tests


async def sign_in(world: World, it: Staff, address: str, code: str) -> int:
    brought = {"person": it.person, "password": it.password, "code": code}
    return (await at(world, address, SESSIONS, json=brought)).status_code


async def test_the_addresses_of_one_network_are_one_guesser(world: World) -> None:
    it = await made_client(world, "370000")
    form = {"grant_type": "client_credentials", "client_id": it.id, "client_secret": "x"}
    for host in range(5):
        answer = await at(world, f"2001:db8:0:1::{host:x}", "/oauth/token", data=form)
        assert answer.status_code == 401
    right = form | {"client_secret": it.secret}
    beside = await at(world, "2001:db8:0:1:ffff::9", "/oauth/token", data=right)
    assert (beside.status_code, beside.json()["code"]) == (429, "sign-in-locked")
    assert (await at(world, "2001:db8:0:2::9", "/oauth/token", data=right)).status_code == 200


async def test_whoever_knows_a_password_does_not_get_five_codes_at_every_address(
    world: World,
) -> None:
    known = await enrolled(world, "known")
    world.clock.advance(minutes=1)
    for host in range(5):
        assert await sign_in(world, known, f"192.0.2.{host}", "000000") == 401
    # The right code is refused in the same words: nobody learns that the password was right.
    assert await sign_in(world, known, "198.51.100.1", known.code()) == 401
    world.clock.advance(seconds=61)
    assert await sign_in(world, known, "198.51.100.1", known.code()) == 200
    world.clock.advance(minutes=1)
    assert await sign_in(world, known, "198.51.100.1", "000000") == 401
    assert await sign_in(world, known, "198.51.100.2", known.code()) == 200


async def test_strangers_without_the_password_lock_its_owner_out_nowhere_else(
    world: World,
) -> None:
    calm = await enrolled(world, "calm")
    world.clock.advance(minutes=1)
    for host in range(7):
        brought = {"person": "calm", "password": PASSWORD + "x", "code": "000000"}
        answer = await at(world, f"192.0.2.{host}", SESSIONS, json=brought)
        assert answer.status_code == 401
    assert await sign_in(world, calm, "198.51.100.9", calm.code()) == 200


async def test_who_waits_as_long_as_told_after_wrong_codes_is_let_in(world: World) -> None:
    clumsy = await enrolled(world, "clumsy")
    for _ in range(5):
        assert (await clumsy.sign_in(code="000000")).status_code == 401
    told = await clumsy.sign_in(code=clumsy.code())
    assert told.status_code == 429
    world.clock.advance(seconds=int(told.headers["Retry-After"]))
    assert (await clumsy.sign_in(code=clumsy.code())).status_code == 200


async def test_an_office_that_signs_in_all_day_does_not_lock_itself_out(world: World) -> None:
    office, clerk = "203.0.113.5", await enrolled(world, "clerk")
    kept = sa.text("SELECT failures, until FROM lock_out WHERE who = '' AND address = :office")
    async with world.tx() as owner:
        await owner.execute(
            sa.text(
                "INSERT INTO lock_out (who, address, failures, last_at)"
                " VALUES ('', :office, 99, :now)"
            ),
            {"office": office, "now": world.clock()},
        )
    for _ in range(3):
        world.clock.advance(minutes=1)
        assert await sign_in(world, clerk, office, clerk.code()) == 200
    async with world.tx() as owner:
        assert tuple((await owner.execute(kept, {"office": office})).one()) == (99, None)
    assert await sign_in(world, clerk, office, "000000") == 401
    world.clock.advance(seconds=1)
    assert await sign_in(world, clerk, office, clerk.code()) == 429


async def test_a_guess_at_the_gateway_counts_against_its_address_rate_as_well(world: World) -> None:
    it = await made_client(world, "370100")
    limits = world.app.state.limits
    world.app.state.limits = Limits(1_000, 1_000, 1)
    pair = base64.b64encode(f"{it.id}:wrong".encode()).decode()
    try:
        answers = [
            await world.http.post(
                "/compat/fsi/api/callService", json={}, headers={"Authorization": f"Basic {pair}"}
            )
            for _ in range(2)
        ]
        assert (await ask_with(world, it)).json()["code"] == "rate-limited"
    finally:
        world.app.state.limits = limits
    assert [each.status_code for each in answers] == [401, 429]
    assert answers[1].json()["err_msg"].startswith("[RATE_LIMITED] ")
    assert int(answers[1].headers["Retry-After"]) >= 1
