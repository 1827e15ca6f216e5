"""Events: an agency reads the feed and has it sent to an address that answers nobody.

The address is one of a documentation network by name: whatever is sent there arrives nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.runtime.openapi import Example
from app.sandbox.examples.stage import BEIJING, Body, Stage

PATH = "/v1/subscriptions"
URL = "https://events.example.com/hub"
WISH: Body = {"url": URL, "topics": ["subscription.disabled"]}


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Make a subscription for every act, each in the state the act needs."""
    await _end_yesterdays(stage)
    shown = await _made(stage, "shown")
    suspended = await _made(stage, "suspended")
    await stage.write(BEIJING, f"{PATH}/{suspended['number']}/suspend", None, "event-suspended-now")
    rotated = await _made(stage, "rotated")
    old = rotated["secrets"][0]["hint"]
    await stage.write(BEIJING, f"{PATH}/{rotated['number']}/secrets", None, "event-rotation")
    one = f"{PATH}/{{number}}"
    own = {"number": str(shown["number"])}
    return {
        "GET /v1/events": Example(client=BEIJING),
        f"GET {PATH}": Example(client=BEIJING),
        f"GET {one}": Example(client=BEIJING, parameters=own),
        f"GET {one}/deliveries": Example(client=BEIJING, parameters=own),
        f"POST {PATH}": Example(client=BEIJING, body=WISH),
        f"POST {one}/redeliveries": Example(
            client=BEIJING, parameters=own, body={"after": str(shown["cursor"])}
        ),
        f"POST {one}/secrets": Example(client=BEIJING, parameters=own),
        f"POST {one}/secrets/{{hint}}/retirement": Example(
            client=BEIJING, parameters={"number": str(rotated["number"]), "hint": str(old)}
        ),
        f"POST {one}/suspend": Example(
            client=BEIJING, parameters={"number": str((await _made(stage, "going"))["number"])}
        ),
        f"POST {one}/resume": Example(
            client=BEIJING, parameters={"number": str(suspended["number"])}
        ),
        f"POST {one}/end": Example(
            client=BEIJING, parameters={"number": str((await _made(stage, "ending"))["number"])}
        ),
    }


async def _end_yesterdays(stage: Stage) -> None:
    """End what was laid on another day: a party has only so many."""
    page: Body = {"next": ""}
    while page["next"] is not None:
        cursor = {"cursor": str(page["next"])} if page["next"] else {}
        page = await stage.read(BEIJING, PATH, **cursor)
        for it in page["items"]:
            laid = it["url"] == URL and it["state"] != "ended"
            if laid and datetime.fromisoformat(it["created_at"]) < datetime.fromisoformat(
                stage.midnight
            ):
                number = str(it["number"])
                await stage.write(BEIJING, f"{PATH}/{number}/end", None, f"end-{number}")


async def _made(stage: Stage, name: str) -> Body:
    return await stage.write(BEIJING, PATH, WISH, f"event-{name}")
