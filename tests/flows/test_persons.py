"""Operators are persons: a password and a one-time code for a short session, and two for an act."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.parties import service
from app.parties.errors import (
    ClientIdFormat,
    PasswordTooWeak,
    PersonExists,
    PersonUnknown,
    VouchingNeeded,
)
from app.runtime.sealing import Seal
from tests.support.parties import as_operator, ask, made_client, seeded
from tests.support.persons import PASSWORD, Staff, enrolled, seal_of, voucher
from tests.support.world import World

SESSIONS = "/oauth/sessions"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chen(world: World) -> Staff:
    return await enrolled(world, "chen")


async def test_a_password_and_a_code_open_a_short_session(world: World, chen: Staff) -> None:
    answer = await chen.sign_in()
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 15 * 60
    caller = world.app.state.signer.read(answer.json()["access_token"], world.clock())
    assert (caller.kind, caller.person) == ("operator", "chen")


async def test_a_code_is_good_once(world: World, chen: Staff) -> None:
    world.clock.advance(minutes=1)
    code = chen.code()
    assert (await chen.sign_in(code=code)).status_code == 200
    answer = await chen.sign_in(code=code)
    assert (answer.status_code, answer.json()["code"]) == (401, "person-refused")


@pytest.mark.parametrize("wrong", ["person", "password", "code"])
async def test_every_wrong_sign_in_is_refused_in_the_same_words(
    world: World, chen: Staff, wrong: str
) -> None:
    world.clock.advance(minutes=1)
    brought = {"person": "chen", "password": PASSWORD, "code": chen.code()}
    brought[wrong] = {"person": "nobody", "password": "not it", "code": "000000"}[wrong]
    answer = await world.http.post(SESSIONS, json=brought)
    assert (answer.status_code, answer.json()["code"]) == (401, "person-refused")
    assert PASSWORD not in answer.text


async def test_guessing_a_persons_password_locks_the_right_one_out_for_a_while(
    world: World,
) -> None:
    guessed = await enrolled(world, "guessed")
    for _ in range(5):
        assert (await guessed.sign_in(code="000000")).status_code == 401
    locked = await guessed.sign_in(code=guessed.code())
    assert (locked.status_code, locked.json()["code"]) == (429, "sign-in-locked")
    world.clock.advance(seconds=int(locked.headers["Retry-After"]))
    assert (await guessed.sign_in()).status_code == 200


async def test_a_disabled_person_signs_in_no_more(world: World) -> None:
    gone = await enrolled(world, "gone")
    await as_operator(world, lambda work: service.disable_person(work, "gone"))
    assert (await gone.sign_in()).status_code == 401


async def test_signing_out_is_answered_and_left_on_the_trail(world: World, chen: Staff) -> None:
    headers = await chen.headers()
    assert (await world.http.post(f"{SESSIONS}/end", headers=headers)).status_code == 204
    async with world.tx() as owner:
        ended = await owner.scalar(
            sa.text("SELECT sessions_valid_from FROM person WHERE id = 'chen'")
        )
        last = await owner.scalar(
            sa.text("SELECT action FROM audit_trail ORDER BY seq DESC LIMIT 1")
        )
    assert ended is not None
    assert last == "person.sign_out"


async def test_signing_a_client_out_changes_nothing(world: World) -> None:
    answer = await world.http.post(f"{SESSIONS}/end", headers=world.agency("370000").headers())
    assert answer.status_code == 204


async def test_from_the_third_on_and_for_recovery_another_person_vouches(world: World) -> None:
    seal = seal_of(world)
    await enrolled(world, "first-of-all")
    await enrolled(world, "second-of-all")
    for by in (None, voucher("third"), voucher("li", "370000")):
        with pytest.raises(VouchingNeeded):
            await as_operator(
                world,
                lambda work, by=by: service.create_person(  # type: ignore[misc]  # bound now
                    work, seal, ("third", "Third", PASSWORD), by
                ),
            )
        with pytest.raises(VouchingNeeded):
            await as_operator(
                world,
                lambda work: service.recover_person(work, seal, ("first-of-all", PASSWORD), None),
            )


async def test_a_recovered_person_signs_in_with_new_codes_and_not_with_old(world: World) -> None:
    lost = await enrolled(world, "lost")
    made = await as_operator(
        world,
        lambda work: service.recover_person(
            work, seal_of(world), ("lost", "another long sentence"), voucher("chen")
        ),
    )
    assert (await lost.sign_in()).status_code == 401
    found = Staff(world, "lost", made.authenticator, "another long sentence")
    assert (await found.sign_in()).status_code == 200


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "weak-one and more letters"])
async def test_a_password_that_can_be_guessed_is_refused(world: World, password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        await as_operator(
            world,
            lambda work: service.create_person(
                work, seal_of(world), ("weak-one", "W", password), voucher("chen")
            ),
        )


async def test_a_person_is_enrolled_once_under_a_plain_id(world: World, chen: Staff) -> None:
    seal, wang = seal_of(world), voucher("wang")
    with pytest.raises(PersonExists):
        await as_operator(
            world,
            lambda work: service.create_person(work, seal, (chen.person, "C", PASSWORD), wang),
        )
    with pytest.raises(ClientIdFormat):
        await as_operator(
            world, lambda work: service.create_person(work, seal, ("a:b", "C", PASSWORD), wang)
        )
    with pytest.raises(PersonUnknown):
        await as_operator(
            world, lambda work: service.recover_person(work, seal, ("never", PASSWORD), wang)
        )
    with pytest.raises(PersonUnknown):
        await as_operator(world, lambda work: service.disable_person(work, "never"))


async def test_neither_password_nor_seed_is_kept_in_clear(world: World, chen: Staff) -> None:
    async with world.tx() as owner:
        row = (
            await owner.execute(sa.text("SELECT password_hash, seed FROM person WHERE id='chen'"))
        ).one()
        bodies = (await owner.execute(sa.text("SELECT body FROM message"))).scalars().all()
    assert row.password_hash.startswith("$argon2id$")
    assert chen.seed not in bytes(row.seed)
    assert not any(PASSWORD.encode() in (body or b"") for body in bodies)
    assert PASSWORD not in repr(await _attempt(world))


async def _attempt(world: World) -> httpx.Response:
    return await world.http.post(
        SESSIONS, json={"person": "x", "password": PASSWORD, "code": "12345"}
    )


async def test_a_seed_sealed_with_another_key_opens_nothing(world: World, chen: Staff) -> None:
    other = Seal(bytes(32))
    async with world.tx() as owner:
        await owner.execute(
            sa.text("UPDATE person SET seed = :seed WHERE id = 'chen'"),
            {"seed": other.close(chen.seed, "chen")},
        )
    world.clock.advance(minutes=1)
    assert (await chen.sign_in()).status_code == 401


async def test_a_clients_id_can_never_speak_for_a_person(world: World) -> None:
    with pytest.raises(ClientIdFormat):
        await made_client(world, "operator", "person:chen")
    async with world.tx() as owner:
        with pytest.raises(sa.exc.IntegrityError, match="plain_id"):
            await owner.execute(
                sa.text(
                    "INSERT INTO client (id, party, state, created_at)"
                    " VALUES ('person:chen', 'operator', 'active', now())"
                )
            )
    assert (await ask(world, client_id="person:chen", client_secret="x")).status_code == 401
