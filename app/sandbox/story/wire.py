"""One party's client for what is read, and for what the institutions' client does not say.

The operator's and the agencies' steps, and a message that a line delivers a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

import httpx

# What the hub answers, read field by field by name; its shapes are the schemas' business.
Body: TypeAlias = Mapping[str, Any]

UNAUTHENTICATED = 401
CREATED_MAX = 299


@dataclass(frozen=True, slots=True)
class Credential:
    """What a party's software has been given."""

    client_id: str
    client_secret: str = field(repr=False)


class DeviationError(Exception):
    """The hub did something the story did not expect; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the hub: its status, its bytes, and whether it was a replay."""

    status: int
    content: bytes
    replayed: bool

    @property
    def body(self) -> Body:
        """Return the JSON object answered."""
        body: Body = json.loads(self.content)
        return body


@dataclass(slots=True, kw_only=True)
class Client:
    """Speaks for one party; its token is renewed when the hub no longer takes it."""

    http: httpx.AsyncClient
    id: str
    secret: str = field(repr=False)
    party: str
    _token: str | None = field(default=None, repr=False)

    async def read(self, path: str, **params: str | int) -> Body:
        """GET, or deviate."""
        return self.sound("GET", path, await self.ask("GET", path, params=params)).body

    async def all(self, path: str, **params: str | int) -> list[Body]:
        """Read every page of a list."""
        found: list[Body] = []
        page = await self.read(path, **params)
        while True:
            found += page["items"]
            if page["next"] is None:
                return found
            page = await self.read(path, **params, cursor=page["next"])

    async def write(self, path: str, body: Body) -> Body:
        """Send a new message, or deviate."""
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = await self.ask("POST", path, content=content, key=str(uuid4()))
        return self.sound("POST", path, answer).body

    async def deliver_again(self, path: str, content: bytes, *, key: str) -> Answer:
        """Deliver the very bytes of a message once more, as a line that repeats itself does."""
        return await self.ask("POST", path, content=content, key=key)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        key: str | None = None,
    ) -> Answer:
        """Make one call, with a fresh token when the old one is not taken."""
        for attempt in range(2):
            if self._token is None or attempt:
                self._token = await self._new_token()
            headers = {"Authorization": f"Bearer {self._token}"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            if key is not None:
                headers["Idempotency-Key"] = key
            response = await self.http.request(
                method, path, params=params, content=content, headers=headers
            )
            if response.status_code != UNAUTHENTICATED:
                break
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return Answer(response.status_code, response.content, replayed)

    async def _new_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.id,
            "client_secret": self.secret,
        }
        response = await self.http.post("/oauth/token", data=form)
        if response.status_code > CREATED_MAX:
            raise DeviationError(
                f"The hub gave {self.party} no token: it answered {response.status_code}."
            )
        return str(response.json()["access_token"])

    def sound(self, method: str, path: str, answer: Answer) -> Answer:
        """Return an answer that is no refusal, or deviate with the reasons of the one it is."""
        if answer.status <= CREATED_MAX:
            return answer
        problem = answer.body
        reasons = "; ".join(
            str(it.get("detail") or it.get("title")) for it in (problem, *problem.get("also", ()))
        )
        faults = f" {json.dumps(problem['errors'])[:300]}" if "errors" in problem else ""
        raise DeviationError(
            f"{method} {path} by {self.party} was answered {answer.status} "
            f"{problem.get('code')}: {reasons}{faults}"
        )
