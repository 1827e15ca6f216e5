"""Workers and what was determined about them."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import BEIJING, Body, Role, Stage

DETERMINATIONS = "/v1/determinations"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Register whoever is looked up, determined, reviewed, or loses the entitlement."""
    worker = await stage.registered(Role.DETERMINED)
    reviewed = await stage.registered(Role.REVIEWED)
    determination = await stage.determined(Role.REVIEWED, reviewed, "rehabilitation")
    await stage.filed(Role.LEAVER)
    leaver = await stage.registered(Role.LEAVER)
    losses = "/v1/entitlement-losses"
    ended = _loss(stage, await stage.registered(Role.LOST))
    lost = await stage.write(BEIJING, losses, ended, "lost-loss")
    one = f"{DETERMINATIONS}/{{number}}"
    numbered = {"number": determination}
    anew = stage.determination(worker, "recurrence", "-2")
    return {
        "POST /v1/workers": Example(client=BEIJING, body=stage.registration(Role.NEWCOMER)),
        "GET /v1/workers/{number}": Example(client=BEIJING, parameters={"number": worker}),
        f"POST {DETERMINATIONS}": Example(client=BEIJING, body=anew),
        f"GET {DETERMINATIONS}": Example(client=BEIJING, parameters={"worker": worker}),
        f"GET {one}": Example(client=BEIJING, parameters=numbered),
        f"POST {one}/withdraw": Example(
            client=BEIJING, parameters=numbered, body={"reason": "复议撤销原确认"}
        ),
        f"POST {losses}": Example(client=BEIJING, body=_loss(stage, leaver)),
        f"GET {losses}/{{number}}": Example(
            client=BEIJING, parameters={"number": str(lost["number"])}
        ),
    }


def _loss(stage: Stage, worker: str) -> Body:
    return {
        "worker": worker,
        "kind": "relationship_ended",
        "lost_on": stage.today.isoformat(),
        "reason": "领取一次性待遇并终结工伤保险关系",
    }
