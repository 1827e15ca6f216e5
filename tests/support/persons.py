"""The operator's and agencies' people, with their authenticators, for tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import httpx
import pyotp

from app.parties import service
from app.parties.service import SEALED_FOR
from app.runtime.auth import Caller, PartyKind
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


def voucher(person: str, party: str = "operator") -> Caller:
    """Return the session of a person who vouches."""
    kind = PartyKind.OPERATOR if party == "operator" else PartyKind.AGENCY
    region = "000000" if party == "operator" else party
    return Caller(kind=kind, party=party, region=region, client=f"person:{person}")


async def enrolled(world: World, person: str) -> Staff:
    """Enrol one of the operator's people."""
    it, by = (person, person.title(), PASSWORD), voucher("somebody-else")
    made = await as_operator(
        world, lambda work: service.create_person(work, seal_of(world), it, by)
    )
    return Staff(world, person, made.authenticator)


async def invited(world: World, two: tuple[Staff, Staff], asked: dict[str, str]) -> str:
    """Let two persons invite somebody; return the invitation as the one invited joins it."""
    body = {"asked": asked, "reason": "人员调整"}
    laid = await world.http.post("/v1/proposals", json=body, headers=await two[0].headers())
    assert laid.status_code == 201, laid.text
    path = f"/v1/proposals/{laid.json()['number']}/approval"
    headers = await two[1].headers()
    done = await world.http.post(path, json={"reason": "属实"}, headers=headers)
    assert done.status_code == 200, done.text
    return f"{laid.json()['invitation']['half']}.{done.json()['invitation']['half']}"


async def enrolling(
    world: World, person: str, invitation: str, password: str = PASSWORD
) -> httpx.Response:
    """Take an invitation up."""
    body = {"person": person, "invitation": invitation, "password": password}
    return await world.http.post("/oauth/invitations/acceptance", json=body)


async def agency_person(world: World, two: tuple[Staff, Staff], party: str, person: str) -> Staff:
    """Let two persons invite one of an agency's, who enrols."""
    asked = {"act": "person.create", "party": party, "person": person, "name": person.title()}
    made = await enrolling(world, person, await invited(world, two, asked))
    assert made.status_code == 200, made.text
    return Staff(world, person, made.json()["authenticator"])
