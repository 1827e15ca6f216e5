"""The catalogue of events as the webhooks section of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from app.events.model.catalogue import FIELDS, TOPICS, Shape, Topic
from app.runtime.paging import sealed_cursor

Node = dict[str, Any]  # a piece of JSON whose shape the OpenAPI specification gives
MOMENT = "2025-09-01T01:00:00Z"
HEADERS = {
    "webhook-id": ("The event's id; the same on every attempt 事件编号，重发不变", "evt_12"),
    "webhook-timestamp": ("When this attempt was signed, in seconds 签名时间（秒）", "1756688400"),
    "webhook-signature": (
        "v1 and an HMAC-SHA256 of id.timestamp.body for each live secret 各有效密钥的签名",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def webhooks() -> Node:
    """Describe what the hub posts to whoever subscribes, topic by topic."""
    return {name: {"post": _operation(name, topic)} for name, topic in TOPICS.items()}


def _operation(name: str, topic: Topic) -> Node:
    return {
        "operationId": f"webhook_{name.replace('.', '_')}",
        "tags": ["events 事件"],
        "summary": topic.when,
        "description": f"`subject`: {topic.subject}. Signed as Standard Webhooks has it; any 2xx "
        "takes it. 按 Standard Webhooks 规范签名；返回 2xx 即为签收。",
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": means,
                "schema": {"type": "string"},
                "example": example,
            }
            for header, (means, example) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _event(name, topic), "example": _example(name)}
            },
        },
        "responses": {"2XX": {"description": "Taken 已签收"}},
    }


def _event(name: str, topic: Topic) -> Node:
    """Write the schema of one topic's events."""
    fields = {each: _field(each) for each in topic.fields}
    properties: Node = {
        "id": {"type": "string", "pattern": "^evt_[0-9]+$", "description": "Event 事件编号"},
        "type": {"const": name, "description": "Topic 主题"},
        "timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened 发生时间",
        },
        "subject": {"type": "string", "description": topic.subject},
        "data": {
            "type": "object",
            "additionalProperties": False,
            "properties": fields,
            "description": "Fields, never anything personal 字段，不含个人信息",
        },
        "cursor": {"type": "string", "description": "Its place in the feed 事件流位置"},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _field(name: str) -> Node:
    field = FIELDS[name]
    return {**_shape(field.shape), "description": field.means}


def _shape(shape: Shape) -> Node:
    if not shape.pattern:
        return {"type": ["integer", "null"]}
    if shape.many:
        return {"type": ["array", "null"], "items": {"type": "string", "pattern": shape.pattern}}
    return {"type": ["string", "null"], "pattern": shape.pattern}


def _example(name: str) -> Node:
    fields = TOPICS[name].fields
    return {
        "id": "evt_12",
        "type": name,
        "timestamp": MOMENT,
        "subject": "A3701002509010000001",
        "data": {each: FIELDS[each].example for each in fields},
        "cursor": sealed_cursor("741.12"),
    }
