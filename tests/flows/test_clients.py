"""A client's secrets rotate without a pause, and whatever stops a client stops it at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.parties import service
from app.parties.errors import AddressFormat, KeyMissing, SecretUnknown
from app.parties.model import ClientTerms, Credential
from tests.support.parties import as_operator, ask, ask_with, made_client, seeded, token_of
from tests.support.persons import Staff, enrolled
from tests.support.world import World

PROPOSALS = "/v1/proposals"
STANDS = sa.text("SELECT client_stands(:client, :issued_at, :now)")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def staff(world: World) -> tuple[Staff, Staff]:
    return await enrolled(world, "chen"), await enrolled(world, "wang")


async def hint_of(it: Credential) -> str:
    return it.secret.partition(".")[0]


async def held(world: World, it: Credential, **terms: object) -> None:
    wanted = ClientTerms(**terms)  # type: ignore[arg-type]  # named by the tests
    await as_operator(world, lambda work: service.hold_to(work, it.id, wanted))


async def stands(world: World, client: str, *, seconds_ago: int = 0) -> str | None:
    now = world.clock()
    asked = {"client": client, "issued_at": now - timedelta(seconds=seconds_ago), "now": now}
    async with world.tx() as owner:
        found: str | None = await owner.scalar(STANDS, asked)
    return found


async def proposed(world: World, by: Staff, asked: dict[str, object]) -> httpx.Response:
    body = {"asked": asked, "reason": "新系统接入"}
    return await world.http.post(PROPOSALS, json=body, headers=await by.headers())


async def decided(
    world: World, by: Staff, number: str, verdict: str = "approval", key: str | None = None
) -> httpx.Response:
    return await world.http.post(
        f"{PROPOSALS}/{number}/{verdict}", json={"reason": "已核对"}, headers=await by.headers(key)
    )


async def test_old_and_new_secret_both_buy_tokens_until_the_old_is_retired(world: World) -> None:
    old = await made_client(world, "370000")
    new = await as_operator(world, lambda work: service.issue_secret(work, old.id))
    assert [(await ask_with(world, it)).status_code for it in (old, new)] == [200, 200]
    path = f"/v1/clients/{old.id}/secrets/{await hint_of(old)}/retirement"
    assert (await world.operator.post(path)).status_code == 200
    assert [(await ask_with(world, it)).status_code for it in (old, new)] == [401, 200]
    shown = (await world.agency("370000").get(f"/v1/clients/{old.id}")).json()
    assert [it["retired_at"] is None for it in shown["secrets"]] == [False, True]
    assert old.secret not in str(shown)


async def test_a_token_bought_with_a_retired_secret_opens_until_it_is_revoked(world: World) -> None:
    it = await made_client(world, "370000")
    bearer = {"Authorization": f"Bearer {await token_of(world, it)}"}
    hint = await hint_of(it)
    await as_operator(world, lambda work: service.retire_secret(work, it.id, hint))
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 200
    world.clock.advance(seconds=1)
    await as_operator(world, lambda work: service.revoke_tokens(work, it.id))
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 401


async def test_retiring_a_secret_that_never_was_is_refused(world: World) -> None:
    it = await made_client(world, "370000")
    with pytest.raises(SecretUnknown):
        await as_operator(world, lambda work: service.retire_secret(work, it.id, "ffffffff"))


async def test_a_secret_buys_nothing_after_its_last_moment(world: World) -> None:
    it = await made_client(world, "370000")
    last = world.clock() + timedelta(days=1)
    made = await as_operator(world, lambda work: service.issue_secret(work, it.id, last))
    assert (await ask_with(world, made)).status_code == 200
    world.clock.advance(days=1)
    assert (await ask_with(world, made)).status_code == 401
    assert (await ask_with(world, it)).status_code == 200


async def test_a_client_opens_nothing_after_its_own_last_moment(world: World) -> None:
    it = await made_client(world, "370000")
    await held(world, it, expires_at=world.clock() + timedelta(hours=1))
    world.clock.advance(minutes=59)
    assert (await ask_with(world, it)).status_code == 200
    assert await stands(world, it.id) is None
    world.clock.advance(minutes=1)
    assert (await ask_with(world, it)).status_code == 401
    assert await stands(world, it.id) == "expired"


async def test_guesses_lock_out_for_longer_and_longer_and_a_proof_forgives(world: World) -> None:
    it = await made_client(world, "370000")
    waits = []
    for _ in range(5):
        assert (await ask(world, client_id=it.id, client_secret="x")).status_code == 401
    for _ in range(3):
        locked = await ask_with(world, it)
        assert (locked.status_code, locked.json()["code"]) == (429, "sign-in-locked")
        waits.append(int(locked.headers["Retry-After"]))
        world.clock.advance(seconds=waits[-1])
        if len(waits) < 3:
            await ask(world, client_id=it.id, client_secret="x")
    assert waits == [31, 61, 121]
    assert (await ask_with(world, it)).status_code == 200
    assert (await ask(world, client_id=it.id, client_secret="x")).status_code == 401
    assert (await ask_with(world, it)).status_code == 200


async def test_an_id_nobody_has_is_locked_out_just_the_same(world: World) -> None:
    for _ in range(5):
        assert (await ask(world, client_id="nobody-1", client_secret="x")).status_code == 401
    assert (await ask(world, client_id="nobody-1", client_secret="x")).status_code == 429
    async with world.tx() as owner:
        kept = (await owner.execute(sa.text("SELECT who FROM lock_out"))).scalars().all()
    assert not any(b"nobody" in bytes(who) for who in kept)


async def test_a_lock_out_holds_for_one_address_only(world: World) -> None:
    it = await made_client(world, "370000")
    elsewhere = httpx.ASGITransport(world.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://hub") as http:
        form = {"grant_type": "client_credentials", "client_id": it.id, "client_secret": "x"}
        for _ in range(5):
            await http.post("/oauth/token", data=form)
        assert (await http.post("/oauth/token", data=form)).status_code == 429
    assert (await ask_with(world, it)).status_code == 200


async def test_many_ids_tried_from_one_address_lock_the_address(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(
            sa.text(
                "INSERT INTO lock_out (who, address, failures, last_at)"
                " VALUES ('', '192.0.2.9', 99, :now)"
            ),
            {"now": world.clock()},
        )
    it = await made_client(world, "370000")
    sprayer = httpx.ASGITransport(world.app, client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=sprayer, base_url="http://hub") as http:
        form = {"grant_type": "client_credentials", "client_id": "one-more", "client_secret": "x"}
        assert (await http.post("/oauth/token", data=form)).status_code == 401
        right = form | {"client_id": it.id, "client_secret": it.secret}
        assert (await http.post("/oauth/token", data=right)).status_code == 429


async def test_a_client_held_to_addresses_gets_no_token_elsewhere(world: World) -> None:
    it = await made_client(world, "370000")
    await held(world, it, addresses=("192.0.2.0/24",))
    assert (await ask_with(world, it)).status_code == 401
    await held(world, it, addresses=("127.0.0.0/8", "2001:db8::/32"))
    assert (await ask_with(world, it)).status_code == 200


async def test_a_token_taken_elsewhere_opens_nothing_there(world: World) -> None:
    it = await made_client(world, "370000")
    await held(world, it, addresses=("127.0.0.0/8",))
    world.clock.advance(seconds=1)
    bearer = {"Authorization": f"Bearer {await token_of(world, it)}"}
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 200
    thief = httpx.ASGITransport(world.app, client=("198.51.100.1", 1))
    async with httpx.AsyncClient(transport=thief, base_url="http://hub") as http:
        claimed = bearer | {"X-Forwarded-For": "127.0.0.1"}
        answer = await http.get("/v1/regions", headers=claimed)
    assert (answer.status_code, answer.json()["code"]) == (403, "address-refused")


@pytest.mark.parametrize("block", ["10.1.2.3/24", "nowhere", "10.0.0.0/33"])
async def test_a_block_that_cannot_be_read_is_refused(world: World, block: str) -> None:
    it = await made_client(world, "370000")
    with pytest.raises(AddressFormat):
        await held(world, it, addresses=(block,))


async def test_a_signature_is_asked_only_of_a_client_with_a_key(world: World) -> None:
    it = await made_client(world, "370000")
    with pytest.raises(KeyMissing):
        await held(world, it, signature="sm2_raw")


async def test_a_token_given_back_opens_nothing_and_a_later_one_does(world: World) -> None:
    it = await made_client(world, "370000")
    token = await token_of(world, it)
    form = {"token": token, "client_id": it.id, "client_secret": it.secret}
    assert (await world.http.post("/oauth/revoke", data=form)).status_code == 200
    assert await stands(world, it.id) == "revoked"
    world.clock.advance(seconds=1)
    assert await stands(world, it.id) is None


@pytest.mark.parametrize("how", ["given back", "revoked", "disabled", "held to other terms"])
async def test_a_token_is_good_for_nothing_from_the_next_request_on(world: World, how: str) -> None:
    it = await made_client(world, "370000")
    token = await token_of(world, it)
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 200
    if how == "given back":
        form = {"token": token, "client_id": it.id, "client_secret": it.secret}
        for _ in range(2):
            assert (await world.http.post("/oauth/revoke", data=form)).status_code == 200
    if how == "revoked":
        await world.operator.post(f"/v1/clients/{it.id}/revocation")
    if how == "disabled":
        await as_operator(world, lambda work: service.disable_client(work, it.id))
    if how == "held to other terms":
        await held(world, it, requests_per_minute=6_000)
    read = await world.http.get("/v1/regions", headers=bearer)
    path, key = f"/v1/clients/{it.id}/keys", {"Idempotency-Key": f"after-{how}".replace(" ", "-")}
    written = await world.http.post(path, json={"kind": "hmac_sm3"}, headers=bearer | key)
    for answer in (read, written):
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_an_ended_session_is_good_for_nothing(world: World) -> None:
    someone = await enrolled(world, "leaver")
    headers = await someone.headers()
    assert (await world.http.get(PROPOSALS, headers=headers)).status_code == 200
    assert (await world.http.post("/oauth/sessions/end", headers=headers)).status_code == 204
    assert (await world.http.get(PROPOSALS, headers=headers)).status_code == 401


async def test_another_clients_token_and_no_token_at_all_are_answered_alike(world: World) -> None:
    mine, other = await made_client(world, "370000"), await made_client(world, "370000")
    for token in (await token_of(world, other), "nonsense"):
        form = {"token": token, "client_id": mine.id, "client_secret": mine.secret}
        assert (await world.http.post("/oauth/revoke", data=form)).status_code == 200
    assert await stands(world, other.id) is None


async def test_giving_back_needs_a_token_and_the_clients_secret(world: World) -> None:
    it = await made_client(world, "370000")
    form = {"client_id": it.id, "client_secret": it.secret}
    assert (await world.http.post("/oauth/revoke", data=form)).status_code == 400
    form |= {"token": "x", "client_secret": "wrong"}
    refused = await world.http.post("/oauth/revoke", data=form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["WWW-Authenticate"].startswith("Basic")


async def test_the_operator_revokes_a_clients_tokens_alone_and_at_once(world: World) -> None:
    it = await made_client(world, "370000")
    path = f"/v1/clients/{it.id}/revocation"
    assert (await world.operator.post(path)).json() == {"client": it.id}
    assert await stands(world, it.id) == "revoked"
    assert (await world.agency("370000").post(path)).status_code == 403


@pytest.mark.parametrize(
    ("what", "reason"),
    [("nobody", "unknown"), ("client", "disabled"), ("party", "party_disabled")],
)
async def test_the_database_says_why_a_client_stands_no_longer(
    world: World, what: str, reason: str
) -> None:
    it = await made_client(world, "620000")
    assert await stands(world, it.id) is None
    async with world.tx() as owner:
        if what == "client":
            await owner.execute(
                sa.text("UPDATE client SET state = 'disabled' WHERE id = :id"), {"id": it.id}
            )
        if what == "party":
            await owner.execute(sa.text("UPDATE party SET state = 'disabled' WHERE code='620000'"))
    assert await stands(world, "nobody" if what == "nobody" else it.id) == reason


async def test_a_persons_sessions_stand_until_they_are_ended(world: World) -> None:
    someone = await enrolled(world, "ender")
    since = world.clock()
    assert await stands(world, "person:ender") is None
    await as_operator(world, lambda work: service.end_sessions(work, someone.person, since))
    assert await stands(world, "person:ender") == "revoked"
    await as_operator(world, lambda work: service.disable_person(work, "ender"))
    assert await stands(world, "person:ender") == "disabled"
    assert await stands(world, "person:never") == "unknown"
    assert await stands(world, "operator:root") is None


async def test_a_client_made_by_two_persons_opens_the_hub(
    world: World, staff: tuple[Staff, Staff]
) -> None:
    chen, wang = staff
    laid = await proposed(world, chen, {"act": "client.create", "party": "370000"})
    assert (laid.status_code, laid.json()["state"]) == (201, "open")
    number = laid.json()["number"]
    own = await decided(world, chen, number)
    assert (own.status_code, own.json()["code"]) == (403, "second-person-needed")
    done = await decided(world, wang, number, key="approve-once")
    assert done.status_code == 200
    made = done.json()["credential"]
    assert (await ask(world, **made)).status_code == 200
    again = await decided(world, wang, number, key="approve-once")
    assert (again.headers["Idempotency-Replayed"], again.json()["credential"]) == ("true", None)
    late = await decided(world, wang, number)
    assert (late.status_code, late.json()["code"]) == (409, "proposal-decided")
    async with world.tx() as owner:
        bodies = (await owner.execute(sa.text("SELECT body FROM message"))).scalars().all()
    assert not any(made["client_secret"].encode() in (body or b"") for body in bodies)


async def test_a_machine_neither_proposes_nor_decides(world: World) -> None:
    asked = {"asked": {"act": "client.create", "party": "370000"}, "reason": "x"}
    answer = await world.operator.post(PROPOSALS, asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "person-required")
    assert (await world.agency("370000").post(PROPOSALS, asked)).status_code == 403


async def test_every_act_that_was_approved_is_carried_out(
    world: World, staff: tuple[Staff, Staff]
) -> None:
    chen, wang = staff
    it = await made_client(world, "370000")
    last = (world.clock() + timedelta(days=90)).isoformat()
    acts: list[dict[str, object]] = [
        {"act": "client.secret", "client": it.id, "expires_at": last},
        {"act": "client.terms", "client": it.id, "requests_per_minute": 60},
        {"act": "client.disable", "client": it.id},
        {"act": "client.enable", "client": it.id},
    ]
    for act in acts:
        number = (await proposed(world, chen, act)).json()["number"]
        done = await decided(world, wang, number)
        assert done.status_code == 200, done.text
        shown = (await world.operator.get(f"{PROPOSALS}/{number}")).json()
        assert (shown["state"], shown["asked"]["act"]) == ("approved", act["act"])
    shown = (await world.operator.get(f"/v1/clients/{it.id}")).json()
    assert (shown["requests_per_minute"], shown["state"]) == (60, "active")
    assert len(shown["secrets"]) == 2
    assert await stands(world, it.id, seconds_ago=1) == "revoked"


async def test_a_rejected_proposal_does_nothing_and_an_old_one_is_void(
    world: World, staff: tuple[Staff, Staff]
) -> None:
    chen, wang = staff
    asked: dict[str, object] = {"act": "client.create", "party": "370000", "client": "unwanted"}
    first = (await proposed(world, chen, asked)).json()["number"]
    assert (await decided(world, wang, first, "rejection")).json()["credential"] is None
    second = (await proposed(world, chen, asked)).json()["number"]
    world.clock.advance(hours=72)
    late = await decided(world, wang, second)
    assert (late.status_code, late.json()["code"]) == (422, "proposal-expired")
    assert (await world.operator.get("/v1/clients/unwanted")).status_code == 404
    unknown = await decided(world, wang, "P0000000000000000000")
    assert unknown.json()["code"] == "proposal-unknown"


async def test_what_cannot_be_done_leaves_its_proposal_open(
    world: World, staff: tuple[Staff, Staff]
) -> None:
    chen, wang = staff
    number = (await proposed(world, chen, {"act": "client.create", "party": "999999"})).json()[
        "number"
    ]
    refused = await decided(world, wang, number)
    assert (refused.status_code, refused.json()["code"]) == (404, "party-unknown")
    listed = await world.operator.get(PROPOSALS, state="open", limit=200)
    assert number in [it["number"] for it in listed.json()["items"]]


async def test_the_database_itself_keeps_two_persons_apart(world: World) -> None:
    async with world.tx() as owner:
        number = await owner.scalar(sa.text("SELECT number FROM proposal WHERE state = 'open'"))
        with pytest.raises(sa.exc.IntegrityError, match="two_persons"):
            await owner.execute(
                sa.text(
                    "UPDATE proposal SET state = 'approved', decided_by = proposed_by"
                    " WHERE number = :number"
                ),
                {"number": number},
            )


async def test_a_party_sees_its_own_clients_and_no_others(world: World) -> None:
    mine, other = await made_client(world, "410000"), await made_client(world, "420000")
    seen = (await world.agency("410000").get("/v1/clients", limit=200)).json()["items"]
    assert mine.id in {it["id"] for it in seen}
    assert {it["party"] for it in seen} == {"410000"}
    assert (await world.agency("410000").get(f"/v1/clients/{other.id}")).status_code == 404
    pages = (await world.operator.get("/v1/clients", limit=1)).json()
    assert len(pages["items"]) == 1
    assert pages["next"]
