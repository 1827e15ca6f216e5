"""Agencies have persons: two invite them, each with half of what they enrol with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.parties import service
from app.runtime.auth import Caller
from tests.support.parties import as_operator, seeded
from tests.support.persons import (
    PASSWORD,
    Staff,
    agency_person,
    enrolled,
    enrolling,
    invited,
    seal_of,
    voucher,
)
from tests.support.world import World

PROPOSALS, PERSONS = "/v1/proposals", "/v1/persons"
SHANDONG, BEIJING, JINAN = "370000", "110000", "370100"


def asking(person: str, party: str = SHANDONG) -> dict[str, str]:
    """Write the act that invites somebody."""
    return {"act": "person.create", "party": party, "person": person, "name": person.title()}


async def proposing(world: World, by: Staff, asked: dict[str, str], key: str | None = None) -> str:
    """Propose and return the number, or the code of the refusal."""
    headers, body = await by.headers(key), {"asked": asked, "reason": "x"}
    answer = (await world.http.post(PROPOSALS, json=body, headers=headers)).json()
    return str(answer.get("number") or answer["code"])


async def approving(world: World, by: Staff, number: str) -> tuple[int, str | None]:
    """Approve and return the status, and the code of a refusal."""
    path, headers = f"{PROPOSALS}/{number}/approval", await by.headers()
    answer = await world.http.post(path, json={"reason": "x"}, headers=headers)
    return answer.status_code, answer.json().get("code")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def operators(world: World) -> tuple[Staff, Staff]:
    """Two of the operator's people."""
    return await enrolled(world, "chen"), await enrolled(world, "wang")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own(world: World, operators: tuple[Staff, Staff]) -> tuple[Staff, Staff]:
    """Two people of Shandong's agency."""
    li, wu = [await agency_person(world, operators, SHANDONG, who) for who in ("li", "wu")]
    return li, wu


async def test_a_person_of_an_agency_speaks_for_it_and_sees_what_it_sees(
    world: World, own: tuple[Staff, Staff]
) -> None:
    li, _ = own
    token = (await li.sign_in()).json()["access_token"]
    caller: Caller = world.app.state.signer.read(token, world.clock())
    assert (caller.kind, caller.party, caller.region) == ("agency", SHANDONG, SHANDONG)
    assert (caller.person, caller.scope) == ("li", world.agency(SHANDONG).caller.scope)
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/v1/filings", "/v1/visits", "/v1/clients", "/v1/advances/changes", PERSONS):
        seen = await world.http.get(path, headers=headers)
        machine = await world.agency(SHANDONG).get(path)
        assert (seen.status_code, seen.json()) == (machine.status_code, machine.json()), path
    assert (await world.http.get("/v1/audit-trail", headers=headers)).status_code == 200


async def test_neither_half_of_an_invitation_enrols_and_both_do_once(
    world: World, operators: tuple[Staff, Staff]
) -> None:
    invitation = await invited(world, operators, asking("zhao"))
    first, second = invitation.split(".")
    early = {"person": "zhao", "password": invitation, "code": "000000"}
    assert (await world.http.post("/oauth/sessions", json=early)).status_code == 401
    for wrong in (first, f".{second}", f"{second}.{first}"):
        answer = await enrolling(world, "zhao", wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "invitation-refused"), wrong
    world.clock.advance(hours=1)
    weak = await enrolling(world, "zhao", invitation, "zhao zhao zhao")
    assert (weak.status_code, weak.json()["code"]) == (422, "password-too-weak")
    made = await enrolling(world, "zhao", invitation)
    assert (made.status_code, made.json()["person"]) == (200, "zhao")
    assert (await enrolling(world, "zhao", invitation)).status_code == 401
    zhao = Staff(world, "zhao", made.json()["authenticator"])
    assert (await zhao.sign_in()).status_code == 200
    async with world.tx() as owner:
        trail = (
            await owner.execute(
                sa.text("SELECT party, action FROM audit_trail WHERE client = 'person:zhao'")
            )
        ).all()
        bodies = (await owner.execute(sa.text("SELECT body FROM message"))).scalars().all()
    assert {party for party, _ in trail} == {SHANDONG}
    assert {"person.refuse", "person.enrol", "person.sign_in"} <= {action for _, action in trail}
    assert not any(half.encode() in (body or b"") for half in (first, second) for body in bodies)


async def test_an_invitation_is_good_as_long_as_a_proposal_and_for_nobody_else(
    world: World, operators: tuple[Staff, Staff]
) -> None:
    invitation = await invited(world, operators, asking("late"))
    for who in ("li", "nobody"):
        assert (await enrolling(world, who, invitation)).status_code == 401
    world.clock.advance(hours=73)
    assert (await enrolling(world, "late", invitation)).status_code == 401


async def test_guessing_an_invitation_locks_enrolling_and_signing_in(
    world: World, operators: tuple[Staff, Staff]
) -> None:
    invitation = await invited(world, operators, asking("target"))
    for _ in range(5):
        assert (await enrolling(world, "target", "a.b")).status_code == 401
    locked = await enrolling(world, "target", invitation)
    assert (locked.status_code, locked.json()["code"]) == (429, "sign-in-locked")
    world.clock.advance(seconds=int(locked.headers["Retry-After"]))
    assert (await enrolling(world, "target", invitation)).status_code == 200


async def test_halves_are_in_the_first_answers_alone(
    world: World, operators: tuple[Staff, Staff]
) -> None:
    chen, wang = operators
    body = {"asked": asking("once"), "reason": "x"}
    answers = [
        (await world.http.post(PROPOSALS, json=body, headers=await chen.headers("lay-once"))).json()
        for _ in range(2)
    ]
    assert [it["invitation"] is None for it in answers] == [False, True]
    path = f"{PROPOSALS}/{answers[0]['number']}/approval"
    said = [
        await world.http.post(
            path, json={"reason": "x"}, headers=await wang.headers("approve-once")
        )
        for _ in range(2)
    ]
    assert [it.json()["invitation"] is None for it in said] == [False, True]
    read = await world.http.get(f"{PROPOSALS}/{answers[0]['number']}", headers=await chen.headers())
    assert "invitation" not in read.json()
    assert answers[0]["invitation"]["half"] not in read.text


async def test_two_of_the_agencys_own_invite_the_next_and_one_alone_does_not(
    world: World, own: tuple[Staff, Staff], operators: tuple[Staff, Staff]
) -> None:
    li, wu = own
    number = await proposing(world, li, asking("sun"))
    assert await approving(world, li, number) == (403, "second-person-needed")
    assert await approving(world, operators[0], number) == (403, "proposal-foreign")
    assert await approving(world, wu, number) == (200, None)
    sun = await agency_person(world, own, SHANDONG, "sun-two")
    assert (await sun.sign_in()).status_code == 200
    again = await proposing(world, li, asking("sun"))
    assert await approving(world, wu, again) == (409, "person-exists")


async def test_an_agency_proposes_for_its_own_persons_and_nothing_else(
    world: World, own: tuple[Staff, Staff], operators: tuple[Staff, Staff]
) -> None:
    li, _ = own
    chen, _ = operators
    await agency_person(world, operators, BEIJING, "bei")
    foreign: list[dict[str, str]] = [
        {"act": "client.create", "party": SHANDONG},
        {"act": "client.disable", "client": "370000-local"},
        asking("gao", BEIJING),
        asking("gao", JINAN),
        asking("gao", "operator"),
    ]
    for asked in foreign:
        assert await proposing(world, li, asked) == "proposal-foreign", asked
    for who in ("bei", "chen", "nobody"):
        asked = {"act": "person.disable", "person": who}
        assert await proposing(world, li, asked) == "person-unknown"
    for party, code in (("national-platform", "persons-foreign"), ("nowhere", "party-unknown")):
        assert await proposing(world, chen, asking("gao", party)) == code
    machine = await world.agency(SHANDONG).post(PROPOSALS, {"asked": asking("gao"), "reason": "x"})
    assert machine.json()["code"] == "person-required"
    hospital = await world.institution("H37010000001").get(PROPOSALS)
    assert (hospital.status_code, hospital.json()["code"]) == (403, "forbidden")


async def test_proposals_and_persons_are_their_own_partys_to_see(
    world: World, own: tuple[Staff, Staff], operators: tuple[Staff, Staff]
) -> None:
    number = await proposing(world, own[0], asking("seen"))
    other = await agency_person(world, operators, BEIJING, "jing")
    path = f"{PROPOSALS}/{number}"
    assert (await world.http.get(path, headers=await own[1].headers())).status_code == 200
    assert (await world.operator.get(path)).json()["party"] == SHANDONG
    hidden = await world.http.get(path, headers=await other.headers())
    assert (hidden.status_code, hidden.json()["code"]) == (404, "proposal-unknown")
    assert await approving(world, other, number) == (404, "proposal-unknown")
    listed = await world.http.get(PROPOSALS, headers=await other.headers())
    assert listed.json()["items"] == []
    mine = (await world.agency(SHANDONG).get(PERSONS, limit=200)).json()["items"]
    assert {it["party"] for it in mine} == {SHANDONG}
    everybody = (await world.operator.get(PERSONS, limit=200)).json()["items"]
    assert {"operator", SHANDONG, BEIJING} <= {it["party"] for it in everybody}
    assert [it["id"] for it in everybody] == sorted(it["id"] for it in everybody)
    assert (await world.operator.get(PERSONS, limit=1)).json()["next"]
    assert (await world.institution("H37010000001").get(PERSONS)).status_code == 403


async def test_an_agencys_person_is_stopped_at_once_and_its_session_with_them(
    world: World, own: tuple[Staff, Staff], operators: tuple[Staff, Staff]
) -> None:
    gone = await agency_person(world, own, SHANDONG, "gone")
    headers = await gone.headers()
    path = f"{PERSONS}/gone/disablement"
    assert (await world.agency(SHANDONG).post(path)).json()["code"] == "forbidden"
    stopped = await world.http.post(path, headers=await operators[0].headers())
    assert (stopped.status_code, stopped.json()["state"]) == (200, "disabled")
    late = await world.http.get(PERSONS, headers=headers)
    assert (late.status_code, late.json()["reason"]) == (401, "disabled")
    assert (await gone.sign_in()).status_code == 401
    for who in ("chen", "nobody"):
        unknown = await world.operator.post(f"{PERSONS}/{who}/disablement")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "person-unknown")


async def test_two_of_the_agencys_own_recover_and_disable_a_third(
    world: World, own: tuple[Staff, Staff]
) -> None:
    lost = await agency_person(world, own, SHANDONG, "lost")
    headers = await lost.headers()
    invitation = await invited(world, own, {"act": "person.recover", "person": "lost"})
    assert (await world.http.get(PERSONS, headers=headers)).status_code == 401
    assert (await lost.sign_in()).status_code == 401
    made = await enrolling(world, "lost", invitation, "another long sentence")
    found = Staff(world, "lost", made.json()["authenticator"], "another long sentence")
    assert (await found.sign_in()).status_code == 200
    number = await proposing(world, own[0], {"act": "person.disable", "person": "lost"})
    assert await approving(world, own[1], number) == (200, None)
    assert (await found.sign_in()).status_code == 401


async def test_a_session_ends_where_the_person_signs_out(
    world: World, own: tuple[Staff, Staff]
) -> None:
    headers = await own[0].headers()
    assert (await world.http.post("/oauth/sessions/end", headers=headers)).status_code == 204
    ended = await world.http.get(PERSONS, headers=headers)
    assert (ended.status_code, ended.json()["reason"]) == (401, "revoked")
    assert (await own[0].sign_in()).status_code == 200


async def test_the_people_of_a_disabled_agency_are_out_with_it(
    world: World, operators: tuple[Staff, Staff]
) -> None:
    someone = await agency_person(world, operators, "620000", "gansu")
    invitation = await invited(world, operators, asking("gansu-two", "620000"))
    headers = await someone.headers()
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE party SET state = 'disabled' WHERE code = '620000'"))
    late = await world.http.get(PERSONS, headers=headers)
    assert (late.status_code, late.json()["reason"]) == (401, "party_disabled")
    assert (await someone.sign_in()).status_code == 401
    assert (await enrolling(world, "gansu-two", invitation)).status_code == 401


@pytest.mark.parametrize("by", ["wang", "wu"])
async def test_a_voucher_is_of_the_operator_or_of_the_agency_itself(
    world: World, own: tuple[Staff, Staff], by: str
) -> None:
    assert own
    vouching = voucher(by, SHANDONG if by == "wu" else "operator")
    made = await as_operator(
        world,
        lambda work: service.recover_person(work, seal_of(world), ("li", PASSWORD), vouching),
    )
    assert (await Staff(world, "li", made.authenticator).sign_in()).status_code == 200
