"""Every example of the documentation page can be sent as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest_asyncio

from app.cli.credentials import READY_MADE, ensure_credentials
from app.cli.examples import lay_examples
from app.cli.seeding import seed
from app.runtime.openapi import Example, show
from tests.support.world import Client, World

Node = dict[str, Any]
WRITES = ("post", "put", "patch", "delete")
# Why an operation has no example of its own on a hub that was laid out.
EXCEPTIONS = {
    "POST /oauth/token": "its fields are the caller's own secret, from credentials.json",
    "POST /oauth/revoke": "its fields are the caller's own secret, from credentials.json",
    "POST /oauth/sessions": "a person has their own password and authenticator",
    "POST /oauth/sessions/end": "it would end the session of whoever tries it",
    "POST /oauth/invitations/acceptance": "only who was invited has both halves",
    "POST /v1/persons/{person}/disablement": "a hub made for trying out has no persons",
    "POST /v1/clients/{client}/secrets/{hint}/retirement": "it would end a ready-made client",
    "POST /v1/proposals": "a person proposes, and a hub made for trying out has none",
    "GET /v1/proposals/{number}": "there is none before a person proposes",
    "POST /v1/proposals/{number}/approval": "a person decides",
    "POST /v1/proposals/{number}/rejection": "a person decides",
    "POST /compat/fsi/api/callService": "the compatibility layer's general example needs no ground",
    "POST /compat/hsa/hgs/{infno}": "the compatibility layer's general example needs no ground",
}
# What an answer says of a part that was not taken, though the whole was.
TURNED_AWAY = ('"refused":[{', '"outcome":"misdirected"')


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laid(world: World, database_url: str, tmp_path_factory: Any) -> Mapping[str, Example]:
    """A seeded hub with ready-made clients, laid out for its documentation page."""
    await seed(world.hub, lambda _: None)
    await ensure_credentials(world.hub, tmp_path_factory.mktemp("home"))
    settings = world.app.state.settings
    examples = await lay_examples(settings, database_url, world.clock.now)
    show(world.app, examples)
    return examples


def operations(world: World) -> Iterator[tuple[str, Node]]:
    """List the operations in the order of the page."""
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def client_of(world: World, party: str) -> Client:
    """Return the client an example names."""
    assert party in READY_MADE
    if party == "operator":
        return world.operator
    if party == "national-platform":
        return world.channel(party)
    return world.agency(party) if party.isdigit() else world.institution(party)


def bodies(world: World, operation: Node) -> list[tuple[str, object]]:
    """Return each example body with its content type, as the page shows it first."""
    shapes = world.app.openapi()["components"]["schemas"]
    found: list[tuple[str, object]] = []
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        shape = shapes.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        if "examples" in content:
            found += [(media, it["value"]) for it in content["examples"].values()]
        elif "example" in content:
            found.append((media, content["example"]))
        elif "example" in shape:
            found.append((media, shape["example"]))
    return found


async def sent(
    world: World, name: str, operation: Node, party: str, body: tuple[str, object] | None
) -> httpx.Response:
    """Send an operation's example exactly as the page would."""
    method, _, path = name.partition(" ")
    query: dict[str, str] = {}
    for it in operation.get("parameters", []):
        if it["in"] == "path":
            path = path.replace(f"{{{it['name']}}}", str(it["example"]))
        elif it["in"] == "query" and "example" in it:
            query[it["name"]] = str(it["example"])
    headers = client_of(world, party).headers()
    if method == "GET":
        del headers["Idempotency-Key"]
    more: Node = {}
    if body is not None:
        media, content = body
        headers["Content-Type"] = media
        more = {"content": content.encode()} if isinstance(content, str) else {"json": content}
    return await world.http.request(method, path, params=query, headers=headers, **more)


async def test_every_write_of_the_page_has_an_example_laid_out(
    world: World, laid: Mapping[str, Example]
) -> None:
    writes = {name for name, _ in operations(world) if name.lower().split()[0] in WRITES}
    accounted = {name for name in (*laid, *EXCEPTIONS) if not name.startswith("GET ")}
    assert writes == accounted


async def test_every_example_is_taken_in_as_it_stands(
    world: World, laid: Mapping[str, Example]
) -> None:
    outcomes: dict[str, str] = {}
    # What is read is read first: a removal later on the page takes away what it shows.
    for name, operation in sorted(operations(world), key=lambda it: not it[0].startswith("GET")):
        if name in EXCEPTIONS:
            continue
        example = laid.get(name, Example(client="operator"))
        parties = [example.client, *example.further] if example.further else []
        shown = bodies(world, operation)
        assert shown or "requestBody" not in operation, f"{name} shows no body"
        for index, body in enumerate(shown or [None]):
            party = parties[index] if parties else example.client
            answer = await sent(world, name, operation, party, body)
            turned_away = any(sign in answer.text for sign in TURNED_AWAY)
            if not answer.is_success or (turned_away and not name.startswith("GET ")):
                outcomes[f"{name} {index}"] = f"{answer.status_code} {answer.text[:300]}"
    assert outcomes == {}


async def test_the_exceptions_are_answered_too(world: World, laid: Mapping[str, Example]) -> None:
    assert not set(laid) & set(EXCEPTIONS)
    for name, operation in operations(world):
        if name.startswith("POST /compat"):
            body = bodies(world, operation)[0]
            answer = await sent(world, name, operation, "H37010000001", body)
            assert (answer.status_code, answer.json()["infcode"]) == (200, 0), answer.text


async def test_laying_again_on_the_same_day_changes_nothing_and_a_new_day_is_fresh(
    world: World, laid: Mapping[str, Example], database_url: str
) -> None:
    settings, now = world.app.state.settings, world.clock.now
    again = await lay_examples(settings, database_url, now)
    here = "POST /v1/visits/{number}/settle"
    assert again[here] == laid[here]
    tomorrow = await lay_examples(settings, database_url, now + timedelta(days=1))
    assert set(tomorrow) == set(laid)
    assert not set(tomorrow[here].parameters.values()) & set(laid[here].parameters.values())
