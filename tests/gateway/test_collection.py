"""The collection can be imported into Postman and Apifox, and holds what the hub really serves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.gateway.collection import SCHEMA, collection
from app.gateway.mapping import transactions
from tests.support.world import World

FILE = Path(__file__).parents[2] / "docs" / "collection" / "hub.postman_collection.json"
REWRITE = os.environ.get("HUB_GOLDEN") == "write"
MODES = {"raw", "urlencoded", "formdata", "file", "graphql"}


def requests(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        assert item["name"]
        if "item" in item:
            yield from requests(item["item"])
        else:
            yield item["request"]


def test_the_collection_is_fresh(world: World) -> None:
    made = json.dumps(collection(world.app.openapi()), ensure_ascii=False, indent=1) + "\n"
    if REWRITE:
        FILE.write_text(made, "utf-8")
    assert FILE.read_text("utf-8") == made, "the collection is stale: `make golden`"


def test_the_collection_has_the_structure_of_version_2_1(world: World) -> None:
    made = collection(world.app.openapi())
    assert made["info"]["schema"] == SCHEMA
    assert made["info"]["name"]
    names = {it["key"] for it in made["variable"]}
    for request in requests(made["item"]):
        assert request["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
        url = request["url"]
        assert url["raw"] == "{{baseUrl}}/" + "/".join(url["path"])
        within = {part[1:] for part in url["path"] if part.startswith(":")}
        assert within == {it["key"] for it in url.get("variable", [])}
        assert all({"key", "value"} <= set(it) for it in request["header"])
        if "body" in request:
            assert request["body"]["mode"] in MODES
            assert request["body"]["mode"] in request["body"]
        if request.get("body", {}).get("mode") == "raw":
            json.loads(request["body"]["raw"])
    assert {"baseUrl", "token", "clientId", "clientSecret", "sender", "serial"} <= names


def test_the_collection_holds_every_operation_and_every_transaction(world: World) -> None:
    openapi = world.app.openapi()
    made = collection(openapi)
    numbered = next(it for it in made["item"] if it["name"].startswith("gateway"))
    sent = [json.loads(it["request"]["body"]["raw"])["infno"] for it in numbered["item"]]
    assert sent == list(transactions())
    operations = sum(
        method in path
        for path in openapi["paths"].values()
        for method in ("get", "post", "put", "patch", "delete")
    )
    gateway_paths = sum(path.startswith("/compat/") for path in openapi["paths"])
    # The token stands by itself; the gateway's addresses are shown by their transactions.
    assert len(list(requests(made["item"]))) == operations - gateway_paths + len(sent)
