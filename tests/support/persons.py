"""The operator's people, with their authenticators, for tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import httpx
import pyotp

from app.parties import service
from app.parties.service import SEALED_FOR
from app.runtime.sealing import Seal
from tests.support.parties import as_operator
from tests.support.world import World

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Staff:
    """One person and what they carry."""

    world: World
    person: str
    authenticator: str
    password: str = PASSWORD

    @property
    def seed(self) -> bytes:
        """Return what the one-time codes are made from."""
        found = pyotp.parse_uri(self.authenticator)
        return base64.b32decode(found.secret)

    def code(self) -> str:
        """Read the authenticator."""
        found = pyotp.parse_uri(self.authenticator)
        assert isinstance(found, pyotp.TOTP)
        return found.at(self.world.clock())

    async def sign_in(self, **other: str) -> httpx.Response:
        """Sign in, with something else than right if need be; a fresh code each time."""
        if "code" not in other:
            self.world.clock.advance(minutes=1)
        brought = {"person": self.person, "password": self.password, "code": self.code()} | other
        return await self.world.http.post("/oauth/sessions", json=brought)

    async def headers(self, key: str | None = None) -> dict[str, str]:
        """Sign in and return the headers of a write."""
        token = (await self.sign_in()).json()["access_token"]
        made = key or f"{self.person}-{next(self.world.keys):06d}"
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": made}


def seal_of(world: World) -> Seal:
    """Return what the hub of these tests seals with."""
    return Seal.of(world.app.state.settings, SEALED_FOR)


async def enrolled(world: World, person: str, voucher: str = "somebody-else") -> Staff:
    """Enrol a person."""
    made = await as_operator(
        world,
        lambda work: service.create_person(
            work, seal_of(world), (person, person.title(), PASSWORD), voucher
        ),
    )
    return Staff(world, person, made.authenticator)
