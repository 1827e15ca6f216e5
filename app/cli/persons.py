"""`hub persons`: the operator's and agencies' people, and how they sign in at the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from app.cli.acts import act, look
from app.parties import service as parties
from app.parties.model import Asked, Decided, Enrolment, Invitation, Proposed, SignIn, Verdict
from app.runtime.auth import Caller, Signer
from app.runtime.door import Hub
from app.runtime.sealing import Seal
from app.runtime.settings import Settings
from app.runtime.standalone import Home, StandaloneError, lend_hub, open_home

T = TypeVar("T")
program = typer.Typer(no_args_is_help=True, help="The operator's and agencies' people 人员.")
PersonId = Annotated[str, typer.Argument(help="Person id 人员编号")]
PartyCode = Annotated[
    str | None, typer.Option(help="Code of an agency; without it the operator 经办机构代码")
]
First = Annotated[str | None, typer.Option("--as", help="Who proposes 提议人")]
Second = Annotated[str | None, typer.Option("--approved-by", help="Who approves 批准人")]
HERE, OPERATOR = "command-line", "operator"


@program.command()
def create(
    person: PersonId,
    name: Annotated[str, typer.Option(help="Name 姓名")],
    vouched_by: Annotated[
        str | None, typer.Option(help="Another person, needed from the third on 确认人")
    ] = None,
    party: PartyCode = None,
    proposed_by: First = None,
    approved_by: Second = None,
) -> None:
    """Enrol one of the operator's people, or invite one of an agency's; what is shown is so once.

    The operator's chooses a password here and gets the address for an authenticator. An agency's
    is invited by two persons, who sign in here, and enrols at POST /oauth/invitations/acceptance.
    """
    if party not in (None, OPERATOR):
        _invite(str(party), (person, name), (proposed_by, approved_by))
        return
    password = _new_password(person)

    async def enrol(home: Home, hub: Hub) -> Enrolment:
        voucher = await _voucher(home, hub, vouched_by)
        seal, it = Seal.of(home.settings, parties.SEALED_FOR), (person, name, password)
        return await act(
            hub, "persons create", lambda work: parties.create_person(work, seal, it, voucher)
        )

    _show(at_home(enrol))


@program.command()
def recover(
    person: PersonId,
    vouched_by: Annotated[str, typer.Option(help="Another person, who signs in 确认人")],
) -> None:
    """Give a person a new password and authenticator; another one signs in to vouch for them."""
    password = _new_password(person)

    async def renew(home: Home, hub: Hub) -> Enrolment:
        voucher = await _voucher(home, hub, vouched_by)
        seal, it = Seal.of(home.settings, parties.SEALED_FOR), (person, password)
        return await act(
            hub, "persons recover", lambda work: parties.recover_person(work, seal, it, voucher)
        )

    _show(at_home(renew))


@program.command()
def disable(person: PersonId) -> None:
    """Let a person sign in no more; their sessions end now."""

    async def stop(_: Home, hub: Hub) -> None:
        await act(hub, "persons disable", lambda work: parties.disable_person(work, person))

    at_home(stop)
    typer.echo(f"{person} is disabled.")


@program.command("list")
def list_persons(party: PartyCode = None) -> None:
    """List everybody, or a party's people."""

    async def read(_: Home, hub: Hub) -> list[str]:
        async with look(hub) as reading:
            found = await parties.all_persons(reading, party)
            return [f"{it.id}\t{it.name}\t{it.state}\t{it.party}" for it in found]

    for line in at_home(read):
        typer.echo(line)


def at_home(work: Callable[[Home, Hub], Awaitable[T]]) -> T:
    """Open the hub and do something there."""

    async def lent(home: Home) -> T:
        async with lend_hub(home) as hub:
            return await work(home, hub)

    with open_home(Settings(), shared=True) as home:
        return asyncio.run(lent(home))


async def by_two(
    home: Home, hub: Hub, persons: tuple[str, str], asked: Asked
) -> tuple[Proposed, Decided]:
    """Have one person propose and another approve, both signing in here and now."""
    first = await signed_in(home, hub, persons[0])
    second = await signed_in(home, hub, persons[1])
    hours, reason = home.settings.proposal_hours, "at the command line"
    made = await act(
        hub, "propose", lambda work: parties.propose(work, asked, reason, hours), first
    )
    verdict = Verdict(number=made.proposal.number, approves=True, reason=reason)
    done = await act(hub, "approve", lambda work: parties.decide(work, verdict), second)
    return made, done


def two_of(first: str | None, second: str | None) -> tuple[str, str]:
    """Insist on two persons."""
    if first is None or second is None:
        raise StandaloneError(
            "This takes two persons: --as WHO --approved-by ANOTHER (see `hub persons`)."
        )
    return first, second


async def signed_in(home: Home, hub: Hub, person: str) -> Caller:
    """Ask a person for password and code, and sign them in."""
    brought = SignIn(
        person=person,
        password=typer.prompt(f"Password of {person}", hide_input=True, err=True),
        code=typer.prompt(f"Code of {person}", err=True),
    )
    key = home.settings.token_key
    assert key is not None, "an opened home has one"
    signer = Signer.of(key.get_secret_value(), home.settings.person_minutes)
    keys = signer, Seal.of(home.settings, parties.SEALED_FOR)
    token = await parties.sign_in(hub, keys, brought, request="cli", address=HERE)
    return signer.read(token.access, hub.clock())


async def _voucher(home: Home, hub: Hub, person: str | None) -> Caller | None:
    return None if person is None else await signed_in(home, hub, person)


def _invite(party: str, person: tuple[str, str], two: tuple[str | None, str | None]) -> None:
    """Let two persons invite one of an agency's; both halves end up at this terminal, joined."""
    details = {"person": person[0], "name": person[1]}
    asked = Asked(act="person.create", subject=party, details=details)

    async def invite(home: Home, hub: Hub) -> tuple[Invitation | None, ...]:
        made, done = await by_two(home, hub, two_of(*two), asked)
        return made.invitation, done.invitation

    halves = [it.half for it in at_home(invite) if it is not None]
    shown = {"person": person[0], "party": party, "invitation": ".".join(halves)}
    typer.echo(json.dumps(shown, indent=2))


def _new_password(person: str) -> str:
    text: str = typer.prompt(
        f"New password of {person}", hide_input=True, confirmation_prompt=True, err=True
    )
    return text


def _show(made: Enrolment) -> None:
    shown = {"person": made.id, "authenticator": made.authenticator}
    typer.echo(json.dumps(shown, indent=2))
