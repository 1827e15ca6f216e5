"""Clients: the operator looks at one, a hospital registers a key and retires it again."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import HOSPITAL, OPERATOR, Body, Stage

ONE = "/v1/clients/{client}"
KEY: Body = {"kind": "hmac_sm3"}


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Register a key of the hospital's ready-made client, to be listed and retired."""
    client = f"{HOSPITAL}-local"
    made = await stage.write(HOSPITAL, f"/v1/clients/{client}/keys", KEY, "key")
    own = {"client": client}
    return {
        "GET /v1/clients": Example(client=OPERATOR),
        f"GET {ONE}": Example(client=OPERATOR, parameters=own),
        f"POST {ONE}/revocation": Example(client=OPERATOR, parameters=own),
        f"GET {ONE}/keys": Example(client=HOSPITAL, parameters=own),
        f"POST {ONE}/keys": Example(client=HOSPITAL, parameters=own, body=KEY),
        f"POST {ONE}/keys/{{key}}/retirement": Example(
            client=HOSPITAL, parameters={**own, "key": str(made["id"])}
        ),
        "GET /v1/signing-key": Example(client=HOSPITAL),
        "GET /v1/persons": Example(client=OPERATOR),
        "GET /v1/proposals": Example(client=OPERATOR),
    }
