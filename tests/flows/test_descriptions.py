"""Everything the interface shows is described in English and Chinese, and exemplified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from app.sandbox.people import person
from tests.support.world import World

Node = dict[str, Any]
CHINESE, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2}")
CITIZEN_NUMBER = re.compile(r"(?<![0-9A-Z])[1-9]\d{16}[0-9X](?![0-9A-Z])")


def operations(world: World) -> Iterator[tuple[str, Node]]:
    """List the operations in the order of the page."""
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def said(text: str | None) -> bool:
    """Say whether a text is there in both languages."""
    return bool(text and CHINESE.search(text) and LATIN.search(text))


def fields(shape: Node, name: str) -> Iterator[tuple[str, Node]]:
    """List the fields of a shape, and of those written into it."""
    for field, node in shape.get("properties", {}).items():
        yield f"{name}.{field}", node
        for inner in (node, node.get("items", {}), *node.get("anyOf", ())):
            yield from fields(inner, f"{name}.{field}")


def referred(node: object, shapes: Node) -> set[str]:
    """Name the shapes a piece of the document refers to, directly or not."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        it = waiting.pop()
        if isinstance(it, list):
            waiting += it
        elif isinstance(it, dict):
            name = str(it.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(shapes[name])
            waiting += it.values()
    return found


def test_everything_on_the_page_is_described_in_both_languages(world: World) -> None:
    document = world.app.openapi()
    silent: list[str] = []
    for name, operation in operations(world):
        silent += [
            f"{name} {what}" for what in ("summary", "description") if not said(operation[what])
        ]
        for it in operation.get("parameters", []):
            if not said(it.get("description")):
                silent.append(f"{name} {it['name']}")
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            written = fields(content["schema"], f"{name} {media}")
            silent += [field for field, node in written if not said(node.get("description"))]
    for name, shape in document["components"]["schemas"].items():
        silent += [name] if not said(shape.get("description")) else []
        written = fields(shape, name)
        silent += [field for field, node in written if not said(node.get("description"))]
    assert silent == []


def test_every_field_that_is_asked_for_has_an_example(world: World) -> None:
    """A field made of shapes is shown by theirs; a secret is shown by none."""
    shapes = world.app.openapi()["components"]["schemas"]
    asked = {
        name
        for _, operation in operations(world)
        for name in referred(operation.get("requestBody", {}), shapes)
        if "properties" in shapes[name] and not name.startswith("Body_")
    }
    assert asked
    assert [name for name in sorted(asked) if "example" not in shapes[name]] == []
    assert [
        field
        for name in sorted(asked)
        for field, node in fields(shapes[name], name)
        if "examples" not in node and not referred(node, shapes) & asked
    ] == []


def test_people_in_the_general_examples_are_one_who_does_not_exist(world: World) -> None:
    someone = person(0, "110000")
    document = json.dumps(world.app.openapi(), ensure_ascii=False)
    assert someone.number in document
    assert set(CITIZEN_NUMBER.findall(document)) == {someone.number}
