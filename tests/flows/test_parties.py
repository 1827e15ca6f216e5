"""Credentials are traded for tokens, and nothing about them can be guessed from outside."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters, profiles

from app.parties import service
from app.parties.errors import ClientExists, ClientUnknown, PartyUnknown
from app.parties.service import proving
from tests.support.parties import TOKEN, as_operator, ask, ask_with, made_client, seeded
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


async def test_credentials_in_a_form_buy_a_token_that_opens_the_hub(world: World) -> None:
    client = await made_client(world, "370000")
    answer = await ask_with(world, client)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 200


async def test_credentials_may_come_as_http_basic(world: World) -> None:
    client = await made_client(world, "110000")
    basic = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
    answer = await world.http.post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200


async def test_a_token_speaks_for_its_party_and_region(world: World) -> None:
    token = (await ask_with(world, await made_client(world, "370100"))).json()["access_token"]
    caller = world.app.state.signer.read(token, world.clock())
    assert (caller.kind, caller.party, caller.region) == ("agency", "370100", "370100")


async def test_a_national_channel_speaks_for_the_whole_country(world: World) -> None:
    client = await made_client(world, "national-platform")
    token = (await ask_with(world, client)).json()["access_token"]
    assert world.app.state.signer.read(token, world.clock()).region == "000000"


@pytest.mark.parametrize("wrong", ["secret", "id", "disabled", "party disabled"])
async def test_every_wrong_credential_is_refused_in_the_same_words(
    world: World, wrong: str
) -> None:
    client = await made_client(world, "130000")
    form = {"client_id": client.id, "client_secret": client.secret}
    if wrong == "secret":
        form["client_secret"] = "not it"
    if wrong == "id":
        form["client_id"] = "nobody"
    if wrong == "disabled":
        await as_operator(world, lambda work: service.disable_client(work, client.id))
    if wrong == "party disabled":
        async with world.tx() as owner:
            await owner.execute(sa.text("UPDATE party SET state='disabled' WHERE code='130000'"))
    answer = await ask(world, **form)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["error"]) == ("client-refused", "invalid_client")
    assert body["error_description"] == body["detail"]


async def test_an_unknown_id_costs_a_hash_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = proving._matches  # noqa: SLF001 -- watched, not replaced

    def watch(hashed: str, secret: str) -> bool:
        verified.append(hashed)
        return real(hashed, secret)

    monkeypatch.setattr(proving, "_matches", watch)
    await ask(world, client_id="nobody", client_secret="x")
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$")


def test_a_hash_costs_whoever_guesses_what_rfc_9106_asks_for_at_least(
    earnest_hasher: PasswordHasher,
) -> None:
    made = extract_parameters(earnest_hasher.hash("not a secret"))
    least = profiles.RFC_9106_LOW_MEMORY
    assert (made.type, made.version) == (least.type, least.version)
    assert made.memory_cost >= least.memory_cost
    assert made.time_cost >= least.time_cost
    assert (made.salt_len, made.hash_len) == (least.salt_len, least.hash_len)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_request"),
    ],
)
async def test_a_token_request_that_says_too_little_is_named_as_rfc_6749_has_it(
    world: World, form: dict[str, str], error: str
) -> None:
    answer = await world.http.post(TOKEN, data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error


@pytest.mark.parametrize("header", ["Basic ???", "Basic bm9jb2xvbg==", "Basic /w=="])
async def test_basic_credentials_that_cannot_be_read_are_refused(world: World, header: str) -> None:
    answer = await world.http.post(
        TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_credentials_sent_twice_are_refused(world: World) -> None:
    answer = await world.http.post(
        TOKEN,
        data={"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"},
        headers={"Authorization": "Basic YTpi"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_nul_character_in_a_client_id_is_a_fault_of_the_message(world: World) -> None:
    answer = await ask(world, client_id="a\0b", client_secret="x")
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"


async def test_rotating_ends_the_old_secret_and_starts_a_new_one(world: World) -> None:
    old = await made_client(world, "370000")
    new = await as_operator(world, lambda work: service.rotate_client(work, old.id))
    assert (await ask_with(world, old)).status_code == 401
    assert (await ask_with(world, new)).status_code == 200


async def test_a_secret_is_kept_neither_in_clear_nor_in_a_stored_answer(world: World) -> None:
    client = await made_client(world, "370000")
    async with world.tx() as owner:
        hashed = await owner.scalar(
            sa.text("SELECT hash FROM client_secret WHERE client = :id"), {"id": client.id}
        )
        bodies = (await owner.execute(sa.text("SELECT body FROM message"))).scalars().all()
        trail = (await owner.execute(sa.text("SELECT facts::text FROM audit_trail"))).scalars()
        assert hashed.startswith("$argon2id$")
        assert not any(client.secret.encode() in (body or b"") for body in bodies)
        assert not any(client.secret in facts for facts in trail)
    assert client.secret not in repr(client)


async def test_both_outcomes_are_left_on_the_trail_without_what_a_stranger_typed(
    world: World,
) -> None:
    client = await made_client(world, "370000")
    await ask_with(world, client)
    await ask(world, client_id="110101199003074514", client_secret="x")
    async with world.tx() as owner:
        trail = await owner.execute(
            sa.text("SELECT action, subject FROM audit_trail ORDER BY seq DESC LIMIT 2")
        )
        assert [tuple(row) for row in trail] == [
            ("token.refuse", "-"),
            ("token.issue", client.id),
        ]


async def test_a_client_of_nobody_is_refused(world: World) -> None:
    with pytest.raises(PartyUnknown):
        await made_client(world, "999999")


async def test_a_client_id_is_given_once(world: World) -> None:
    await made_client(world, "370000", "the-one")
    with pytest.raises(ClientExists):
        await made_client(world, "370000", "the-one")


async def test_rotating_or_disabling_a_client_that_never_was_is_refused(world: World) -> None:
    with pytest.raises(ClientUnknown):
        await as_operator(world, lambda work: service.rotate_client(work, "never"))
    with pytest.raises(ClientUnknown):
        await as_operator(world, lambda work: service.disable_client(work, "never"))


async def test_regions_are_listed_by_level_and_parent_and_paged(world: World) -> None:
    provinces = await world.institution("H37010000001").get(
        "/v1/regions", level="province", limit=200
    )
    assert len(provinces.json()["items"]) == 32
    assert provinces.json()["next"] is None
    cities = await world.operator.get("/v1/regions", parent="370000", limit=200)
    assert "370100" in [region["code"] for region in cities.json()["items"]]
    assert {region["parent"] for region in cities.json()["items"]} == {"370000"}


async def test_the_pages_of_regions_are_the_whole_list_without_gap_or_overlap(
    world: World,
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        page = (await world.operator.get("/v1/regions", **asked)).json()
        seen += [region["code"] for region in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == 385


async def test_one_region_is_found_by_its_code_and_an_unknown_one_is_not(world: World) -> None:
    found = await world.operator.get("/v1/regions/370100")
    assert found.json()["name"] == "济南市"
    answer = await world.operator.get("/v1/regions/999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "region-unknown")


async def test_the_seeds_give_every_province_and_city_an_agency_in_the_tree(
    world: World,
) -> None:
    async with world.tx() as owner:
        found = await owner.execute(sa.text("SELECT code, parent FROM party WHERE kind = 'agency'"))
        parents = {row.code: row.parent for row in found}
    assert len(parents) == 385
    assert parents["370100"] == "370000"
    assert parents["370000"] == "operator"


async def test_seeds_loaded_twice_change_nothing_and_keep_what_was_decided(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE party SET state='disabled' WHERE code='640000'"))
    assert await seeded(world) == (0, 0)
    async with world.tx() as owner:
        state = await owner.scalar(sa.text("SELECT state FROM party WHERE code='640000'"))
    assert state == "disabled"
