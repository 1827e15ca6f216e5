"""Tokens that were edited, headers sent twice, and guesses spread over replicas."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.support.parties import ask, ask_with, made_client, seeded
from tests.support.persons import enrolled
from tests.support.world import TOKEN_KEY, World, open_world

REGIONS = "/v1/regions"
ONCE = ("Authorization", "Idempotency-Key", "Content-Type", "Hub-Key", "Hub-Date", "Hub-Signature")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> None:
    await seeded(world)


def packed(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def opened(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


async def told(world: World, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await world.http.get(REGIONS, headers=headers)).status_code


def token_of(world: World) -> str:
    return world.agency("370000").headers()["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "operator", "party": "operator", "region": "000000"},
        {"party": "110000", "region": "110000"},
        {"exp": 4_102_444_800},
        {"net": ["0.0.0.0/0"]},
        {"rpm": 10**9},
    ],
)
async def test_a_token_whose_claims_were_edited_opens_nothing(
    world: World, edit: dict[str, Any]
) -> None:
    head, claims, signature = token_of(world).split(".")
    assert await told(world, f"{head}.{claims}.{signature}") == 200
    assert await told(world, f"{head}.{packed(opened(claims) | edit)}.{signature}") == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_another_algorithm_with_the_right_key_opens_nothing(
    world: World, algorithm: str
) -> None:
    claims = opened(token_of(world).split(".")[1])
    key = OctKey.import_key(TOKEN_KEY)
    assert await told(world, jwt.encode({"alg": algorithm}, claims, key, [algorithm])) == 401


async def test_a_key_brought_in_the_tokens_own_head_proves_nothing(world: World) -> None:
    claims = opened(token_of(world).split(".")[1])
    mine = OctKey.import_key("a key of the attacker's own making, long")
    theirs = RSAKey.generate_key(2048)
    for head in ({"jwk": mine.as_dict()}, {"kid": "../../dev/null"}, {"jku": "http://localhost/k"}):
        assert await told(world, jwt.encode({"alg": "HS256", **head}, claims, mine)) == 401
    assert await told(world, jwt.encode({"alg": "RS256"}, claims, theirs)) == 401


@pytest.mark.parametrize("name", ONCE)
async def test_a_header_that_says_who_or_what_is_sent_once(world: World, name: str) -> None:
    """A proxy that looks at one of two and a hub that looks at the other let an attacker by."""
    agency, foreign = world.agency("370000"), world.agency("110000")
    path = "/v1/clients/nobody/keys"
    sent = agency.headers() | {"Content-Type": "application/json"}
    second = {**sent, **foreign.headers()}.get(name, "x")
    twice = [*((key, value) for key, value in sent.items() if key != name)]
    twice += [(name, sent.get(name, "y")), (name.lower(), second)]
    answer = await world.http.post(path, content=b'{"kind": "sm2"}', headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    fault = answer.json()["errors"][0]
    assert (fault["in"], fault["pointer"], fault["code"]) == ("header", f"/{name.lower()}", "twice")


async def test_guesses_of_a_secret_spread_over_two_replicas_are_one_guesser(
    world: World, database_url: str
) -> None:
    it = await made_client(world, "370000")
    async with open_world(database_url) as other:
        for turn in range(5):
            replica = (world, other)[turn % 2]
            assert (await ask(replica, client_id=it.id, client_secret="x")).status_code == 401
        for replica in (world, other):
            locked = await ask_with(replica, it)
            assert (locked.status_code, locked.json()["code"]) == (429, "sign-in-locked")


async def test_guesses_of_a_code_spread_over_two_replicas_are_one_guesser(
    world: World, database_url: str
) -> None:
    staff = await enrolled(world, "zhao-li")
    async with open_world(database_url) as other:
        for turn in range(6):
            replica = (world, other)[turn % 2]
            wrong = {"person": staff.person, "password": staff.password, "code": f"00000{turn}"}
            answer = await replica.http.post("/oauth/sessions", json=wrong)
            assert answer.status_code == (401 if turn < 5 else 429)
        right = {"person": staff.person, "password": staff.password, "code": staff.code()}
        for replica in (world, other):
            answer = await replica.http.post("/oauth/sessions", json=right)
            assert (answer.status_code, answer.json()["code"]) == (429, "sign-in-locked")
