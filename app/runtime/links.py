"""Links of the OpenAPI document: from the answer that creates something to what can be done to it.

A public number begins with the letter of what it numbers, so that its letter says where it fits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Node = dict[str, Any]  # a piece of JSON whose shape the OpenAPI specification gives
NUMBER = "number"
WHERE = (NUMBER, "path")
CREATED = "201"


def link(whole: Node) -> None:
    """Link every answer that creates something numbered to the operations that take its number."""
    taking: dict[str, list[str]] = defaultdict(list)
    creating: list[tuple[str, Node]] = []
    for path, methods in whole["paths"].items():
        for operation in methods.values():
            asked = _asked_number(operation)
            if asked and f"/{{{NUMBER}}}" in path:
                taking[asked[0]].append(operation["operationId"])
            answer = operation["responses"].get(CREATED, {})
            told = _told_number(whole, answer)
            if told:
                creating.append((told[0], answer))
    for letter, answer in creating:
        answer["links"] = {
            operation: {
                "operationId": operation,
                "parameters": {NUMBER: f"$response.body#/{NUMBER}"},
            }
            for operation in taking[letter]
        }
        if not answer["links"]:
            del answer["links"]


def _asked_number(operation: Node) -> str:
    """Return the example of an operation's number in the path, if it takes one."""
    asked = [it for it in operation.get("parameters", []) if (it["name"], it["in"]) == WHERE]
    return str(asked[0].get("example", "")) if asked else ""


def _told_number(whole: Node, answer: Node) -> str:
    """Return the example of the number that an answer tells, if it tells one."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    shape = whole["components"]["schemas"].get(name, {})
    examples = shape.get("properties", {}).get(NUMBER, {}).get("examples", [""])
    return str(examples[0])
