"""`hub policy`: the edition of the policy book this release brings, and those that were adopted."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from app.cli.acts import act, look
from app.cli.persons import First, Second, at_home, signed_in, two_of
from app.parties import service as parties
from app.parties.model import Asked, Proposal, Verdict
from app.policy.book import PolicyBook
from app.runtime.door import Hub
from app.runtime.paging import PageAsked
from app.runtime.settings import Mode
from app.runtime.standalone import Home, StandaloneError, lend_hub

EDITIONS_MAX = 1_000
REASON = "Adopt the edition of the next release 启用新版本程序的政策参数版次"
program = typer.Typer(no_args_is_help=True, help="Editions of the policy book 政策参数版次.")


@program.command()
def digest(
    *,
    proposal: Annotated[
        bool, typer.Option("--proposal", help="Print the body of the proposal that adopts it")
    ] = False,
) -> None:
    """Print the version and digest of the book this release brings; needs no database.

    With --proposal, what a person sends to POST /v1/proposals of the hub that runs now.
    """
    book = PolicyBook.load()
    shown: dict[str, object] = {"version": book.version, "digest": book.digest}
    if proposal:
        shown = {"asked": {"act": "policy.adopt", "book": book.source}, "reason": REASON}
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@program.command()
def adopt(proposed_by: First = None, approved_by: Second = None) -> None:
    """Adopt the edition this release brings; in production every one but the first takes two.

    Both sign in here and are shown what it changes before the second one does. The first edition
    of a database is adopted by whoever holds it, and that is on the trail.
    """
    if proposed_by is None and approved_by is None:
        done = at_home(_adopt_alone)
    else:
        two = two_of(proposed_by, approved_by)
        done = at_home(lambda home, hub: _adopt_by_two(home, hub, two))
    typer.echo(f"{PolicyBook.load().version} is {'adopted' if done else 'adopted already'}.")


@program.command("list")
def list_editions() -> None:
    """List the adopted editions, each with what it changed."""

    async def read(_: Home, hub: Hub) -> list[str]:
        async with look(hub) as reading:
            found = await parties.list_editions(reading, PageAsked("", EDITIONS_MAX))
        return [
            line
            for it in found.rows
            for line in (
                f"{it.version}\t{it.digest}\t{it.adopted_at.isoformat()}\t{it.proposal or ''}",
                *(f"\t{change}" for change in it.changes),
            )
        ]

    for line in at_home(read):
        typer.echo(line)


def require_adopted(home: Home) -> None:
    """Refuse to serve by a book nobody adopted; a sandbox adopts what it is run with by itself."""
    asyncio.run(_require_adopted(home))


async def adopt_where_played(home: Home, hub: Hub) -> None:
    """Adopt the book by itself, on the trail, where everything is made up; refuse it elsewhere."""
    if home.settings.mode is Mode.SANDBOX and not await parties.own_is_adopted(hub):
        await act(hub, "policy adopt", parties.adopt_own)
    await refuse_unadopted(hub)


async def refuse_unadopted(hub: Hub) -> None:
    """Refuse to decide anything by a book nobody adopted."""
    found = await parties.check_edition(hub)
    if not found.passed:
        raise StandaloneError(
            f"Policy edition {found.found}: run `hub policy adopt` first (the first of a new "
            "database takes who holds it, every other `--as WHO --approved-by ANOTHER`)."
        )


async def _require_adopted(home: Home) -> None:
    async with lend_hub(home) as hub:
        await adopt_where_played(home, hub)


async def _adopt_alone(_: Home, hub: Hub) -> bool:
    return await act(hub, "policy adopt", parties.adopt_own)


async def _adopt_by_two(home: Home, hub: Hub, two: tuple[str, str]) -> bool:
    if await parties.own_is_adopted(hub):
        return False
    asked = Asked(act="policy.adopt", subject="", details={"book": hub.law.book.source})
    hours = home.settings.proposal_hours
    first = await signed_in(home, hub, two[0])
    made = await act(
        hub, "propose", lambda work: parties.propose(work, asked, REASON, hours), first
    )
    _show_changes(made.proposal)
    second = await signed_in(home, hub, two[1])
    verdict = Verdict(number=made.proposal.number, approves=True, reason=REASON)
    await act(hub, "approve", lambda work: parties.decide(work, verdict), second)
    return True


def _show_changes(it: Proposal) -> None:
    """Tell the second person what they are about to approve."""
    changes = it.asked.details["changes"]
    assert isinstance(changes, list), "so it was proposed"
    typer.echo(f"{it.number}: {it.asked.subject}\t{it.asked.details['digest']}", err=True)
    for change in changes:
        typer.echo(f"\t{change}", err=True)
