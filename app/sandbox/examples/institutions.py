"""Institutions: one to be suspended, one to be brought back, one to be taken offline."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import BEIJING, JINAN, Stage

PATH = "/v1/institutions"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Suspend one institution of Beijing unless one is; the others are as they are found."""
    found = await stage.read(BEIJING, PATH, place=BEIJING, on=stage.today.isoformat())
    states = {str(it["code"]): str(it["state"]) for it in found["items"]}
    online = [code for code, state in states.items() if state == "online"]
    asleep = [code for code, state in states.items() if state != "online"]
    if not asleep:
        asleep = [online.pop()]
        body = {"reason": "设备检修"}
        await stage.write(BEIJING, f"{PATH}/{asleep[0]}/suspend", body, "institution-suspended")
    examples = {
        f"PUT {PATH}/{{code}}": Example(client=JINAN),
        f"POST {PATH}/import": Example(client=JINAN),
        "POST /v1/catalogues/import": Example(client=BEIJING),
        f"POST {PATH}/{{code}}/resume": _change(asleep[0], "协议续签"),
    }
    for act, reason in (("suspend", "设备检修"), ("offline", "协议到期")):
        if online:
            examples[f"POST {PATH}/{{code}}/{act}"] = _change(online.pop(), reason)
    return examples


def _change(code: str, reason: str) -> Example:
    return Example(client=BEIJING, parameters={"code": code}, body={"reason": reason})
