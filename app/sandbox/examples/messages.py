"""Messages: one to look up, one never sent to be shut out, one to be reversed."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import HOSPITAL, Role, Stage
from app.sandbox.examples.stays import admitted

ONE = "/v1/messages/{message_id}"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Admit somebody by a message whose outcome, let us say, its sender never learnt."""
    await admitted(stage, Role.UNCERTAIN)
    unknown = stage.message(f"{Role.UNCERTAIN.name.lower()}-visit")
    never = {"message_id": stage.message("never-sent")}
    return {
        f"GET {ONE}": Example(client=HOSPITAL, parameters={"message_id": unknown}),
        f"POST {ONE}/fence": Example(client=HOSPITAL, parameters=never),
        "POST /v1/reversals": Example(client=HOSPITAL, body={"message": unknown}),
    }
