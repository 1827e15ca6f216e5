"""Institutions: one to be suspended, one to be brought back, one to be taken offline."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import BEIJING, JINAN, OPERATOR, Body, Stage

PATH = "/v1/institutions"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Suspend one synthetic institution unless one is; the others are as they are found."""
    found = await stage.read(OPERATOR, PATH, limit="200")
    states = {str(it["code"]): str(it["state"]) for it in found["items"] if _is_made_up(it)}
    online = [code for code, state in states.items() if state == "online"]
    asleep = [code for code, state in states.items() if state == "suspended"]
    if online and not asleep:
        asleep = [online.pop()]
        body = {"reason": "设备检修"}
        await stage.write(OPERATOR, f"{PATH}/{asleep[0]}/suspend", body, "institution-suspended")
    examples = {
        f"PUT {PATH}/{{code}}": Example(client=JINAN),
        f"POST {PATH}/import": Example(client=JINAN),
        "POST /v1/catalogues/import": Example(client=BEIJING),
    }
    wanted = (
        ("resume", asleep, "协议续签"),
        ("suspend", online, "设备检修"),
        ("offline", online, "协议到期"),
    )
    for act, codes, reason in wanted:
        if codes:
            examples[f"POST {PATH}/{{code}}/{act}"] = Example(
                client=OPERATOR, parameters={"code": codes.pop()}, body={"reason": reason}
            )
    return examples


def _is_made_up(institution: Body) -> bool:
    return str(institution["source"]) == "synthetic"
