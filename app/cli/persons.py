"""`hub persons`: the operator's people, and how they sign in at the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from app.cli.acts import act, look
from app.parties import service as parties
from app.parties.model import Asked, Credential, Enrolment, SignIn, Verdict
from app.runtime.auth import Caller, Signer
from app.runtime.door import Hub
from app.runtime.sealing import Seal
from app.runtime.settings import Settings
from app.runtime.standalone import Home, lend_hub, open_home

T = TypeVar("T")
program = typer.Typer(no_args_is_help=True, help="The operator's people 运维人员.")
PersonId = Annotated[str, typer.Argument(help="Person id 人员编号")]
HERE = "command-line"


@program.command()
def create(
    person: PersonId,
    name: Annotated[str, typer.Option(help="Name 姓名")],
    vouched_by: Annotated[
        str | None, typer.Option(help="Another person, needed from the third on 确认人")
    ] = None,
) -> None:
    """Enrol a person and show the address for their authenticator, this once."""
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
def list_persons() -> None:
    """List the operator's people."""

    async def read(_: Home, hub: Hub) -> list[str]:
        async with look(hub) as reading:
            return [f"{it.id}\t{it.name}\t{it.state}" for it in await parties.list_persons(reading)]

    for line in at_home(read):
        typer.echo(line)


def at_home(work: Callable[[Home, Hub], Awaitable[T]]) -> T:
    """Open the hub and do something there."""

    async def lent(home: Home) -> T:
        async with lend_hub(home) as hub:
            return await work(home, hub)

    with open_home(Settings(), shared=True) as home:
        return asyncio.run(lent(home))


async def by_two(home: Home, hub: Hub, persons: tuple[str, str], asked: Asked) -> Credential | None:
    """Have one person propose and another approve, both signing in here and now."""
    first = await signed_in(home, hub, persons[0])
    second = await signed_in(home, hub, persons[1])
    hours, reason = home.settings.proposal_hours, "at the command line"
    made = await act(
        hub, "propose", lambda work: parties.propose(work, asked, reason, hours), first
    )
    verdict = Verdict(number=made.number, approves=True, reason=reason)
    done = await act(hub, "approve", lambda work: parties.decide(work, verdict), second)
    return done.credential


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


async def _voucher(home: Home, hub: Hub, person: str | None) -> str | None:
    return None if person is None else (await signed_in(home, hub, person)).person


def _new_password(person: str) -> str:
    text: str = typer.prompt(
        f"New password of {person}", hide_input=True, confirmation_prompt=True, err=True
    )
    return text


def _show(made: Enrolment) -> None:
    shown = {"person": made.id, "authenticator": made.authenticator}
    typer.echo(json.dumps(shown, indent=2))
