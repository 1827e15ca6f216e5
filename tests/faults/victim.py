"""A process that is there to be killed: it sends one request and ends itself at a round trip.

Started once; for each line of its input it forks a child, which does not come back.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from app.main import create_app
from app.runtime.settings import Settings
from tests.faults.knife import Knife
from tests.faults.sender import is_definite
from tests.faults.wire import lead
from tests.support.world import DATA_KEY, INDEX_KEY, TOKEN_KEY, Clock

NOT_NOW = 75  # how a process ends that was not killed and was not definite: it is to come again


async def nobody(_: int) -> None:
    """End no backend: here the process itself is what ends."""


async def serve(app: FastAPI, clock: Clock, told: dict[str, Any]) -> int:
    """Serve one request until the round trip at which this process is killed, or to its end."""
    clock.now = datetime.fromisoformat(told["now"])
    knife = Knife(nobody, kill_at=(told["number"], told["after"]))
    name = str(app.state.hub.engine.url.database)
    lead(name, knife, lambda: told["database"])
    told["request"]["content"] = base64.b64decode(told["request"]["content"])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        with knife.cutting({}):
            answer = await http.request(**told["request"])
    return 0 if is_definite(answer) else NOT_NOW


def main(url: str) -> None:
    """Fork for every line, and say how the child ended."""
    clock = Clock()
    settings = Settings(
        token_key=SecretStr(TOKEN_KEY),
        data_keys=SecretStr(DATA_KEY),
        index_key=SecretStr(INDEX_KEY),
        log_level="CRITICAL",
    )
    app = create_app(settings, url=url, clock=clock)
    print("ready", flush=True)  # noqa: T201 -- this is how it talks
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what a hub logs
            os._exit(asyncio.run(serve(app, clock, json.loads(line))))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 -- as above


if __name__ == "__main__":
    main(sys.argv[1])
