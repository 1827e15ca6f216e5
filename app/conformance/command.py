"""`hub conformance`: play the cases against a hub, print the report, end 0 only when all passed."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from app.conformance import reports
from app.conformance.cases import CASES
from app.conformance.evidence import Result
from app.conformance.his.command import Session, run
from app.conformance.runner import ClientsError, Run, passed, play
from app.conformance.wire import Credential, NoTokenError

program = typer.Typer(
    invoke_without_command=True,
    help="Play what a hub must survive 符合性测试; exit 0 only when every case passed.",
)
Clients = Annotated[
    list[str] | None,
    typer.Option("--client", help="id:secret of a hospital, of an agency elsewhere, of others"),
]
CredentialsFile = Annotated[
    Path | None, typer.Option("--credentials", help="credentials.json of an embedded hub")
]
ToFile = Annotated[Path | None, typer.Option(help="Write this report to a file")]
SEED_MAX = 2**31
USED_WRONGLY = 2
OPERATOR = "operator"
FACES = ("rest", "gateway", "both")


@program.callback()
def hub(  # noqa: PLR0913 -- options
    context: typer.Context,
    *,
    base_url: Annotated[str, typer.Option(help="Where the hub serves")] = "http://127.0.0.1:8000",
    client: Clients = None,
    credentials: CredentialsFile = None,
    operator: Annotated[
        str | None,
        typer.Option(help="id:secret of a sandbox's operator: its clock is then set forward"),
    ] = None,
    set_clock: Annotated[
        bool, typer.Option("--set-clock", help="Take the operator of --credentials for it")
    ] = False,
    face: Annotated[str, typer.Option(help="rest, gateway or both")] = "both",
    only: Annotated[str, typer.Option(help="Only cases whose family/name holds this")] = "",
    seed: Annotated[int | None, typer.Option(help="Repeat a run's people")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
    junit: ToFile = None,
    html: ToFile = None,
) -> None:
    """Play the cases against a hub."""
    if context.invoked_subcommand is not None:
        return
    if face not in FACES:
        raise typer.BadParameter(f"--face is one of {', '.join(FACES)}")
    if set_clock and credentials is None:
        raise typer.BadParameter("--set-clock takes the operator of --credentials")
    kept = {} if credentials is None else _kept(credentials)
    asked = Run(
        base_url=base_url,
        credentials=_credentials(client or [], kept),
        operator=_operator(operator, kept) if operator or set_clock else None,
        seed=secrets.randbelow(SEED_MAX) if seed is None else seed,
        faces=("rest", "gateway") if face == "both" else (face,),
        only=only,
    )
    console = Console(stderr=True)
    results = _played(asked, console)
    _report(results, as_json=as_json, junit=junit, html=html)
    console.print(f"seed {asked.seed}")
    raise typer.Exit(0 if passed(results) else 1)


@program.command()
def his(  # noqa: PLR0913 -- options
    *,
    upstream: Annotated[str, typer.Option(help="The sandbox behind")] = "http://127.0.0.1:8000",
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on")] = 8100,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End after so long; else when all is decided")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
    junit: ToFile = None,
    html: ToFile = None,
) -> None:
    """Stand between a hospital's software and a sandbox, strike, and say what it survived."""
    console = Console(stderr=True)
    session = Session(upstream=upstream, host=host, port=port, seconds=seconds)
    results = run(session, lambda url: console.print(f"{url} → {upstream} · Ctrl-C ends 结束"))
    _report(results, as_json=as_json, junit=junit, html=html)
    raise typer.Exit(0 if passed(results) else 1)


def _played(given: Run, console: Console) -> list[Result]:
    async def gather() -> list[Result]:
        found = []
        with console.status("playing 测试进行中 …") as status:
            async for result in play(given, CASES):
                found.append(result)
                status.update(f"{len(found)} {result.family}/{result.name} ({result.face})")
        return found

    try:
        return asyncio.run(gather())
    except (ClientsError, NoTokenError, httpx.TransportError) as error:
        console.print(f"The run cannot begin: {error}", markup=False)
        raise typer.Exit(USED_WRONGLY) from None


def _report(results: list[Result], *, as_json: bool, junit: Path | None, html: Path | None) -> None:
    if junit is not None:
        junit.write_bytes(reports.to_junit(results))
    if html is not None:
        html.write_text(reports.to_html(results), "utf-8")
    if as_json:
        typer.echo(reports.to_json(results))
    else:
        reports.to_terminal(results, Console())


def _given(text: str) -> Credential:
    client, colon, secret = text.partition(":")
    if not colon:
        raise typer.BadParameter("a client is given as id:secret")
    return Credential(client, secret)


def _kept(file: Path) -> dict[str, Credential]:
    """Read the clients an embedded hub keeps, by party."""
    try:
        kept = json.loads(file.read_text("utf-8"))["clients"].items()
        return {party: Credential(it["client_id"], it["client_secret"]) for party, it in kept}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise typer.BadParameter(f"{file} holds no clients of a hub") from None


def _operator(given: str | None, kept: dict[str, Credential]) -> Credential:
    if given is not None:
        return _given(given)
    if OPERATOR not in kept:
        raise typer.BadParameter("the file holds no operator's client")
    return kept[OPERATOR]


def _credentials(given: list[str], kept: dict[str, Credential]) -> tuple[Credential, ...]:
    found = [*map(_given, given), *kept.values()]
    if not found:
        raise typer.BadParameter("give --client id:secret, or --credentials")
    return tuple(found)
