"""A client that is held to signatures is heard only when it signs, and is answered signed."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from app.kernel.parties import KeyKind, SignatureScheme
from app.parties import service
from app.parties.model import ClientTerms, Credential
from app.runtime.signatures import (
    AnswerText,
    Message,
    hmac_sm3,
    public_key_of,
    sign_sm2,
    verify_sm2,
)
from tests.support.parties import as_operator, made_client, seeded, token_of
from tests.support.world import World

HMAC, RAW, DER = SignatureScheme.HMAC_SM3, SignatureScheme.SM2_RAW, SignatureScheme.SM2_DER
PRIVATE = bytes(range(1, 33))
PATH = "/v1/clients"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


@dataclass(slots=True)
class Signer:
    """A client that signs."""

    world: World
    credential: Credential
    scheme: SignatureScheme
    key: str
    shared: bytes
    token: str = field(default="", repr=False)

    @property
    def path(self) -> str:
        """Where its keys are."""
        return f"{PATH}/{self.credential.id}/keys"

    def signature(self, text: bytes) -> str:
        made = (
            hmac_sm3(self.shared, text)
            if self.scheme is HMAC
            else sign_sm2(PRIVATE, text, self.scheme)
        )
        return base64.b64encode(made).decode()

    def headers(self, message: Message, **other: str) -> dict[str, str]:
        signed = {
            "Authorization": f"Bearer {self.token}",
            "Hub-Key": self.key,
            "Hub-Date": message.date,
            "Hub-Signature": self.signature(message.text()),
        }
        if message.message_id:
            signed["Idempotency-Key"] = message.message_id
        return {name: value for name, value in (signed | other).items() if value}

    async def get(self, target: str, **other: str) -> httpx.Response:
        message = self.message("GET", target)
        return await self.world.http.get(target, headers=self.headers(message, **other))

    def message(self, method: str, target: str, body: bytes = b"", message_id: str = "") -> Message:
        date = self.world.clock().isoformat()
        return Message(method=method, target=target, message_id=message_id, date=date, body=body)


async def registered(world: World, it: Credential, scheme: SignatureScheme) -> tuple[str, bytes]:
    """Register a key with a token that need not sign yet."""
    body: dict[str, object] = {"kind": KeyKind.HMAC_SM3.value}
    if scheme is not HMAC:
        body = {"kind": KeyKind.SM2.value, "public_key": public_key_of(PRIVATE)}
    headers = {"Authorization": f"Bearer {await token_of(world, it)}", "Idempotency-Key": it.id}
    path = f"{PATH}/{it.id}/keys"
    first = await world.http.post(path, json=body, headers=headers)
    again = await world.http.post(path, json=body, headers=headers)
    assert (first.status_code, again.json().get("shared_key")) == (201, None)
    assert again.headers["Idempotency-Replayed"] == "true"
    return first.json()["id"], bytes.fromhex(first.json().get("shared_key") or "")


async def signing(world: World, scheme: SignatureScheme, party: str = "370000") -> Signer:
    it = await made_client(world, party)
    key, shared = await registered(world, it, scheme)
    terms = ClientTerms(signature=scheme)
    await as_operator(world, lambda work: service.hold_to(work, it.id, terms))
    world.clock.advance(seconds=1)
    return Signer(world, it, scheme, key, shared, await token_of(world, it))


@pytest.mark.parametrize("scheme", [HMAC, RAW, DER])
async def test_a_signed_request_is_answered_signed(world: World, scheme: SignatureScheme) -> None:
    it = await signing(world, scheme, {HMAC: "110000", RAW: "120000", DER: "130000"}[scheme])
    answer = await it.get("/v1/regions?level=province&limit=2")
    assert answer.status_code == 200, answer.text
    text = AnswerText(
        status=200,
        of=answer.request.headers["Hub-Signature"],
        date=answer.headers["Hub-Date"],
        body=answer.content,
    ).text()
    made = base64.b64decode(answer.headers["Hub-Signature"])
    if scheme is HMAC:
        assert (answer.headers["Hub-Key"], made) == (it.key, hmac_sm3(it.shared, text))
        return
    headers = it.headers(it.message("GET", "/v1/signing-key"))
    hub = (await world.http.get("/v1/signing-key", headers=headers)).json()
    assert answer.headers["Hub-Key"] == hub["id"]
    assert verify_sm2(hub["public_key"], text, made, scheme)


async def test_a_refusal_to_a_signed_request_is_signed_as_well(world: World) -> None:
    it = await signing(world, HMAC)
    answer = await it.get("/v1/regions/999999")
    assert answer.status_code == 404
    assert "Hub-Signature" in answer.headers


async def test_a_write_is_signed_with_its_body_and_its_message_id(world: World) -> None:
    it = await signing(world, HMAC)
    body = b'{"kind": "hmac_sm3"}'
    message = it.message("POST", it.path, body, "signed-write-1")
    json = {"Content-Type": "application/json"}
    headers = it.headers(message) | json
    assert (await world.http.post(it.path, content=body, headers=headers)).status_code == 201
    again = await world.http.post(it.path, content=body, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    for changed in ({"Idempotency-Key": "signed-write-2"}, {"Hub-Date": "2025-09-01T00:00:00Z"}):
        answer = await world.http.post(it.path, content=body, headers=headers | changed)
        assert answer.status_code == 401, changed
    tampered = await world.http.post(it.path, content=body + b" ", headers=headers)
    assert (tampered.status_code, tampered.json()["code"]) == (401, "signature-refused")


async def test_a_signature_for_one_question_is_none_for_another(world: World) -> None:
    it = await signing(world, HMAC)
    headers = it.headers(it.message("GET", "/v1/regions?level=city"))
    for target in ("/v1/regions?level=province", "/v1/regions", "/v1/clients"):
        answer = await world.http.get(target, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-refused")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"Hub-Signature": ""}, "signature-required"),
        ({"Hub-Key": ""}, "signature-required"),
        ({"Hub-Date": ""}, "signature-required"),
        ({"Hub-Date": "yesterday"}, "signature-stale"),
        ({"Hub-Date": "2025-09-01T09:00:00"}, "signature-stale"),
        ({"Hub-Key": "k-0000000000000000"}, "signature-refused"),
        ({"Hub-Signature": "not base64!"}, "signature-refused"),
        ({"Hub-Signature": "AAAA"}, "signature-refused"),
    ],
)
async def test_a_message_not_signed_as_agreed_is_refused(
    world: World, other: dict[str, str], code: str
) -> None:
    it = await signing(world, HMAC)
    answer = await it.get("/v1/regions", **other)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert "Hub-Signature" not in answer.headers


async def test_an_old_signature_is_stale_and_so_is_one_from_the_future(world: World) -> None:
    it = await signing(world, HMAC)
    for off, status in ((-300, 200), (-301, 401), (300, 200), (301, 401)):
        date = (world.clock() + timedelta(seconds=off)).isoformat()
        message = Message(method="GET", target="/v1/regions", message_id="", date=date, body=b"")
        answer = await world.http.get("/v1/regions", headers=it.headers(message))
        assert answer.status_code == status, off


async def test_a_key_of_another_client_or_of_another_kind_signs_nothing(world: World) -> None:
    it, other = await signing(world, HMAC), await signing(world, HMAC, "210000")
    it.key, it.shared = other.key, other.shared
    assert (await it.get("/v1/regions")).json()["code"] == "signature-refused"
    mixed = await signing(world, RAW, "220000")
    mixed.scheme, mixed.shared = HMAC, public_key_of(PRIVATE).encode()  # as if it were shared
    assert (await mixed.get("/v1/regions")).json()["code"] == "signature-refused"


async def test_a_stolen_token_alone_brings_no_key_in(world: World) -> None:
    it = await signing(world, HMAC)
    thief = {"Authorization": f"Bearer {it.token}", "Idempotency-Key": "thief-1"}
    answer = await world.http.post(it.path, json={"kind": "hmac_sm3"}, headers=thief)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature-required")


@pytest.mark.parametrize("by", ["another client", "a token without terms"])
async def test_no_other_client_of_its_party_brings_a_key_into_one_that_signs(
    world: World, by: str
) -> None:
    it = await signing(world, HMAC)
    headers = world.agency("370000").headers()
    if by == "another client":
        other = await made_client(world, "370000")
        headers["Authorization"] = f"Bearer {await token_of(world, other)}"
    answer = await world.http.post(it.path, json={"kind": "hmac_sm3"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature-required")
    body = b'{"kind":"hmac_sm3"}'
    message = it.message("POST", it.path, body, f"after-{it.key}")
    signed = it.headers(message) | {"Content-Type": "application/json"}
    own = await world.http.post(it.path, content=body, headers=signed)
    assert own.status_code == 201


async def test_a_retired_key_signs_no_more(world: World) -> None:
    it = await signing(world, HMAC)
    path = f"{it.path}/{it.key}/retirement"
    assert (await world.operator.post(path)).status_code == 200
    world.clock.advance(seconds=1)
    it.token = await token_of(world, it.credential)
    assert (await it.get("/v1/regions")).json()["code"] == "signature-refused"


async def test_keys_are_registered_by_their_own_party_and_listed_to_it(world: World) -> None:
    it = await made_client(world, "370000")
    path = f"{PATH}/{it.id}/keys"
    asked = {"kind": "sm2", "public_key": public_key_of(PRIVATE)}
    assert (await world.agency("110000").post(path, asked)).status_code == 404
    made = await world.agency("370000").post(path, asked)
    assert (made.status_code, made.json()["public_key"]) == (201, asked["public_key"])
    listed = (await world.agency("370000").get(path)).json()["items"]
    assert [key["id"] for key in listed] == [made.json()["id"]]
    assert (await world.agency("110000").get(path)).status_code == 404
    unknown = await world.agency("370000").post(f"{path}/k-none/retirement")
    assert unknown.json()["code"] == "key-unknown"


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "sm2"},
        {"kind": "sm2", "public_key": "04" + "01" * 64},
        {"kind": "hmac_sm3", "public_key": public_key_of(PRIVATE)},
    ],
)
async def test_a_key_that_is_none_is_refused(world: World, asked: dict[str, str]) -> None:
    it = await made_client(world, "370000")
    answer = await world.agency("370000").post(f"{PATH}/{it.id}/keys", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "public-key-format")
